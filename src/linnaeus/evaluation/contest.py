"""Contest: two classifiers on the same pictures, and whether one is really better.

What both have right, or both wrong, cancels out, so far smaller differences show than between two
separate tests. How the intervals are made: docs/reference/metrics.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linnaeus.bundle.predictions import Predictions
from linnaeus.errors import DataError
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.gap import share_of
from linnaeus.evaluation.intervals import (
    Resampling,
    effective_trials,
    mean_figure,
    wilson_figure,
)
from linnaeus.evaluation.outcomes import Outcomes
from linnaeus.evaluation.paired import LEVEL, discordance
from linnaeus.evaluation.significance import holm, student_tail

__all__ = ["Contest", "Paired", "in_order", "pair", "same_pictures"]

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Contest:
    """How often two classifiers are right on the same pictures, of one class or of all.

    `only_first`, `only_second`: pictures that one alone has right. `difference`: the share that the
    first has right less that of the second. `p`: how often chance alone sets them so far apart.
    """

    of_class: str
    both: int
    only_first: int
    only_second: int
    neither: int
    first: Figure
    second: Figure
    difference: Figure
    p: float

    @property
    def images(self) -> int:
        """The pictures that both were judged on."""
        return self.both + self.only_first + self.only_second + self.neither

    @property
    def real(self) -> bool:
        """Whether the difference is more than chance would make."""
        return self.p < LEVEL

    def to_json(self) -> dict[str, Any]:
        """The contest as metrics.json has it."""
        return {
            **({"class": self.of_class} if self.of_class else {}),
            "images": self.images,
            "both_right": self.both,
            "only_first_right": self.only_first,
            "only_second_right": self.only_second,
            "neither_right": self.neither,
            "first": self.first.to_json(),
            "second": self.second.to_json(),
            "difference": self.difference.to_json(),
            "p": self.p,
            "real": self.real,
        }


@dataclass(frozen=True)
class Paired:
    """Two classifiers, by their names, on the same pictures.

    `accuracy`: on all of them; `of_classes`: recall of each class, `p` corrected for their number.
    `log_loss`: the first's less the second's, so below 0 where the first is better. `apart`:
    positions among the first's predictions of the pictures that one alone has right, those first
    on which the two are surest.
    """

    names: tuple[str, str]
    accuracy: Contest
    log_loss: Figure
    of_classes: tuple[Contest, ...]
    groups: int | None
    apart: tuple[int, ...]
    others: Predictions

    def to_json(self) -> dict[str, Any]:
        """The comparison as metrics.json has it."""
        return {
            "names": list(self.names),
            "groups": self.groups,
            "accuracy": self.accuracy.to_json(),
            "log_loss": self.log_loss.to_json(),
            "of_classes": [one.to_json() for one in self.of_classes],
        }


def pair(
    first: Predictions,
    second: Predictions,
    names: tuple[str, str],
    groups: ArrayLike | None = None,
) -> Paired:
    """Compare two classifiers' answers to the same pictures, which have one order in both.

    `groups`: (n,) pictures that belong together. Where only one could read a picture, it counts
    for neither. Raises DataError where no picture is left.
    """
    assert first.ids == second.ids
    if first.probabilities.dtype != second.probabilities.dtype:  # else one's losses reach further
        first, second = _rounded(first), _rounded(second)
    one, other = Outcomes.of(first, groups), Outcomes.of(second, groups)
    rows = np.intersect1d(one.rows, other.rows)
    if not len(rows):
        raise DataError(
            "there is no picture that both could read and whose class is known",
            where="evaluate",
            mend="Give pictures that both can judge.",
        )
    one, other = one.at(np.isin(one.rows, rows)), other.at(np.isin(other.rows, rows))
    codes = None if one.groups is None else np.unique(one.groups, return_inverse=True)[1]
    accuracy = _contest("", one.right, other.right, codes)
    counted = None if codes is None else int(codes.max()) + 1
    return Paired(
        names,
        accuracy,
        _log_loss(one, other, codes, _same(first, second) and not _mere_labels(first)),
        tuple(_by_class(one, other, codes)),
        counted,
        _apart(first, second, one, other),
        second,
    )


def _contest(of_class: str, first: Mask, second: Mask, codes: NDArray[Any] | None) -> Contest:
    """`first`, `second`: (n,) which each has right; `codes`: (n,) their groups."""
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    both = int((first & second).sum())
    neither = len(first) - both - only_first - only_second
    grouped = codes is not None and len(np.unique(codes)) < len(codes)
    gaps = first.astype(np.float64) - second
    if grouped:
        assert codes is not None
        trials, p = _grouped(gaps, codes)
    else:
        trials, p = float(len(first)), discordance(first, second).p
    table = (both, only_first, only_second, neither)
    everyone = np.ones(len(first), bool)
    one, other = (share_of(right, everyone, codes)[0] for right in (first, second))
    gap = _difference(wilson_figure(one.value, trials), wilson_figure(other.value, trials), table)
    return Contest(of_class, *table, one, other, gap, p)


def _grouped(gaps: Floats, codes: NDArray[Any]) -> tuple[float, float]:
    """The sample size that groups leave, for the paired differences, and the p-value of none.

    Both come from the variance between groups of `gaps` (n,), each -1, 0 or 1.
    """
    resampling = Resampling.of(len(gaps), codes)
    count, size = resampling.groups, len(gaps)
    mean = float(gaps.mean())
    alone = float(((gaps - mean) ** 2).sum()) / size**2
    variance = resampling.variance((gaps - mean) / size)
    if count < 2 or variance <= 0 or alone <= 0:
        return effective_trials(0.0, 0.0, size, resampling), 1.0
    # A half varies as a coin flip does: its trials, divided by the design effect of the gaps.
    trials = effective_trials(0.5, 0.25 / size * variance / alone, size, resampling)
    return trials, 2 * student_tail(abs(mean) / sqrt(variance), resampling.degrees)


def _difference(first: Figure, second: Figure, table: tuple[int, int, int, int]) -> Figure:
    """The interval of a paired difference of shares (Newcombe 1998, method 10).

    It is put together from the intervals of the two shares and how they hang together, so that it
    does not shrink to a point where the two agree on all pictures. Of shares that may be anything,
    as of a single group, so may the difference.
    """
    if (first.low, first.high) == (0.0, 1.0):
        return Figure(first.value - second.value, -1.0, 1.0)
    value, hang = first.value - second.value, _correlation(*table)
    down, up = first.value - first.low, first.high - first.value
    other_down, other_up = second.value - second.low, second.high - second.value
    below = sqrt(max(0.0, down**2 - 2 * hang * down * other_up + other_up**2))
    above = sqrt(max(0.0, up**2 - 2 * hang * up * other_down + other_down**2))
    return Figure.around(value, value - below, value + above)


def _correlation(both: int, only_first: int, only_second: int, neither: int) -> float:
    """Phi, corrected for continuity where it is positive."""
    margins = (
        (both + only_first)
        * (only_second + neither)
        * (both + only_second)
        * (only_first + neither)
    )
    if not margins:
        return 0.0
    product = both * neither - only_first * only_second
    total = both + only_first + only_second + neither
    corrected = max(product - total / 2, 0.0) if product > 0 else float(product)
    return corrected / sqrt(margins)


def _by_class(one: Outcomes, other: Outcomes, codes: NDArray[Any] | None) -> list[Contest]:
    """The recall of each class that has pictures and is known to both."""
    places = {name: at for at, name in enumerate(other.classes)}
    contests = []
    for at, name in enumerate(one.classes):
        own = one.of_class[:, at]
        if not own.any() or name not in places:
            continue
        found, found_too = one.found[own, at], other.found[own, places[name]]
        contests.append(_contest(name, found, found_too, None if codes is None else codes[own]))
    p_values = holm([contest.p for contest in contests]).tolist()
    return [replace(contest, p=p) for contest, p in zip(contests, p_values, strict=True)]


def _rounded(predictions: Predictions) -> Predictions:
    return replace(predictions, probabilities=predictions.probabilities.astype(np.float32))


def _log_loss(one: Outcomes, other: Outcomes, codes: NDArray[Any] | None, same: bool) -> Figure:
    """The mean of the paired differences of log losses, with its bootstrap-t interval.

    None where both are the `same`, as they are on other pictures too.
    """
    gaps, most = one.losses - other.losses, max(one.most_loss, other.most_loss)
    if same:
        return Figure(0.0, 0.0, 0.0)
    return mean_figure(gaps, most, Resampling.of(len(gaps), codes), least=-most)


def _same(first: Predictions, second: Predictions) -> bool:
    """Whether all probabilities are equal to the last bit, class by class."""
    if set(first.classes) != set(second.classes):
        return False
    order = [second.classes.index(name) for name in first.classes]
    return np.array_equal(first.probabilities, second.probabilities[:, order], equal_nan=True)


def _mere_labels(predictions: Predictions) -> bool:
    """Whether all probabilities are one of two numbers, as where a model gives labels alone."""
    given = predictions.probabilities[~np.isnan(predictions.probabilities).any(axis=1)]
    return bool(((given == given.min()) | (given == given.max())).all())


def _apart(
    first: Predictions, second: Predictions, one: Outcomes, other: Outcomes
) -> tuple[int, ...]:
    """The pictures that one alone has right, where the two are surest of their answers first."""
    rows = one.rows[one.right != other.right]
    sure = [_confidence(predictions)[rows] for predictions in (first, second)]
    return tuple(rows[np.argsort(-np.minimum(*sure), kind="stable")].tolist())


def _confidence(predictions: Predictions) -> Floats:
    sure: Floats = np.nan_to_num(predictions.probabilities.astype(np.float64)).max(axis=1)
    return sure


def same_pictures(first: Sequence[str], second: Sequence[str]) -> NDArray[np.int64]:
    """(n,) where each picture of `first` stands in `second`.

    Raises DataError where the two are not of the same pictures.
    """
    places = {name: at for at, name in enumerate(second)}
    missing = [name for name in first if name not in places]
    if missing or len(first) != len(second):
        strange = missing[0] if missing else next(iter(set(second) - set(first)))
        raise DataError(
            f"the two are not of the same pictures: '{strange}' is in one of them alone",
            where="--against",
            mend="Compare answers to the same pictures, under the same names.",
        )
    return np.array([places[name] for name in first], np.int64)


def in_order(predictions: Predictions, places: NDArray[np.int64]) -> Predictions:
    """The same answers, the picture at `places[i]` standing at i, each place once."""
    now = {place: at for at, place in enumerate(places.tolist())}
    sets, familiar, moved = predictions.label_sets, predictions.familiar, predictions.moved
    drawn = predictions.drawn_from
    if familiar is not None:
        strangeness, known = familiar.strangeness[places], familiar.familiarity[places]
        familiar = replace(familiar, strangeness=strangeness, familiarity=known)
    return replace(
        predictions,
        ids=tuple(predictions.ids[place] for place in now),
        probabilities=predictions.probabilities[places],
        labels=predictions.labels[places],
        drawn_from=drawn and tuple(drawn[place] for place in now),
        label_sets=None if sets is None else sets[places],
        row_errors={now[place]: why for place, why in predictions.row_errors.items()},
        row_notes={now[place]: notes for place, notes in predictions.row_notes.items()},
        familiar=familiar,
        moved=None if moved is None else replace(moved, distances=moved.distances[places]),
    )
