"""RandAugment: a few operations to each view, all of one strength (Cubuk and others 2020)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from linnaeus.randomness import uniforms
from linnaeus.training.augmentation.operations import OPERATIONS, Ranges, Steps, done

__all__ = ["randaugmented"]

STRONGEST = 30  # the paper's scale of strengths, and torchvision's
RANGES = Ranges(shear=0.3, shift=150 / 331, rotate_deg=30, colour=0.9, bits=4)


def randaugmented(
    planes: Tensor,
    operations: int,
    strength: float,
    seed: int,
    epoch: int,
    indices: NDArray[np.int64],
) -> Tensor:
    """`planes` (n, 3, h, w) uint8 after so many `operations` of `strength` of 30, in turn."""
    chance = uniforms(seed, "randaugment", epoch, indices, 2 * operations)
    level = np.full(len(indices), strength / STRONGEST, np.float32)
    chosen = (chance[:, ::2] * len(OPERATIONS)).astype(np.int64)
    sign = np.where(chance[:, 1::2] < 0.5, -1, 1).astype(np.float32)
    turns = [Steps(which, level, way) for which, way in zip(chosen.T, sign.T, strict=True)]
    return done(planes, turns, RANGES)
