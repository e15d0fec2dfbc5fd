"""Staying silent: how sure an answer must be, so that few of the given answers are wrong."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnaeus.errors import UsageError

__all__ = ["CERTAINTY", "Silence", "check_error", "confidence_needed", "upper_bound"]

CERTAINTY = 0.99
"""That the promised error is kept. At 0.95 one bundle in twenty would break its promise, and of
5,000 held-out pictures only three in a hundred more would be answered."""

STEPS = 100
"""Thresholds that are tried, from the surest answers on: at each hundredth of the pictures."""


@dataclass(frozen=True)
class Silence:
    """A rule: an answer is given where its confidence is at least `confidence`.

    `max_error`: the share of wrong answers among the given ones that it keeps below, with
    `CERTAINTY`. `answered`: the share of held-out pictures that were answered; 0 where no
    threshold can promise it, and then `confidence` is infinite. `pictures`: those held out.
    `groups`: of how many groups they are, where these are fewer; one picture of each was tested.
    """

    max_error: float
    confidence: float
    answered: float
    pictures: int
    groups: int | None = None


def confidence_needed(
    confidence: NDArray[np.floating], right: NDArray[np.bool_], max_error: float
) -> Silence:
    """The lowest threshold under which at most `max_error` of the given answers are wrong.

    `confidence` (n,) in [0, 1] and `right` (n,) are of held-out pictures. From the surest answers
    on, each threshold has to show by an exact binomial bound that its error is below `max_error`;
    the first that cannot ends the search. Tested in a fixed order, the error of the chosen one is
    above `max_error` in at most 1 - `CERTAINTY` of all cases (fixed-sequence testing, Angelopoulos
    and others 2022; the bound is Clopper and Pearson's 1934). The search begins where enough
    pictures are left to show anything at all.

    Raises UsageError where `max_error` is not a share above 0 and below 1.
    """
    check_error(max_error)
    n = len(confidence)
    order = np.argsort(-np.asarray(confidence, np.float64), kind="stable")
    sure = np.asarray(confidence, np.float64)[order]
    wrong = np.cumsum(~np.asarray(right, bool)[order])
    logs = _log_factorials(n)
    kept, threshold = 0, math.inf
    for count in _counts(n, max_error, logs):
        given = int(np.searchsorted(-sure, -sure[count - 1], side="right"))  # equals stay together
        if not _shown(int(wrong[given - 1]), given, max_error, logs):
            break
        kept, threshold = given, float(sure[given - 1])
    return Silence(max_error, threshold, kept / n if n else 0.0, n)


def upper_bound(wrong: int, given: int, certainty: float = CERTAINTY) -> float:
    """The largest share of errors that `wrong` of `given` answers leave possible.

    Clopper and Pearson's one-sided bound, by bisection of the binomial's distribution function;
    1 without any answer.

    >>> round(upper_bound(0, 100, 0.95), 4)
    0.0295
    """
    if wrong >= given:
        return 1.0
    logs = _log_factorials(given)
    low, high = wrong / given, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _at_most(wrong, given, middle, logs) > 1 - certainty:
            low = middle
        else:
            high = middle
    return high


def check_error(max_error: float) -> None:
    """Raise UsageError where `max_error` is not a share above 0 and below 1."""
    if not 0 < max_error < 1:
        raise UsageError(
            f"{max_error:g} is no share of answers that may be wrong",
            where="--max-error",
            mend="Give one above 0 and below 1, such as 0.02.",
        )


def _counts(n: int, max_error: float, logs: NDArray[np.float64]) -> list[int]:
    """How many of the surest answers are tried, a matter of n and `max_error` alone.

    The first count lets half of the errors that are allowed pass, where half of the pictures are
    enough for that: else a single wrong label among the surest would end the search at once. Fewer
    than `fewest` pictures can show nothing, even without a mistake.
    """
    needed = math.log(1 - CERTAINTY) / math.log1p(-max_error)
    if n < needed:
        return []
    fewest = math.ceil(needed)
    step = max(1, math.ceil(n / STEPS))
    first = fewest
    while first < n // 2 and not _shown(round(first * max_error / 2), first, max_error, logs):
        first += step
    return [*range(first, n, step), n]


def _shown(wrong: int, given: int, max_error: float, logs: NDArray[np.float64]) -> bool:
    """Whether `wrong` errors among `given` answers show that the error is below `max_error`."""
    return _at_most(wrong, given, max_error, logs) <= 1 - CERTAINTY


def _at_most(wrong: int, given: int, share: float, logs: NDArray[np.float64]) -> float:
    """The probability of at most `wrong` errors among `given`, each with probability `share`.

    `logs` as `_log_factorials` gives them, up to `given` or more.
    """
    counts = np.arange(wrong + 1)
    terms = logs[given] - logs[counts] - logs[given - counts]
    terms = terms + counts * math.log(share) + (given - counts) * math.log1p(-share)
    largest = float(terms.max())
    return min(1.0, math.exp(largest) * float(np.exp(terms - largest).sum()))


def _log_factorials(most: int) -> NDArray[np.float64]:
    """(most + 1,) the logarithms of 0!, 1!, … most!."""
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, most + 1)))])
