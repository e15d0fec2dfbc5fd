"""What an answer takes before and after, measured in turns on the same pictures."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.runtime import Session
from linnaeus.bundle.turns import seconds_in_turns
from linnaeus.evaluation.figure import Figure

__all__ = ["Speed", "Timed", "answer_times", "throughputs", "times_as_fast"]

Pixels = NDArray[np.uint8]
Seconds = NDArray[np.float64]

ROUNDS = 6
"""Of a measurement of throughput. The least and the most of six hold the median of all others with
97 %, by its order."""

Z = 1.96  # standard errors that hold 95 %


@dataclass(frozen=True)
class Timed:
    """Seconds that the network alone takes for one picture: the median, and the 95th of 100."""

    median_s: Figure
    slow_s: float

    @classmethod
    def of(cls, seconds: Seconds) -> Timed:
        """From those of n answers."""
        return cls(_median(seconds), float(np.quantile(seconds, 0.95)))

    def to_json(self) -> dict[str, Any]:
        """As JSON has it."""
        return {"median_s": self.median_s.to_json(), "p95_s": self.slow_s}


@dataclass(frozen=True)
class Speed:
    """How fast a model is: an answer of the network, pictures a second from their files, and how
    many times as fast an answer comes as the original's."""

    answer: Timed
    pictures_a_second: Figure
    times_as_fast: Figure

    def to_json(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "answer": self.answer.to_json(),
            "pictures_a_second": self.pictures_a_second.to_json(),
            "times_as_fast": self.times_as_fast.to_json(),
        }


def answer_times(sessions: Sequence[Session], pictures: Pixels) -> Seconds:
    """(sessions, n) seconds that each takes for each of `pictures` (n, h, w, 3), in turns."""
    return seconds_in_turns([session.run_one for session in sessions], list(pictures))


def times_as_fast(before: Seconds, after: Seconds) -> Figure:
    """The median of how many times as long `before` (n,) took as `after` for the same pictures."""
    return _median(before / after)


def throughputs(classifiers: Sequence[Classifier], files: Sequence[bytes]) -> list[Figure]:
    """Pictures a second of each, from the bytes of `files`, decoding in threads as `predict` does.

    The median of rounds in which they take turns, between the least and the most.
    """
    rates = np.zeros((len(classifiers), ROUNDS))
    for turn in range(ROUNDS):
        for at, classifier in enumerate(classifiers):
            start_s = time.perf_counter()
            for _ in classifier.stream(enumerate(files), total=len(files)):
                pass
            rates[at, turn] = len(files) / (time.perf_counter() - start_s)
    return [Figure.around(float(np.median(one)), one.min(), one.max()) for one in rates]


def _median(values: Seconds) -> Figure:
    """The median of n values with its 95 % interval by their order, of no distribution."""
    rising, count = np.sort(values), len(values)
    reach = Z * np.sqrt(count) / 2
    low = max(0, int(np.floor(count / 2 - reach)))
    high = min(count - 1, int(np.ceil(count / 2 + reach)))
    return Figure.around(float(np.median(rising)), rising[low], rising[high])
