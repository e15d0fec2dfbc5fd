"""Temperature: one number, fitted on validation, that makes confidences mean what they say."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linnaeus.errors import DataError

__all__ = ["check_logits", "fit_label_temperature", "fit_temperature"]

TEMPERATURES = (0.01, 100.0)
# Worth one picture: too little to move the fit of a hundred, enough to hold back the fit of
# three, or of a validation set without a mistake, whose likeliest temperature would be zero.
PRIOR_PICTURES = 1.0
NEWTON_STEPS = 100


def fit_temperature(logits: ArrayLike, labels: ArrayLike) -> float:
    """The temperature in [0.01, 100] under which `logits` (n, c) make `labels` (n,) likeliest.

    Minimises the log loss in the sharpness 1 / T, in which it is convex, with a weak prior whose
    mode is T = 1 (a gamma density, worth one picture). The fit therefore lies between 1 and the
    unregularised optimum, and is never worse than T = 1 on the data given; without data it is 1.
    Guo and others, "On Calibration of Modern Neural Networks", 2017.

    Raises DataError for logits that are not finite, or labels that are not classes.
    """
    z, y = _checked(np.asarray(logits, np.float64), np.asarray(labels, np.int64))
    if len(y) == 0:
        return 1.0
    z = z - z.max(axis=1, keepdims=True)
    sharpness = _where_slope_is_zero(z, y)
    better = _log_loss(z, y, sharpness) <= _log_loss(z, y, 1.0)
    return 1.0 / sharpness if better else 1.0


def fit_label_temperature(logits: ArrayLike, truth: ArrayLike) -> float:
    """The temperature for sigmoids: one for all classes, fitted to every yes and no of (n, c).

    A yes or no with the logit z is a choice between two classes with the logits z and 0, so this is
    `fit_temperature` of n * c such choices, and like it never worse than 1 on the data given.
    """
    z, y = np.asarray(logits, np.float64), np.asarray(truth, bool)
    if z.shape != y.shape:
        raise ValueError(f"logits and truth of one shape expected, not {z.shape}, {y.shape}")
    pairs = np.stack([z.ravel(), np.zeros(z.size)], axis=1)
    return fit_temperature(pairs, (~y.ravel()).astype(np.int64))


def check_logits(logits: ArrayLike, truth: ArrayLike) -> None:
    """Raise DataError as `fit_temperature` does; `truth` is (n,) positions or (n, classes) bool."""
    z, y = np.asarray(logits, np.float64), np.asarray(truth)
    if y.ndim == 1:
        _checked(z, y.astype(np.int64))
    elif z.shape != y.shape:
        raise ValueError(f"logits and truth of one shape expected, not {z.shape}, {y.shape}")
    else:
        _checked(z, np.zeros(len(z), np.int64))


def _checked(
    z: NDArray[np.float64], y: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    if z.ndim != 2 or y.shape != z.shape[:1]:
        raise ValueError(f"logits (n, classes) and labels (n,) expected, not {z.shape}, {y.shape}")
    if not np.isfinite(z).all():
        raise DataError(
            "the classifier answered with numbers that are not finite",
            where="calibration",
            mend="Train again with a smaller learning rate or in float32.",
        )
    if y.size and (y.min() < 0 or y.max() >= z.shape[1]):
        raise DataError(
            "a label is none of the classes",
            where="calibration",
            mend="Calibrate only on pictures whose label is known.",
        )
    return z, y


def _where_slope_is_zero(z: NDArray[np.float64], y: NDArray[np.int64]) -> float:
    """Newton's method on the regularised slope, bisecting where a step would leave the bracket."""
    low, high = 1 / TEMPERATURES[1], 1 / TEMPERATURES[0]
    sharpness = 1.0
    for _ in range(NEWTON_STEPS):
        slope, curvature = _slope_and_curvature(z, y, sharpness)
        low, high = (low, sharpness) if slope > 0 else (sharpness, high)
        step = sharpness - slope / curvature
        following = step if low < step < high else (low + high) / 2
        if abs(following - sharpness) <= 1e-10 * sharpness:
            break
        sharpness = following
    return sharpness


def _slope_and_curvature(
    z: NDArray[np.float64], y: NDArray[np.int64], sharpness: float
) -> tuple[float, float]:
    powers = np.exp(sharpness * z)
    p = powers / powers.sum(axis=1, keepdims=True)
    mean = (p * z).sum(axis=1)
    spread = (p * z * z).sum(axis=1) - mean * mean
    slope = (mean - z[np.arange(len(y)), y]).sum() + PRIOR_PICTURES * (1 - 1 / sharpness)
    return float(slope), float(spread.sum() + PRIOR_PICTURES / sharpness**2)


def _log_loss(z: NDArray[np.float64], y: NDArray[np.int64], sharpness: float) -> float:
    scaled = sharpness * z
    return float((np.log(np.exp(scaled).sum(axis=1)) - scaled[np.arange(len(y)), y]).mean())
