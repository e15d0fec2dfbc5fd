"""AugMix: each view is mixed from chains of operations on its picture (Hendrycks and others 2020).

Their consistency loss, which learns from three views of each picture at a time, is left out: it
triples the cost of a step.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from linnaeus.randomness import uniforms
from linnaeus.training.augmentation.operations import OPERATIONS, Ranges, Steps, done
from linnaeus.training.handed import handed

__all__ = ["augmixed"]

Floats = NDArray[np.float32]

CHAINS, LONGEST = 3, 3
IDENTITY = OPERATIONS.index("identity")
SEVEREST = 10
RANGES = Ranges(shear=0.3, shift=1 / 3, rotate_deg=30, colour=0.9, bits=4)
USED = np.array(
    [
        OPERATIONS.index(name)
        for name in (
            *("autocontrast", "equalise", "posterise", "rotate", "solarise"),
            *("shear_across", "shear_down", "shift_across", "shift_down"),
        )
    ]
)
"""The paper's nine: none of them is one of the corruptions that it is judged on."""


def augmixed(
    planes: Tensor, severity: float, seed: int, epoch: int, indices: NDArray[np.int64]
) -> Tensor:
    """`planes` (n, 3, h, w) uint8 mixed with three chains of one to three operations of `severity`.

    The chains weigh as a Dirichlet distribution of (1, 1, 1) has it, and all of them together
    against the picture as a uniform number has it: Beta of (1, 1). The mix is float32.
    """
    chance = uniforms(seed, "augmix", epoch, indices, 4 + CHAINS * (1 + 3 * LONGEST))
    weights = -np.log1p(-chance[:, :CHAINS])
    weights *= chance[:, 3:4] / weights.sum(1, keepdims=True).clip(1e-12)
    chains = np.concatenate(np.split(chance[:, 4:], CHAINS, axis=1))
    mix = planes.float().mul_(_each(1 - weights.sum(1), planes))
    chained = _chained(planes.repeat(CHAINS, 1, 1, 1), severity, chains)
    for weight, one in zip(weights.T, chained.chunk(CHAINS), strict=True):
        mix.add_(one.float().mul_(_each(weight, planes)))  # a third of what addcmul_ takes here
    return mix


def _chained(planes: Tensor, severity: float, chance: Floats) -> Tensor:
    """`planes` after each picture's chain; `chance`: its length, then three for each operation."""
    length = 1 + (chance[:, 0] * LONGEST).astype(np.int64)
    for step in range(LONGEST):
        which, level, direction = chance[:, 1 + 3 * step : 4 + 3 * step].T
        chosen = USED[(which * len(USED)).astype(np.int64)]
        strength = ((0.1 + level * max(0.0, severity - 0.1)) / SEVEREST).astype(np.float32)
        sign = np.where(direction < 0.5, -1, 1).astype(np.float32)
        steps = Steps(np.where(step < length, chosen, IDENTITY), strength, sign)
        planes = done(planes, steps, RANGES)
    return planes


def _each(values: Floats, planes: Tensor) -> Tensor:
    """A number for each picture, to be multiplied with its planes."""
    return handed(values.astype(np.float32), planes.device)[:, None, None, None]
