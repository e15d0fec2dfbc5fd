"""Features brought to one scale, so that a strength or a width means the same for all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnaeus.training.classical.task import Task
from linnaeus.training.head import standardisation

__all__ = ["Scaling"]

ROWS = 1024  # scaled at a time, in double precision


@dataclass(frozen=True)
class Scaling:
    """What is taken off features and what they are multiplied by: (d,) float64 both."""

    shift: NDArray[np.float64]
    scale: NDArray[np.float64]

    @classmethod
    def of(cls, task: Task) -> Scaling:
        """So that the variances of the training features add up to 1, each part's alike."""
        return cls(*standardisation(task.train.features, task.parts))

    def __call__(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """`features` (n, d), scaled."""
        scaled = np.empty(features.shape, np.float32)
        for start in range(0, len(features), ROWS):
            rows = slice(start, start + ROWS)
            scaled[rows] = (features[rows] - self.shift) * self.scale
        return scaled

    @property
    def pair(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The shift and the scale, as graphs take them."""
        return self.shift, self.scale
