"""The log of a run: whole lines, there at once, cut where a run goes on, and never in the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

from linnaeus.disk import Disk, another_disk
from linnaeus.progress import Event, Quiet
from linnaeus.watching.run_log import RunLog, read_log


class Heard(Quiet):
    """A Progress that keeps its warnings."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, sentence: str) -> None:
        self.warnings.append(sentence)


class FullFor(Disk):
    """A disk that takes no bytes for so many writes."""

    def __init__(self, writes: int) -> None:
        self.left = writes

    def write(self, file: BinaryIO, content: bytes) -> None:
        if self.left:
            self.left -= 1
            raise OSError(28, "No space left on device")
        super().write(file, content)


def a_pass(number: int) -> Event:
    return Event("pass", "whole", {"pass": float(number), "train_loss": 1 / number}, {"seconds": 9})


def test_a_line_tells_what_is_repeated_apart_from_what_the_machine_did(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "log.jsonl", Quiet())
    log.hear(a_pass(2))
    (line,) = (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {
        "event": "pass",
        "stage": "whole",
        "pass": 2.0,
        "train_loss": 0.5,
        "machine": {"seconds": 9},
    }


def test_what_is_no_number_is_null(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "log.jsonl", Quiet())
    log.hear(Event("pass", "whole", {"train_loss": float("nan"), "more": {"x": float("inf")}}))
    (line,) = read_log(tmp_path / "log.jsonl")
    assert line["train_loss"] is None
    assert line["more"] == {"x": None}


def test_a_log_that_goes_on_keeps_the_lines_of_its_checkpoint_and_drops_the_rest(
    tmp_path: Path,
) -> None:
    path = tmp_path / "log.jsonl"
    first = RunLog(path, Quiet())
    for number in (1, 2, 3):
        first.hear(a_pass(number))
    with path.open("a", encoding="utf-8") as file:
        file.write('{"event": "pa')  # what a kill in the middle of a line leaves
    assert [line["pass"] for line in read_log(path)] == [1, 2, 3]
    told: list[int] = []
    again = RunLog(path, Quiet(), lines=2, written=told.append)
    again.hear(a_pass(7))
    assert [line["pass"] for line in read_log(path)] == [1, 2, 7]
    assert told == [3]


def test_a_full_disk_is_told_once_and_no_line_is_lost_when_there_is_room_again(
    tmp_path: Path,
) -> None:
    heard = Heard()
    log = RunLog(tmp_path / "log.jsonl", heard)
    log.hear(a_pass(1))
    with another_disk(FullFor(2)):
        log.hear(a_pass(2))
        log.hear(a_pass(3))
        assert log.lines == 1
        log.hear(a_pass(4))
    log.close()
    assert [line["pass"] for line in read_log(tmp_path / "log.jsonl")] == [1, 2, 3, 4]
    assert len(heard.warnings) == 1
    assert "No space left" in heard.warnings[0]


def test_lines_that_found_no_room_to_the_end_are_told(tmp_path: Path) -> None:
    heard = Heard()
    log = RunLog(tmp_path / "log.jsonl", heard)
    with another_disk(FullFor(10)):
        log.hear(a_pass(1))
        log.hear(a_pass(2))
        log.close()
    assert heard.warnings[-1] == "2 lines of the log are lost."


def test_a_killed_process_leaves_every_line_that_it_wrote(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    code = f"""
from pathlib import Path
from linnaeus.progress import Event, Quiet
from linnaeus.watching.run_log import RunLog
log = RunLog(Path({str(path)!r}), Quiet())
for number in range(10**9):
    log.hear(Event("pass", "whole", {{"pass": number}}))
    print(number, flush=True)
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert process.stdout is not None
    said = [int(process.stdout.readline()) for _ in range(50)]
    assert [line["pass"] for line in read_log(path)][:50] == said, "readable while it is written"
    os.kill(process.pid, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
    said += [int(line) for line in process.stdout.read().split()]
    process.wait()
    assert [line["pass"] for line in read_log(path)][: len(said)] == said
