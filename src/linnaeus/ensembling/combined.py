"""Combining members by their answers to held-out pictures, honestly: cross-fitted.

The answers that the ensemble is calibrated with, and that its promises rest on, come from weights
that were chosen without the picture in question.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.combination import Combination, CombinationMethod, Member, log_probabilities
from linnaeus.bundle.label_sets import tie_breakers
from linnaeus.bundle.softmax import softmax
from linnaeus.ensembling.average import average_weights
from linnaeus.ensembling.stack import STRENGTHS, fit_stack
from linnaeus.evaluation.calibration import fit_temperature

__all__ = ["Combined", "combined", "weighted"]

FOLDS = 5

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
Fit = Callable[[Floats, Labels], Combination]


@dataclass(frozen=True, eq=False)
class Combined:
    """How members are combined, and the logits (n, classes) of held-out pictures without luck.

    `why`: how that was chosen, as a clause.
    """

    combination: Combination
    logits: NDArray[np.float32]
    why: str


def combined(
    names: Sequence[str],
    probabilities: Floats,
    labels: Labels,
    together: Sequence[str],
    method: CombinationMethod,
) -> Combined:
    """Combine the members called `names` by `method`.

    `probabilities` (members, n, classes): their calibrated answers to n held-out pictures with
    `labels` (n,). `together` (n,): pictures with the same text stay in one fold (a group's name).
    """
    folds = (tie_breakers([f"fold of {text}" for text in together]) * FOLDS).astype(np.int64)
    held_out = _HeldOut(probabilities, labels, folds)
    if method == "average":
        fit: Fit = partial(_average, names)
        why = f"the weights under which {len(labels):,} held-out pictures are likeliest"
    else:
        strength = min(STRENGTHS, key=lambda one: held_out.loss(partial(_stack, names, one)))
        fit = partial(_stack, names, strength)
        why = (
            f"a weight for each member and class, learnt from {len(labels):,} held-out pictures"
            f" with a pull of {strength:g} towards equal ones"
        )
    return Combined(fit(probabilities, labels), held_out.logits(fit), why)


def weighted(names: Sequence[str], weights: Floats) -> Combination:
    """The mean of the answers of members called `names` by `weights` (members,), which sum to 1."""
    return Combination(method="average", members=_members(names, weights))


@dataclass(frozen=True, eq=False)
class _HeldOut:
    """Members' answers (members, n, classes) to pictures with `labels` (n,) in `folds` (n,)."""

    probabilities: Floats
    labels: Labels
    folds: Labels

    def logits(self, fit: Fit) -> NDArray[np.float32]:
        """(n, classes) by what `fit` makes of the pictures outside each picture's fold."""
        logits = np.zeros(self.probabilities.shape[1:], np.float32)
        for fold in np.unique(self.folds):
            inside = self.folds == fold
            learnt = fit(self.probabilities[:, ~inside], self.labels[~inside])
            logits[inside] = learnt.logits(self.probabilities[:, inside])
        return logits

    def loss(self, fit: Fit) -> float:
        """The mean log loss of these logits at the temperature that suits them."""
        logits = self.logits(fit)
        answers = softmax(logits, fit_temperature(logits, self.labels))
        true = answers[np.arange(len(self.labels)), self.labels]
        return float(-log_probabilities(true).mean())


def _average(names: Sequence[str], probabilities: Floats, labels: Labels) -> Combination:
    return weighted(names, average_weights(probabilities, labels))


def _stack(
    names: Sequence[str], strength: float, probabilities: Floats, labels: Labels
) -> Combination:
    stack = fit_stack(probabilities, labels, strength)
    return Combination(
        method="stack",
        members=_members(names, stack.trust.mean(axis=1)),
        trust=tuple(tuple(row) for row in stack.trust.tolist()),
        bias=tuple(stack.bias.tolist()),
    )


def _members(names: Sequence[str], weights: Floats) -> tuple[Member, ...]:
    return tuple(
        Member(folder=f"members/{place:02}", name=name, weight=weight)
        for place, (name, weight) in enumerate(zip(names, weights.tolist(), strict=True))
    )
