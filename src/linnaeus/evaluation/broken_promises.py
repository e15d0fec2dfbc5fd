"""Whether a promise is broken: by more than chance in the test and in the held-out pictures makes.

Each of the promises of an evaluation is tested at a share of one level, so that where all of them
hold, none is called broken in 95 of 100 evaluations or more (Bonferroni).
"""

from __future__ import annotations

from math import ceil, floor

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linnaeus.bundle.held_out import HeldOut
from linnaeus.bundle.label_sets import Sets
from linnaeus.bundle.silence import upper_bound
from linnaeus.evaluation.intervals import Resampling, share_trials

__all__ = ["errs_too_often", "held_out_trials", "holds_too_seldom", "independent"]

LEVEL = 0.05
PROMISES = 17
"""Label sets by four methods at three coverages, four errors, and how many are called unknown."""

ROUNDING = 1e-8


def holds_too_seldom(held: float, trials: float, promised: float, held_out: float) -> bool:
    """Whether what was `promised` (0 to 1) from `held_out` pictures happened too seldom in a test.

    `held`: how often it did, of `trials`. Both counts may be fractional, where pictures come in
    groups. How often the promise of one training holds is drawn from a beta distribution (Vovk
    2012), so the count is from a beta-binomial: such a test allows for few held-out pictures too.

    >>> holds_too_seldom(0.8, 1000, 0.9, 1000), holds_too_seldom(0.8, 1000, 0.9, 20)
    (True, False)
    """
    n, m = floor(held_out + ROUNDING), floor(trials + ROUNDING)
    within = max(1, ceil((n + 1) * promised - ROUNDING))
    if within > n or not m:
        return False
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + m + 1)))])

    def ways(of: NDArray[np.int64], chosen: NDArray[np.int64]) -> NDArray[np.float64]:
        several: NDArray[np.float64] = logs[of] - logs[chosen] - logs[of - chosen]
        return several

    count = np.arange(ceil(held * m - ROUNDING) + 1)
    before, after = ways(within - 1 + count, count), ways(n - within + m - count, m - count)
    at_most = np.exp(before + after - ways(np.array(n + m), np.array(m))).sum()
    return float(at_most) < LEVEL / PROMISES


def errs_too_often(wrong: float, trials: float, promised: float) -> bool:
    """Whether more than the share that was `promised` is `wrong`, by Clopper and Pearson's bound.

    `trials`: the answers, which may be fewer than were given, where they come in groups.
    """
    given = floor(trials + ROUNDING)
    right = given - floor(wrong * given + ROUNDING)
    return given > 0 and 1 - upper_bound(right, given, 1 - LEVEL / PROMISES) > promised


def held_out_trials(rule: Sets, held_out: HeldOut, labels: NDArray[np.int64]) -> float:
    """The pictures that the coverage of a `rule` from `held_out` rests on, where `labels` (n,) are
    judged: of class-conditional sets, as many as would make it vary as much as its classes do."""
    true = {"aps": held_out.aps, "raps": held_out.raps}.get(rule.method, held_out.lac)
    known = ~np.isnan(true)
    of_class = held_out.labels[known]
    count = float(known.sum())
    if rule.method == "class-conditional":
        shares = np.bincount(labels, minlength=held_out.classes) / len(labels)
        pictures = np.bincount(of_class, minlength=held_out.classes)
        judged = np.isfinite(rule.thresholds) & (shares > 0)
        varies = float((shares[judged] ** 2 / pictures[judged]).sum())
        count = 1 / varies if varies else 0.0
    groups = None if held_out.groups is None else held_out.groups[known]
    inside = true[known] <= rule.thresholds[of_class] + ROUNDING
    return count * independent(inside, groups) / max(len(inside), 1)


def independent(happened: NDArray[np.bool_], groups: ArrayLike | None) -> float:
    """How many independent pictures tell as much as these (n,), of which some belong together."""
    return share_trials(happened, Resampling.of(len(happened), groups)) if len(happened) else 0.0
