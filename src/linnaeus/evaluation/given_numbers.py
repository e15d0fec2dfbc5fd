"""Numbers given as probabilities: read from a table, and refused where they cannot be such."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.rows import Row, Table, as_text
from linnaeus.errors import DataError
from linnaeus.written_numbers import number_in

__all__ = ["are_numbers", "checked_probabilities", "given_numbers"]

Floats = NDArray[np.float64]

# Probabilities written with four digits miss 1 by up to 0.00005 a class.
SUM_TOLERANCE = 1e-3 + 1e-9  # in floats, 1 - 0.999 is more than 0.001
MOST_ROUNDED = 10.0  # by which percentages in whole numbers may miss 100, however many classes
ROUNDING = 1e-6  # float32 softmaxes overstep 0 and 1 by about a tenth of that
LONGEST_QUOTED = 40  # characters of a cell that an error repeats


def are_numbers(table: Table, place: int) -> bool:
    """Whether a column holds numbers, and nothing else but empty cells."""
    cells = [as_text(row.cells[place]) for row in table.rows]
    return any(cells) and all(number_in(cell) is not None for cell in cells if cell)


def given_numbers(
    table: Table, classes: Mapping[str, int], unread: Mapping[int, str]
) -> NDArray[np.float64]:
    """(n, classes) the finite numbers in the columns of `classes`; rows in `unread` are NaN.

    Raises DataError at a cell that is empty or no finite number.
    """
    numbers = np.full((len(table.rows), len(classes)), np.nan)
    for at, row in enumerate(table.rows):
        if at not in unread:
            numbers[at] = [_finite(table, row, name, place) for name, place in classes.items()]
    return numbers


def checked_probabilities(
    table: Table,
    classes: Mapping[str, int],
    numbers: Floats,
    labels: set[str],
    *,
    several: bool = False,
) -> Floats:
    """`numbers`, as probabilities in [0, 1], what oversteps by less than 1e-6 being rounding.

    `labels`: those that the table names, by which columns that are no classes are recognised.
    Raises DataError, with the first row, where they are no probabilities, or do not sum to 1
    though a picture has not `several` labels.
    """
    read = np.isfinite(numbers.sum(axis=1))
    given = numbers[read]
    rows = [row for row, is_read in zip(table.rows, read.tolist(), strict=True) if is_read]
    outside = _oversteps(given).any(axis=1)
    missed = (np.abs(given.sum(axis=1) - 1) > SUM_TOLERANCE) & (not several)
    if not (outside | missed).any():
        within: Floats = np.clip(numbers, 0.0, 1.0)
        return within
    if not several:
        _refuse_extra_columns(table, classes, given, labels)
    first = int((outside | missed).argmax())
    where = table.place(rows[first].number)
    if outside.any():
        if not several:
            _refuse_other_scales(given, where)
        at = int(outside.argmax())
        raise _outside(table, rows[at], classes, given[at])
    raise DataError(
        f"the probabilities sum to {given[first].sum():.6g}, not to 1",
        where=where,
        mend="A class's column may be missing. Where classes exclude each other, divide a row by"
        " its sum; where a picture may have several labels, say so with --label-separator.",
    )


def _oversteps(numbers: Floats) -> NDArray[np.bool_]:
    outside: NDArray[np.bool_] = (numbers < -ROUNDING) | (numbers > 1 + ROUNDING)
    return outside


def _finite(table: Table, row: Row, name: str, place: int) -> float:
    text = table.text(row, place)
    number = number_in(text)
    if number is not None and np.isfinite(number):
        return number
    told = f"'{_shortened(text)}', which is no finite number" if text else "missing"
    raise DataError(
        f"the probability of '{name}' is {told}",
        where=table.place(row.number),
        mend=f"Write a number from 0 to 1, or take this {table.unit} out.",
    )


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_QUOTED else f"{text[:LONGEST_QUOTED]}…"


def _refuse_extra_columns(
    table: Table, classes: Mapping[str, int], given: Floats, labels: set[str]
) -> None:
    """Where the columns that labels name sum to 1 by themselves, the others are no classes; so are
    those that overstep 0 or 1 where all that do not sum to 1."""
    named = np.array([name in labels for name in classes], bool)
    within = np.asarray(~_oversteps(given).any(axis=0), bool)
    for likely in (named, within):
        some = given[:, likely]
        if likely.sum() < 2 or likely.all() or (some < 0).any():
            continue
        if (np.abs(some.sum(axis=1) - 1) > SUM_TOLERANCE).any():
            continue
        extra = [f"'{name}'" for name, one in zip(classes, likely, strict=True) if not one]
        raise DataError(
            f"rows sum to 1 without {', '.join(extra)}, so that is no class's probability",
            where=table.where,
            mend="Take it out, name it with --slice-by, or call the columns of classes 'p:CLASS'.",
        )


def _refuse_other_scales(given: Floats, where: str) -> None:
    """Name logits, logarithms and percentages as what they are. Raises DataError."""
    from_to = f"numbers from {given.min():.4g} to {given.max():.4g}"
    if (given <= 0).all() and (np.abs(np.exp(given).sum(axis=1) - 1) <= SUM_TOLERANCE).all():
        raise DataError(
            f"these are logarithms of probabilities ({from_to})",
            where=where,
            mend="Take the exponential of each.",
        )
    rounded = min(0.5 * given.shape[1], MOST_ROUNDED)
    within = ((given >= 0) & (given <= 100)).all()
    if within and (np.abs(given.sum(axis=1) - 100) <= rounded).all():
        raise DataError(f"these are percentages ({from_to})", where=where, mend="Divide by 100.")
    if (np.abs(given.sum(axis=1) - 1) > SUM_TOLERANCE).mean() > 0.5:
        raise DataError(
            f"these look like logits ({from_to}), not like probabilities",
            where=where,
            mend="Take the softmax of each row.",
        )


def _outside(table: Table, row: Row, classes: Mapping[str, int], given: Floats) -> DataError:
    names = list(classes)
    at = int(_oversteps(given).argmax())
    return DataError(
        f"the probability of '{names[at]}' is {given[at]:.6g}, which is not between 0 and 1",
        where=table.place(row.number),
        mend=f"Correct it, or take this {table.unit} out.",
    )
