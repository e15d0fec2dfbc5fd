"""`linnaeus predict --watch`: what comes into a folder is answered, once it is whole, and once."""

from __future__ import annotations

import csv
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from command_line import LONGEST_S, command, environment, linnaeus

if TYPE_CHECKING:
    from linnaeus import Dataset
    from linnaeus.training.run import Run


@contextmanager
def watching(*arguments: object) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        command("predict", *arguments, "--watch"),
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def wait_until(true: Callable[[], bool]) -> None:
    end_s = time.monotonic() + LONGEST_S
    while not true():
        assert time.monotonic() < end_s
        time.sleep(0.1)


def names(table: Path) -> list[str]:
    if not table.exists():
        return []
    with table.open(encoding="utf-8", newline="") as file:
        return [Path(row["image"]).name for row in csv.DictReader(file)]


def test_each_picture_is_answered_once_when_it_is_whole_also_after_a_restart(
    digits_run: Run, some_digits: Dataset, tmp_path: Path
) -> None:
    inbox, table = tmp_path / "inbox", tmp_path / "answers.csv"
    inbox.mkdir()
    contents = [some_digits.source.read(some_digits.paths[row]) for row in range(3)]
    (inbox / "0.pgm").write_bytes(contents[0])
    with watching(digits_run.bundle, inbox, "--out", table) as process:
        wait_until(lambda: names(table) == ["0.pgm"])
        with (inbox / "1.pgm").open("wb") as file:
            for byte in contents[1]:  # grows for longer than two looks
                file.write(bytes([byte]))
                file.flush()
                time.sleep(2.5 / len(contents[1]))
        (inbox / "bad.png").write_bytes(b"no picture")
        wait_until(lambda: len(names(table)) == 3)
        process.send_signal(signal.SIGINT)
        assert process.wait(LONGEST_S) == 7
        assert process.stderr is not None
        assert b"Could not be read" in process.stderr.read()
    rows = list(csv.DictReader(table.open(encoding="utf-8", newline="")))
    assert {Path(row["image"]).name: bool(row["error"]) for row in rows} == {
        "0.pgm": False,
        "1.pgm": False,  # nothing of it was looked at before it was whole
        "bad.png": True,
    }
    again = linnaeus("predict", digits_run.bundle, inbox, "--out", table, "--watch")
    assert (again.code, "Give --resume" in again.sentence) == (6, True)
    with watching(digits_run.bundle, inbox, "--out", table, "--resume") as process:
        aside = tmp_path / "2.pgm"
        aside.write_bytes(contents[2])
        aside.replace(inbox / "2.pgm")
        wait_until(lambda: len(names(table)) == 4)
        process.send_signal(signal.SIGINT)
        process.wait(LONGEST_S)
    assert sorted(names(table)) == ["0.pgm", "1.pgm", "2.pgm", "bad.png"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("inbox/0.pgm", "--watch"), "only folders can be watched"),
        (("inbox", "--watch", "--out", "a.parquet"), "which is never"),
        (("inbox", "--watch", "--sort-into", "inbox/sorted"), "would be pictures to sort as well"),
    ],
)
def test_what_cannot_be_watched_is_refused(
    digits_run: Run, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "0.pgm").write_bytes(b"P2 1 1 255 7")
    done = linnaeus("predict", digits_run.bundle, *arguments, cwd=tmp_path)
    assert (done.code, told in done.sentence) == (2, True)
