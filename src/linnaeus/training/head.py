"""A linear head on frozen features: logistic regression, its strength chosen by validation.

Multinomial where a picture has one label; one binary regression a class where it may have several.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, one_hot

from linnaeus.evaluation.calibration import fit_temperature
from linnaeus.evaluation.ranking import Ranking
from linnaeus.progress import Event, Progress

__all__ = ["Head", "Loss", "Tried", "fit_head", "standardisation"]

MOST_ITERATIONS = 100
PATIENCE = 2
"""Strengths tried after the best one before the weaker rest is left untried."""

UNCHOSEN_STRENGTH = 1e-4
"""Used where there is no validation to choose on."""

SMALLEST_DEVIATION = 1e-3
"""Of the largest: a feature that hardly varies is not blown up to unit deviation."""

SCALED_AT_ONCE = 1024
"""Rows, in double precision: those of a large set take a gigabyte."""

Features = NDArray[np.float32]
Labels = NDArray[np.int64] | NDArray[np.bool_]
Scaled = tuple[torch.Tensor, torch.Tensor]
Loss = Literal["logistic", "hinge"]
LossOf = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class Tried(NamedTuple):
    """What a strength of the L2 regularisation gave: mean log losses, and shares that were right.

    With several labels, the log loss is summed over the classes, and their mean average precision
    stands in for accuracy.
    """

    strength: float
    validation_loss: float
    validation_accuracy: float
    train_loss: float
    train_accuracy: float

    def figures(self) -> dict[str, float | None]:
        """All but the strength, by their names; None where one is no number."""
        figures = {name: value for name, value in self._asdict().items() if name != "strength"}
        return {name: value if math.isfinite(value) else None for name, value in figures.items()}


@dataclass(frozen=True)
class Head:
    """`logits = features @ weight.T + bias`: `weight` (classes, d) and `bias` (classes,) float32.

    `strength` is the L2 regularisation that was kept, `tried` those that were tried, in order
    (empty without validation). `shift` and `scale` (d,) standardise the features; they are folded
    into the weights.
    """

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    strength: float
    tried: tuple[Tried, ...]
    shift: NDArray[np.float64]
    scale: NDArray[np.float64]

    def logits(self, features: Features) -> NDArray[np.float32]:
        """(n, classes) for `features` (n, d)."""
        answers: NDArray[np.float32] = features @ self.weight.T + self.bias
        return answers

    def unfolded(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The weight and bias for features that are standardised already."""
        weight = self.weight.astype(np.float64)
        bias = self.bias + weight @ self.shift
        return (weight / self.scale).astype(np.float32), bias.astype(np.float32)


def fit_head(
    features: Features,
    labels: Labels,
    validation: tuple[Features, Labels],
    *,
    classes: int,
    parts: Sequence[int] | None,
    strengths: Sequence[float],
    progress: Progress,
    stop: Callable[[], bool] = lambda: False,
    loss: Loss = "logistic",
    class_weights: NDArray[np.floating] | None = None,
) -> Head:
    """Fit a head on `features` (n, d) float32 with `labels` (n,) int64 in [0, classes).

    Where a picture may have several labels, `labels` are (n, classes) bool.

    `parts` are the widths of the features' parts, in order. Features are standardised, and scaled
    so that every part counts the same whatever its width and a strength means the same whatever d
    is; None leaves their proportions. This is folded into the weights. `loss`: log loss, or the
    squared hinge loss of each class against the rest, a linear support vector machine. A picture
    counts as much as `class_weights` (classes,) say of its class. Strengths are tried from strong
    to weak, each from the last one's weights (L-BFGS), and the one with the least log loss on
    `validation` is kept. `stop` ends the trying, and the strength under way counts as not tried;
    the first is always fitted.
    """
    shift, scale = standardisation(features, parts)
    inputs, targets = _scaled(features, labels, shift, scale)
    judged = _scaled(*validation, shift, scale) if len(validation[1]) else None
    learnt = inputs, targets
    loss_of = _loss_function(loss, class_weights, targets)
    path = sorted(strengths, reverse=True) if judged else [UNCHOSEN_STRENGTH]
    weights = torch.zeros(features.shape[1] + 1, classes)
    best, best_loss, kept = weights, float("inf"), path[0]
    tried: list[Tried] = []
    with _one_thread(), progress.stage("Fitting the head", len(path)) as stage:
        for strength in path:
            try:
                ends = stop if tried else _never
                weights = _descend(inputs, targets, weights, strength, ends, loss_of)
            except _Ended:
                break
            stage.advance()
            if judged is None:
                best = weights
                break
            one = Tried(strength, *_judge(judged, weights, loss), *_judge(learnt, weights, loss))
            tried.append(one)
            progress.log(Event("strength", "probe", {"strength": strength, **one.figures()}))
            if one.validation_loss < best_loss:
                best, best_loss, kept = weights, one.validation_loss, strength
            elif [t.strength for t in tried].index(kept) + PATIENCE < len(tried):
                break
    weight = best[:-1].numpy().astype(np.float64) * scale[:, None]
    bias = best[-1].numpy() - shift @ weight
    folded = weight.T.astype(np.float32), bias.astype(np.float32)
    return Head(*folded, kept, tuple(tried), shift, scale)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Compute on one thread: the products are small, and their sums are then the same anywhere."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def standardisation(
    features: Features, parts: Sequence[int] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shift and scale (d,) under which each part has the same variance, and all together 1.

    Within a part all features vary alike then; without `parts` each keeps its share.
    """
    shift = features.mean(axis=0, dtype=np.float64)
    deviation = features.std(axis=0, dtype=np.float64)
    if parts is None:
        together = max(float(np.sqrt((deviation**2).sum())), float(np.finfo(np.float32).tiny))
        return shift, np.full(len(shift), 1 / together)
    floor = max(SMALLEST_DEVIATION * float(deviation.max()), float(np.finfo(np.float32).tiny))
    share = np.repeat([1 / np.sqrt(width * len(parts)) for width in parts], parts)
    return shift, share / np.maximum(deviation, floor)


def _scaled(
    features: Features, labels: Labels, shift: NDArray[np.float64], scale: NDArray[np.float64]
) -> Scaled:
    with_one = np.ones((len(features), features.shape[1] + 1), np.float32)
    for start in range(0, len(features), SCALED_AT_ONCE):
        rows = slice(start, start + SCALED_AT_ONCE)
        with_one[rows, :-1] = (features[rows] - shift) * scale
    targets = labels if labels.ndim == 1 else labels.astype(np.float32)
    return torch.from_numpy(with_one), torch.from_numpy(targets)


class _Ended(Exception):
    """A descent was ended before it came to its end."""


def _never() -> bool:
    return False


def _descend(
    inputs: torch.Tensor,
    targets: torch.Tensor,
    start: torch.Tensor,
    strength: float,
    stop: Callable[[], bool],
    loss_of: LossOf,
) -> torch.Tensor:
    """Minimise mean loss + strength / 2 · ‖weights‖², the bias left free.

    With a row a class rather than a column: so both products of a step have few rows, which the
    kernels take six times as fast as few columns (1,769 × 2,705 by 6 classes: 4 ms, not 25).
    Raises _Ended as soon as `stop` says so.
    """
    weights = start.T.clone(memory_format=torch.contiguous_format).requires_grad_()
    optimiser = torch.optim.LBFGS(
        [weights], max_iter=MOST_ITERATIONS, tolerance_grad=1e-5, line_search_fn="strong_wolfe"
    )

    def loss() -> torch.Tensor:
        if stop():
            raise _Ended
        optimiser.zero_grad()
        penalty = 0.5 * strength * weights[:, :-1].square().sum()
        value = loss_of((weights @ inputs.T).T, targets) + penalty
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    return weights.detach().T


def _judge(judged: Scaled, weights: torch.Tensor, by: Loss) -> tuple[float, float]:
    """Log loss and accuracy; distances from a machine's planes are no logits before scaling."""
    logits = judged[0] @ weights
    if by == "hinge":
        logits = logits / fit_temperature(logits.numpy(), judged[1].numpy())
    loss = float(_log_loss(logits, judged[1]))
    if judged[1].ndim == 2:
        return loss, mean_average_precision(judged[1], logits)
    return loss, float((logits.argmax(dim=1) == judged[1]).float().mean())


def _loss_function(
    loss: Loss, class_weights: NDArray[np.floating] | None, labels: torch.Tensor
) -> LossOf:
    """What is made small, from logits (n, classes) and the training labels (n,)."""
    if class_weights is None and loss == "logistic":
        return _log_loss
    weights = torch.ones(len(labels))
    if class_weights is not None:
        weights = torch.from_numpy(class_weights.astype(np.float32))[labels]
    weights = weights / weights.sum()

    def hinge(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        sides = 2 * one_hot(targets, logits.shape[1]).to(logits) - 1
        return weights @ (1 - sides * logits).clamp(min=0).square().sum(dim=1)

    def logistic(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return weights @ cross_entropy(logits, targets, reduction="none")

    return hinge if loss == "hinge" else logistic


def _log_loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The mean over pictures of cross-entropy, or of the classes' binary ones summed."""
    if targets.ndim == 1:
        return cross_entropy(logits, targets)
    every = binary_cross_entropy_with_logits(logits, targets, reduction="none")
    return every.sum(dim=1).mean()


def mean_average_precision(truth: torch.Tensor, scores: torch.Tensor) -> float:
    """The mean average precision of the classes that some picture has; 0 where none has any."""
    ranking = Ranking.of(truth.cpu().numpy() > 0, scores.double().cpu().numpy())
    average, _ = ranking.figures(np.ones(len(truth)))
    known = average[np.isfinite(average)]
    return float(known.mean()) if len(known) else 0.0
