"""How the pictures of a data set are parted: from what was asked to a split of every one of them.

Pictures that cannot be read or have no label are left out, with the reason; all others are dealt
out class by class, by time, by domain, as the data came parted, or into folds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.dataset import SPLITS, Column, Dataset
from linnaeus.data.domains import by_domain, domains_in, domains_of
from linnaeus.data.folds import Folds, folds
from linnaeus.data.leaks import Ties
from linnaeus.data.samples import Samples
from linnaeus.data.scan import Scan
from linnaeus.data.split import LEFT_OUT, TEST_SHARE, VALIDATION_SHARE, Split, parted
from linnaeus.data.times import by_time, times_of
from linnaeus.errors import DataError, UsageError

__all__ = ["NearPolicy", "Parting", "check_columns", "part", "part_in_domains", "part_in_folds"]

NearPolicy = Literal["keep-together", "ignore"]


@dataclass(frozen=True)
class Parting:
    """How pictures are to be parted.

    `validation`, `test`: shares. `resplit`: part anew what came parted. `allow_tiny`: take classes
    of one picture. `near_duplicates`: whether pictures that look alike stay on one side.
    `time_column`: the newest pictures by this column are the test. `domain_column`, `test_domain`:
    the pictures that have this value in this column are the test.

    Raises UsageError for what cannot be meant together.
    """

    seed: int = 0
    validation: float = VALIDATION_SHARE
    test: float = TEST_SHARE
    resplit: bool = False
    allow_tiny: bool = False
    near_duplicates: NearPolicy = "keep-together"
    time_column: str | None = None
    domain_column: str | None = None
    test_domain: str | None = None

    def __post_init__(self) -> None:
        if self.near_duplicates not in get_args(NearPolicy):
            raise UsageError(
                f"'{self.near_duplicates}' is neither keep-together nor ignore",
                where="--near-duplicates",
                mend="Give one of the two.",
            )
        if self.time_column is not None and self.domain_column is not None:
            raise UsageError(
                "each of them says which pictures are the test",
                where="--time-column and --domain-column",
                mend="Give only one of the two.",
            )
        if self.test_domain is not None and self.domain_column is None:
            raise UsageError(
                f"the domain '{self.test_domain}' of which column is not said",
                where="--test-domain",
                mend="Name the column with --domain-column.",
            )


def check_columns(dataset: Dataset, parting: Parting) -> None:
    """Raise UsageError where `dataset` lacks a column that `parting` names."""
    if parting.time_column is not None:
        dataset.column(parting.time_column, "--time-column")
    if parting.domain_column is not None:
        dataset.column(parting.domain_column, "--domain-column")


def part(
    dataset: Dataset, scan: Scan, parting: Parting, near: NDArray[np.int64] | None = None
) -> Split:
    """The side of every picture of `dataset`, in its order.

    `scan`: of all of it. `near`: (m, 2) int64 rows that look alike. Raises UsageError for columns
    that are not there and shares that cannot be, DataError where the data allow no such split.
    """
    if parting.domain_column is not None and parting.test_domain is None:
        raise UsageError(
            "which of the domains is the test is not said",
            where="--domain-column",
            mend="Name it with --test-domain.",
        )
    usable = _usable(dataset, scan)
    samples = _samples(dataset, scan, usable, near, parting)
    given, remarks = _given(dataset, usable, samples, parting)
    test = 0.0 if parting.domain_column else parting.test
    found = parted(
        samples, given, parting.validation, test, seed=parting.seed, allow_tiny=parting.allow_tiny
    )
    ignored = _told_as_ignored(scan, parting, near)
    return _over_all(dataset, scan, usable, found, (*remarks, *found.remarks, *ignored))


def part_in_folds(
    dataset: Dataset,
    scan: Scan,
    parting: Parting,
    count: int,
    *,
    repeats: int = 1,
    inner: int = 0,
    near: NDArray[np.int64] | None = None,
) -> Folds:
    """`repeats` times `count` folds over every picture of `dataset`; see `folds.folds`."""
    usable = _usable(dataset, scan)
    samples = _samples(dataset, scan, usable, near, parting)
    found = folds(
        samples,
        count,
        repeats=repeats,
        inner=inner,
        validation=parting.validation,
        seed=parting.seed,
    )
    splits = tuple(
        tuple(_over_all(dataset, scan, usable, one, ()) for one in of_repeat)
        for of_repeat in found.splits
    )
    unused = _told_as_unused(dataset) if (dataset.splits != "").any() else []
    ignored = _told_as_ignored(scan, parting, near)
    return Folds(splits, inner, (*unused, *found.remarks, *ignored))


def part_in_domains(
    dataset: Dataset, scan: Scan, parting: Parting, near: NDArray[np.int64] | None = None
) -> Folds:
    """One fold for each domain of the column `parting` names, in which that domain is the test."""
    assert parting.domain_column is not None
    usable = _usable(dataset, scan)
    column = dataset.column(parting.domain_column, "--domain-column")[usable]
    paths = [dataset.paths[row] for row in usable.tolist()]
    tested = domains_in(domains_of(column, parting.domain_column, paths, dataset.name))
    splits = tuple(
        part(dataset, scan, replace(parting, test_domain=domain), near) for domain in tested
    )
    remarks = [
        f"Fold {fold} tests '{domain}'. {' '.join(one.remarks)}".rstrip()
        for fold, (domain, one) in enumerate(zip(tested, splits, strict=True))
    ]
    return Folds((splits,), remarks=tuple(remarks))


def _usable(dataset: Dataset, scan: Scan) -> NDArray[np.int64]:
    """Rows that can be read and have a label, or may have several and so also none."""
    labelled = dataset.labels >= 0 if dataset.label_sets is None else np.True_
    usable = np.flatnonzero(scan.readable & labelled)
    if not len(usable):
        raise DataError(
            "not one picture can be read and has a label",
            where=dataset.name,
            mend="Run `linnaeus audit` on it to see why.",
        )
    return usable


def _samples(
    dataset: Dataset,
    scan: Scan,
    usable: NDArray[np.int64],
    near: NDArray[np.int64] | None,
    parting: Parting,
) -> Samples:
    if near is None or parting.near_duplicates == "ignore":
        near = np.empty((0, 2), np.int64)
    place = np.full(len(dataset), -1, np.int64)
    place[usable] = np.arange(len(usable))
    pairs = place[near]
    return Samples(
        labels=dataset.labels[usable],
        classes=dataset.classes,
        names=[dataset.paths[row] for row in usable.tolist()],
        ties=Ties(
            np.array([scan.pixel_digests[row] for row in usable.tolist()]),
            None if dataset.groups is None else dataset.groups[usable],
            pairs[(pairs >= 0).all(axis=1)],
        ),
        label_sets=None if dataset.label_sets is None else dataset.label_sets[usable],
        where=dataset.name,
    )


def _given(
    dataset: Dataset, usable: NDArray[np.int64], samples: Samples, parting: Parting
) -> tuple[NDArray[np.str_] | None, list[str]]:
    """The sides that were given, by time, by domain or with the data, if any; and what to tell."""
    came_parted = (dataset.splits != "").any()
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
    return given, told + (_told_as_unused(dataset) if came_parted else [])


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


def _over_all(
    dataset: Dataset,
    scan: Scan,
    usable: NDArray[np.int64],
    found: Split,
    remarks: tuple[str, ...],
) -> Split:
    """A split of the usable rows as one of all rows, in which the others are left out."""
    assignment = np.full(len(dataset), LEFT_OUT, dtype="<U10")
    assignment[usable] = found.assignment
    reasons = {int(usable[row]): why for row, why in found.reasons.items()}
    return Split(assignment, reasons | unusable(dataset, scan.unreadable), remarks)


def unusable(dataset: Dataset, unreadable: Mapping[str, str]) -> dict[int, str]:
    """{row: why} of the pictures that no split can hold: unreadable ({path: why}) or unlabelled."""
    reasons = {}
    for row, path in enumerate(dataset.paths):
        if path in unreadable:
            reasons[row] = unreadable[path]
        elif dataset.label_sets is None and dataset.labels[row] < 0:
            reasons[row] = "it has no label"
    return reasons


def _told_as_unused(dataset: Dataset) -> list[str]:
    sides = [name for name in SPLITS if name in dataset.splits]
    return [f"The split that the data came with ({', '.join(sides)}) was not used."]


def _told_as_ignored(
    scan: Scan, parting: Parting, near: NDArray[np.int64] | None
) -> tuple[str, ...]:
    if parting.near_duplicates == "keep-together" or near is None:
        return ()
    digests = np.array(scan.pixel_digests)
    alike = near[digests[near[:, 0]] != digests[near[:, 1]]]
    if not len(alike):
        return ()
    count = len(np.unique(alike))
    return (f"{count:,} pictures look alike and may stand on two sides, as was asked for.",)
