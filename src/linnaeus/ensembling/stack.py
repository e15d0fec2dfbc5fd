"""A small multinomial model on the members' log probabilities: one weight a member and class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.combination import log_probabilities

__all__ = ["STRENGTHS", "Stack", "fit_stack"]

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

STRENGTHS = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
"""Strengths of the pull towards the plain mean that are tried, against the mean log loss. From the
strongest, which leaves next to nothing to learn, to one that 300 pictures hardly feel."""

NEWTON_STEPS = 50
SOLVER_STEPS = 100
FLAT = 1e-9  # of the slope at the start, where learning ends


@dataclass(frozen=True, eq=False)
class Stack:
    """The logit of class c: the sum over members of trust[m, c] · log p[m, c], plus bias[c].

    `trust`: (members, classes). `bias`: (classes,).
    """

    trust: Floats
    bias: Floats

    def logits(self, logarithms: Floats) -> Floats:
        """(n, classes) from the members' log probabilities (members, n, classes)."""
        combined: Floats = np.einsum("mnc,mc->nc", logarithms, self.trust) + self.bias
        return combined


def fit_stack(probabilities: Floats, labels: Labels, strength: float) -> Stack:
    """Learn from the answers `probabilities` (members, n, classes) to pictures with `labels` (n,).

    Minimises the mean log loss plus `strength` / 2 times the squared distance from the plain mean
    of log probabilities. That is strictly convex, so there is one answer; Newton's method finds it,
    with conjugate gradients for its steps, so that many classes cost no large matrix.
    """
    problem = _Problem(log_probabilities(probabilities), labels, strength)
    parameters, value = problem.start, problem.value(problem.start)
    first = None
    for _ in range(NEWTON_STEPS):
        slope, answers = problem.slope(parameters)
        steepness = float(np.linalg.norm(slope))
        first = steepness if first is None else first
        if steepness <= FLAT * max(first, 1e-12):
            break
        step = problem.newton_step(slope, answers)
        parameters, better = _along(problem, parameters, step, value)
        if not better < value:
            break
        value = better
    return problem.stack(parameters)


@dataclass(frozen=True, eq=False)
class _Problem:
    """Parameters are (members + 1, classes): the trust of each member, and the bias last."""

    logarithms: Floats
    labels: Labels
    strength: float

    @property
    def start(self) -> Floats:
        """The plain mean of log probabilities."""
        members, _, classes = self.logarithms.shape
        return np.concatenate([np.full((members, classes), 1 / members), np.zeros((1, classes))])

    def stack(self, parameters: Floats) -> Stack:
        return Stack(parameters[:-1], parameters[-1])

    def value(self, parameters: Floats) -> float:
        pull = self.strength / 2 * float(((parameters - self.start) ** 2).sum())
        if not len(self.labels):
            return pull
        logits = self.stack(parameters).logits(self.logarithms)
        highest = logits.max(axis=1, keepdims=True)
        total = np.log(np.exp(logits - highest).sum(axis=1)) + highest[:, 0]
        return float((total - logits[np.arange(len(self.labels)), self.labels]).mean()) + pull

    def slope(self, parameters: Floats) -> tuple[Floats, Floats]:
        """The slope at `parameters`, and the answers (n, classes) there."""
        logits = self.stack(parameters).logits(self.logarithms)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        answers = powers / powers.sum(axis=1, keepdims=True)
        errors = answers.copy()
        errors[np.arange(len(self.labels)), self.labels] -= 1
        return self._gathered(errors) + self.strength * (parameters - self.start), answers

    def newton_step(self, slope: Floats, answers: Floats) -> Floats:
        """Minus the inverse curvature times `slope`, by conjugate gradients."""
        step, rest = np.zeros_like(slope), -slope
        direction, size = rest.copy(), float((rest * rest).sum())
        enough = 1e-16 * size
        for _ in range(SOLVER_STEPS):
            bent = self._curvature(direction, answers)
            length = size / float((direction * bent).sum())
            step, rest = step + length * direction, rest - length * bent
            size, before = float((rest * rest).sum()), size
            if size <= enough:
                break
            direction = rest + size / before * direction
        return step

    def _curvature(self, direction: Floats, answers: Floats) -> Floats:
        moved = self.stack(direction).logits(self.logarithms)
        spread = answers * (moved - (answers * moved).sum(axis=1, keepdims=True))
        return self._gathered(spread) + self.strength * direction

    def _gathered(self, errors: Floats) -> Floats:
        """What errors (n, classes) of the logits come to for each parameter, in the mean."""
        count = max(1, len(errors))
        trust = np.einsum("mnc,nc->mc", self.logarithms, errors) / count
        return np.concatenate([trust, errors.sum(axis=0, keepdims=True) / count])


def _along(
    problem: _Problem, parameters: Floats, step: Floats, value: float
) -> tuple[Floats, float]:
    """The first of ever smaller steps that is better, and the value there."""
    for _ in range(30):
        there = problem.value(parameters + step)
        if there < value:
            return parameters + step, there
        step = step / 2
    return parameters, value
