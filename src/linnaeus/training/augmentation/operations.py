"""The 14 operations that RandAugment, TrivialAugment and AugMix draw from, on whole batches.

Pictures are grouped by operation, so that there are at most as many calls as kinds of operation,
however many pictures there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from linnaeus.training.augmentation.colour import Tint, tinted
from linnaeus.training.augmentation.geometric import sampled
from linnaeus.training.augmentation.tones import (
    equalised,
    posterised,
    sharpened,
    solarised,
    stretched,
)
from linnaeus.training.handed import handed

__all__ = ["OPERATIONS", "Ranges", "Steps", "done"]

Floats = NDArray[np.float32]

MOVES = ("shear_across", "shear_down", "shift_across", "shift_down", "rotate")
TINTS = ("brightness", "saturation", "contrast")
OPERATIONS = (
    "identity", *MOVES, *TINTS, "sharpness", "posterise", "solarise", "autocontrast", "equalise",
)  # fmt: skip


@dataclass(frozen=True)
class Ranges:
    """What a level of 1 means. `shear`: a tangent; `shift`: a share of a side; `colour`: how far a
    factor of brightness, saturation, contrast or sharpness is from 1; `bits`: how few are left."""

    shear: float
    shift: float
    rotate_deg: float
    colour: float
    bits: int


@dataclass(frozen=True)
class Steps:
    """An operation for each of n pictures: its place in `OPERATIONS`, its level in [0, 1], and its
    sign, 1 or -1, where it has two directions; all (n,)."""

    which: NDArray[np.int64]
    level: Floats
    sign: Floats

    def at(self, rows: NDArray[np.int64]) -> Steps:
        """The steps of some of the pictures."""
        return Steps(self.which[rows], self.level[rows], self.sign[rows])


def done(planes: Tensor, steps: Steps, ranges: Ranges) -> Tensor:
    """`planes` (n, 3, h, w) after each picture's operation, cut off at black and white."""
    out = planes.clone()
    for names, act in KERNELS:
        rows = np.flatnonzero(np.isin(steps.which, [OPERATIONS.index(name) for name in names]))
        if len(rows):
            places = handed(rows, planes.device)
            made = act(planes.index_select(0, places), steps.at(rows), ranges)
            out.index_copy_(0, places, made.clamp_(0, 255))
    return out


def _move(planes: Tensor, steps: Steps, ranges: Ranges) -> Tensor:
    height, width = planes.shape[2:]
    amount = steps.level * steps.sign

    def of(name: str, most: float) -> Floats:
        return np.where(steps.which == OPERATIONS.index(name), amount * most, 0)

    turn = of("rotate", np.deg2rad(ranges.rotate_deg))
    across = (np.cos(turn), of("shear_across", ranges.shear) - np.sin(turn))
    down = (of("shear_down", ranges.shear) + np.sin(turn), np.cos(turn))
    moved_across = np.rint(of("shift_across", ranges.shift * width))
    moved_down = np.rint(of("shift_down", ranges.shift * height))
    rows = [(*across, moved_across), (*down, moved_down)]
    return sampled(planes, np.moveaxis(np.array(rows, np.float32), -1, 0))


def _tint(planes: Tensor, steps: Steps, ranges: Ranges) -> Tensor:
    factor = _factor(steps, ranges)
    same = np.ones_like(factor)

    def of(name: str) -> Floats:
        return np.where(steps.which == OPERATIONS.index(name), factor, same)

    none = np.zeros_like(factor)
    return tinted(planes, Tint(of("brightness"), of("contrast"), of("saturation"), none))


def _sharpen(planes: Tensor, steps: Steps, ranges: Ranges) -> Tensor:
    return sharpened(planes, handed(_factor(steps, ranges), planes.device))


def _posterise(planes: Tensor, steps: Steps, ranges: Ranges) -> Tensor:
    bits = 8 - np.rint(steps.level * (8 - ranges.bits)).astype(np.float32)
    return posterised(planes, handed(bits, planes.device))


def _solarise(planes: Tensor, steps: Steps, _: Ranges) -> Tensor:
    threshold = (256 * (1 - steps.level)).astype(np.float32)
    return solarised(planes, handed(threshold, planes.device))


def _factor(steps: Steps, ranges: Ranges) -> Floats:
    return (1 + steps.level * steps.sign * np.float32(ranges.colour)).astype(np.float32)


KERNELS: tuple[tuple[tuple[str, ...], Callable[[Tensor, Steps, Ranges], Tensor]], ...] = (
    (MOVES, _move),
    (TINTS, _tint),
    (("sharpness",), _sharpen),
    (("posterise",), _posterise),
    (("solarise",), _solarise),
    (("autocontrast",), lambda planes, steps, ranges: stretched(planes)),
    (("equalise",), lambda planes, steps, ranges: equalised(planes)),
)
"""Which operations are done by one call; identity needs none."""
