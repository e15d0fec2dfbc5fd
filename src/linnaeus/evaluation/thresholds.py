"""The probability from which on a label is given, chosen on validation for each label."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.record import Threshold

__all__ = ["FEWEST_WITH_LABEL", "EVEN", "choose_thresholds"]

EVEN = 0.5
FEWEST_WITH_LABEL = 10
"""Validation pictures with a label, below which its best threshold would be an accident."""


def choose_thresholds(
    probabilities: NDArray[np.float32], truth: NDArray[np.bool_]
) -> tuple[Threshold, ...]:
    """One threshold for each class, from calibrated `probabilities` (n, classes) and the `truth`.

    Half of the best F1 that any threshold reaches: for calibrated probabilities the F1 of a label
    is largest there (Lipton, Elkan and Narayanaswamy 2014), and unlike the best cut itself, which
    hangs on single pictures, the half is smooth. 0.5 where too few validation pictures have the
    label, all of them have it, or its F1 there is no better than at 0.5.
    """
    return tuple(_of_one(probabilities[:, at], truth[:, at]) for at in range(truth.shape[1]))


def _of_one(chances: NDArray[np.float32], truth: NDArray[np.bool_]) -> Threshold:
    count = int(truth.sum())
    if count < FEWEST_WITH_LABEL:
        have = "picture has" if count == 1 else "pictures have"
        why = f"{count} validation {have} it, too few to choose on"
        return Threshold(value=EVEN, why=why)
    if truth.all():
        return Threshold(value=EVEN, why="all validation pictures have it")
    half = round(_best_f1(chances, truth) / 2, 4)
    even, chosen = (_f1(chances >= np.float32(cut), truth) for cut in (EVEN, half))
    if chosen <= even:
        return Threshold(value=EVEN, why=f"F1 on validation is {even:.3f}, and no better elsewhere")
    return Threshold(value=half, why=f"F1 on validation is {chosen:.3f}, at 0.5 {even:.3f}")


def _best_f1(chances: NDArray[np.float32], truth: NDArray[np.bool_]) -> float:
    """The largest F1 that any threshold reaches."""
    order = np.argsort(-chances, kind="stable")
    right = np.cumsum(truth[order])
    said = np.arange(1, len(truth) + 1)
    last = np.append(chances[order][1:] != chances[order][:-1], True)
    return float((2 * right / (said + truth.sum()))[last].max())


def _f1(given: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    return 2 * int((given & truth).sum()) / (int(given.sum()) + int(truth.sum()))
