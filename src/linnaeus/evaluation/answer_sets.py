"""Several labels a picture in a table of answers: the true ones, and when each is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.predictions import NONE_OF_THEM, SEPARATOR
from linnaeus.data.one_spelling import one_spelling
from linnaeus.data.rows import Table
from linnaeus.errors import DataError
from linnaeus.evaluation.thresholds import EVEN

__all__ = ["given_thresholds", "label_parts", "no_column", "true_sets"]

Floats = NDArray[np.float64]

NAMED = 20  # columns


def label_parts(labels: Sequence[str], separator: str) -> list[tuple[str, ...]]:
    """The labels in each of the cells `labels`; none in an empty one."""
    return [
        tuple(part for piece in text.split(separator) if (part := piece.strip())) for text in labels
    ]


def true_sets(
    table: Table, parts: Sequence[tuple[str, ...]], classes: Mapping[str, int]
) -> NDArray[np.bool_]:
    """(n, classes) bool. Raises DataError, with the row, for a label that has no column."""
    place = {name: at for at, name in enumerate(classes)}
    sets = np.zeros((len(parts), len(classes)), bool)
    for at, (row, labels) in enumerate(zip(table.rows, parts, strict=True)):
        for label in labels:
            if label not in place:
                raise no_column(label, table.place(row.number), list(classes))
            sets[at, place[label]] = True
    return sets


def no_column(label: str, where: str, classes: Sequence[str]) -> DataError:
    """The error of a label of which no column gives the probability; `classes` have one."""
    more = f" and {len(classes) - NAMED} more" if len(classes) > NAMED else ""
    return DataError(
        f"no column gives the probability of the label '{label}'",
        where=where,
        mend=f"Correct the label or add its column; there are columns of"
        f" {', '.join(classes[:NAMED])}{more}.",
    )


def given_thresholds(
    table: Table, classes: Mapping[str, int], probabilities: Floats, separator: str
) -> tuple[Floats, str]:
    """(classes,) from where on each label is given, and a sentence on where that is from.

    Where the column “prediction” names the labels that were given, thresholds are those that part
    them from the others, one half if that does; otherwise, or where none part them, one half.
    Between its labels stands "|", as we write it, or the `separator` of the true ones.

    Raises DataError, with the row, where it names a label that has no column.
    """
    even = np.full(len(classes), EVEN)
    if "prediction" not in table.header:
        return even, "A label counts as given where its probability is 50 % or more."
    said = _said(table, classes, separator)
    read = ~np.isnan(probabilities).any(axis=1)
    found = even.copy()
    for at, name in enumerate(classes):
        given = np.array([name in labels for labels in said]) & read
        p = probabilities[:, at]
        highest = p[read & ~given].max(initial=0.0)
        if highest < EVEN and (not given.any() or p[given].min() >= EVEN):
            continue
        if not given.any():
            found[at] = max(EVEN, np.nextafter(highest, 2.0))
        elif p[given].min() <= highest:
            told = f"No threshold gives “{name}” where the column “prediction” does, so labels"
            return even, f"{told} count as given from 50 % on."
        else:
            found[at] = p[given].min()
    return found, "The labels judged are those that the column “prediction” gives."


def _said(table: Table, classes: Mapping[str, int], separator: str) -> list[tuple[str, ...]]:
    """The labels that the column “prediction” names in each row."""
    texts = [one_spelling(text) for text in table.texts(table.header.index("prediction"))]
    texts = ["" if text == NONE_OF_THEM else text for text in texts]
    ways = [label_parts(texts, mark) for mark in (SEPARATOR, separator)]
    strange = [
        [
            (row, one)
            for row, labels in zip(table.rows, said, strict=True)
            for one in labels
            if one not in classes
        ]
        for said in ways
    ]
    likely = min(range(len(ways)), key=lambda at: len(strange[at]))
    if strange[likely]:
        row, label = strange[likely][0]
        raise no_column(label, table.place(row.number), list(classes))
    return ways[likely]
