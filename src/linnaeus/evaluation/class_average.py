"""Averages of shares over classes, with score intervals from each class's own pictures.

Where all is one class, the interval is Wilson's.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.confusion import Margins
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import Resampling

__all__ = [
    "average_f1_figure",
    "average_label_f1_figure",
    "average_label_precision_figure",
    "class_average_figure",
    "few_pictures_remark",
    "figure_less_bias",
    "score_ends",
]

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Sets = NDArray[np.bool_]

FEW = 10
"""Classes with fewer pictures are taken together: each alone tells next to nothing of how its share
varies. With four pictures a class and each by itself, 90 of 100 intervals hold the truth, together
95."""

FEWEST_DEGREES = 30.0
"""Of freedom that the variance of an average is taken to have in groups, where a few large ones
make most of it. By simulation: with as many as there are groups 93.4 of 100 intervals of weighted
precision held the truth with 60 groups of two classes."""

HALVINGS = 45


def class_average_figure(
    right: NDArray[np.bool_],
    of: Places,
    weights: Floats,
    by: Resampling,
    weighed_by: Places | None = None,
) -> Figure:
    """The sum over the classes of `weights` (classes,) times the share of `right` pictures.

    `right` and `of` (n,): whether a picture counts, and the class whose share it belongs to. The
    weights sum to 1. A class without pictures counts 0; as far as that looks like chance, the
    interval of a mean by given weights allows for it. Where weights are the shares of the classes
    in `weighed_by` (n,), these vary. All pictures then weigh as fewer, and so do those of one
    group: by how much more the figure varies so (Rao and Scott 1992). The interval is freed then of
    what a picture adds by weighing for the very share that it raises.
    """
    count = np.bincount(of, minlength=len(weights)).astype(np.float64)
    hits: Floats = np.bincount(of, weights=right, minlength=len(weights)).astype(np.float64)
    known = count > 0
    share = np.divide(hits, count, out=np.zeros_like(hits), where=known)
    value = float(weights @ share)
    moves = (weights / np.maximum(count, 1))[of] * (right - share[of])
    effect = by.design_effect(moves)
    if weighed_by is not None:
        effect = _effect(moves, moves + (share[weighed_by] - value) / len(of), effect, by)
    if by.groups < 2:
        return Figure.around(value, 0.0, 1.0)
    trials, z = count[known] / effect, _errors_held(moves, by)
    ends = score_ends(*_few_together(share[known], trials, weights[known], count[known]), z)
    if weighed_by is None:
        ends = _further_off(value, ends, z * value * _unmet(count, weights))
    bias = 0.0 if weighed_by is None else _own_part(hits, count, weighed_by, right)
    return figure_less_bias(value, ends, bias)


def average_label_precision_figure(truth: Sets, given: Sets, by: Resampling) -> Figure:
    """Precision averaged over labels by the pictures that have them, which vary too.

    `truth`, `given`: (n, classes); some is true. As in `class_average_figure`, but for a picture
    that may have several labels, or none.
    """
    right, count = truth & given, given.sum(axis=0).astype(np.float64)
    hits, weights = right.sum(axis=0).astype(np.float64), truth.sum(axis=0) / truth.sum()
    share = hits / np.maximum(count, 1)
    value = float(weights @ share)
    if by.groups < 2:
        return Figure.around(value, 0.0, 1.0)
    moves = (weights / np.maximum(count, 1)) * (right - share) * given
    of_pictures = moves.sum(axis=1)
    alone, effect = float((moves**2).sum()), max(1.0, count.sum() / by.groups)
    if alone > 0:
        by_share = truth @ (share - value) / truth.sum()
        together = max(by.variance(of_pictures), by.variance(of_pictures + by_share))
        effect = max(1.0, together / alone)
    known = count > 0
    trials = count[known] / effect
    few = _few_together(share[known], trials, weights[known], count[known])
    ends = score_ends(*few, _errors_held(of_pictures, by))
    return figure_less_bias(value, ends, float(hits @ _own(hits, count)) / truth.sum())


def figure_less_bias(value: float, ends: tuple[float, float], bias: float) -> Figure:
    """A figure in [0, 1] that with few pictures lies off by `bias`, which its interval does not."""
    low, high = (min(max(end - bias, 0.0), 1.0) for end in ends)
    return Figure.around(value, low, high)


def _errors_held(moves: Floats, by: Resampling) -> float:
    """How many standard errors hold 95 %; in groups as few as make what pictures move it by."""
    return by.t(moves, FEWEST_DEGREES) if by.grouped else by.z


def _own_part(hits: Floats, count: Floats, weighed_by: Places, right: NDArray[np.bool_]) -> float:
    """What the pictures add to the weighted mean by being counted in the share they weigh for.

    Left out of it, each meets a share that it did not make, whose mean is the true one. A picture
    that is alone in its share has no other to meet, and stays.
    """
    return float(_own(hits, count)[weighed_by[right]].sum()) / len(weighed_by)


def _own(hits: Floats, count: Floats) -> Floats:
    """(classes,) by how much the share of a class falls without one of its right pictures."""
    others = np.maximum(count - 1, 1)
    own: Floats = np.where(count > 1, (count - hits) / (np.maximum(count, 1) * others), 0.0)
    return own


def _unmet(count: Floats, weights: Floats) -> float:
    """How much the weight of classes without pictures varies by chance, as a standard deviation.

    `count`, `weights`: (classes,). The pictures of other classes do not show it. With 250 of a
    hundred classes, 89 of 100 intervals of macro precision held the truth without that. How many
    such classes are to be expected by chance is told by how many have one picture and two (Chao
    1984, free of bias): none where no class has a single one, however many are never answered.
    """
    weighs = weights > 0
    once, twice = (int(((count == times) & weighs).sum()) for times in (1, 2))
    expected = min(once, once * (once - 1) / (2 * (twice + 1)))
    return sqrt(expected * float((weights[weighs] ** 2).mean()))


def _further_off(value: float, ends: tuple[float, float], more: float) -> tuple[float, float]:
    """The `ends` as far off as both they and `more` are from the `value` (Zou and Donner 2008)."""
    low, high = (np.hypot(value - end, more) for end in ends)
    return float(value - low), float(value + high)


def _effect(moves: Floats, all_moves: Floats, least: float, by: Resampling) -> float:
    """By how much more a figure varies by `all_moves` than by `moves` of lone pictures, (n,)."""
    alone = float((moves**2).sum())
    return max(least, by.variance(all_moves) / alone) if alone > 0 else least


def average_f1_figure(
    labels: Places, answers: Places, weights: Floats, by: Resampling, *, weighed: bool = False
) -> Figure:
    """The sum over the classes of `weights` (classes,), which sum to 1, times F1.

    `weighed`: whether the weights are the shares of the classes among `labels`, which vary too.
    `labels` and `answers` (n,) are positions of classes. A mistake concerns two of them.
    """
    margins = Margins.of(labels, answers, len(weights))
    pull, f1 = weights / np.maximum(margins.true + margins.said, 1), margins.f1()
    moves = 2 * pull[labels] * (labels == answers) - (pull * f1)[labels] - (pull * f1)[answers]
    if weighed:  # by its pictures, a class rises as its F1 does: that takes its bias back
        moves = moves + (f1[labels] - float(weights @ f1)) / len(labels)
    return _f1_figure(margins, weights, moves, 2.0, by, weighed)


def average_label_f1_figure(
    truth: Sets, given: Sets, weights: Floats, by: Resampling, *, weighed: bool = False
) -> Figure:
    """The same where a picture may have several labels, or none: `truth`, `given` (n, classes).

    A mistake, one label missed or wrongly added, concerns one of them.
    """
    right = truth & given
    margins = Margins(*(of.sum(axis=0).astype(np.float64) for of in (right, truth, given)))
    pull, f1 = weights / np.maximum(margins.true + margins.said, 1), margins.f1()
    moves = 2 * (right @ pull) - truth @ (pull * f1) - given @ (pull * f1)
    if weighed:
        moves = moves + truth @ (f1 - float(weights @ f1)) / truth.sum()
    return _f1_figure(margins, weights, moves, 1.0, by, weighed)


def _bias(margins: Margins, weights: Floats) -> float:
    """By how much `weights` @ F1 lies off, to the second order, since `true` and `said` vary."""
    f1, either = margins.f1(), np.maximum(margins.true + margins.said, 1)
    return -float((weights * f1 * (1 - f1) / either).sum())


def _f1_figure(
    margins: Margins,
    weights: Floats,
    moves: Floats,
    concerned: float,
    by: Resampling,
    weighed: bool,
) -> Figure:
    """The interval of `weights` @ F1, which each picture `moves` (n,).

    The F1 of a class varies as the share of (true + said) / (2 - F1) coin flips would, by that of
    right pictures among those true or said. Single classes hang together, since a mistake may
    concern several, and pictures of one group do: both are allowed for by how much each picture
    moves the sum. Where there is no mistake to tell, each is taken to concern as many classes as it
    can (`concerned`) alike; without that, 91 of 100 intervals of weighted F1 held the truth where
    three mistakes in 400 pictures were to be expected.

    Classes of few pictures, taken together, vary by how far they lie apart as well. That makes up
    in a plain mean for what few pictures tell too little. One `weighed` by the pictures allows for
    it already, and varies as these move it: of a hundred classes of four 97 of 100 intervals held
    the truth without that, now 95.
    """
    either, f1 = margins.true + margins.said, margins.f1()
    value = float(weights @ f1)
    if by.groups < 2:
        return Figure.around(value, 0.0, 1.0)
    known = (either > 0) & (weights > 0)
    each = f1[known], (either / (2 - f1))[known], weights[known]
    shares, trials, weight = together = _few_together(*each, margins.true[known])
    alone = _variance(*together if weighed else each)
    effect = by.no_less(moves) / alone if alone > 0 else concerned * len(moves) / by.groups
    ends = score_ends(shares, trials / effect, weight, _errors_held(moves, by))
    return figure_less_bias(value, ends, 0.0 if weighed else _bias(margins, weights))


def _variance(shares: Floats, trials: Floats, weights: Floats) -> float:
    """Of `weights` @ `shares`, all (k,), were each a share of coin flips."""
    return float((weights**2 * shares * (1 - shares) / trials).sum())


def few_pictures_remark(pictures: Sequence[int], of: str) -> list[str]:
    """What a reader must know where most classes, or labels (`of`), have a handful of pictures.

    `pictures`: of each class. Of a hundred classes of four, macro F1 is on average 3 points lower
    than of many pictures, weighted precision 5 higher, average precisions 2 to 4.
    """
    known = [count for count in pictures if count]
    few = sum(count < FEW for count in known)
    if 2 * few <= len(known):
        return []
    remark = (
        f"{few:,} of {len(known):,} {of} have fewer than {FEW} judged pictures. Averages over"
        f" {of} are themselves other than with many pictures, macro F1 lower, weighted precision"
        " and average precision higher. Their intervals allow for that, so that a figure may lie"
        " near an end of its interval."
    )
    return [remark]


def score_ends(shares: Floats, trials: Floats, weights: Floats, z: float) -> tuple[float, float]:
    """The ends of the score interval for `weights` @ `shares`, all (k,).

    An end is the sum of the likeliest shares that lie `z` standard errors off, with the error that
    these shares give: by a multiplier of Lagrange for all k at once (Martín Andrés and others,
    "Inferences about a linear combination of proportions", 2011).
    """
    total = float(weights.sum())
    return (
        _lower_end(shares, trials, weights, z),
        total - _lower_end(1 - shares, trials, weights, z),
    )


def _lower_end(shares: Floats, trials: Floats, weights: Floats, z: float) -> float:
    if not (weights * shares).any():
        return 0.0
    low, high = -30.0, 40.0  # the logarithm of the multiplier
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        multiplier = float(np.exp(middle))
        likeliest = _likeliest(shares, multiplier * weights / trials)
        error = sqrt(_variance(likeliest, trials, weights))
        low, high = (middle, high) if multiplier * error < z else (low, middle)
    return float(weights @ _likeliest(shares, float(np.exp(high)) * weights / trials))


def _likeliest(shares: Floats, pull: Floats) -> Floats:
    """The shares p with `shares` - p = `pull` * p * (1 - p): pulled down from those seen."""
    root = np.sqrt(np.maximum((1 + pull) ** 2 - 4 * pull * shares, 0.0))
    return np.minimum(2 * shares / (1 + pull + root), 1.0)


def _few_together(
    shares: Floats, trials: Floats, weights: Floats, count: Floats
) -> tuple[Floats, Floats, Floats]:
    """The same with the classes of fewer than `FEW` pictures as one, of the same variance."""
    few = (count < FEW) & (weights > 0)
    if few.sum() < 2:
        return shares, trials, weights
    weight = weights[few].sum()
    share = min(weights[few] @ shares[few] / weight, 1.0)  # more, by rounding, is no share
    size = weight**2 / (weights[few] ** 2 / trials[few]).sum()
    return (
        np.append(shares[~few], share),
        np.append(trials[~few], size),
        np.append(weights[~few], weight),
    )
