"""How shares that are promised and confidences that decide are spelt: never rounded into others."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["share_text", "threshold_text"]


def share_text(share: float) -> str:
    """`share` in per cent, with all the digits that somebody gave it.

    >>> share_text(0.9), share_text(0.995), share_text(0.0004)
    ('90 %', '99.5 %', '0.04 %')
    """
    per_cent = round(100 * share, 10)  # 100 × 0.07 is 7.000000000000001
    return f"{np.format_float_positional(per_cent, trim='-')} %"


def threshold_text(threshold: float, scores: ArrayLike | None = None) -> str:
    """`threshold` with as few digits as, read back, call the same of the `scores` (n,).

    In float32, which those of bundles are, they are the same number; read at full width they are
    never above it where no `scores` are told.

    >>> threshold_text(0.5), threshold_text(0.99997), threshold_text(2 / 3)
    ('0.5', '0.99997', '0.66666666')
    >>> threshold_text(2 / 3, [0.2, 0.9])
    '0.6666667'
    """
    judged = np.asarray([threshold] if scores is None else scores, np.float64)
    near, exact = np.float32(threshold), np.format_float_positional(float(threshold), trim="0")
    cut_short = (exact[:end] for end in range(1, len(exact) + 1))
    for text in (np.format_float_positional(near, trim="0"), *cut_short):
        told = float(text)
        if np.float32(told) == near and np.array_equal(judged >= told, judged >= threshold):
            return text
    return exact
