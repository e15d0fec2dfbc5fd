"""Cross-validation: every picture judges once a repeat, and what hangs together judges together.

Folds are stratified, keep copies, near duplicates and groups whole, and depend on the pictures and
the seed, not on the order of the pictures. Nested folds part what each fold learns from once more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.dataset import natural_key
from linnaeus.data.layout import listed
from linnaeus.data.samples import Samples
from linnaeus.data.separators import advice_on_separator
from linnaeus.data.split import Split, check_present, check_shares, told_as_tied
from linnaeus.errors import DataError, UsageError
from linnaeus.randomness import number

__all__ = ["Folds", "check_plan", "folds", "inner_name"]


@dataclass(frozen=True, eq=False)
class Folds:
    """Splits that take turns.

    `splits`: by repeat and fold, each over all n samples. Where the folds are nested, what is
    learnt from stands as "inner 0", "inner 1", … instead of "train" and "validation": the one that
    is chosen is for validation, and the others are for training. `inner`: how many there are, 0
    where the folds are not nested. `remarks`: sentences for the user.
    """

    splits: tuple[tuple[Split, ...], ...]
    inner: int = 0
    remarks: tuple[str, ...] = ()


def folds(
    samples: Samples,
    count: int,
    *,
    repeats: int = 1,
    inner: int = 0,
    validation: float,
    seed: int,
) -> Folds:
    """`repeats` times `count` splits, so that each sample is in test once a repeat.

    `validation`: the share of what is not tested that is set aside to choose on, in every fold;
    where there are `inner` folds, they take its place, and each is one share of equal size.

    Raises UsageError for impossible counts, DataError where a class has fewer pictures than there
    are folds, and where a fold would leave nothing of a class to learn from.
    """
    check_plan(count, repeats, inner or None)
    check_shares(validation, 0)
    check_present(samples)
    _check_enough(samples, count)
    every = np.ones(len(samples), bool)
    rounds = []
    for repeat in range(repeats):
        seed_here = seed if repeat == 0 else number(seed, "folds", repeat)
        tested_in = samples.dealt_evenly(every, [1 / count] * count, seed_here)
        rounds.append(
            tuple(
                Split(_around(samples, tested_in == fold, inner, validation, seed_here, fold))
                for fold in range(count)
            )
        )
    remarks = (*told_as_tied(samples), *_told_as_uneven(samples, count))
    return Folds(tuple(rounds), inner, remarks)


def inner_name(inner: int) -> str:
    """How the samples of one inner fold are marked."""
    return f"inner {inner}"


def check_plan(count: int, repeats: int, inner: int | None) -> None:
    """Raise UsageError where so many folds, repeats or inner folds make no sense."""
    for option, value, least in (("--folds", count, 2), ("--repeats", repeats, 1)):
        if value < least:
            raise UsageError(f"{value} is too few", where=option, mend=f"Give {least} or more.")
    if inner is not None and inner < 2:
        raise UsageError(f"{inner} is too few", where="--inner", mend="Give 2 or more.")


def _around(
    samples: Samples, tested: NDArray[np.bool_], inner: int, validation: float, seed: int, fold: int
) -> NDArray[np.str_]:
    """(n,) text: "test" where `tested`, and the rest parted into inner folds, or into two."""
    assignment = np.full(len(samples), "test", dtype="<U10")
    rest = ~tested
    if (short := samples.counts(rest) < max(1, inner)).any():
        lacking = "nothing of" if not inner else f"too few for {inner} inner folds of"
        raise DataError(
            f"fold {fold} would leave {lacking} {samples.classes_of(short)} to learn from,"
            " since its pictures hang together",
            where=samples.where,
            mend="Ask for fewer folds, add other pictures of it, or take the class out.",
        )
    inside = number(seed, "inside fold", fold)
    if inner:
        places = samples.dealt_evenly(rest, [1 / inner] * inner, inside)
        assignment[rest] = np.array([inner_name(place) for place in range(inner)])[places]
    else:
        assignment[rest] = samples.dealt(rest, (1 - validation, validation, 0.0), inside)
    return assignment


def _check_enough(samples: Samples, count: int) -> None:
    counts = samples.counts(np.ones(len(samples), bool))
    if (few := counts < count).any():
        named = listed(
            f"'{samples.classes[place]}' ({counts[place]})"
            for place in np.flatnonzero(few).tolist()
        )
        raise DataError(
            f"{count} folds need {count} pictures of every class, and there are fewer of {named}",
            where=samples.where,
            mend="Ask for fewer folds, add pictures, or take the class out."
            + advice_on_separator(samples.classes),
        )
    sets = len(samples.units.names)
    if sets < count:
        raise DataError(
            f"the pictures hang together in {sets} sets (copies, groups, near duplicates), too few"
            f" for {count} folds",
            where=samples.where,
            mend="Ask for fewer folds.",
        )


def _told_as_uneven(samples: Samples, count: int) -> list[str]:
    """What keeps the folds from being of one size, and classes from being in each of them."""
    told = []
    units = samples.units
    sizes = np.bincount(units.of)
    even = -(-len(samples) // count)
    large = [_named(samples, unit) for unit in np.flatnonzero(sizes > even).tolist()]
    if large:
        told.append(
            f"An even fold has {even:,} pictures, and sets that stay together have more, so folds"
            f" differ in size: {listed(sorted(large, key=natural_key))}."
        )
    pairs = np.unique(np.column_stack([units.of[samples.marks[:, 0]], samples.marks[:, 1]]), axis=0)
    few = np.bincount(pairs[:, 1], minlength=len(samples.classes)) < count
    if few.any():
        told.append(
            f"Not every fold tests {samples.classes_of(few)}: its pictures hang together in fewer"
            f" than {count} sets."
        )
    return told


def _named(samples: Samples, unit: int) -> str:
    """A set that stays together, by its group or else by its first picture, and its size."""
    rows = np.flatnonzero(samples.units.of == unit).tolist()
    groups = samples.ties.groups
    group = "" if groups is None else str(groups[rows[0]])
    called = f"group '{group}'" if group else f"that of {min(samples.names[row] for row in rows)}"
    return f"{called} ({len(rows):,})"
