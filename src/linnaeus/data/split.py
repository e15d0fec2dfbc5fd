"""Which pictures are learnt from, chosen with, and judged on; and what the user must know of it.

Copies of one picture, near duplicates and members of one group never stand on two sides. A
published split is honoured: its test stays whole, and what would leak from it is left out of
training, by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from linnaeus.counted import are, counted, pictures, were
from linnaeus.data.dataset import SPLITS
from linnaeus.data.layout import listed
from linnaeus.data.leaks import Ties
from linnaeus.data.samples import Samples
from linnaeus.data.separators import advice_on_separator
from linnaeus.data.units import units_of
from linnaeus.errors import DataError, UsageError

__all__ = ["LEFT_OUT", "Split", "check_present", "check_shares", "parted", "split", "told_as_tied"]

LEFT_OUT = "left out"
VALIDATION_SHARE = 0.1
TEST_SHARE = 0.2


@dataclass(frozen=True, eq=False)
class Split:
    """Where each sample goes.

    `assignment`: (n,) text, "train", "validation", "test" or "left out".
    `reasons`: {row: why it is left out}, as clauses.
    `remarks`: sentences for the user.
    """

    assignment: NDArray[np.str_]
    reasons: dict[int, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def rows(self, name: str) -> NDArray[np.int64]:
        """(k,) int64: the rows of one split, ascending."""
        return np.flatnonzero(self.assignment == name)


def split(
    labels: NDArray[np.int64],
    *,
    classes: Sequence[str],
    seed: int,
    label_sets: NDArray[np.bool_] | None = None,
    given: NDArray[np.str_] | None = None,
    groups: NDArray[np.str_] | None = None,
    duplicates: Sequence[object] | NDArray[np.generic] | None = None,
    near: NDArray[np.int64] | None = None,
    names: Sequence[str] | None = None,
    validation: float = VALIDATION_SHARE,
    test: float = TEST_SHARE,
    allow_tiny: bool = False,
    resplit: bool = False,
    where: str = "",
) -> Split:
    """Part samples into train, validation and test, class by class.

    `labels`: (n,) positions in `classes`. `label_sets`: (n, classes), which labels each sample has
    where it may have several; `labels` then only count the samples. `given`: (n,) a published split
    ("" where none). `groups`: (n,) what must stay on one side. `duplicates`: (n,) equal for copies
    of one picture, such as digests of the pixels; the result then depends on them and the seed, not
    on the order of the samples. `near`: (m, 2) pairs of rows that look alike, which stay on one
    side too (see `units` for where that ends). `names`: (n,) what to call samples in sentences.

    `validation` and `test` are shares of everything; of train, where a given split lacks one.
    `resplit` parts anew whatever was given. `allow_tiny` takes classes of one picture, which are
    then learnt from and never judged. `where` names the data set in errors.

    Raises UsageError for impossible shares, DataError for classes of no or one picture and for a
    given split that leaves nothing to learn from.
    """
    samples = Samples(
        labels=labels,
        classes=classes,
        names=names if names is not None else [f"picture {row}" for row in range(len(labels))],
        ties=Ties(
            np.arange(len(labels)) if duplicates is None else np.asarray(duplicates),
            groups,
            np.empty((0, 2), np.int64) if near is None else near,
        ),
        label_sets=label_sets,
        where=where,
    )
    if resplit:
        given = None
    return parted(samples, given, validation, test, seed=seed, allow_tiny=allow_tiny)


def parted(
    samples: Samples,
    given: NDArray[np.str_] | None,
    validation: float,
    test: float,
    *,
    seed: int,
    allow_tiny: bool = False,
) -> Split:
    """Part `samples` as `split` does, from a `given` split where there is one."""
    check_shares(validation, test)
    check_present(samples)
    if given is None or not (given != "").any():
        return _anew(samples, (1 - validation - test, validation, test), seed, allow_tiny)
    return _honoured(samples, given, validation, test, seed)


def check_shares(validation: float, test: float) -> None:
    """Raise UsageError unless both are shares, from 0 up to 1, that leave something to train on."""
    for name, share in (("--val", validation), ("--test", test)):
        if not 0 <= share < 1:
            raise UsageError(
                f"{share:g} is no share of the pictures",
                where=name,
                mend="Give a number from 0 up to, but not including, 1.",
            )
    if validation + test >= 1:
        raise UsageError(
            f"{validation:g} for validation and {test:g} for test leave nothing to learn from",
            where="--val and --test",
            mend="Their sum must be less than 1.",
        )


def check_present(samples: Samples) -> None:
    """Raise DataError where a class has no sample."""
    counts = samples.counts(np.ones(len(samples), bool))
    if (counts == 0).any():
        raise DataError(
            f"not one picture is left of {samples.classes_of(counts == 0)}",
            where=samples.where,
            mend="Replace the pictures of it that cannot be read, or take the class out.",
        )


def _anew(
    samples: Samples, shares: tuple[float, float, float], seed: int, allow_tiny: bool
) -> Split:
    everything = np.ones(len(samples), bool)
    counts = samples.counts(everything)
    remarks = []
    if (counts == 1).any():
        if not allow_tiny:
            raise DataError(
                f"one picture is too few for a class: {samples.classes_of(counts == 1)}",
                where=samples.where,
                mend="Add pictures (three make a class that can be judged), take the class out, or"
                " use --allow-tiny to learn from it without judging it."
                + advice_on_separator(samples.classes),
            )
        named = samples.classes_of(counts == 1)
        remarks.append(f"Classes of one picture are learnt from and never judged: {named}.")
    assignment = samples.dealt(everything, shares, seed)
    remarks += told_as_tied(samples)
    wanted = [name for name, share in zip(SPLITS, shares, strict=True) if share > 0]
    remarks += _told_as_missing(samples, assignment, wanted, counts > 1)
    return Split(assignment, {}, tuple(remarks))


def _honoured(
    samples: Samples, given: NDArray[np.str_], validation: float, test: float, seed: int
) -> Split:
    _check_given(given, samples.where)
    reasons = samples.ties.leaks(given, samples.names)
    assignment = given.astype("<U10")
    assignment[list(reasons)] = LEFT_OUT
    _check_train(samples, assignment)
    remarks = _told_as_left_out(samples, given, reasons)
    shares = {"validation": validation, "test": test}
    carved = {name: share for name, share in shares.items() if name not in given and share > 0}
    if carved:
        in_train = assignment == "train"
        val_share, test_share = carved.get("validation", 0.0), carved.get("test", 0.0)
        parts = (1 - val_share - test_share, val_share, test_share)
        assignment[in_train] = samples.dealt(in_train, parts, seed)
        remarks += _told_as_alike(samples, in_train)
        for name in carved:
            count = int(np.count_nonzero(assignment == name))
            remarks.append(
                f"No {name} split was given, so {pictures(count)} of train {were(count)} set aside"
                " for it."
            )
    everywhere = np.ones(len(samples.classes), bool)
    for name in SPLITS:  # what a given split lacked from the start, the data set's notes tell
        due = everywhere if name in carved else samples.counts(given == name) > 0
        remarks += _told_as_missing(samples, assignment, [name], due)
    return Split(assignment, reasons, tuple(remarks))


def _check_given(given: NDArray[np.str_], where: str) -> None:
    if blank := int(np.count_nonzero(given == "")):
        raise DataError(
            f"{pictures(blank)} {are(blank)} in no split while others are",
            where=where,
            mend="Give every picture a split, or use --resplit to part them all anew.",
        )
    if "train" not in given:
        raise DataError(
            f"all pictures are in {' or '.join(sorted(set(given.tolist())))}, none in train",
            where=where,
            mend="Add a train split, or use --resplit to part them all anew.",
        )


def _check_train(samples: Samples, assignment: NDArray[np.str_]) -> None:
    empty = samples.counts(assignment == "train") == 0
    if empty.any():
        raise DataError(
            f"nothing is left to learn from in {samples.classes_of(empty)}, once the pictures that"
            " also stand in validation or test are left out",
            where=samples.where,
            mend="Add other pictures of it to train, or use --resplit to part all pictures anew.",
        )


def _told_as_left_out(
    samples: Samples, given: NDArray[np.str_], reasons: dict[int, str]
) -> list[str]:
    remarks = []
    names = samples.names
    for name, beside in (("train", "validation or test"), ("validation", "test")):
        rows = [row for row in reasons if given[row] == name]
        if rows:
            they, them, groups = (
                ("it", "it", "its group") if len(rows) == 1 else ("they", "them", "their groups")
            )
            remarks.append(
                f"{pictures(len(rows))} of {name} {were(len(rows))} left out because {they}, copies"
                f" of {them}, pictures that look like {them} or {groups} also stand in {beside}:"
                f" {listed(names[row] for row in rows)}."
            )
    return remarks


def told_as_tied(samples: Samples) -> list[str]:
    """What copies, groups and likeness keep together among all samples, in sentences."""
    everything = np.ones(len(samples), bool)
    return _told_as_kept_whole(samples) + _told_as_alike(samples, everything)


def _told_as_kept_whole(samples: Samples) -> list[str]:
    """How many sets copies and groups make; likeness is told apart."""
    ties = samples.ties
    sizes = np.bincount(units_of(len(samples), ties.duplicates, ties.groups).of)
    if not (sizes > 1).any():
        return []
    what = "copies of one picture" if ties.groups is None else "groups and copies"
    sets, within = int(np.count_nonzero(sizes > 1)), int(sizes[sizes > 1].sum())
    of_pictures = f"{counted(sets, 'set')} of pictures ({what}; {within:,} in all)"
    return [f"{of_pictures} {were(sets)} kept whole."]


def _told_as_alike(samples: Samples, among: NDArray[np.bool_]) -> list[str]:
    """How many of the pictures `among` (n,) likeness keeps together, and what it could not."""
    alike, parted = (
        pairs[among[pairs].all(axis=1)] for pairs in (samples.units.alike, samples.units.parted)
    )
    told = []
    if len(alike):
        told.append(f"{len(np.unique(alike)):,} pictures that look alike were kept together.")
    if len(parted):
        names = samples.names
        pairs = listed(f"{names[one]} and {names[other]}" for one, other in parted.tolist())
        told.append(
            f"{len(parted):,} pairs of pictures that look alike may stand on two sides, since too"
            f" much of a class would hang together otherwise: {pairs}."
        )
    return told


def _told_as_missing(
    samples: Samples,
    assignment: NDArray[np.str_],
    splits: Sequence[str],
    due: NDArray[np.bool_],
) -> list[str]:
    """A sentence for each split that lacks some of the classes that are `due` (classes,) in it."""
    remarks = []
    for name in splits:
        missing = due & (samples.counts(assignment == name) == 0)
        if missing.any():
            remarks.append(
                f"No picture of {samples.classes_of(missing)} stands in {name}: there are too few"
                " that may be parted."
            )
    return remarks
