"""The 14 operations that RandAugment, TrivialAugment and AugMix draw from, on whole batches.

Pictures are put in the order of their operations, so that each kind of operation is one call on
neighbours, however many pictures there are. Between operations pictures are bytes, as in the
papers: those are moved ten times as fast as numbers are written to the places of a list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from linnaeus.training.augmentation.colour import Tint, tinted
from linnaeus.training.augmentation.geometric import sampled
from linnaeus.training.augmentation.planes import levels_of
from linnaeus.training.augmentation.sliding import sheared_across, sheared_down, shifted
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

OPERATIONS = (
    "identity", "shear_across", "shear_down", "shift_across", "shift_down", "rotate", "brightness",
    "saturation", "contrast", "sharpness", "posterise", "solarise", "autocontrast", "equalise",
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

    def at(self, rows: NDArray[np.int64] | slice) -> Steps:
        """The steps of some of the pictures."""
        return Steps(self.which[rows], self.level[rows], self.sign[rows])


def done(planes: Tensor, turns: Iterable[Steps], ranges: Ranges, copies: int = 1) -> Tensor:
    """(m, 3, h, w): so many `copies` of all `planes` (n, 3, h, w) uint8, one after another, after
    the operations of all `turns`, which have a step for each of the m."""
    place = np.tile(np.arange(len(planes)), copies)
    for steps in turns:
        order = np.argsort(KINDS[steps.which], kind="stable")
        planes = planes.index_select(0, handed(place[order], planes.device))
        _do(planes, steps.at(order), ranges)
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
    return planes.index_select(0, handed(place, planes.device))


def _do(planes: Tensor, steps: Steps, ranges: Ranges) -> None:
    """The `steps`, which are in the order of their calls, in `planes` themselves."""
    bounds = np.searchsorted(KINDS[steps.which], np.arange(len(KERNELS) + 1))
    for (_, act), start, end in zip(KERNELS, bounds[:-1], bounds[1:], strict=True):
        if start < end:
            planes[start:end] = act(planes[start:end], steps.at(slice(start, end)), ranges)


def _shift(planes: Tensor, steps: Steps, ranges: Ranges) -> Tensor:
    height, width = planes.shape[2:]
    moved = steps.level * steps.sign * np.float32(ranges.shift)
    down = steps.which == OPERATIONS.index("shift_down")
    return shifted(planes, np.rint(moved * height) * down, np.rint(moved * width) * ~down)


def _shear_across(planes: Tensor, steps: Steps, ranges: Ranges) -> Tensor:
    return sheared_across(planes, _tangent(steps, ranges))


def _shear_down(planes: Tensor, steps: Steps, ranges: Ranges) -> Tensor:
    return sheared_down(planes, _tangent(steps, ranges))


def _tangent(steps: Steps, ranges: Ranges) -> Floats:
    return steps.level * steps.sign * np.float32(ranges.shear)


def _rotate(planes: Tensor, steps: Steps, ranges: Ranges) -> Tensor:
    turn = steps.level * steps.sign * np.float32(np.deg2rad(ranges.rotate_deg))
    cosine, sine, still = np.cos(turn), np.sin(turn), np.zeros_like(turn)
    rows = [(cosine, -sine, still), (sine, cosine, still)]
    return levels_of(sampled(planes.float(), np.moveaxis(np.array(rows, np.float32), -1, 0)))


def _tint(planes: Tensor, steps: Steps, ranges: Ranges) -> Tensor:
    factor = _factor(steps, ranges)
    same = np.ones_like(factor)

    def of(name: str) -> Floats:
        return np.where(steps.which == OPERATIONS.index(name), factor, same)

    tint = Tint(of("brightness"), of("contrast"), of("saturation"), np.zeros_like(factor))
    return levels_of(tinted(planes.float(), tint))


def _sharpen(planes: Tensor, steps: Steps, ranges: Ranges) -> Tensor:
    return sharpened(planes, _factor(steps, ranges))


def _posterise(planes: Tensor, steps: Steps, ranges: Ranges) -> Tensor:
    return posterised(planes, 8 - np.rint(steps.level * (8 - ranges.bits)).astype(np.int64))


def _solarise(planes: Tensor, steps: Steps, _: Ranges) -> Tensor:
    return solarised(planes, 256 * (1 - steps.level))


def _factor(steps: Steps, ranges: Ranges) -> Floats:
    return (1 + steps.level * steps.sign * np.float32(ranges.colour)).astype(np.float32)


KERNELS: tuple[tuple[tuple[str, ...], Callable[[Tensor, Steps, Ranges], Tensor]], ...] = (
    (("shift_across", "shift_down"), _shift),
    (("shear_across",), _shear_across),
    (("shear_down",), _shear_down),
    (("rotate",), _rotate),
    (("brightness", "saturation", "contrast"), _tint),
    (("sharpness",), _sharpen),
    (("posterise",), _posterise),
    (("solarise",), _solarise),
    (("autocontrast",), lambda planes, steps, ranges: stretched(planes)),
    (("equalise",), lambda planes, steps, ranges: equalised(planes)),
)
"""Which operations are done by one call; identity needs none."""

KINDS = np.array(
    [
        next((place for place, (names, _) in enumerate(KERNELS) if name in names), len(KERNELS))
        for name in OPERATIONS
    ],
    np.uint8,  # of which NumPy sorts many at a time
)
"""The place of each operation's call in `KERNELS`; after the last where it needs none."""
