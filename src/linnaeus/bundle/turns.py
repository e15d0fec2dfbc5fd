"""What several take to answer the same, in turns, so that what else the machine does slows all."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["seconds_in_turns"]

Item = TypeVar("Item")

WARM_UP = 5
"""Answers of each turn that nobody counts, in which memory is laid out and threads start."""

AT_A_TIME = 20
"""Items that each answers before it is the next one's turn. ONNX Runtime's threads go on for some
milliseconds after an answer, in case another is asked for: with turns at every picture, what came
next took twice as long beside them as it does alone."""


def seconds_in_turns(
    answering: Sequence[Callable[[Item], object]], items: Sequence[Item]
) -> NDArray[np.float64]:
    """(answering, items) seconds that each takes for each of `items`."""
    took = np.zeros((len(answering), len(items)))
    for begin in range(0, len(items), AT_A_TIME):
        part = items[begin : begin + AT_A_TIME]
        for at, answer in enumerate(answering):
            for item in part[:WARM_UP]:
                answer(item)
            for place, item in enumerate(part, begin):
                start_s = time.perf_counter()
                answer(item)
                took[at, place] = time.perf_counter() - start_s
    return took
