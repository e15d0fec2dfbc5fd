"""What a classifier on features is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from linnaeus.progress import Progress
from linnaeus.training.better import quality
from linnaeus.training.classical.plan import ClassicalPlan
from linnaeus.training.head import Tried

__all__ = ["Fitted", "Samples", "Task", "loss_of"]

Logits = NDArray[np.floating]


@dataclass(frozen=True)
class Samples:
    """Features (n, d) float32 of pictures, and their labels (n,) int64."""

    features: NDArray[np.float32]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Task:
    """What is to be learnt from `train`, with choices made on `validation`, which may be empty.

    `graph`: an ONNX file that gives the features. `parts`: widths of parts of the features that
    count alike; None where the numbers stand in proportion to each other. `class_weights`
    (classes,): what a picture of each class counts. `strengths`: of regularisation, to be tried.
    `late`: whether the time is over, or somebody has ended it.
    """

    graph: bytes
    train: Samples
    validation: Samples
    classes: int
    parts: Sequence[int] | None
    class_weights: NDArray[np.float64]
    strengths: Sequence[float]
    plan: ClassicalPlan
    seed: int
    late: Callable[[], bool]
    progress: Progress

    @property
    def sample_weights(self) -> NDArray[np.float64]:
        """(n,) what each training picture counts."""
        weights: NDArray[np.float64] = self.class_weights[self.train.labels]
        return weights


@dataclass(frozen=True)
class Fitted:
    """A classifier as an ONNX file from descriptions or pixels to `logits` and `features`.

    `parameters`: numbers that were learnt, those of the features left out. `remark`: what was
    chosen, as a sentence. `settled`: fields of the recipe's `classical` that make the same choice
    again; `tried`: what each strength did that there was time for.
    """

    graph: bytes
    parameters: int
    remark: str
    settled: Mapping[str, object] = field(default_factory=dict)
    tried: tuple[Tried, ...] = ()


def loss_of(logits: Logits, labels: NDArray[np.int64]) -> float:
    """The log loss at the temperature that suits `logits` (n, classes) best: less is better."""
    return quality(logits.astype(np.float32), labels).log_loss
