"""What a table tells of each picture beside its label: numbers as numbers, all else as text."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.rows import Cell, as_text

__all__ = ["as_column", "number_as_text"]

NUMBER = re.compile(r"[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
"""No leading zeros: 007 is a name."""

NOT_A_NUMBER = frozenset({"nan", "na", "n/a", "null", "none"})
"""What an empty cell of a column of numbers is called, in lower case."""

EXACT = 2**53
"""Larger whole numbers do not fit a float64: they are names too."""


def as_column(cells: Sequence[Cell], *, typed: bool) -> NDArray[np.float64] | NDArray[np.str_]:
    """(n,) float64 where all cells are numbers, NaN where empty; otherwise text, "" where empty.

    `typed`: the file tells numbers from text. Where it does not, texts that are all numbers are
    numbers. True and False are text, as categories are, and so are numbers too large or too long
    to be kept to the digit.

    >>> as_column(["1", "", "2.5"], typed=False).tolist()
    [1.0, nan, 2.5]
    >>> as_column(["007", "1"], typed=False).tolist()
    ['007', '1']
    """
    numbers = _typed_numbers(cells) if typed else _written_numbers(cells)
    if numbers is not None:
        return np.array(numbers, np.float64)
    return np.array([as_text(cell) for cell in cells], dtype=np.str_)


def number_as_text(number: float) -> str:
    """A number as people write it: whole ones without a fraction, others as short as is exact.

    >>> [number_as_text(number) for number in (3.0, 1.1, -0.0)]
    ['3', '1.1', '0']
    """
    return str(int(number)) if number.is_integer() else repr(number)


def _typed_numbers(cells: Sequence[Cell]) -> list[float] | None:
    numbers = []
    for cell in cells:
        if cell is None:
            numbers.append(np.nan)
        elif isinstance(cell, bool | str | tuple) or _too_long(cell):
            return None
        else:
            numbers.append(float(cell))
    return numbers if any(cell is not None for cell in cells) else None


def _written_numbers(cells: Sequence[Cell]) -> list[float] | None:
    numbers = []
    for text in map(as_text, cells):
        if not text or text.lower() in NOT_A_NUMBER:
            numbers.append(np.nan)
        elif (number := _as_number(text)) is None or _too_long(number):
            return None
        else:
            numbers.append(float(number))
    return numbers if not np.isnan(numbers).all() else None


def _as_number(text: str) -> int | float | None:
    if not NUMBER.fullmatch(text):
        return None
    number = float(text)
    if math.isinf(number):
        return None
    return int(text) if text.lstrip("+-").isdecimal() else number


def _too_long(number: float) -> bool:
    return isinstance(number, int) and abs(number) > EXACT
