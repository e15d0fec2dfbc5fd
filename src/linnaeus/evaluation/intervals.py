"""95 % intervals: Wilson's for shares, the bootstrap (whole groups at a time) for all else.

Which kind serves which figure was decided by simulation: `tests/evaluation/test_coverage.py`
repeats it. Percentile intervals were left aside: near a perfect score they shrink to a point, and
for a calibration error, which noise only ever raises, they miss the truth nearly always.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from math import exp, inf, sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linnaeus.errors import DataError, UsageError
from linnaeus.evaluation.distributions import student_point
from linnaeus.evaluation.figure import Figure
from linnaeus.randomness import generator
from linnaeus.wilson import Z, wilson

__all__ = [
    "FEWEST_DEGREES",
    "FEWEST_RESAMPLES",
    "TAILS",
    "Resampling",
    "accuracy_figure",
    "effective_trials",
    "few_groups_remark",
    "grouped_share_figure",
    "mean_figure",
    "moved_figure",
    "score_figure",
    "share_among",
    "share_figure",
    "share_trials",
    "spread_figure",
    "student_t",
    "wilson_figure",
]

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

LEAST_VARIANCE = 1e-12  # below, rounding is all that varies
MOST_EXPONENT = 700.0  # of e, that a float holds
TAILS = (0.025, 0.975)
FEWEST_RESAMPLES = 100
DRAWN_TOGETHER = 1 << 14
"""Groups drawn at a time: for a few hundred, NumPy's calls took longer than the drawing."""

FEW_DEGREES = 2.5  # four groups of about one size give more: below, a reader is told
FEWEST_DEGREES = 10.0
"""Of freedom that a variance is taken to have. By simulation: with 20 as the least, intervals of
areas and average precisions of two uneven classes hold the truth in 93.2 to 93.8 of 100 tests, with
10 in 93.7 to 95.0; where some three mistakes are to be expected in all, in 96.2 and 97.0."""


def share_figure(count: float, trials: float) -> Figure:
    """The share `count / trials` of independent pictures, with Wilson's interval."""
    return wilson_figure(count / trials, trials)


def wilson_figure(share: float, trials: float) -> Figure:
    """A share with Wilson's interval at the sample size `trials`, which may be fractional."""
    return Figure.around(share, *wilson(share, trials))


def accuracy_figure(right: NDArray[np.bool_], resampling: Resampling) -> Figure:
    """The share of right answers: Wilson's interval, widened where pictures come in groups."""
    return wilson_figure(float(right.mean()), share_trials(right, resampling))


def share_trials(right: NDArray[np.bool_], resampling: Resampling) -> float:
    """The sample size at which Wilson's interval is that of `accuracy_figure`.

    That is the number of pictures, less where they come in groups.
    """
    pictures = len(right)
    if not resampling.grouped:
        return float(pictures)
    of_groups = np.bincount(resampling.codes, weights=right, minlength=resampling.groups)
    return _trials(of_groups.astype(np.int64), resampling.pictures)


def share_among(
    hit: NDArray[np.bool_], chosen: NDArray[np.bool_], resampling: Resampling
) -> Figure:
    """The share of `hit` among the `chosen` pictures, both (n,) and some chosen, as for all."""
    among = resampling.among(chosen) if resampling.grouped else resampling
    return accuracy_figure(hit[chosen], among)


def grouped_share_figure(right: Places, pictures: Places) -> Figure:
    """As `accuracy_figure`, from how many `right` ones of how many `pictures` each group has.

    Both (groups,); some group has a picture.
    """
    known = pictures > 0
    right, pictures = right[known], pictures[known]
    return wilson_figure(float(right.sum()) / int(pictures.sum()), _trials(right, pictures))


def _trials(right: Places, pictures: Places) -> float:
    """The sample size of a share by groups, (groups,) each; every group has a picture."""
    total, groups = int(pictures.sum()), len(pictures)
    if groups == total:
        return float(total)
    if groups < 2:
        return 0.0
    share = float(right.sum()) / total
    alone = share * (1 - share) / total
    varies = _variance((right - share * pictures) / total, pictures)
    effect = max(1.0, varies / alone) if alone > 0 else total / groups
    return total / effect * (Z / _student(_degrees(pictures))) ** 2


@dataclass(frozen=True)
class Resampling:
    """Bootstrap resamples of n pictures, drawn by whole groups.

    `codes`: (n,) int64, each picture's group in [0, groups); a picture may be its own group.
    Pictures of one group (a patient, a video) resemble each other, so that drawing them one by
    one would promise intervals that are too narrow.
    """

    codes: NDArray[np.int64]
    groups: int
    resamples: int
    seed: int

    @classmethod
    def of(
        cls, pictures: int, groups: ArrayLike | None = None, resamples: int = 1000, seed: int = 0
    ) -> Resampling:
        """Resample `pictures` one by one, or by the `groups` (n,) they belong to (any values).

        Groups count in the order in which they come first, so that their names move no interval.
        """
        if resamples < FEWEST_RESAMPLES:
            raise UsageError(
                f"{resamples} resamples are too few for a 95 % interval",
                where="resamples",
                mend=f"Ask for {FEWEST_RESAMPLES} or more; 1000 is usual.",
            )
        if groups is None:
            return cls(np.arange(pictures, dtype=np.int64), pictures, resamples, seed)
        names, first, codes = np.unique(np.asarray(groups), return_index=True, return_inverse=True)
        place = np.empty(len(names), np.int64)
        place[first.argsort()] = np.arange(len(names))
        return cls(place[codes], len(names), resamples, seed)

    @property
    def grouped(self) -> bool:
        """Whether some group holds more than one picture."""
        return self.groups < len(self.codes)

    @cached_property
    def pictures(self) -> Places:
        """(groups,) how many pictures each group holds."""
        return np.bincount(self.codes, minlength=self.groups)

    @cached_property
    def degrees(self) -> float:
        """Of freedom, that a variance over groups has.

        One less than as many groups of one size as tell as much (Kish 1965), though one at least: a
        group that holds most pictures shows next to nothing of how groups vary, however many others
        there are.
        """
        return _degrees(self.pictures)

    @property
    def z(self) -> float:
        """How many standard errors hold 95 %: in groups Student's, as their sizes allow."""
        return student_t(self) if self.grouped else Z

    def design_effect(self, moves: Floats) -> float:
        """By how much the sum of `moves` (n,) varies more over groups than over pictures, from 1.

        `moves`: what each picture moves a figure by, to the first order. Where none does, as in a
        perfect score, every group counts as one picture.
        """
        if not self.grouped:
            return 1.0
        alone = float((moves**2).sum())
        if alone <= 0:
            return len(self.codes) / self.groups
        return max(1.0, self.variance(moves) / alone)

    def variance(self, moves: Floats) -> float:
        """The variance of a figure over other groups, from what each picture moves it by, (n,).

        By leaving out a group at a time (the jackknife of a ratio): what it moves a mean by then
        grows as the rest shrinks, so that large groups weigh more than by their moves alone.
        """
        of_groups = np.bincount(self.codes, weights=moves, minlength=self.groups)
        return _variance(of_groups.astype(np.float64), self.pictures)

    def further_left_out(self) -> Floats:
        """(n,) by how much further each picture moves a mean where its whole group is left out.

        Infinitely far where nothing is left: with a single group 1 stands for that.
        """
        rest = 1 - self.pictures / len(self.codes)
        further: Floats = (1 / np.where(rest > 0, rest, 1.0))[self.codes]
        return further

    def no_less(self, moves: Floats) -> float:
        """The same, and no less than over pictures: chance may make groups seem too alike."""
        variance = self.variance(moves)
        return max(variance, float((moves**2).sum())) if self.grouped else variance

    def t(self, moves: Floats, fewest: float = FEWEST_DEGREES) -> float:
        """How many standard errors hold 95 % where these come from `moves` (n,).

        Student's, at the degrees of freedom of Satterthwaite (1946), `fewest` or more: where few
        pictures, or groups, make most of the variance, it is known as badly as from so few, by
        their kurtosis.
        """
        squares = np.bincount(self.codes, weights=moves, minlength=self.groups) ** 2
        total = float(squares.sum())
        spread = float((squares**2).sum()) - total**2 / self.groups
        degrees = self.degrees
        if spread > 0:
            degrees = min(degrees, max(fewest, 2 * total**2 / spread))
        return _student(degrees)

    def among(self, chosen: NDArray[np.bool_]) -> Resampling:
        """The same for the pictures that are `chosen` (n,)."""
        names, codes = np.unique(self.codes[chosen], return_inverse=True)
        return replace(self, codes=codes.astype(np.int64), groups=len(names))

    def times(self) -> Iterator[Floats]:
        """For each resample, how often each group was drawn: (groups,) float64."""
        if not self.groups:
            raise DataError(
                "there is no picture to take an interval from",
                where="evaluation",
                mend="Judge one picture at least.",
            )
        random = generator(self.seed, "bootstrap")
        together = max(1, DRAWN_TOGETHER // self.groups)
        for done in range(0, self.resamples, together):
            count = min(together, self.resamples - done)
            drawn = random.integers(0, self.groups, (count, self.groups))
            places = drawn + self.groups * np.arange(count)[:, None]
            times = np.bincount(places.ravel(), minlength=count * self.groups)
            yield from times.reshape(count, self.groups).astype(np.float64)

    def draws(self, statistic: Callable[[Floats], Any]) -> Floats:
        """`statistic` of the pictures' weights (n,), for each resample, stacked on axis 0."""
        return np.array([statistic(times[self.codes]) for times in self.times()], np.float64)


def score_figure(value: float, draws: Floats, trials: float, resampling: Resampling) -> Figure:
    """A score in [0, 1] with Wilson's interval at its effective sample size.

    That size is the number of coin flips whose share would vary as much as `draws`, the score
    over the resamples (Korn and Graubard 1998). Where the resamples do not vary (a perfect score)
    it is `trials`, scaled down to the number of groups. Unlike a percentile interval this never
    shrinks to a point.
    """
    groups = resampling.groups
    variance = float(draws.var(ddof=1)) * groups / max(groups - 1, 1)
    return spread_figure(value, variance, trials, resampling)


def moved_figure(value: float, moves: Floats, trials: float, resampling: Resampling) -> Figure:
    """A score in [0, 1] from what each picture moves it by, `moves` (n,), to the first order.

    Their squares add up to its variance (the infinitesimal jackknife, Jaeckel 1972), which gives
    Wilson's interval an effective sample size, as in `spread_figure`. Where the end towards which
    single pictures pull furthest, the lower one of a good score, lies further off on the logit
    scale, it is taken from there: a lucky test has seen few of the bad pictures, so its variance is
    too small. `trials`: as in `spread_figure`.
    """
    variance, t = resampling.no_less(moves), resampling.t(moves)
    if resampling.groups < 2 or not (variance > LEAST_VARIANCE and 0 < value < 1):
        return spread_figure(value, variance, trials, resampling, most=inf)
    low, high = wilson(value, value * (1 - value) / variance * (Z / t) ** 2)
    far = exp(min(t * sqrt(variance) / (value * (1 - value)), MOST_EXPONENT))
    pull = np.bincount(resampling.codes, weights=moves, minlength=resampling.groups)
    if float((pull**3).sum()) < 0:
        low = min(low, value / (value + (1 - value) * far))
    else:
        high = max(high, value / (value + (1 - value) / far))
    return Figure.around(value, low, high)


def spread_figure(
    value: float,
    variance: float,
    trials: float,
    resampling: Resampling,
    most: float | None = None,
) -> Figure:
    """As `score_figure`, from the `variance` that the score has over other pictures.

    `most`: the largest effective sample size; by default, as for shares, the number of pictures.
    """
    return wilson_figure(value, effective_trials(value, variance, trials, resampling, most))


def effective_trials(
    value: float,
    variance: float,
    trials: float,
    resampling: Resampling,
    most: float | None = None,
) -> float:
    """The sample size at which Wilson's interval is that of `spread_figure`."""
    groups, pictures = resampling.groups, len(resampling.codes)
    if groups < 2:
        return float(groups) if groups == pictures else 0.0
    if variance > LEAST_VARIANCE and 0 < value < 1:
        effective = min(value * (1 - value) / variance, most or pictures)
    else:
        effective = trials * groups / pictures
    return effective * (Z / student_t(resampling)) ** 2


def mean_figure(
    values: ArrayLike, most: float, resampling: Resampling, least: float = 0.0
) -> Figure:
    """The mean of `values` (n,), each in [`least`, `most`], with a studentised bootstrap interval.

    The bootstrap-t follows the skew that losses have (Efron and Tibshirani 1993, chapter 12). Its
    errors are those which leaving out a group at a time tells; groups of unlike sizes widen it by
    how much fewer of one size would tell as much.
    Where all values are alike, the interval allows for the share of other values that may have
    been missed (Wilson); a single group promises nothing but [least, most].
    """
    x = np.asarray(values, np.float64)
    sizes = resampling.pictures.astype(np.float64)
    sums: Floats = np.bincount(resampling.codes, weights=x).astype(np.float64)
    if resampling.groups < 2:
        return Figure.around(float(x.mean()), least, most)
    mean, error = _mean_and_error(np.ones(resampling.groups), sums, sizes)
    if error <= 1e-12 * max(mean, 1.0):
        missed = wilson(0.0, resampling.groups)[1]
        low, high = mean - missed * (mean - least), mean + missed * (most - mean)
        return Figure.around(mean, low, high)
    steps = [_studentised(mean, *_mean_and_error(t, sums, sizes)) for t in resampling.times()]
    steps.sort()
    beyond = int(TAILS[0] * (len(steps) + 1))  # as many lie beyond either end
    unlike = student_t(resampling) / _student(resampling.groups - 1)
    lower, upper = steps[beyond - 1] * unlike, steps[-beyond] * unlike
    return Figure.around(mean, max(least, mean - upper * error), min(most, mean - lower * error))


def _variance(moves: Floats, pictures: Places) -> float:
    """As `Resampling.variance`, by the `moves` of whole groups and their `pictures`, (groups,)."""
    groups = len(moves)
    if groups < 2:
        return float((moves**2).sum())
    rest = 1 - pictures / pictures.sum()
    return float(((moves / rest) ** 2).sum()) * (groups - 1) / groups


def few_groups_remark(resampling: Resampling) -> list[str]:
    """What a reader must know where groups are few, or one holds most pictures."""
    if not resampling.grouped or resampling.degrees >= FEW_DEGREES:
        return []
    if resampling.groups == 1:
        return ["All judged pictures are of one group, which tells nothing of how others would do."]
    largest = resampling.pictures.max() / resampling.pictures.sum()
    remark = (
        f"{resampling.groups:,} groups, of which the largest holds {largest:.1%} of the judged"
        " pictures, tell little of how groups differ. The intervals are wide for that; more"
        " pictures of the same groups would not make them narrower."
    )
    return [remark]


def student_t(resampling: Resampling) -> float:
    """How many standard errors a 95 % interval reaches, with groups as many and as even as here."""
    return _student(resampling.degrees)


def _degrees(pictures: Places) -> float:
    """As `Resampling.degrees`, of groups of so many `pictures` (groups,)."""
    squares = float((pictures.astype(np.float64) ** 2).sum())
    return max(float(pictures.sum()) ** 2 / max(squares, 1.0) - 1, 1.0)


def _mean_and_error(times: Floats, sums: Floats, sizes: Floats) -> tuple[float, float]:
    """The weighted mean and its standard error, from the groups' sums and sizes; two or more.

    That is by how much the mean moves where one of the drawn groups is left out.
    """
    total = float(times @ sizes)
    mean = float(times @ sums) / total
    without = (sums - mean * sizes) / np.where(times > 0, total - sizes, total)
    return mean, sqrt(float(times @ without**2))


def _studentised(centre: float, mean: float, error: float) -> float:
    """How many standard errors `mean` lies from `centre`; infinitely many where there is none."""
    if error > 0:
        return (mean - centre) / error
    return float("inf") if mean > centre else float("-inf") if mean < centre else 0.0


def _student(degrees: float) -> float:
    """Student's t at 97.5 %, from 3 degrees on by Cornish and Fisher's expansion, within 1 %."""
    if degrees < 3:
        return student_point(degrees)
    first = (Z**3 + Z) / 4
    second = (5 * Z**5 + 16 * Z**3 + 3 * Z) / 96
    third = (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / 384
    return Z + first / degrees + second / degrees**2 + third / degrees**3
