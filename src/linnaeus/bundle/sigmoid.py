"""The logistic function with a temperature: logits in, the probability of each label out."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["sigmoid"]


def sigmoid(logits: ArrayLike, temperature: float = 1.0) -> NDArray[np.float32]:
    """Turn `logits` (..., classes) into probabilities of the same shape, float32, each for itself.

    `temperature` > 0 divides the logits first, as in `softmax`; a probability stays on its side of
    one half. No finite logit overflows; NaN stays NaN.

    >>> sigmoid([0.0, 1000.0, -1000.0]).tolist()
    [0.5, 1.0, 0.0]
    """
    if not temperature > 0:
        raise ValueError(f"temperature must be above 0, not {temperature}")
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    small = np.exp(-np.abs(scaled))  # never above 1
    probabilities: NDArray[np.float64] = np.where(scaled >= 0, 1.0, small) / (1.0 + small)
    return probabilities.astype(np.float32)
