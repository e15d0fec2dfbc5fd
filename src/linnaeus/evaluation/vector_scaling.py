"""Vector scaling: a factor and an offset for the logit of each class, fitted on validation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.calibration import Calibration

__all__ = ["fit_vector_scaling"]

Floats = NDArray[np.float64]
Sets = NDArray[np.bool_]


def fit_vector_scaling(
    logits: Floats, truth: Sets, temperature: float, *, several: bool
) -> Calibration:
    """The factors and offsets under which `logits` make `truth`, both (n, classes), likeliest.

    Behind a `temperature`, which they are held to by a weak prior: a normal density of deviation 1
    about the factor 1 and the offset 0, worth a picture or so of each class. Convex, by L-BFGS;
    takes n * classes exponentials a step. Guo and others, "On Calibration of Modern Neural
    Networks", 2017.
    """
    from scipy.optimize import minimize

    z, y = logits / temperature, truth.astype(np.float64)
    classes = z.shape[1]

    def loss_and_slope(parameters: Floats) -> tuple[float, Floats]:
        scales, offsets = parameters.reshape(2, classes)
        moved = z * scales + offsets
        loss, p = _loss_and_probabilities(moved, y, several)
        gap, away = p - y, np.concatenate([scales - 1, offsets])
        slope = np.concatenate([(gap * z).sum(axis=0), gap.sum(axis=0)]) + away
        return loss + float(away @ away) / 2, slope

    start = np.concatenate([np.ones(classes), np.zeros(classes)])
    found = minimize(loss_and_slope, start, jac=True, method="L-BFGS-B").x.reshape(2, classes)
    scales, offsets = (tuple(row.tolist()) for row in found)
    return Calibration(method="vector", temperature=temperature, scales=scales, offsets=offsets)


def _loss_and_probabilities(moved: Floats, y: Floats, several: bool) -> tuple[float, Floats]:
    """The log loss of all pictures together in nats, and (n, classes) float64."""
    if several:
        each = np.logaddexp(0, moved) - y * moved
        return float(each.sum()), np.exp(-np.logaddexp(0, -moved))
    highest = moved.max(axis=1, keepdims=True)
    norms = highest + np.log(np.exp(moved - highest).sum(axis=1, keepdims=True))
    return float(norms.sum() - (y * moved).sum()), np.exp(moved - norms)
