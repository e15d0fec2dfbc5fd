"""Noise of calibration: how far chance moves probability and frequency apart, bin by bin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.intervals import Resampling
from linnaeus.evaluation.unified_interval import Noise
from linnaeus.randomness import generator
from linnaeus.wilson import Z

__all__ = ["calibration_noise", "chance_of", "effect_in_bins", "flips_of_bins"]

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Variance = Callable[[Floats], Floats]


def calibration_noise(
    bins: Places,
    probabilities: Floats,
    gaps: Floats,
    by: Resampling,
    hits: Callable[[np.random.Generator], Places] | None,
    effect: float,
) -> Noise:
    """The noise of the sums of `gaps` (n,) in their `bins` (n,), shares of n.

    Where `probabilities` (n,) are right, drawn is which come true: `hits` gives the bin of each
    that does. In groups it is None, for nothing tells how alike labels are there: whole groups are
    resampled then, and vary as coin flips would, times the design `effect` of all bins together.
    That of each bin by itself, known from a few groups, would be too small more often than not.

    Where a bin is so wide that probabilities in it differ, gaps in it may cancel out which are each
    far from 0. Chance then moves pictures further than their probabilities say, even where the bin
    is right. So as much of its noise comes from the resamples as differing probabilities explain of
    the variance of labels in it: next to nothing of narrow bins, most of one from 0.01 to 1. How
    much larger that part is than coin flips alone would make it is estimated from all bins
    together. What an error does to noise is told by the coins that it leaves and by the resamples
    of each bin, half by each. What comes true stays whole: in a bin where hardly anything is to be
    expected, more of it or less is not what moves a normal number.
    """
    count, flips = np.bincount(bins), flips_of_bins(bins, probabilities)
    size, share = len(count), np.bincount(bins, weights=gaps) / len(gaps)
    further = by.further_left_out() if by.grouped else np.ones(len(gaps))

    def move(times: Floats) -> Floats:
        weights = (times - 1) * further
        moves: Floats = np.bincount(bins, weights=weights * gaps, minlength=size).astype(np.float64)
        moves -= weights.sum() * share
        return moves

    moved = by.draws(move) / len(gaps)
    if hits is None:
        return _in_groups(moved, share, effect * flips, by)
    random, expected = generator(by.seed, "calibrated labels"), np.bincount(bins, probabilities)
    drawn = np.array([np.bincount(hits(random), minlength=size) for _ in range(by.resamples)])
    coins = _Coins(expected / np.maximum(count, 1), count, flips, drawn, random.random(drawn.shape))
    part, seen, as_drawn = coins.explained(), moved.var(axis=0), _of_variance_1(moved)
    wide = flips * _together(part * seen, part * flips)
    alone = (1 - part) * flips + part * wide
    as_seen = _up_to_seen(share, alone, seen)
    beyond = np.roll(as_drawn, 1, axis=0)  # another resample's, so that they are apart

    def with_gaps(true: Floats) -> Floats:
        noise, variance = coins.noise(true)
        noise = np.sqrt(1 - part) * noise + np.sqrt(part * wide) * as_drawn
        variance = (1 - part) * variance + part * wide
        wanted = ((1 - part) * coins.variance(true) + part * wide + as_seen(true)) / 2
        return _of_variance(wanted, noise, variance, beyond)

    return Noise(with_gaps(np.zeros(size)), alone, with_gaps)


@dataclass(frozen=True)
class _Coins:
    """Labels as coins: in each of k bins `count` (k,) of them, of the probability `mean` (k,).

    `flips` (k,): the variances of their shares in the mean, which are less than those of coins of
    one probability. `drawn` (draws, k): how many come true. `random` (draws, k), in [0, 1), rounds
    what an error adds to them or takes.
    """

    mean: Floats
    count: Places
    flips: Floats
    drawn: Places
    random: Floats

    def explained(self) -> Floats:
        """The share of the variance of labels that differing probabilities explain, in [0, 1]."""
        labels = self.mean * (1 - self.mean) * self.count
        return _part_of(labels - self.flips * self.count.sum() ** 2, labels)

    def variance(self, gaps: Floats) -> Floats:
        """The variances were the probability off by the gap (k,), and they differ as stated."""
        p, pictures = self._true(gaps), self.count.sum()
        apart = self.mean * (1 - self.mean) - self.flips * pictures**2 / np.maximum(self.count, 1)
        varied: Floats = np.maximum(p * (1 - p) - apart, 0.0) * self.count / pictures**2
        return varied

    def noise(self, gaps: Floats) -> tuple[Floats, Floats]:
        """(draws, k) the noise were the probability off by the gap (k,), and its variances, nearly.

        Where less comes true than was drawn, as much of that is taken; where more does, as much of
        what did not come true is added.
        """
        p, pictures = self._true(gaps), self.count.sum()
        fewer, more = _part_of(self.mean - p, self.mean), _part_of(p - self.mean, 1 - self.mean)
        change = (self.count - self.drawn) * more - self.drawn * fewer
        noise = (p * self.count - self.drawn - np.floor(change + self.random)) / pictures
        rest = change - np.floor(change)
        rounded = (rest * (1 - rest)).mean(axis=0) / pictures**2
        return noise, (1 - fewer - more) ** 2 * self.flips + rounded

    def _true(self, gaps: Floats) -> Floats:
        off = gaps * self.count.sum() / np.maximum(self.count, 1)
        p: Floats = np.clip(self.mean - off, 0.0, 1.0)
        return p


def effect_in_bins(bins: Places, gaps: Floats, by: Resampling) -> float:
    """By how much more the gaps in a bin vary over groups than over pictures, from 1.

    Both about the mean of their bin, and of all bins together; over groups as leaving out one at a
    time tells. `bins`, `gaps`: (n, columns), each column with bins of its own.
    """
    if not by.grouped:
        return 1.0
    over_groups = alone = 0.0
    further = by.further_left_out()
    for column, gap in zip(bins.T, gaps.T, strict=True):
        size = int(column.max()) + 1
        mean = np.bincount(column, weights=gap) / np.maximum(np.bincount(column), 1)
        apart = gap - mean[column]
        cells = by.codes * size + column
        over_groups += float((np.bincount(cells, weights=apart * further) ** 2).sum())
        alone += float((apart**2).sum())
    if alone <= 0:
        return len(by.codes) / by.groups
    return max(1.0, over_groups / alone * (by.groups - 1) / by.groups)


def chance_of(variance: Floats) -> float:
    """The sum over bins of E|N(0, s)|, of the `variance` (k,) of each: what chance alone shows."""
    return float(np.sqrt(2 / np.pi) * np.sqrt(variance).sum())


def flips_of_bins(bins: Places, probabilities: Floats) -> Floats:
    """The variance of a bin's share in the mean, were its pictures coins of these probabilities."""
    flips = np.bincount(bins, weights=probabilities * (1 - probabilities)).astype(np.float64)
    variance: Floats = np.maximum(flips, 0.0) / len(bins) ** 2
    return variance


def _in_groups(moved: Floats, share: Floats, flips: Floats, by: Resampling) -> Noise:
    """Noise as the resamples have `moved` the bins (draws, k), of as much variance as `flips`."""
    alone = (by.z / Z) ** 2 * flips
    seen = moved.var(axis=0) * (by.z / Z) ** 2 * (by.groups - 1) / by.groups
    as_drawn = _of_variance_1(moved)
    beyond = np.roll(as_drawn, 1, axis=0)  # another resample's, so that they are apart
    noise, as_seen = as_drawn * np.sqrt(alone), _up_to_seen(share, alone, seen)
    return Noise(noise, alone, lambda true: _of_variance(as_seen(true), noise, alone, beyond))


def _of_variance(wanted: Floats, noise: Floats, variance: Floats, beyond: Floats) -> Floats:
    """`noise` (draws, k) of `variance` (k,) as it is `wanted` (k,).

    Where that is more, what is more is drawn as `beyond` (draws, k), of variance 1.
    """
    scale = np.divide(wanted, variance, out=np.ones_like(variance), where=variance > 0)
    scaled: Floats = noise * np.sqrt(np.minimum(scale, 1.0))
    return scaled + beyond * np.sqrt(np.maximum(wanted - variance, 0.0))


def _part_of(some: Floats, whole: Floats) -> Floats:
    """What `some` is of `whole`, in [0, 1]; 0 of nothing."""
    part: Floats = np.divide(some, whole, out=np.zeros_like(whole), where=whole > 0)
    return part.clip(0.0, 1.0)


def _together(seen: Floats, flips: Floats) -> float:
    """How much more all bins together vary than as `flips`; of few labels each they tell little."""
    expected = float(flips.sum())
    return float(seen.sum()) / expected if expected > 0 else 1.0


def _up_to_seen(share: Floats, alone: Floats, seen: Floats) -> Variance:
    """As `alone` where all gaps are 0, and as `seen` where they are as large as those likely are.

    What is seen is larger by chance, which is taken off it; half of it is left at least.
    """
    raw = float(np.abs(share).sum())
    likely = max(sqrt(max(raw**2 - chance_of(alone) ** 2, 0.0)), raw / 2)

    def variance(gaps: Floats) -> Floats:
        part = min(float(np.abs(gaps).sum()) / likely, 1.0) if likely else 0.0
        return (1 - part) * alone + part * seen

    return variance


def _of_variance_1(draws: Floats) -> Floats:
    """The `draws` (draws, k) to one scale; 0 where they do not vary."""
    deviation = draws.std(axis=0)
    scaled: Floats = np.divide(draws, deviation, out=np.zeros_like(draws), where=deviation > 0)
    return scaled
