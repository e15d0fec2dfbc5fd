"""Times as people write them: 90s, 2m, 1h30m."""

from __future__ import annotations

import math
import re

from linnaeus.errors import UsageError

__all__ = ["parse_budget"]

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST_S = 366 * 86400


def parse_budget(text: str | float, option: str = "--budget") -> float:
    """Seconds from a number of seconds or a text such as "90s", "2m", "1h30m" or "1.5h".

    Raises UsageError, naming the `option`, for anything else, and for times that are not above 0
    and within a year.

    >>> parse_budget("2m"), parse_budget("1h30m"), parse_budget(45)
    (120.0, 5400.0, 45.0)
    """
    seconds = _seconds(text)
    if seconds is None or not math.isfinite(seconds) or not 0 < seconds <= LONGEST_S:
        raise UsageError(
            f'"{text}" is not a time', where=option, mend="Write it as 90s, 2m or 1h30m."
        )
    return seconds


def _seconds(text: str | float) -> float | None:
    if isinstance(text, int | float):
        return float(text)
    parts = re.findall(r"([0-9]+(?:\.[0-9]+)?)([smhd])", text.strip().lower())
    if parts and "".join(number + unit for number, unit in parts) == text.strip().lower():
        return sum(float(number) * SECONDS[unit] for number, unit in parts)
    return float(text) if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", text.strip()) else None
