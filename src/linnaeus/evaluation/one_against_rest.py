"""One class against the rest: ROC and precision-recall curves, and their areas with intervals.

A picture may be of one class, of several or of none. The intervals come from how much each picture
moves the figure (the infinitesimal jackknife, Jaeckel 1972; for the area that is nearly DeLong's
variance of 1988), since resampling would cost a sort's worth of work a thousand times for a class.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.class_average import FEW, figure_less_bias
from linnaeus.evaluation.cut_points import CURVE_POINTS, CutPoint, cut_points
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import FEWEST_DEGREES, Resampling, moved_figure

__all__ = ["Averaged", "ClassRanking", "OneAgainstRest", "one_against_rest"]

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Sets = NDArray[np.bool_]

HALVINGS = 45
BY_FORMULA = 10.0
"""What the formula for the error of an area weighs beside what is seen, in pictures of a class."""

STEP_UP = 1.5
"""The power of the share of mistakes above second places that is taken for first ones. By simulated
tests of five kinds with 3 to 6 pictures a class, between 1 and 2; three others agreed."""

LESS = 3 / 4
"""The same power for the mean by the pictures of classes, which allows for a part of it already: 97
of 100 intervals held the truth there with 1."""

FURTHER = 4 / 3
"""The power of what few pictures are reckoned to tell too little, for the plain mean of average
precisions: where a picture more or less changes all precisions, derivatives tell too little too.
Of a hundred classes of four pictures 90 of 100 intervals held the truth without that."""

MOST_POINTS = 2500
"""Of the curves of all classes together, a quarter of a megabyte: 100 each of 25 classes."""

FEWEST_POINTS = 10  # of a curve worth keeping; more than 250 classes have none

MOST_DECISIONS = 10_000_000
"""Pictures times classes that are ranked together, in some five seconds; beyond, they are not."""


@dataclass(frozen=True)
class ClassRanking:
    """How well the probability of one class ranks the pictures; None where it cannot be told.

    `curve`: at the thresholds of its ROC and precision-recall curves, the highest first; empty
    where there is no area, and of more than 250 classes.
    """

    name: str
    auroc: Figure | None
    average_precision: Figure | None
    curve: tuple[CutPoint, ...] = ()


@dataclass(frozen=True)
class Averaged:
    """One figure of all classes: their plain mean (`macro`), that by their pictures (`weighted`),
    and that of all pairs of a picture and a class ranked together (`micro`)."""

    macro: Figure | None
    weighted: Figure | None
    micro: Figure | None


@dataclass(frozen=True)
class OneAgainstRest:
    """Each class against the rest, and averages over the classes that have pictures.

    `micro_curve`: of all pairs of a picture and a class, by the probability of the class.
    """

    auroc: Averaged
    average_precision: Averaged
    per_class: tuple[ClassRanking, ...]
    micro_curve: tuple[CutPoint, ...] = ()

    @property
    def macro_auroc(self) -> Figure | None:
        """The plain mean of the areas."""
        return self.auroc.macro

    @property
    def macro_average_precision(self) -> Figure | None:
        """The plain mean of the average precisions."""
        return self.average_precision.macro

    def averages(self) -> tuple[tuple[str, Figure | None, Figure | None], ...]:
        """(how, area, average precision) of each kind of average."""
        area, precision = self.auroc, self.average_precision
        return (
            ("averaged over classes", area.macro, precision.macro),
            ("weighted by the pictures of each class", area.weighted, precision.weighted),
            ("of all pairs of a picture and a class", area.micro, precision.micro),
        )

    def to_json(self) -> dict[str, Any]:
        """As metrics.json has it."""
        return {
            "macro_auroc": _json(self.auroc.macro),
            "weighted_auroc": _json(self.auroc.weighted),
            "micro_auroc": _json(self.auroc.micro),
            "macro_average_precision": _json(self.average_precision.macro),
            "weighted_average_precision": _json(self.average_precision.weighted),
            "micro_average_precision": _json(self.average_precision.micro),
            "micro_curve": [point.to_json() for point in self.micro_curve],
            "per_class": [
                {
                    "class": row.name,
                    "auroc": _json(row.auroc),
                    "average_precision": _json(row.average_precision),
                    "curve": [point.to_json() for point in row.curve],
                }
                for row in self.per_class
            ],
        }


def one_against_rest(
    truth: Sets, probabilities: Floats, classes: tuple[str, ...], by: Resampling
) -> OneAgainstRest:
    """Rank by each column of `probabilities` (n, classes) those that are so by `truth`, the same.

    A picture may be of one class, of several or of none. Takes a sort a class and one of all
    together, and memory for a few numbers a probability.
    """
    top = _Top.of(truth, probabilities)
    areas, precisions = _Means(truth, by), _Means(truth, by)
    rows = [
        _ranked(name, at, truth[:, at], probabilities[:, at], top.precision, areas, precisions)
        for at, name in enumerate(classes)
    ]
    micro_area, micro_precision, micro_curve = _together(truth, probabilities, by)
    return OneAgainstRest(
        Averaged(*areas.of_areas(), micro_area),
        Averaged(*precisions.of_precisions(top.moves), micro_precision),
        tuple(rows),
        micro_curve,
    )


def _ranked(
    name: str,
    at: int,
    truth: Sets,
    score: Floats,
    at_top: float,
    areas: _Means,
    precisions: _Means,
) -> ClassRanking:
    """One class, whose figures the means take in. `at_top`: as `_average_precision` has it."""
    pictures = int(truth.sum())
    area = precision = None
    curve: tuple[CutPoint, ...] = ()
    if 0 < pictures < len(truth):
        area = areas.add_area(at, *_area(truth, score), truth)
        points = min(CURVE_POINTS, MOST_POINTS // areas.truth.shape[1])
        if points >= FEWEST_POINTS:
            curve = cut_points(truth, score, areas.by, points)
    if pictures:
        precision = precisions.add(at, _average_precision(truth, score, at_top), truth)
    return ClassRanking(name, area, precision, curve)


def _together(
    truth: Sets, probabilities: Floats, by: Resampling
) -> tuple[Figure | None, Figure | None, tuple[CutPoint, ...]]:
    """Area, average precision and curve of all pairs of a picture and a class (n, classes)."""
    if truth.size > MOST_DECISIONS or truth.all() or not truth.any():
        return None, None, ()
    flat, score = truth.ravel(), probabilities.ravel()
    figures = []
    ranking = _Ranking.of(flat, score)
    precision = ranking.precision
    ranked = ranking.average(precision), ranking.moves(precision)
    for value, moves in (_area(flat, score), ranked):
        of_pictures = moves.reshape(truth.shape).sum(axis=1)
        figures.append(moved_figure(value, of_pictures, float(len(truth)), by))
    cells = replace(by, codes=np.repeat(by.codes, truth.shape[1]))
    return figures[0], figures[1], cut_points(flat, score, cells)


class _Top(NamedTuple):
    """The precision to expect where a picture of a class stands alone at the top of its ranking,
    and (n,) what each picture moves that by."""

    precision: float
    moves: Floats

    @classmethod
    def of(cls, truth: Sets, scores: Floats) -> _Top:
        """From the classes of two to nine pictures, where one of theirs stands second, by itself.

        What stands first is right in a share of them. For those that stand first, a power of the
        share of mistakes is taken. One more is counted as right, so that without any the expected
        precision is 1.
        """
        count, moves = truth.sum(axis=0), np.zeros(len(truth))
        right: list[bool] = []
        second: list[int] = []
        for at in np.flatnonzero((count > 1) & (count < FEW)) if len(truth) > 2 else ():
            score = scores[:, at]
            top = np.argpartition(-score, 2)[:3]
            top = top[np.argsort(-score[top])]
            if truth[top[1], at] and score[top[0]] > score[top[1]] > score[top[2]]:
                right.append(bool(truth[top[0], at]))
                second.append(int(top[1]))
        wrong = right.count(False) / (1 + len(right))
        moved = STEP_UP * wrong ** (STEP_UP - 1) / (1 + len(right))
        np.add.at(moves, second, moved * (np.array(right, np.float64) - 1 + wrong))
        return cls(1 - wrong**STEP_UP, moves)


class _Precision(NamedTuple):
    """The average precision of a class, and what its means over classes need.

    `moves`: (n,) its derivative by each picture's weight; `freed`: the same with each picture of
    the class at its precision without itself. `lone`: the share of the class, if of several
    pictures, that stands alone at the top. `biases`: how far it lies off in a plain mean, and in
    one by the pictures of classes.

    Classes of few pictures alone are freed and tell biases. Of others they are next to nothing, but
    greatest where the figure is low by chance already: without that rule 92, not 94, of 100
    intervals of the weighted mean held the truth where mistakes are rare.
    """

    value: float
    moves: Floats
    freed: Floats
    lone: float
    biases: tuple[float, float]


class _Mean:
    """A weighted mean of figures of classes, as it comes together."""

    def __init__(self, pictures: int) -> None:
        self.weight = self.value = self.below = self.above = 0.0
        self.seen = self.uneven = self.bias = 0.0
        self.few, self.leans, self.lone = 0, 0.0, 0.0
        self.moves = np.zeros(pictures)

    def take(
        self, weight: float, figure: Figure, moves: Floats, trials: float, seen: float, bias: float
    ) -> None:
        """Take in a class's `figure`, which rests on `trials` pictures.

        Each picture `moves` (n,) it, which makes the variance that is `seen`. In the mean it lies
        off by `bias`.
        """
        below = (weight * (figure.value - figure.low)) ** 2
        above = (weight * (figure.high - figure.value)) ** 2
        self.weight += weight
        self.value += weight * figure.value
        self.below, self.above = self.below + below, self.above + above
        if trials < FEW:
            self.few, self.leans = self.few + 1, self.leans + (below - above) / 2
        self.seen += weight**2 * seen
        self.uneven += weight**2 / trials
        self.moves += weight * moves
        self.bias += weight * bias

    def by_moves(
        self, by: Resampling, besides: Floats | float = 0.0, more: float = 1.0
    ) -> Figure | None:
        """From how much each picture moves it; None where there is no class.

        `besides`: (n,) what else pictures move the mean by. `more`: by what its variance is greater
        than pictures show.
        """
        if not self.weight:
            return None
        moves = sqrt(more) * (self.moves / self.weight + besides)
        even = self.weight**2 / self.uneven  # Kish 1965
        return moved_figure(self.value / self.weight, moves, even, by)

    def by_classes(
        self, by: Resampling, besides: Floats | float = 0.0, more: float = 1.0
    ) -> Figure | None:
        """Each end from how far off those of the classes lie (Zou and Donner 2008), scaled by how
        much more, or less, the mean varies than it would were the classes apart.

        For average precision, which no formula foresees: where a rare class has none amiss, its
        pictures tell nothing of how its figure varies, but its interval does. From the variance
        alone 37 of 100 intervals held the truth there, so 93. Both are freed of the bias. Several
        classes of few pictures lean to neither side in their mean, though each by itself does: of a
        hundred with four pictures, 87 of 100 intervals held the truth without that. Of few groups,
        or where one holds most pictures, the ends of classes lie at 0 and 1, which would hide how
        far off the mean may lie (88 of 100), so it reaches as far as by its variance.
        """
        if not self.weight:
            return None
        if by.groups < 2:
            return Figure.around(self.value / self.weight, 0.0, 1.0)
        variance, apart = more * by.variance(self.moves + self.weight * besides), self.seen
        scale = (sqrt(variance / apart) if apart > 0 else 1.0) / self.weight
        value = self.value / self.weight
        leans = self.leans if self.few > 1 else 0.0
        below, above = max(self.below - leans, 0.0), max(self.above + leans, 0.0)
        ends = value - scale * sqrt(below), value + scale * sqrt(above)
        together = self.by_moves(by, besides, more)
        if by.grouped and by.degrees < FEWEST_DEGREES and together:
            ends = min(ends[0], together.low), max(ends[1], together.high)
        return figure_less_bias(value, ends, self.bias / self.weight)


class _Means:
    """Figures of classes, and what is needed for those of their means, plain and by pictures."""

    def __init__(self, truth: Sets, by: Resampling) -> None:
        self.truth, self.by = truth, by
        self.shares = truth.mean(axis=0)
        self.values = np.full(truth.shape[1], np.nan)
        self.plain, self.weighted = _Mean(len(truth)), _Mean(len(truth))
        self.sides: list[tuple[int, float]] = []

    def add(self, at: int, found: _Precision, truth: Sets) -> Figure:
        """Give a class's figure its interval, and take it in."""
        trials = float(truth.sum())
        if self.by.grouped:
            moves, freed = (self._left_out(moves, truth) for moves in (found.moves, found.freed))
            found = found._replace(moves=moves, freed=freed)
        figure = moved_figure(found.value, found.moves, trials, self.by)
        self.plain.lone += found.lone
        self.weighted.lone += float(self.shares[at]) * found.lone
        self._see(found.freed, truth)
        seen = self.by.variance(found.freed)
        return self._taken(at, figure, found.freed, trials, seen, found.biases)

    def _see(self, moves: Floats, truth: Sets) -> None:
        """Keep what pictures of a class, and all others, move it by."""
        for side in (truth, ~truth):
            self.sides.append((int(side.sum()), float((moves[side] ** 2).sum())))

    def add_area(self, at: int, value: float, moves: Floats, truth: Sets) -> Figure:
        """The same for an area, of which few pictures of a class tell too little of its spread.

        Newcombe's interval (2006, his fifth): the areas that lie at most 1.96 standard errors off,
        each with its own error, by the formula of Hanley and McNeil (1982). The error is scaled to
        that seen, in groups say, as far as there are pictures to see it from.
        """
        have = int(truth.sum())
        lack = len(truth) - have
        trials = float(min(have, lack))
        if self.by.grouped:
            moves = self._left_out(moves, truth)
        expected, seen = _area_variance(value, have, lack), self.by.variance(moves)
        excess = effect = self.by.design_effect(moves)
        if expected > 0:
            known = trials / effect
            excess = (known * seen / expected + BY_FORMULA * effect) / (known + BY_FORMULA)
        low, high = 0.0, 1.0
        if self.by.groups > 1:
            z = self.by.t(moves) * sqrt(excess)
            low, high = _area_end(value, have, lack, z), 1 - _area_end(1 - value, have, lack, z)
        self._see(moves, truth)
        return self._taken(at, Figure.around(value, low, high), moves, trials, seen)

    def _left_out(self, moves: Floats, truth: Sets) -> Floats:
        """(n,) the `moves` such that their variance is what leaving out a group at a time tells.

        A group may hold much of a class without holding much of all pictures. What is left of the
        class, or of the rest, then shrinks by more, though to a tenth at least: where one group
        holds all of it, nothing would be left.
        """
        codes, sized = self.by.codes, moves.copy()
        rest = 1 - self.by.pictures / len(codes)
        for side in (truth, ~truth):
            left = 1 - np.bincount(codes[side], minlength=self.by.groups) / max(side.sum(), 1)
            sized[side] *= (rest / np.maximum(left, 0.1))[codes[side]]
        return sized

    def of_areas(self) -> tuple[Figure | None, Figure | None]:
        """The plain mean of the classes' areas, and that by their pictures."""
        plain = self.plain.by_moves(self.by, more=self._few_tell_too_little())
        return plain, self.weighted.by_moves(self.by, self._shares_vary)

    def _few_tell_too_little(self) -> float:
        """By what the variance of the plain mean of areas is greater than pictures show.

        They vary about the mean of their own class, or of the rest, which follows them: so count
        one less (DeLong and others 1988). Sides of few pictures are taken together, since one
        picture varies about itself not at all. With a hundred classes of four pictures, 85 of 100
        intervals held the truth without that, and all of them by the formula for single areas.
        """
        sides = np.array(self.sides).reshape(-1, 2)
        count, squares = sides[:, 0], sides[:, 1]
        if not squares.sum() > 0:
            return 1.0
        unbiased = squares * count / np.maximum(count - 1, 1)
        few = count < FEW
        together = (squares * count**2)[few].sum() / max((count[few] - 1).sum(), 1)
        unbiased[few] = together / count[few]
        return float(unbiased.sum() / squares.sum())

    def of_precisions(self, top: Floats) -> tuple[Figure | None, Figure | None]:
        """The same of average precisions; `top`: (n,) what moves the one expected at the top.

        Few pictures tell too little of them in either mean: what a picture adds to the share of its
        class does not make up for that, as it does for areas. With a hundred classes of four
        pictures 91 of 100 intervals of the weighted mean held the truth without that, 96 with it.
        """
        more = self._few_tell_too_little()
        plain, weighted = (
            top * (mean.lone / mean.weight if mean.weight else 0.0)
            for mean in (self.plain, self.weighted)
        )
        return (
            self.plain.by_classes(self.by, plain, more**FURTHER),
            self.weighted.by_classes(self.by, weighted + self._shares_vary, more**LESS),
        )

    @property
    def _shares_vary(self) -> Floats:
        """(n,) what each picture moves the weighted mean by, being one more of its classes."""
        weight = self.weighted.weight * len(self.truth)
        if not weight:
            return np.zeros(len(self.truth))
        known = np.isfinite(self.values)
        mean = self.weighted.value / self.weighted.weight
        moves: Floats = self.truth[:, known] @ (self.values[known] - mean) / weight
        return moves

    def _taken(
        self,
        at: int,
        figure: Figure,
        moves: Floats,
        trials: float,
        seen: float,
        biases: tuple[float, float] = (0.0, 0.0),
    ) -> Figure:
        self.values[at] = figure.value
        self.plain.take(1.0, figure, moves, trials, seen, biases[0])
        self.weighted.take(float(self.shares[at]), figure, moves, trials, seen, biases[1])
        return figure


def _area(truth: Sets, score: Floats) -> tuple[float, Floats]:
    """The area under the ROC curve, a tie counting half, and (n,) what each picture moves it by."""
    found, lacking = np.sort(score[truth]), np.sort(score[~truth])
    beaten = np.empty(len(score))
    beaten[truth] = _below(lacking, score[truth]) / len(lacking)
    beaten[~truth] = 1 - _below(found, score[~truth]) / len(found)
    value = float(beaten[truth].mean())
    return value, (beaten - value) / np.where(truth, len(found), len(lacking))


def _area_variance(area: float, have: int, lack: int) -> float:
    """The variance of an area under the ROC curve, in Newcombe's form of Hanley and McNeil's."""
    half = (have + lack) / 2 - 1
    spread = 1 + half * ((1 - area) / (2 - area) + area / (1 + area))
    return area * (1 - area) * spread / (have * lack)


def _area_end(area: float, have: int, lack: int, z: float) -> float:
    """The least area that lies at most `z` of its own standard errors below `area`."""
    low, high = 0.0, area
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        far = area - middle > z * sqrt(_area_variance(middle, have, lack))
        low, high = (middle, high) if far else (low, middle)
    return high


def _below(rising: Floats, score: Floats) -> Floats:
    """How many of `rising` lie below each of `score`, those as high counting half."""
    sides = (np.searchsorted(rising, score, side) for side in ("left", "right"))
    return np.add(*sides) / 2


def _average_precision(truth: Sets, score: Floats, at_top: float) -> _Precision:
    """Without interpolation. `at_top`: the precision to expect where nothing else is seen, if the
    class has several pictures; of a single one, nothing could be right there."""
    ranking = _Ranking.of(truth, score)
    have, seen, precision = ranking.have, ranking.seen, ranking.precision
    value, moves, total = ranking.average(precision), ranking.moves(precision), have.sum()
    if total >= FEW:
        return _Precision(value, moves, freed=moves, lone=0.0, biases=(0.0, 0.0))
    alone = at_top if total > 1 else 1.0
    others = np.where(seen > 1, (np.cumsum(have) - 1) / np.maximum(seen - 1, 1), alone)
    lone = float(have[0] / total) if total > 1 and seen[0] == 1 else 0.0
    freed, biases = ranking.moves(others), _biases(have, precision, others)
    return _Precision(value, moves, freed, lone, biases)


class _Ranking(NamedTuple):
    """The levels of a score, the highest first: how many pictures of the class stand on each,
    `have`, and how many of all down to it, `seen`. `place`: (n,) the level of each picture."""

    truth: Sets
    place: Places
    have: Floats
    seen: Floats

    @classmethod
    def of(cls, truth: Sets, score: Floats) -> _Ranking:
        levels, place = np.unique(-score, return_inverse=True)
        have = np.bincount(place, weights=truth, minlength=len(levels)).astype(np.float64)
        seen = np.cumsum(np.bincount(place, minlength=len(levels))).astype(np.float64)
        return cls(truth, place, have, seen)

    @property
    def precision(self) -> Floats:
        """Of all down to each level."""
        precision: Floats = np.cumsum(self.have) / self.seen
        return precision

    def average(self, precision: Floats) -> float:
        """The mean over the pictures of the class of the `precision` at their level."""
        return float(self.have @ precision / self.have.sum())

    def moves(self, precision: Floats) -> Floats:
        """(n,) the derivative of the average precision by each picture's weight, where a picture of
        the class has the `precision` of its level."""
        have, seen = self.have, self.seen
        raised = np.cumsum((have / seen)[::-1])[::-1]
        lowered = np.cumsum((have * self.precision / seen)[::-1])[::-1]
        apart = (precision - self.average(precision) + raised)[self.place]
        moves: Floats = (self.truth * apart - lowered[self.place]) / have.sum()
        return moves


def _biases(have: Floats, precision: Floats, others: Floats) -> tuple[float, float]:
    """How far average precision lies off in a plain mean over classes, and in one by pictures.

    A picture of the class raises the precision at its own place. That among the `others` seen there
    has the true one as its mean. In a plain mean, where a class counts alike with few pictures and
    many, it stands for one that has a picture less than on average: that, to the first order, is
    given back. Levels as `have` has them.
    """
    total = have.sum()
    own, fewer = precision - others, precision * (1 - precision) / total
    return float(have @ (own - fewer) / total), float(have @ own / total)


def _json(figure: Figure | None) -> dict[str, float] | None:
    return figure.to_json() if figure else None
