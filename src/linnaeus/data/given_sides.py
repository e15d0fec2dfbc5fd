"""Sides that were given to pictures: by their times, by their domains, or with the data."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.dataset import SPLITS, Column, Dataset
from linnaeus.data.domains import by_domain, domains_of
from linnaeus.data.parting import Parting
from linnaeus.data.samples import Samples
from linnaeus.data.times import by_time, times_of
from linnaeus.errors import DataError

__all__ = ["given_sides", "told_as_unused"]


def given_sides(
    dataset: Dataset, usable: NDArray[np.int64], samples: Samples, parting: Parting
) -> tuple[NDArray[np.str_] | None, list[str]]:
    """The sides of the rows that are `usable`, (k,) text or None where none are given; and what to
    tell of them.

    `samples`: of those rows. Raises UsageError where a column or a domain is not there, DataError
    where times or domains are not known or would leave nothing to learn from.
    """
    if parting.time_column is None and parting.domain_column is None:
        if parting.resplit:
            return None, []
        _check_given_splits(dataset, usable)
        return dataset.splits[usable], []
    if parting.time_column is not None:
        column = dataset.column(parting.time_column, "--time-column")[usable]
        times = times_of(column, parting.time_column, samples.names, dataset.name)
        given = by_time(times, parting.validation, parting.test, dataset.name)
        told = [_told_borders(parting.time_column, column, times, given)]
    else:
        assert parting.domain_column is not None
        assert parting.test_domain is not None
        column = dataset.column(parting.domain_column, "--domain-column")[usable]
        domains = domains_of(column, parting.domain_column, samples.names, dataset.name)
        given = by_domain(domains, parting.test_domain, parting.domain_column)
        told = [
            f"Every picture whose '{parting.domain_column}' is '{parting.test_domain}' is test."
        ]
    _check_learnable(samples, given)
    told += _told_as_absent(samples, given)
    return given, told + told_as_unused(dataset)


def _check_learnable(samples: Samples, given: NDArray[np.str_]) -> None:
    absent = samples.counts(given == "train") == 0
    if absent.any() and not (samples.counts(np.ones(len(samples), bool)) == 0).any():
        raise DataError(
            f"every picture of {samples.classes_of(absent)} would judge, and none would be left to"
            " learn from",
            where=samples.where,
            mend="Take the class out, or part the data in another way.",
        )


def _told_borders(
    name: str, column: Column, times: NDArray[np.float64], given: NDArray[np.str_]
) -> str:
    """From which time on pictures are of validation and of test, in the words of the column."""
    begins = []
    for side in ("validation", "test"):
        rows = np.flatnonzero(given == side)
        if len(rows):
            first = column[rows[np.argmin(times[rows])]]
            begins.append(f"{side} begins with {first}")
    return f"Parted by '{name}', the newest pictures last: {', '.join(begins)}."


def _told_as_absent(samples: Samples, given: NDArray[np.str_]) -> list[str]:
    absent = {name: samples.counts(given == name) == 0 for name in set(given.tolist())}
    return [
        f"No picture of {samples.classes_of(absent[name])} is among those of {name}."
        for name in SPLITS
        if name in absent and absent[name].any()
    ]


def _check_given_splits(dataset: Dataset, usable: NDArray[np.int64]) -> None:
    """Refuse to put other pictures in the place of a given split that cannot be used at all."""
    lost = set(dataset.splits[dataset.splits != ""]) - set(dataset.splits[usable])
    if lost:
        raise DataError(
            f"not one picture of the given split '{min(lost)}' can be read and has a label",
            where=dataset.name,
            mend="Replace its pictures, or part the data anew with --resplit.",
        )


def told_as_unused(dataset: Dataset) -> list[str]:
    """That the split which the data came with was not used; nothing where they came with none."""
    sides = [name for name in SPLITS if name in dataset.splits]
    if not sides:
        return []
    return [f"The split that the data came with ({', '.join(sides)}) was not used."]
