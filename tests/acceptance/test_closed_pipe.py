"""Output that nobody reads to its end, as in `linnaeus predict … | head -1`."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from command_line import LONGEST_S, Done, command, environment
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


def redirected(how: str, *arguments: object) -> Done:
    """A command with its streams `how` a shell of POSIX says."""
    shell = ["sh", "-c", f'"$@" {how}', "sh", *command(*arguments)]
    done = subprocess.run(
        shell, env=environment(), capture_output=True, check=False, timeout=LONGEST_S
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.mark.skipif(os.name != "posix", reason="streams are closed by a shell of POSIX")
def test_streams_that_are_closed_from_the_start_are_no_failure(photo_run: Run) -> None:
    assert redirected(">&-", "recipes") == Done(0, "", "")
    empty = redirected("<&-", "predict", photo_run.bundle, "-")
    assert empty.code == 7
    assert "-: the file is empty" in empty.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full stands in for a full disk")
def test_output_to_a_full_disk_ends_in_a_sentence() -> None:
    done = redirected("> /dev/full", "recipes")
    assert done.code == 6
    assert done.sentence.startswith("standard output: ")
