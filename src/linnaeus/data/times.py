"""Parting by time: the newest pictures judge, those before them choose, the oldest are learnt from.

Times are ISO 8601 (2024-01-31T12:00:00, 2024-01-31, 2024-01), as EXIF writes them (2024:01:31
12:00:00), or numbers of which the larger is the later.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.dataset import Column
from linnaeus.data.layout import listed
from linnaeus.errors import DataError

__all__ = ["by_time", "times_of"]

EXIF_DATE = re.compile(r"(\d{4}):(\d{2}):(\d{2})(?=\s|T|$)", re.ASCII)
MONTH = re.compile(r"\d{4}-\d{2}", re.ASCII)
MEND = "Write times as 2024-01-31 or 2024-01-31T12:00:00, as EXIF does, or as numbers."


def times_of(column: Column, name: str, paths: Sequence[str], where: str) -> NDArray[np.float64]:
    """(n,) float64: the times in a column; seconds since 1970 where they are dates, to the
    microsecond.

    `name`: the column's. `paths`: (n,) what its rows are called. Raises DataError that names the
    pictures without a time, or whose time cannot be read, and where only some times have a zone.
    """
    if column.dtype == np.float64:
        numbers = np.asarray(column, np.float64)
        _check_known(~np.isfinite(numbers), name, paths, where)
        return numbers
    texts = [str(text).strip() for text in column]
    _check_known(np.array([not text for text in texts], bool), name, paths, where)
    moments = [_moment(text) for text in texts]
    bad = [f"{paths[row]} ('{texts[row]}')" for row, one in enumerate(moments) if one is None]
    if bad:
        raise DataError(
            f"the column '{name}' holds no time that can be read for {listed(bad)}",
            where=where,
            mend=MEND,
        )
    return _seconds([moment for moment in moments if moment is not None], name, paths, where)


def by_time(
    times: NDArray[np.float64], validation: float, test: float, where: str = ""
) -> NDArray[np.str_]:
    """(n,) text: "test" for the newest samples, "validation" for those before, "train" for others.

    `times`: (n,). The borders lie where the shares are met best; samples of one time stay on one
    side. Fewer different times than sides are a DataError.
    """
    moments, counts = np.unique(times, return_counts=True)
    needed = 1 + (validation > 0) + (test > 0)
    if len(moments) < needed:
        raise DataError(
            f"the pictures are of {len(moments)} different times, too few for"
            f" {needed} splits of older and newer ones",
            where=where,
            mend="Name another time column, or part the data without one.",
        )
    newer = np.append(np.cumsum(counts[::-1])[::-1], 0)  # samples of this time or later
    first_test = _border(newer, test, len(moments), 1 + (validation > 0))
    first_validation = _border(newer, validation, first_test, 1)
    place = np.searchsorted(moments, times)
    sides = np.where(place >= first_test, "test", "train").astype("<U10")
    sides[(place >= first_validation) & (place < first_test)] = "validation"
    return sides


def _border(newer: NDArray[np.int64], share: float, end: int, least: int) -> int:
    """From which time on, of those before `end`, a side starts that is to hold `share` of all.

    At least `least` times stay before it, and one is in it; none where the share is 0.
    """
    if share == 0:
        return end
    held = newer[least:end] - newer[end]
    return least + int(np.argmin(np.abs(held - share * newer[0])))


def _moment(text: str) -> datetime | None:
    plain = EXIF_DATE.sub(r"\1-\2-\3", text, count=1)
    plain = f"{plain}-01" if MONTH.fullmatch(plain) else plain
    try:
        return datetime.fromisoformat(plain)
    except ValueError:
        return None


def _seconds(
    moments: Sequence[datetime], name: str, paths: Sequence[str], where: str
) -> NDArray[np.float64]:
    zoned = np.array([moment.tzinfo is not None for moment in moments], bool)
    if zoned.any() and not zoned.all():
        fewer = np.flatnonzero(zoned if zoned.sum() * 2 < len(zoned) else ~zoned)
        raise DataError(
            f"some times in the column '{name}' say their zone and others do not, such as"
            f" {listed(paths[row] for row in fewer.tolist())}",
            where=where,
            mend="Give all of them a zone (+01:00, or Z), or none.",
        )
    in_zone = (moment if moment.tzinfo else moment.replace(tzinfo=UTC) for moment in moments)
    return np.array([moment.timestamp() for moment in in_zone], np.float64)


def _check_known(unknown: NDArray[np.bool_], name: str, paths: Sequence[str], where: str) -> None:
    if unknown.any():
        rows = np.flatnonzero(unknown).tolist()
        raise DataError(
            f"the column '{name}' is empty for {listed(paths[row] for row in rows)}",
            where=where,
            mend="Fill it in for every picture, or take these pictures out.",
        )
