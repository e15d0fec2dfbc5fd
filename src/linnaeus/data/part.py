"""The pictures of a data set parted as was asked: a side for every one of them, or folds.

Pictures that cannot be read or have no label are left out, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.dataset import Dataset
from linnaeus.data.domains import domains_in, domains_of
from linnaeus.data.folds import Folds, folds
from linnaeus.data.given_sides import given_sides, told_as_unused
from linnaeus.data.leaks import Ties
from linnaeus.data.parting import Parting
from linnaeus.data.samples import Samples
from linnaeus.data.scan import Scan
from linnaeus.data.split import LEFT_OUT, Split, parted
from linnaeus.errors import DataError, UsageError
from linnaeus.randomness import number

__all__ = ["part", "part_beside_test", "part_in_domains", "part_in_folds", "unusable"]


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
    given, remarks = given_sides(dataset, usable, samples, parting)
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
    unused = told_as_unused(dataset)
    ignored = _told_as_ignored(scan, parting, near)
    return Folds(splits, inner, (*unused, *found.remarks, *ignored))


def part_beside_test(
    dataset: Dataset,
    scan: Scan,
    whole: Split,
    count: int,
    *,
    seed: int,
    near: NDArray[np.int64] | None = None,
) -> Folds:
    """`count` splits with the test of `whole`, whose other pictures take turns as validation.

    What hangs together stays together, as in other folds. Raises DataError where a class has too
    few pictures, or hangs together so that a fold would leave nothing of it to learn from.
    """
    usable = _usable(dataset, scan)
    samples = _samples(dataset, scan, usable, near, Parting())
    sides = whole.assignment[usable]
    rest = np.isin(sides, ("train", "validation"))
    counts = samples.counts(rest)
    if (counts < count).any():
        raise DataError(
            f"{count} folds need {count} pictures of every class beside the test, and there are"
            f" fewer of {samples.classes_of(counts < count)}",
            where=dataset.name,
            mend="Ask for fewer folds, add pictures, or take the class out.",
        )
    turn = np.full(len(sides), -1)
    turn[rest] = samples.dealt_evenly(rest, [1 / count] * count, number(seed, "beside the test"))
    splits = []
    for fold in range(count):
        learnt = rest & (turn != fold)
        if (absent := samples.counts(learnt) == 0).any():
            raise DataError(
                f"fold {fold} would leave nothing of {samples.classes_of(absent)} to learn from,"
                " since its pictures hang together",
                where=dataset.name,
                mend="Ask for fewer folds, add other pictures of it, or take the class out.",
            )
        named = np.where(learnt, "train", np.where(rest, "validation", sides)).astype("<U10")
        assignment = whole.assignment.copy()
        assignment[usable] = named
        splits.append(Split(assignment, dict(whole.reasons)))
    return Folds((tuple(splits),))


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
