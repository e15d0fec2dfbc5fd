"""Softmax with a temperature: logits in, probabilities out."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["softmax"]


def softmax(logits: ArrayLike, temperature: float = 1.0) -> NDArray[np.float32]:
    """Turn `logits` (..., classes) into probabilities of the same shape, float32, rows sum to 1.

    `temperature` > 0 divides the logits first: above 1 the answers are less sure of themselves,
    below 1 surer; the likeliest class stays the same (Guo and others 2017). The largest logit of
    a row is subtracted before the exponential, so no finite logit overflows. Rows of NaN stay NaN.

    >>> softmax([[0.0, 0.0], [1000.0, 0.0]]).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    if not temperature > 0:
        raise ValueError(f"temperature must be above 0, not {temperature}")
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    probabilities: NDArray[np.float64] = powers / powers.sum(axis=-1, keepdims=True)
    return probabilities.astype(np.float32)
