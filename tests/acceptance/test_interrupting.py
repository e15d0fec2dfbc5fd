"""Ctrl-C on `linnaeus train`, at a terminal: once ends well, twice at once, and nothing is half."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import linnaeus
from command_line import LONGEST_S
from forked import Forked, shared_forks

pytest.importorskip("torch")
pty = pytest.importorskip("pty", reason="Windows has no pseudo-terminals")

LONG = ("--model", "small_cnn", "--epochs", "5000", "--checkpoint-every", "1h", "--no-cache")


class Terminal:
    """A process whose standard error is a terminal that can be read and waited on."""

    def __init__(self, process: Forked, terminal: int) -> None:
        self.process = process
        self.told = ""
        self._terminal = terminal

    def wait_for(self, text: str) -> None:
        """Read until `text` has been told; fails where the process ends without it."""
        end = time.monotonic() + LONGEST_S
        while text not in self.told:
            assert time.monotonic() < end, self.told
            assert self._read(), f"ended without {text!r}: {self.told}"

    def interrupt(self) -> None:
        """What a terminal does on Ctrl-C."""
        self.process.send(signal.SIGINT)

    def code(self) -> int:
        """Read to the end; the exit code."""
        while self._read():
            pass
        return self.process.end().code

    def _read(self) -> bool:
        try:
            content = os.read(self._terminal, 4096)
        except OSError:  # what Linux says where others give an empty answer
            return False
        self.told += content.decode(errors="replace")
        return bool(content)


@contextmanager
def started(*arguments: object) -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    process = shared_forks().start_at(os.ttyname(theirs), *arguments, TERM="xterm")
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        process.send(signal.SIGKILL)
        process.end()
        os.close(ours)


@pytest.fixture
def digit_files(some_digits: linnaeus.Dataset, tmp_path: Path) -> Path:
    """Three hundred digits in class folders."""
    for path in some_digits.paths[::2]:
        file = tmp_path / "digits" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(some_digits.source.read(path))
    return tmp_path / "digits"


def test_once_while_learning_ends_with_the_best_model_so_far(
    digit_files: Path, tmp_path: Path
) -> None:
    run = tmp_path / "runs" / "run"
    with started("train", digit_files, *LONG, "--out", run) as terminal:
        terminal.wait_for("epoch 2")
        assert "Reading pictures" in terminal.told
        assert "left" in terminal.told.rpartition("Learning")[2], "the time left is told"
        terminal.interrupt()
        assert terminal.code() == 0, terminal.told
        assert "Ending with the best model so far" in terminal.told
    assert linnaeus.load(run).classes == tuple("0123456789")
    assert [file.name for file in run.parent.iterdir()] == ["run"]
    assert "It was ended by hand" in (run / "report" / "index.html").read_text(encoding="utf-8")
    again = linnaeus.train(digit_files, recipe=run / "recipe.json", out=tmp_path / "again")
    for name in ("model.onnx", "weights.safetensors"):
        assert (again.bundle / name).read_bytes() == (run / "bundle" / name).read_bytes()


@pytest.mark.slow
def test_twice_while_learning_ends_at_once_and_leaves_nothing(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "run"
    with started("train", "digits", *LONG, "--out", run) as terminal:
        terminal.wait_for("epoch 1.")
        terminal.interrupt()
        terminal.wait_for("press Ctrl-C again")
        terminal.interrupt()
        assert terminal.code() == 130, terminal.told
        assert "Traceback" not in terminal.told
    assert not run.parent.exists() or list(run.parent.iterdir()) == []


def test_before_learning_it_ends_at_once_and_leaves_nothing(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "run"
    with started("train", "digits", *LONG, "--out", run) as terminal:
        terminal.wait_for("Network: small_cnn")
        terminal.interrupt()
        assert terminal.code() == 130, terminal.told
        assert "Traceback" not in terminal.told
        assert terminal.told.rstrip().splitlines()[-1].startswith("linnaeus: ")
    assert not run.exists()
