"""AugMix: each view is mixed from chains of operations on its picture (Hendrycks and others 2020).

Their consistency loss, which learns from three views of each picture at a time, is left out: it
triples the cost of a step.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
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
SHARES = 128  # in which weights are counted: 255 times as much is what an int16 can hold
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
    against the picture as a uniform number has it: Beta of (1, 1); rounded to 128ths.
    """
    chance = uniforms(seed, "augmix", epoch, indices, 4 + CHAINS * (1 + 3 * LONGEST))
    weights = -np.log1p(-chance[:, :CHAINS])
    weights *= chance[:, 3:4] / weights.sum(1, keepdims=True).clip(1e-12)
    chains = np.concatenate(np.split(chance[:, 4:], CHAINS, axis=1))
    chained = done(planes, _turns(chains, severity), RANGES, copies=CHAINS)
    return _mixed([planes, *chained.chunk(CHAINS)], _shares(weights))


def _turns(chance: Floats, severity: float) -> Iterator[Steps]:
    """The steps of chains, from `chance` (m, 10): their length, then three for each operation."""
    length = 1 + (chance[:, 0] * LONGEST).astype(np.int64)
    for step in range(LONGEST):
        which, level, direction = chance[:, 1 + 3 * step : 4 + 3 * step].T
        chosen = USED[(which * len(USED)).astype(np.int64)]
        strength = ((0.1 + level * max(0.0, severity - 0.1)) / SEVEREST).astype(np.float32)
        sign = np.where(direction < 0.5, -1, 1).astype(np.float32)
        yield Steps(np.where(step < length, chosen, IDENTITY), strength, sign)


def _shares(weights: Floats) -> NDArray[np.int16]:
    """(1 + chains, n): of the picture and of its chains, whose `weights` are (n, chains)."""
    reached = np.rint(SHARES * np.cumsum(weights, 1).clip(max=1))
    each = np.diff(reached, axis=1, prepend=0)
    return np.concatenate([SHARES - reached[:, -1:], each], 1).T.astype(np.int16)


def _mixed(parts: list[Tensor], shares: NDArray[np.int16]) -> Tensor:
    """The sum of all `parts` (n, 3, h, w) uint8 by their `shares`, rounded to bytes."""
    total = torch.full_like(parts[0], SHARES // 2, dtype=torch.int16)
    for part, share in zip(parts, shares, strict=True):
        total += part.to(torch.int16).mul_(handed(share, part.device)[:, None, None, None])
    return (total >> SHARES.bit_length() - 1).to(torch.uint8)
