"""Ctrl-C as a request: once to end well, twice to end at once."""

from __future__ import annotations

import signal
import threading

import pytest

from linnaeus.progress import Quiet
from linnaeus.training.stopping import stop_on_interrupt


class Listening(Quiet):
    """A Progress that keeps its warnings."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, sentence: str) -> None:
        self.warnings.append(sentence)


def test_the_first_interrupt_asks_and_the_second_interrupts() -> None:
    listening = Listening()
    with pytest.raises(KeyboardInterrupt), stop_on_interrupt(listening) as stop:
        assert not stop()
        signal.raise_signal(signal.SIGINT)
        assert stop()
        assert stop(), "it stays asked"
        assert len(listening.warnings) == 1
        signal.raise_signal(signal.SIGINT)


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
