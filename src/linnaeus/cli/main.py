"""The command line's way in, which answers to Ctrl-C while it still loads the verbs."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

__all__ = ["INTERRUPTED", "INTERRUPTED_SENTENCE", "main"]

INTERRUPTED = 130
INTERRUPTED_SENTENCE = "interrupted; nothing was written that is not whole."


def main() -> None:
    """Run the command line; ends in `sys.exit` with a code of `errors`."""
    usual = signal.getsignal(signal.SIGINT)
    heeded = usual is signal.default_int_handler  # not where whoever started this ignores it
    if heeded:
        signal.signal(signal.SIGINT, _end_at_once)
    from linnaeus.cli.app import run

    try:
        if heeded:
            signal.signal(signal.SIGINT, usual)
        run()
    except KeyboardInterrupt:
        print(f"linnaeus: {INTERRUPTED_SENTENCE}", file=sys.stderr)
        sys.exit(INTERRUPTED)


def _end_at_once(signum: int, frame: FrameType | None) -> NoReturn:
    """End although code is being loaded, which may take an exception for a fault of its own."""
    os.write(2, f"linnaeus: {INTERRUPTED_SENTENCE}\n".encode())
    os._exit(INTERRUPTED)
