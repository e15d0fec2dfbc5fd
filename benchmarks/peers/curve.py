"""The learning curve of a peer, as JSON lines. Needs nothing but Python, so all can import it."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["Curve", "arguments"]

THREADS = 2  # of PyTorch's and TensorFlow's: the machine's cores


class Curve:
    """Writes a line a judgement to `log`: peer, epochs asked for, epoch, seconds, test accuracy.

    Seconds are those of training, reading and augmentation included; the clock stands still while
    the test pictures are judged (`paused`), so that judging often costs a peer nothing.
    """

    def __init__(self, peer: str, epochs: int, log: Path) -> None:
        self.peer = peer
        self.epochs = epochs
        self.log = log
        self._start = time.perf_counter()
        self._paused = 0.0

    def seconds(self) -> float:
        """Seconds of training so far."""
        return time.perf_counter() - self._start - self._paused

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Inside, the clock stands still."""
        start = time.perf_counter()
        yield
        self._paused += time.perf_counter() - start

    def note(self, epoch: int, seconds: float, accuracy: float) -> None:
        """Write that after `epoch` epochs and so many seconds the test accuracy was so much."""
        row = {
            "peer": self.peer,
            "epochs": self.epochs,
            "epoch": epoch,
            "seconds": round(seconds, 2),
            "accuracy": round(float(accuracy), 5),
        }
        with self.log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        print(row, flush=True)


def arguments(default_epochs: int) -> argparse.Namespace:
    """DATA (a folder with train/ and test/), --epochs and --log, as every peer takes them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--epochs", type=int, default=default_epochs)
    parser.add_argument("--log", type=Path, required=True)
    return parser.parse_args()
