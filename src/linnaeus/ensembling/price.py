"""What an answer takes: one picture at a time, as a server or a camera asks."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.classifier import Classifier

__all__ = ["seconds_an_answer"]

WARM_UP = 3  # pictures, in which caches fill and threads start


def seconds_an_answer(
    classifiers: Sequence[Classifier], pictures: Sequence[bytes]
) -> NDArray[np.float64]:
    """(classifiers,) seconds from the bytes of a file to the answer.

    The classifiers take turns on every one of `pictures`, so that whatever else the machine does
    slows all of them alike. Of the turns of each the lower quartile counts: it hardly moves.
    """
    took = np.zeros((len(pictures) + WARM_UP, len(classifiers)))
    for turn, picture in enumerate([*[pictures[0]] * WARM_UP, *pictures]):
        for place, classifier in enumerate(classifiers):
            start_s = time.perf_counter()
            classifier.predict(picture, unreadable="keep")
            took[turn, place] = time.perf_counter() - start_s
    quartile: NDArray[np.float64] = np.quantile(took[WARM_UP:], 0.25, axis=0)
    return quartile
