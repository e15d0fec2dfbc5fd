"""What an answer takes: one picture at a time, as a server or a camera asks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.turns import seconds_in_turns

__all__ = ["seconds_an_answer"]


def seconds_an_answer(
    classifiers: Sequence[Classifier], pictures: Sequence[bytes]
) -> NDArray[np.float64]:
    """(classifiers,) seconds from the bytes of a file to the answer.

    The classifiers take turns, so that whatever else the machine does slows all of them alike. Of
    the answers of each the lower quartile counts: it hardly moves.
    """
    answering = [partial(one.predict, unreadable="keep") for one in classifiers]
    quartile: NDArray[np.float64] = np.quantile(seconds_in_turns(answering, pictures), 0.25, axis=1)
    return quartile
