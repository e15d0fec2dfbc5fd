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


@dataclass(frozen=True)
class Noise:
    """How chance moves k gaps.

    `alone`: (draws, k) numbers, of mean 0 and the variances `least` (k,), as it does where all gaps
    are truly 0. `with_gaps`: the same (draws, k) of any true gaps (k,); None where it is `alone`.
    `expected`: (k,) what each gap is likely to be, as `estimated` numbers tell that all of them
    have told together; None where nothing does. `as_likely`: how much of a sum beyond the likely
    one, in [0, 1], is spread as that is.
    """

    alone: Floats
    least: Floats
    with_gaps: Callable[[Floats], Floats] | None = None
    expected: Floats | None = None
    estimated: int = 0
    as_likely: float = 0.0

    def at(self, gaps: Floats) -> Floats:
        """(draws, k) noise where the true gaps are these (k,)."""
        return self.alone if self.with_gaps is None else self.with_gaps(gaps)


def unified_interval(gaps: Floats, noise: Noise) -> tuple[float, float]:
    """The ends for the sum of |true gap|, at most 1, where `gaps` (k,) are those and `noise`.

    They hold the sums under which one as large as seen, and one as small, would not be too rare.
    """
    raw = float(np.abs(gaps).sum())
    if raw == 0:
        return 0.0, 0.0
    supposed = _Supposed.of(gaps, noise)
    low = 0.0 if supposed.may_show_as_much(0.0) else _edge(supposed.may_show_as_much, raw, 0.0)
    inside, outside = low, min(raw, 1.0)
    while supposed.may_show_as_little(outside):
        if outside == 1:
            return low, 1.0
        inside, outside = outside, min(2 * outside, 1.0)
    return low, _edge(supposed.may_show_as_little, inside, outside)


@dataclass(frozen=True)
class _Supposed:
    """What tests show, `raw` among them, were the sum of true gaps something else.

    Noise hides more of a sum the more evenly it is spread, so that matters as well: it is spread as
    the `likely` gaps (k,) where it is smaller than theirs. What is more lies where noise has hidden
    it, in proportion to the `hidden` (k,), the variances of noise; a part of it as the likely ones,
    where the noise says so.
    """

    raw: float
    likely: Floats
    hidden: Floats
    noise: Noise
    from_nothing: tuple[float, float]

    @classmethod
    def of(cls, gaps: Floats, noise: Noise) -> _Supposed:
        """To the `gaps` (k,) seen."""
        nothing = np.abs(noise.alone).sum(axis=1)
        likely = _likely(gaps, noise)
        hidden = noise.least if noise.least.any() else np.abs(gaps)
        about = float(nothing.mean()), max(float(nothing.std()), np.finfo(float).tiny)
        return cls(float(np.abs(gaps).sum()), likely, hidden, noise, about)

    def may_show_as_much(self, truth: float) -> bool:
        """Whether as much as seen, or more, is not too rare where the sum is `truth`."""
        shown = self._shown(truth)
        share = _share(shown >= self.raw)
        if not OUTSIDE / 2 < share <= OUTSIDE:  # the tail above is between these
            return share > OUTSIDE
        return share > self._tails(shown)[0]

    def may_show_as_little(self, truth: float) -> bool:
        """Whether as little as seen, or less, is not too rare where the sum is `truth`."""
        shown = self._shown(truth)
        share = _share(shown <= self.raw)
        return share > OUTSIDE / 2 or share > self._tails(shown)[1]

    def _shown(self, truth: float) -> Floats:
        gaps = self._gaps(truth)
        shown: Floats = np.abs(gaps + self.noise.at(gaps)).sum(axis=1)
        return shown

    def _gaps(self, truth: float) -> Floats:
        usual = float(np.abs(self.likely).sum())
        if truth < usual:
            return self.likely * (truth / usual)
        spread = self.hidden / self.hidden.sum()
        if usual:
            part = self.noise.as_likely
            spread = (1 - part) * spread + part * np.abs(self.likely) / usual
        more: Floats = (truth - usual) * spread
        return self.likely + np.copysign(more, self.likely)  # which keeps the sign of a 0, too

    def _tails(self, shown: Floats) -> tuple[float, float]:
        mean, spread = self.from_nothing
        return _tails((float(shown.mean()) - mean) / spread)


def _likely(gaps: Floats, noise: Noise) -> Floats:
    """The `gaps` (k,) freed of what `noise` makes of them, nearly.

    In units of its standard errors, from 0 or from what is expected of each gap, either drawn to
    each other, as far as noise explains how they differ (Efron and Morris, "Stein's estimation rule
    and its competitors", 1973), or, where a few stand out, all drawn by as much: whichever is the
    least risky by Stein's estimate, as Donoho and Johnstone choose ("Adapting to unknown smoothness
    via wavelet shrinkage", 1995). Gaps without noise stay.
    """
    noisy = noise.least > 0
    likely = gaps.copy()
    if noisy.any():
        errors = np.sqrt(noise.least[noisy])
        scores = gaps[noisy] / errors
        ways = [_drawn_together(scores), _drawn_to_0(scores)]
        if noise.expected is not None:  # of each number estimated, Stein's estimate counts two
            centre, price = noise.expected[noisy] / errors, 2 * noise.estimated
            for risk, found in (_drawn_together(scores - centre), _drawn_to_0(scores - centre)):
                ways.append((risk + price, found + centre))
        likely[noisy] = min(ways, key=lambda way: way[0])[1] * errors
    return likely


def _drawn_together(scores: Floats) -> tuple[float, Floats]:
    """Stein's estimate of the squared error, and the scores."""
    mean, few = scores.mean(), max(len(scores) - 3, 0)
    apart = scores - mean
    differ = max(float((apart**2).sum()), np.finfo(float).tiny)
    if few >= differ:
        return differ - len(scores) + 2, np.full_like(scores, mean)
    return len(scores) - few**2 / differ, mean + (1 - few / differ) * apart


def _drawn_to_0(scores: Floats) -> tuple[float, Floats]:
    """The same; by as much as makes the estimate smallest."""
    sizes, place = np.sort(np.abs(scores)), np.arange(len(scores)) + 1
    larger = len(scores) - place
    risks = len(scores) - 2 * place + (sizes**2).cumsum() + larger * sizes**2
    least = int(risks.argmin())
    return float(risks[least]), np.copysign(np.maximum(np.abs(scores) - sizes[least], 0.0), scores)


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
