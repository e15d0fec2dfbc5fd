"""`linnaeus` in processes of their own that are forked from one with torch loaded: a second each.

They are real processes: they can be killed, and nothing of one is left in the next.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from command_line import LONGEST_S, Done, environment

__all__ = ["Forked", "Forks", "shared_forks"]

SPAWNER = """
import json, os, signal, sys
import linnaeus.training.fit, linnaeus.training.lr_find, torch.onnx, onnx, onnxscript
from linnaeus.cli.main import main
from linnaeus.disk import Disk, another_disk

class Killed(Disk):
    # A disk whose process is killed at its n-th call, of a write after half of it.
    def __init__(self, left):
        self.left = left
    def last(self):
        self.left -= 1
        return self.left == 0
    def write(self, file, content):
        if self.last():
            file.write(content[: len(content) // 2])
            file.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        super().write(file, content)
    def flush(self, file):
        if self.last():
            os.kill(os.getpid(), signal.SIGKILL)
        super().flush(file)
    def rename(self, source, target):
        if self.last():
            os.kill(os.getpid(), signal.SIGKILL)
        super().rename(source, target)

def work(order):
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, file in ((1, order["told"]), (2, order["warned"])):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    os.chdir(order["cwd"])
    sys.argv = ["linnaeus", *order["arguments"]]
    os.environ.update(order["changes"])
    code = 70
    try:
        with another_disk(Killed(order["kill_at"] or 10**12)):
            main()
        code = 0
    except SystemExit as end:
        code = end.code or 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)

for line in sys.stdin:
    order = json.loads(line)
    child = os.fork()
    if child == 0:
        work(order)
    print(child, flush=True)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""


class Ended(NamedTuple):
    """How a process ended: its exit code, or minus the signal; what it said; how long it took."""

    code: int
    told: str
    seconds: float


class Forked:
    """One process, until it has ended."""

    def __init__(self, pid: int, spawner: subprocess.Popen[str], told: Path) -> None:
        self.pid = pid
        self._spawner = spawner
        self._told = told
        self._began = time.monotonic()

    def send(self, number: int) -> None:
        """Send a signal, unless the process has ended already."""
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return

    @property
    def told(self) -> str:
        """What it has said so far."""
        return self._told.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, text: str) -> None:
        """Wait until it has said `text`; fails where it ends without that."""
        end = time.monotonic() + LONGEST_S
        while text not in self.told:
            assert time.monotonic() < end and self.lives, f"never said {text!r}: {self.told}"
            time.sleep(0.01)

    @property
    def lives(self) -> bool:
        """Whether it has not ended yet."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def end(self) -> Ended:
        """Wait for its end."""
        assert self._spawner.stdout is not None
        code = int(self._spawner.stdout.readline())
        return Ended(code, self.told, time.monotonic() - self._began)


class Forks:
    """Starts one process after the other."""

    def __init__(self, folder: Path) -> None:
        self._told, self._warned = folder / "told.txt", folder / "warned.txt"
        self._spawner = subprocess.Popen(
            [sys.executable, "-c", SPAWNER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(OMP_NUM_THREADS="1"),
            text=True,
        )

    def start(self, *arguments: object, kill_at: int | None = None, **changes: str) -> Forked:
        """`linnaeus ARGUMENTS`, killed at its `kill_at`-th write, flush or rename."""
        return self._start(arguments, self._told, Path.cwd(), kill_at, changes)

    def run(self, *arguments: object, cwd: Path | None = None) -> Done:
        """`linnaeus ARGUMENTS` from beginning to end, in the folder `cwd`."""
        process = self._start(arguments, self._warned, cwd or Path.cwd(), None, {})
        too_long = threading.Timer(LONGEST_S, process.send, [signal.SIGKILL])
        too_long.start()
        code, told, _ = process.end()
        too_long.cancel()
        return Done(code, told, self._warned.read_text(encoding="utf-8"))

    def _start(
        self,
        arguments: tuple[object, ...],
        warned: Path,
        cwd: Path,
        kill_at: int | None,
        changes: dict[str, str],
    ) -> Forked:
        for file in (self._told, warned):
            file.write_text("")
        order = {
            "arguments": [str(one) for one in arguments],
            "kill_at": kill_at,
            "told": str(self._told),
            "warned": str(warned),
            "cwd": str(cwd),
            "changes": changes,
        }
        assert self._spawner.stdin is not None
        assert self._spawner.stdout is not None
        self._spawner.stdin.write(json.dumps(order) + "\n")
        self._spawner.stdin.flush()
        return Forked(int(self._spawner.stdout.readline()), self._spawner, self._told)

    def __enter__(self) -> Forks:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._spawner.send_signal(signal.SIGKILL)
        self._spawner.wait()


@functools.cache
def shared_forks() -> Forks:
    """Those of this process, until it ends."""
    room = tempfile.TemporaryDirectory()
    forks = Forks(Path(room.name)).__enter__()
    atexit.register(room.cleanup)
    atexit.register(forks.__exit__, None, None, None)
    return forks
