"""What a training makes small: the loss of a batch, from its logits and its targets."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from linnaeus.errors import UsageError
from linnaeus.training.usual import with_usual

if TYPE_CHECKING:
    from linnaeus.training.plan import TrainingPlan

__all__ = ["Loss", "check_weights", "loss_for", "ordered_weights"]

Loss = Callable[[Tensor, Tensor], Tensor]
"""(logits (n, classes) float32, targets) → the mean over the pictures, a scalar.

Targets are classes (n,) int64, or shares (n, classes) float32: soft ones whose rows sum to 1, or
for binary cross-entropy 1 for each label that a picture has.
"""

LEAST_DISTANCE = 1e-6  # of a probability to 1, so that the focal factor's slope stays finite


def loss_for(plan: TrainingPlan, labels: NDArray[np.int64] | NDArray[np.float32]) -> Loss:
    """The loss that `plan` names, for a training set with `labels` (n,), or (n, classes) of shares.

    Labels decide where classes are counted, and nowhere else. Weights of classes are scaled so that
    a training picture has a weight of 1 on average: learning rates then mean the same with them.
    Those of binary cross-entropy are not; they multiply what a missed label costs.

    Raises UsageError, when first called, where `class_weights` are not one for each class.
    """
    plan = with_usual(plan)
    if plan.loss == "binary":
        return _Binary(plan, labels)
    plain = plan.loss == "cross-entropy" and plan.class_weights is None
    loss = _plain_cross_entropy(plan.label_smoothing) if plain else _CrossEntropy(plan, labels)
    return loss if plan.distil_at is None else _at(plan.distil_at, loss)


def class_weights(
    plan: TrainingPlan, labels: NDArray[np.int64], classes: Sequence[str]
) -> NDArray[np.float64]:
    """(classes,) what a picture of each class counts by `plan`; the mean over the `labels` is 1.

    Raises UsageError where the plan's weights are not of these classes.
    """
    given = plan.class_weights
    if isinstance(given, dict):
        plan = plan.model_copy(update={"class_weights": ordered_weights(given, classes)})
    counts = _counts(labels, len(classes))
    weights = 1 / counts.clip(1) if given == "balanced" else _given(plan, len(classes))
    mean = float((weights * counts).sum() / counts.sum())
    return np.asarray(weights / mean, np.float64)


def ordered_weights(weights: dict[str, float], classes: Sequence[str]) -> tuple[float, ...]:
    """The weight of each of `classes` in their order; 1 for those that `weights` does not name.

    Raises UsageError where it names a class that there is not.
    """
    for name in weights:
        if name not in classes:
            near = difflib.get_close_matches(name, classes, n=1)
            raise UsageError(
                f'there is no class "{name}"',
                where="the recipe's network.class_weights",
                mend=f'Did you mean "{near[0]}"?' if near else f"There are {', '.join(classes)}.",
            )
    return tuple(weights.get(name, 1.0) for name in classes)


def check_weights(weights: Sequence[float] | dict[str, float], classes: int) -> None:
    """Raise UsageError where `weights` are not one for each of so many classes."""
    if isinstance(weights, dict) or len(weights) != classes:
        raise UsageError(
            f"{len(weights)} weights do not fit {classes} classes",
            where="the recipe's network.class_weights",
            mend="Give one number for each class in the order of their names, or balanced.",
        )


def _at(temperature: float, loss: Loss) -> Loss:
    """`loss` of logits that are divided by the temperature, times it, so that gradients stay as
    large as without."""
    return lambda logits, targets: temperature * loss(logits / temperature, targets)


def _plain_cross_entropy(smoothing: float) -> Loss:
    return lambda logits, targets: F.cross_entropy(logits, targets, label_smoothing=smoothing)


class _CrossEntropy:
    """Cross-entropy whose terms are weighted by class, by difficulty (focal: Lin and others 2017)
    or whose logits are shifted by how frequent a class is (Menon and others 2021)."""

    def __init__(self, plan: TrainingPlan, labels: NDArray[np.int64] | NDArray[np.float32]) -> None:
        self._plan = plan
        self._labels = labels
        self._weights: Tensor | None = None
        self._shift: Tensor | None = None
        self._classes = 0

    def __call__(self, logits: Tensor, targets: Tensor) -> Tensor:
        if self._classes != logits.shape[1]:
            self._count(logits)
        shares = _shares(targets, self._classes)
        smoothing = self._plan.label_smoothing
        shares = (1.0 - smoothing) * shares + smoothing / self._classes
        shifted = logits if self._shift is None else logits + self._shift
        log_p = shifted.log_softmax(1)
        terms = -shares * log_p
        if self._plan.focal_gamma is not None:
            # 1 - p, without what is lost where p is near 1
            miss = (-torch.expm1(log_p)).clamp_min(LEAST_DISTANCE)
            terms = miss**self._plan.focal_gamma * terms
        if self._weights is not None:
            terms = self._weights * terms
        return terms.sum(1).mean()

    def _count(self, logits: Tensor) -> None:
        """Make the weights and the shift for so many classes as there are logits."""
        self._classes = logits.shape[1]
        counts = _counts(self._labels, self._classes)
        weights = _weights(self._plan, counts)
        if weights is not None:
            mean = (counts * weights).sum() / counts.sum()
            self._weights = torch.from_numpy(weights / mean).to(logits)
        if self._plan.logit_adjustment is not None:
            shift = np.log(counts.clip(1) / counts.sum())
            self._shift = self._plan.logit_adjustment * torch.from_numpy(shift).to(logits)


class _Binary:
    """Binary cross-entropy of each class for itself, summed over the classes.

    The sum, not the mean, so that its gradients are as large as cross-entropy's and rates mean the
    same whatever the number of classes.
    """

    def __init__(self, plan: TrainingPlan, labels: NDArray[np.int64] | NDArray[np.float32]) -> None:
        self._plan = plan
        self._labels = labels
        self._weights: Tensor | None = None

    def __call__(self, logits: Tensor, targets: Tensor) -> Tensor:
        classes = logits.shape[1]
        if self._weights is None and self._plan.class_weights is not None:
            self._weights = torch.from_numpy(self._of_labels(classes)).to(logits)
        smoothing = self._plan.label_smoothing
        truth = (1.0 - smoothing) * _shares(targets, classes) + smoothing / 2
        terms = F.binary_cross_entropy_with_logits(
            logits, truth, pos_weight=self._weights, reduction="none"
        )
        return terms.sum(1).mean()

    def _of_labels(self, classes: int) -> NDArray[np.float64]:
        """What missing a label of each class costs: balanced, as often as it is absent."""
        if self._plan.class_weights != "balanced":
            return _given(self._plan, classes)
        counts = _counts(self._labels, classes).clip(1)
        return np.asarray((len(self._labels) - counts).clip(1) / counts, np.float64)


def _weights(plan: TrainingPlan, counts: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """(classes,) weights, up to a common factor; None where all are the same.

    "class-balanced" is (1 - β) / (1 - β^n), the inverse of the number of pictures that a class
    of n is worth (Cui and others 2019).
    """
    seen = counts.clip(1)
    if plan.loss == "class-balanced":
        assert plan.class_balance_beta is not None
        worth = -np.expm1(seen * np.log(plan.class_balance_beta)) / (1 - plan.class_balance_beta)
        return np.asarray(1.0 / worth, np.float64) * _given(plan, len(counts))
    if plan.class_weights is None:
        return None
    if plan.class_weights == "balanced":
        return np.asarray(1.0 / seen, np.float64)
    return _given(plan, len(counts))


def _given(plan: TrainingPlan, classes: int) -> NDArray[np.float64]:
    """The weights that the plan gives as numbers; ones where it gives none."""
    given = plan.class_weights
    if given is None or given == "balanced":
        return np.ones(classes)
    check_weights(given, classes)
    return np.array(given, np.float64)


def _counts(labels: NDArray[np.int64] | NDArray[np.float32], classes: int) -> NDArray[np.float64]:
    """(classes,) how many pictures each class has, shares counted as such."""
    if labels.ndim == 2:
        return np.asarray(labels.sum(0), np.float64)
    return np.bincount(labels.astype(np.int64), minlength=classes).astype(np.float64)


def _shares(targets: Tensor, classes: int) -> Tensor:
    """`targets` as (n, classes) float32."""
    return targets if targets.ndim == 2 else F.one_hot(targets, classes).float()
