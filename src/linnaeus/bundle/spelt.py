"""How shares that are promised and confidences that decide are spelt: never rounded into others."""

from __future__ import annotations

import numpy as np

__all__ = ["share_text", "threshold_text"]


def share_text(share: float) -> str:
    """`share` in per cent, with all the digits that somebody gave it.

    >>> share_text(0.9), share_text(0.995), share_text(0.0004)
    ('90 %', '99.5 %', '0.04 %')
    """
    per_cent = round(100 * share, 10)  # 100 × 0.07 is 7.000000000000001
    return f"{np.format_float_positional(per_cent, trim='-')} %"


def threshold_text(threshold: float) -> str:
    """`threshold` with as many digits as make it the same in float32, which scores are.

    >>> threshold_text(0.5), threshold_text(0.99997)
    ('0.5', '0.99997')
    """
    return np.format_float_positional(np.float32(threshold), trim="0")
