"""Placement: where each view looks at its picture, drawn for every picture on its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnaeus.randomness import uniforms
from linnaeus.training.augmentation.plan import AugmentPlan

__all__ = ["Placement"]

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Placement:
    """How n views lie over their pictures.

    `scale`, `shift`: (n, 2), down and across; a view shows `scale` times as much of its picture,
    and its middle lies `shift` of a side beside the picture's. `mirrored`, `flipped`: (n,) bool.
    `turn_rad`, `slant`: (n,); a slant of 1 moves a row sideways by its distance from the middle.
    """

    scale: Floats
    shift: Floats
    mirrored: NDArray[np.bool_]
    flipped: NDArray[np.bool_]
    turn_rad: Floats
    slant: Floats

    @classmethod
    def drawn(
        cls, plan: AugmentPlan, seed: int, epoch: int, indices: NDArray[np.int64]
    ) -> Placement:
        """The placement, in `epoch`, of the views of the pictures at `indices` (n,)."""
        chance = uniforms(seed, "augment", epoch, indices, 5)  # the fifth was the mirror's
        signed = 2 * chance - 1
        turned = uniforms(seed, "turn", epoch, indices, 3)
        return cls(
            scale=np.exp(np.float32(np.log1p(plan.zoom)) * signed[:, :2]),
            shift=np.float32(plan.shift) * signed[:, 2:4],
            mirrored=_every_other(seed, epoch, indices) & bool(plan.mirror),
            flipped=(turned[:, 0] < 0.5) & plan.flip,
            turn_rad=np.float32(np.deg2rad(plan.rotate_deg)) * (2 * turned[:, 1] - 1),
            slant=np.tan(np.float32(np.deg2rad(plan.shear_deg)) * (2 * turned[:, 2] - 1)),
        )

    @property
    def upright(self) -> bool:
        """Whether rows stay rows and columns columns."""
        return not (self.turn_rad.any() or self.slant.any())

    def matrices(self, height_px: int, width_px: int) -> Floats:
        """(n, 2, 3): from a view's (across, down, 1), in px from its middle, to its picture's."""
        across = np.where(self.mirrored, -1, 1)
        down = np.where(self.flipped, -1, 1)
        cosine, sine = np.cos(self.turn_rad), np.sin(self.turn_rad)
        high, wide = self.scale.T
        moved = np.rint(self.shift * (height_px, width_px))
        rows = [
            (wide * cosine * across, wide * (cosine * self.slant - sine) * down, moved[:, 1]),
            (high * sine * across, high * (sine * self.slant + cosine) * down, moved[:, 0]),
        ]
        return np.moveaxis(np.array(rows, np.float32), -1, 0)


def _every_other(seed: int, epoch: int, indices: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(n,) whether each is mirrored: by luck in the first pass, and from then on in every other.

    A picture is so seen both ways as soon as can be, which is worth up to a quarter of the passes
    over CIFAR-10 (Jordan 2024).
    """
    first = uniforms(seed, "mirror", 0, indices, 1)[:, 0] < 0.5
    return first ^ bool(epoch % 2)
