"""Isotonic calibration: a rising line for each class, through what was seen on validation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.calibration import Calibration, IsotonicMap, log_odds_of

__all__ = ["fit_isotonic_calibration"]

Floats = NDArray[np.float64]
Sets = NDArray[np.bool_]

STEP = 0.1
"""Log-odds nearer than this count as one, so that no answer hangs on the last digits of a logit:
the line nowhere rises by more than 10 for each unit of log-odds (a softmax by 1/4)."""

OWN_PICTURES = 1.0
"""What the probability that came in counts for in each step, in pictures: a step that saw only
mistakes does not promise 0."""


def fit_isotonic_calibration(
    logits: Floats, truth: Sets, temperature: float, *, several: bool
) -> Calibration:
    """A rising map for each class against the rest, behind a `temperature`.

    `logits` and `truth` are (n, classes). Zadrozny and Elkan 2002, with two changes: steps are
    joined at their centres, so that equal answers stay rare, and each counts the probability that
    came in as one picture more.
    """
    log_odds = log_odds_of(logits / temperature, several=several)
    maps = tuple(_fit(log_odds[:, at], truth[:, at]) for at in range(truth.shape[1]))
    return Calibration(method="isotonic", temperature=temperature, isotonic=maps)


def _fit(log_odds: Floats, truth: Sets) -> IsotonicMap:
    rounded, place = np.unique(np.round(log_odds / STEP), return_inverse=True)
    pictures = np.bincount(place).astype(np.float64)
    centres = rounded * STEP
    shares: Floats = np.bincount(place, weights=truth) / pictures
    step = _steps(shares, pictures)
    sizes: Floats = np.bincount(step, weights=pictures).astype(np.float64)
    x = np.bincount(step, weights=pictures * centres) / sizes
    seen = np.bincount(step, weights=pictures * shares)
    before = np.exp(-np.logaddexp(0, -x))
    smoothed = (seen + OWN_PICTURES * before) / (sizes + OWN_PICTURES)
    rising = _risen(smoothed, sizes + OWN_PICTURES)
    return IsotonicMap(
        log_odds=tuple(x.tolist()),
        probabilities=tuple(rising.tolist()),
        own_share=OWN_PICTURES / (len(truth) + OWN_PICTURES),
    )


def _steps(shares: Floats, pictures: Floats) -> NDArray[np.int64]:
    """The step, from 0 on, that each place belongs to once `shares` are made to rise."""
    level = _risen(shares, pictures)
    return np.concatenate([[0], np.cumsum(np.diff(level) > 0)]).astype(np.int64)


def _risen(values: Floats, weights: Floats) -> Floats:
    """The rising values nearest to `values`, by weighted squares (pool adjacent violators)."""
    from scipy.optimize import isotonic_regression

    risen: Floats = isotonic_regression(values, weights=weights).x
    return np.maximum.accumulate(risen)
