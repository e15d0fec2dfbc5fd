"""SIGTERM as a request to end soon: where it is heard at once, where it waits, where it insists."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

BEGIN = """
import os, signal, sys, time
from linnaeus.errors import Terminated
from linnaeus.training import ending
from linnaeus.training.ending import end_on_sigterm
def ask():
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(0.01)
"""

AT_ONCE = """
with end_on_sigterm():
    ask()
    print("not here")
"""

HELD = """
with end_on_sigterm() as end:
    with end.held():
        ask()
        print("a step is taken whole", end.asked)
    print("not here")
"""

RELEASED = """
with end_on_sigterm() as end, end.held():
    ask()
    with end.at_once():
        print("not here")
"""

LONG_STEP = """
ending.LONGEST_STEP_S = 0.2
with end_on_sigterm() as end, end.held():
    ask()
    for _ in range(1000):
        time.sleep(0.01)
    print("not here")
"""

CAUGHT = """
ending.LONGEST_STEP_S, ending.LONGEST_END_S = 0.5, 3.0
with end_on_sigterm():
    asked = False
    while True:
        try:
            if not asked:
                asked = True
                ask()
            time.sleep(60)
        except BaseException:
            print("a library catches it")
"""


def run(script: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-u", "-c", BEGIN + script]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
@pytest.mark.parametrize(
    ("script", "told"),
    [
        (AT_ONCE, ""),
        (HELD, "a step is taken whole True\n"),
        (RELEASED, ""),
        (LONG_STEP, ""),
    ],
    ids=["at once", "held", "released", "long step"],
)
def test_it_ends_with_143(script: str, told: str) -> None:
    done = run(script)
    assert (done.returncode, done.stdout) == (143, told), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
def test_a_second_one_ends_at_once() -> None:
    done = run("with end_on_sigterm() as end, end.held():\n    ask(); ask(); print('not here')\n")
    assert (done.returncode, done.stdout) == (-signal.SIGTERM, "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
def test_what_a_library_catches_is_raised_again_and_at_last_the_process_ends() -> None:
    done = run(CAUGHT)
    assert done.returncode == 143
    assert done.stdout.count("a library catches it") > 1
    assert done.stderr == "linnaeus: ended by SIGTERM; what was saved before stands.\n"
