"""OpenVINO without its telemetry, loaded whole whatever signal comes meanwhile.

`import openvino` sends an event to a server of its makers and keeps a number for this user in
~/intel, where the package openvino_telemetry, which is installed with it, can be imported. It does
without where that cannot be, and so this imports it; nothing that Linnaeus does calls home.
"""

from __future__ import annotations

import importlib
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

__all__ = ["openvino_alone"]

TELEMETRY = "openvino_telemetry"
LOCK = threading.Lock()


def openvino_alone() -> Any:
    """The package openvino. Raises ImportError where it is not installed."""
    with LOCK, _signals_later(), _absent(TELEMETRY):
        return importlib.import_module("openvino")


@contextmanager
def _signals_later() -> Iterator[None]:
    """Ctrl-C and SIGTERM meanwhile are heeded afterwards.

    An exception of theirs in the midst of compiled code makes that fail to load, or abort.
    """
    with ExitStack() as waiting:
        if threading.current_thread() is threading.main_thread():  # others get no signals
            waiting.enter_context(_later(signal.SIGTERM))
            waiting.enter_context(_later(signal.SIGINT))
        yield


@contextmanager
def _later(number: signal.Signals) -> Iterator[None]:
    usual = signal.getsignal(number)
    if not callable(usual):
        yield
        return
    came: list[Any] = []
    signal.signal(number, lambda _, frame: came.append(frame))
    try:
        yield
    finally:
        signal.signal(number, usual)
        if came:
            usual(number, came[0])


@contextmanager
def _absent(name: str) -> Iterator[None]:
    """Meanwhile the package `name` cannot be imported, as if it were not installed."""
    there = sys.modules.pop(name, None)
    sys.modules[name] = None  # type: ignore[assignment]  # what import takes for absent
    try:
        yield
    finally:
        del sys.modules[name]
        if there is not None:
            sys.modules[name] = there
