"""The interval of a sum of absolute gaps, which chance only ever raises and which may truly be 0.

"Unified" after Feldman and Cousins, "Unified approach to the classical statistical analysis of
small signals", 1998: one rule for a sum that tells itself from 0 and for one that does not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.intervals import TAILS

__all__ = ["Noise", "unified_interval"]

Floats = NDArray[np.float64]

OUTSIDE = 2 * TAILS[0]  # what an interval may miss, at both ends together
HALVINGS = 14  # of what is seen: to less than a ten-thousandth of it
TAIL_HALVINGS = 40
BY_NOISE = 0.5
"""Of the variance of noise, what is taken from a squared gap to tell how the truth is spread at the
lower end, and added to it at the upper one. By simulation, of sums that five of fifteen gaps make,
each ten times its noise, 25 of 100 lie below the interval with nothing taken, 15 with this and 12
with all of it; of gaps that are alike and like their noise 2, 1 and under 1. Above it lie up to 7
of 100 with nothing added, 3 with this."""


@dataclass(frozen=True)
class Noise:
    """How chance moves the gaps: (draws, k) numbers whose mean is 0.

    `seen`: as much as pictures differ from each other. `alone`: as much as they would were all gaps
    truly 0; None where that cannot be told.
    """

    seen: Floats
    alone: Floats | None = None

    def at(self, share: float) -> Floats:
        """The noise where the truth is that `share`, up to 1, of what is seen.

        As `seen` there, of which 0 has a half: gaps may cancel out that are each far from 0, and
        then chance moves them further than `alone`.
        """
        if self.alone is None:
            return self.seen
        seen = (1 + share) / 2
        noise: Floats = sqrt(1 - seen) * self.alone + sqrt(seen) * self.seen
        return noise


def unified_interval(gaps: Floats, noise: Noise) -> tuple[float, float]:
    """The ends for the sum of |true gap|, at most 1, where `gaps` (k,) are those and `noise`.

    They hold the sums under which one as large as seen, and one as small, would not be too rare.
    How a supposed sum is spread over the gaps is taken from those seen. Noise hides more of it the
    more evenly it is spread, so it is taken as less even than seen at the lower end, and as more so
    at the upper one.
    """
    raw = float(np.abs(gaps).sum())
    if raw == 0:
        return 0.0, 0.0
    squared, by_noise = gaps**2, BY_NOISE * noise.at(0.0).var(axis=0)
    uneven = _Supposed.of(gaps, np.sqrt(np.maximum(squared - by_noise, 0.0)), noise)
    even = _Supposed.of(gaps, np.sqrt(squared + by_noise), noise)
    low = 0.0 if uneven.may_show_as_much(0.0) else _edge(uneven.may_show_as_much, raw, 0.0)
    inside, outside = low, min(raw, 1.0)
    while even.may_show_as_little(outside):
        if outside == 1:
            return low, 1.0
        inside, outside = outside, min(2 * outside, 1.0)
    return low, _edge(even.may_show_as_little, inside, outside)


@dataclass(frozen=True)
class _Supposed:
    """What tests show, `raw` among them, were the truth some multiple of the gaps `shape` (k,)."""

    raw: float
    shape: Floats
    noise: Noise
    from_nothing: tuple[float, float]

    @classmethod
    def of(cls, gaps: Floats, sizes: Floats, noise: Noise) -> _Supposed:
        """Gaps of these `sizes` (k,) to each other, or as seen where all are 0."""
        nothing = np.abs(noise.at(0.0)).sum(axis=1)
        sizes = sizes if sizes.any() else np.abs(gaps)
        shape = np.copysign(sizes / sizes.sum(), gaps)
        about = float(nothing.mean()), max(float(nothing.std()), np.finfo(float).tiny)
        return cls(float(np.abs(gaps).sum()), shape, noise, about)

    def may_show_as_much(self, truth: float) -> bool:
        """Whether as much as seen, or more, is not too rare where the sum is `truth`."""
        shown, (above, _) = self._shown(truth)
        return _share(shown >= self.raw) > above

    def may_show_as_little(self, truth: float) -> bool:
        """Whether as little as seen, or less, is not too rare where the sum is `truth`."""
        shown, (_, below) = self._shown(truth)
        return _share(shown <= self.raw) > below

    def _shown(self, truth: float) -> tuple[Floats, tuple[float, float]]:
        shown = np.abs(truth * self.shape + self.noise.at(min(truth / self.raw, 1.0))).sum(axis=1)
        mean, spread = self.from_nothing
        return shown, _tails((float(shown.mean()) - mean) / spread)


def _share(which: NDArray[np.bool_]) -> float:
    """The share of resamples, with what is seen as one of them, as for any test by drawing."""
    return (int(which.sum()) + 1) / (len(which) + 1)


def _tails(lift: float) -> tuple[float, float]:
    """The shares above and below what Feldman and Cousins accept, 5 % in all.

    `lift`: by how many standard deviations the truth lifts what is shown. At 0 all lies above, far
    off half does. Accepted are the values that are likeliest in comparison with the truth, 0 or
    more, that each of them speaks for most.
    """
    if lift <= 0:
        return OUTSIDE, 0.0
    low, high = 1.0, 3.0
    for _ in range(TAIL_HALVINGS):
        off = (low + high) / 2
        fall = off if lift >= off else (lift**2 + off**2) / (2 * lift)
        low, high = (off, high) if _beyond(off) + _beyond(fall) > OUTSIDE else (low, off)
    return _beyond(off), _beyond(fall)


def _beyond(deviations: float) -> float:
    """The share of a standard normal above `deviations`."""
    return erfc(deviations / sqrt(2)) / 2


def _edge(allowed: Callable[[float], bool], inside: float, outside: float) -> float:
    """Where what is `allowed` ends, between a truth that is and one that is not."""
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if allowed(middle) else (inside, middle)
    return inside
