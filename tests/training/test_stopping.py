"""Ctrl-C as a request: once to end well, twice to end at once."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest

from linnaeus.progress import Quiet
from linnaeus.training.stopping import stop_on_interrupt

TWICE = """
import signal
from linnaeus.progress import Quiet
from linnaeus.training.stopping import stop_on_interrupt
class Telling(Quiet):
    def warn(self, sentence):
        print("warned")
try:
    with stop_on_interrupt(Telling()) as stop:
        print(stop())
        signal.raise_signal(signal.SIGINT)
        print(stop(), stop())
        signal.raise_signal(signal.SIGINT)
        print("still here")
except KeyboardInterrupt:
    print("interrupted")
"""


def test_the_first_interrupt_asks_and_the_second_interrupts() -> None:
    # In a process of its own: pytest's faulthandler gives signals a stack that is too small for
    # the registers of processors with AMX, once a runtime has used them.
    told = subprocess.run([sys.executable, "-c", TWICE], capture_output=True, text=True, check=True)
    assert told.stdout.split("\n") == ["False", "warned", "True True", "interrupted", ""]


def test_afterwards_interrupts_are_what_they_were() -> None:
    before = signal.getsignal(signal.SIGINT)
    with stop_on_interrupt(Quiet()):
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_an_error_restores_them_too() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(RuntimeError), stop_on_interrupt(Quiet()):
        raise RuntimeError
    assert signal.getsignal(signal.SIGINT) is before


def test_in_another_thread_only_code_can_ask() -> None:
    told: list[bool] = []

    def work() -> None:
        with stop_on_interrupt(Quiet()) as stop:
            told.append(stop())
            stop.ask()
            told.append(stop())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert told == [False, True]
