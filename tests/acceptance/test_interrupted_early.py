"""Ctrl-C while a command still loads what it needs: a sentence and 130, whatever that is."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from command_line import LONGEST_S, environment

if TYPE_CHECKING:
    from linnaeus.training.run import Run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT")

BEGINS = """
from linnaeus.cli.main import main
print("begins", flush=True)
main()
"""

IN_OPENVINO = """
import os, subprocess, sys
events = []
def looked_at(event, arguments):
    if event == "import" and arguments[0] == "openvino._pyopenvino":
        events.append(event)
        if len(events) == 2:  # the compiled code itself
            subprocess.Popen(["sh", "-c", f"sleep {after_s}; kill -INT {os.getpid()}"])
sys.addaudithook(looked_at)
from linnaeus.cli.main import main
main()
"""


def started(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def check_interrupted(process: subprocess.Popen[str]) -> None:
    _, told = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 130, told
    assert "Traceback" not in told
    assert told.splitlines()[-1].startswith("linnaeus: interrupted")


@pytest.mark.parametrize("after_s", [0.01, 0.05, 0.1, 0.2, 0.3])
def test_however_early_it_comes_it_is_an_interrupt(
    photo_run: Run, photo_set: Path, after_s: float
) -> None:
    with started(BEGINS, "predict", photo_run.bundle, *[photo_set] * 100) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begins\n"
        time.sleep(after_s)
        process.send_signal(signal.SIGINT)
        check_interrupted(process)


@pytest.mark.parametrize("after_s", [0, 0.01, 0.05])
def test_compiled_code_that_is_being_loaded_neither_fails_nor_aborts(
    photo_run: Run, photo_set: Path, after_s: float
) -> None:
    pytest.importorskip("openvino")
    script = IN_OPENVINO.replace("{after_s}", str(after_s))
    with started(script, "predict", photo_run.bundle, *[photo_set] * 100) as process:
        check_interrupted(process)


def test_whoever_starts_it_deaf_to_ctrl_c_finds_it_deaf(photo_run: Run, photo_set: Path) -> None:
    script = f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN){BEGINS}"
    with started(script, "predict", photo_run.bundle, photo_set) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begins\n"
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=LONGEST_S)
        assert process.returncode == 0
