"""TrivialAugment: one operation to each view, of a strength at random (Müller and Hutter 2021)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from linnaeus.randomness import uniforms
from linnaeus.training.augmentation.operations import OPERATIONS, Ranges, Steps, done

__all__ = ["trivially_augmented"]

RANGES = Ranges(shear=0.99, shift=32 / 224, rotate_deg=135, colour=0.99, bits=2)
"""The paper's wide ranges. It shifts by 32 px, of pictures of 224."""


def trivially_augmented(
    planes: Tensor, seed: int, epoch: int, indices: NDArray[np.int64]
) -> Tensor:
    """`planes` (n, 3, h, w) uint8 after an operation each."""
    which, level, direction = uniforms(seed, "trivialaugment", epoch, indices, 3).T
    chosen = (which * len(OPERATIONS)).astype(np.int64)
    sign = np.where(direction < 0.5, -1, 1).astype(np.float32)
    return done(planes, [Steps(chosen, level, sign)], RANGES)
