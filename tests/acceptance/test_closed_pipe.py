"""Output that nobody reads to its end, as in `linnaeus predict … | head -1`."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from command_line import LONGEST_S, command, environment

from linnaeus.training.run import Run

pytest.importorskip("torch")


def ended(*arguments: object, lines_read: int) -> tuple[int, str, bytes]:
    """Exit code, standard error and what was read of a command whose output is then closed."""
    with subprocess.Popen(
        command(*arguments),
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        read = b"".join(process.stdout.readline() for _ in range(lines_read))
        process.stdout.close()
        told = process.stderr.read().decode()
        return process.wait(LONGEST_S), told, read


@pytest.mark.parametrize("lines_read", [0, 1])
def test_predictions_that_nobody_reads_are_no_failure(
    photo_run: Run, photo_set: Path, lines_read: int
) -> None:
    pictures = [photo_set] * 40  # more than a pipe holds
    code, told, read = ended("predict", photo_run.bundle, *pictures, lines_read=lines_read)
    assert code == 0, told
    assert read.count(b"\n") == lines_read
    assert not [word for word in ("Traceback", "Broken pipe", "ignored") if word in told]


def test_help_that_nobody_reads_is_no_failure() -> None:
    code, told, _ = ended("--help", lines_read=1)
    assert (code, told) == (0, "")
