"""`linnaeus` in processes of their own that are forked from one with torch loaded: a second each.

They are real processes: they can be killed, and nothing of one is left in the next.
"""

from __future__ import annotations

import atexit
import functools
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from command_line import LONGEST_S, Done, environment

__all__ = ["Forked", "Forks", "shared_forks"]

SPAWNER = """
import contextlib, functools, gc, json, os, signal, sys, traceback
import sklearn.datasets, scipy.ndimage, scipy.optimize, tqdm
import linnaeus.explanation.sheet, linnaeus.training.fit, linnaeus.training.lr_find
from linnaeus.cli.main import main
from linnaeus.disk import Disk, another_disk
from linnaeus.models.cnn import small_cnn
from linnaeus.models.normalise import Normalise
from linnaeus.training.exported import graph_of

# The first export of a process takes seconds, of which some are for the translations of operators.
tqdm.tqdm.monitor_interval = 0  # no thread: it would hold a lock for ever in what is forked
with contextlib.suppress(ImportError):  # another exporter has no such table
    from torch.onnx._internal.exporter._registration import ONNXRegistry
    ONNXRegistry.from_torchlib = staticmethod(functools.cache(ONNXRegistry.from_torchlib))
graph_of(Normalise([0.0], [1.0]), small_cnn(2, 8, 8, width=0.25), 8, 8)

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

def work(order, outputs):
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, output in zip((1, 2), outputs):
        os.dup2(output, number)
        os.close(output)
    sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", 1, closefd=False)
    os.chdir(order["cwd"])
    sys.argv = ["linnaeus", *order["arguments"]]
    for name, value in order["changes"].items():
        # A variable counts when its reader is loaded.
        assert not (name.startswith("HF_") and "huggingface_hub" in sys.modules), name
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
    code = 70
    try:
        with another_disk(Killed(order["kill_at"] or 10**12)):
            main()
        code = 0
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)

gc.freeze()
for line in sys.stdin:
    order = json.loads(line)
    if "pid" in order:
        gone, status = os.waitpid(order["pid"], 0 if order["wait"] else os.WNOHANG)
        print(os.waitstatus_to_exitcode(status) if gone else "lives", flush=True)
        continue
    how = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOCTTY
    outputs = [os.open(order[name], how) for name in ("told", "warned")]
    child = os.fork()
    if child == 0:
        work(order, outputs)
    for output in outputs:
        os.close(output)
    print(child, flush=True)
"""


class Ended(NamedTuple):
    """How a process ended: its exit code, or minus the signal; what it said; how long it took."""

    code: int
    told: str
    seconds: float


class Forked:
    """One process. `ask`: what its spawner answers to an order."""

    def __init__(self, pid: int, ask: Callable[[dict[str, Any]], str], told: Path) -> None:
        self.pid = pid
        self._ask = ask
        self._told = told
        self._began = time.monotonic()
        self._code: int | None = None

    def send(self, number: int) -> None:
        """Send a signal, unless the process has ended already."""
        if self._code is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    @property
    def told(self) -> str:
        """What it has said so far."""
        return self._told.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, text: str) -> None:
        """Wait until it has said `text`; fails where it ends without that."""
        end = time.monotonic() + LONGEST_S
        lives = True
        while text not in self.told:
            assert time.monotonic() < end and lives, f"never said {text!r}: {self.told}"
            time.sleep(0.01)
            lives = self.lives

    @property
    def lives(self) -> bool:
        """Whether it has not ended yet."""
        return self._ended(wait=False) is None

    def end(self) -> Ended:
        """Wait for its end."""
        code = self._ended(wait=True)
        assert code is not None
        return Ended(code, self.told, time.monotonic() - self._began)

    def _ended(self, *, wait: bool) -> int | None:
        if self._code is None:
            answer = self._ask({"pid": self.pid, "wait": wait})
            self._code = None if answer == "lives" else int(answer)
        return self._code


class Forks:
    """Starts processes, one after the other or side by side."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count()
        self._spawner = subprocess.Popen(
            [sys.executable, "-c", SPAWNER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(OMP_NUM_THREADS="1"),
            text=True,
        )

    def start(
        self, *arguments: object, kill_at: int | None = None, **changes: str | None
    ) -> Forked:
        """`linnaeus ARGUMENTS`, killed at its `kill_at`-th write, flush or rename.

        `changes` of the environment; None: the variable is not set.
        """
        told = self._file()
        return self._start(arguments, told, told, Path.cwd(), kill_at, changes)

    def start_at(self, terminal: str, *arguments: object, **changes: str | None) -> Forked:
        """`linnaeus ARGUMENTS`, whose standard error is the `terminal` of that name."""
        return self._start(arguments, self._file(), Path(terminal), Path.cwd(), None, changes)

    def run(self, *arguments: object, cwd: Path | None = None, **changes: str | None) -> Done:
        """`linnaeus ARGUMENTS` from beginning to end, in the folder `cwd`."""
        told, warned = self._file(), self._file()
        process = self._start(arguments, told, warned, cwd or Path.cwd(), None, changes)
        too_long = threading.Timer(LONGEST_S, process.send, [signal.SIGKILL])
        too_long.start()
        try:
            code, said, _ = process.end()
        finally:
            too_long.cancel()
        return Done(code, said, warned.read_text(encoding="utf-8"))

    def _file(self) -> Path:
        file = self._folder / f"{next(self._numbers)}.txt"
        file.touch()
        return file

    def _start(
        self,
        arguments: tuple[object, ...],
        told: Path,
        warned: Path,
        cwd: Path,
        kill_at: int | None,
        changes: dict[str, str | None],
    ) -> Forked:
        order = {
            "arguments": [str(one) for one in arguments],
            "kill_at": kill_at,
            "told": str(told),
            "warned": str(warned),
            "cwd": str(cwd),
            "changes": changes,
        }
        return Forked(int(self._ask(order)), self._ask, told)

    def _ask(self, order: dict[str, Any]) -> str:
        assert self._spawner.stdin is not None
        assert self._spawner.stdout is not None
        self._spawner.stdin.write(json.dumps(order) + "\n")
        self._spawner.stdin.flush()
        return self._spawner.stdout.readline().strip()

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
