"""Beta calibration: three numbers a class that bend its probability, fitted on validation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.calibration import BetaMap, Calibration, log_odds_of

__all__ = ["fit_beta_calibration"]

Floats = NDArray[np.float64]
Sets = NDArray[np.bool_]


def fit_beta_calibration(
    logits: Floats, truth: Sets, temperature: float, *, several: bool
) -> Calibration:
    """A beta map for each class against the rest, behind a `temperature`.

    `logits` and `truth` are (n, classes). Each map is a logistic regression on ln p and -ln(1 - p)
    with slopes of at least 0 (Kull, Silva Filho and Flach 2017), held to the map that changes
    nothing by a normal prior of deviation 1, worth a picture or so.
    """
    log_odds = log_odds_of(logits / temperature, several=several)
    maps = tuple(_fit(log_odds[:, at], truth[:, at]) for at in range(truth.shape[1]))
    return Calibration(method="beta", temperature=temperature, beta=maps)


def _fit(log_odds: Floats, truth: Sets) -> BetaMap:
    from scipy.optimize import minimize

    columns = np.stack(
        [-np.logaddexp(0, -log_odds), np.logaddexp(0, log_odds), np.ones(len(truth))], axis=1
    )
    nothing, y = np.array([1.0, 1.0, 0.0]), truth.astype(np.float64)

    def loss_and_slope(given: Floats) -> tuple[float, Floats]:
        moved, away = columns @ given, given - nothing
        loss = float((np.logaddexp(0, moved) - y * moved).sum() + away @ away / 2)
        return loss, columns.T @ (np.exp(-np.logaddexp(0, -moved)) - y) + away

    bounds = [(0, None), (0, None), (None, None)]
    a, b, c = minimize(loss_and_slope, nothing, jac=True, method="L-BFGS-B", bounds=bounds).x
    return BetaMap(a=float(a), b=float(b), c=float(c))
