"""Two runs judged on the same pictures: whether one is right more often, picture by picture."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import combinations
from math import sqrt
from pathlib import Path
from typing import Any

from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.significance import holm, mcnemar
from linnaeus.wilson import Z

__all__ = ["PairedDifference", "paired_differences"]

ANSWERS = "predictions.csv"
ADDED = 0.5  # to each cell of the table, so that its interval holds 95 % also for few pictures


@dataclass(frozen=True)
class PairedDifference:
    """How much more often the run in `second` is right than that in `first`, on the same pictures.

    `difference`: of the shares, with the interval of Agresti and Min (2005) for matched pairs.
    `p_value`: McNemar's exact one, by Holm's correction for all pairs that were compared.
    """

    first: str
    second: str
    images: int
    only_first: int
    only_second: int
    difference: Figure
    p_value: float

    @property
    def is_real(self) -> bool:
        """Whether chance alone brings as much less than 5 times in 100, in any of the pairs."""
        return self.p_value < 0.05

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "first": self.first,
            "second": self.second,
            "images": self.images,
            "only_first_right": self.only_first,
            "only_second_right": self.only_second,
            "difference": self.difference.to_json(),
            "p_value": self.p_value,
            "real": self.is_real,
        }


def paired_differences(folders: list[Path]) -> tuple[list[PairedDifference], str]:
    """Each pair of runs that were judged on the same pictures, and why there are no others.

    Where a picture may have several labels, it is right where all of them are.
    """
    right = {str(folder): _right(folder) for folder in folders}
    tables: list[tuple[str, str, int, int, int]] = []
    apart = 0
    for first, second in combinations(right, 2):
        one, other = right[first], right[second]
        if one is None or other is None or one.keys() != other.keys():
            apart += 1
            continue
        only_first = sum(one[key] and not other[key] for key in one)
        only_second = sum(other[key] and not one[key] for key in one)
        tables.append((first, second, len(one), only_first, only_second))
    p_values = holm([mcnemar(table[3], table[4]) for table in tables])
    found = [
        PairedDifference(*table, _difference(*table[2:]), float(p))
        for table, p in zip(tables, p_values, strict=True)
    ]
    return found, "they were not judged on the same pictures" if apart else ""


def _right(folder: Path) -> dict[tuple[str, str], bool] | None:
    """{(picture, its true label): whether the answer was right}; None where there are no answers.

    Pictures that could not be read, and those without a label, judge nothing.
    """
    try:
        with (folder / ANSWERS).open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if not row["error"]]
    except (OSError, KeyError, csv.Error):
        return None
    return {(row["image"], row["label"]): row["label"] == row["prediction"] for row in rows}


def _difference(images: int, only_first: int, only_second: int) -> Figure:
    value = (only_second - only_first) / images
    first, second, count = only_first + ADDED, only_second + ADDED, images + 4 * ADDED
    middle = (second - first) / count
    margin = Z * sqrt((first + second) - (second - first) ** 2 / count) / count
    return Figure.around(value, max(-1.0, middle - margin), min(1.0, middle + margin))
