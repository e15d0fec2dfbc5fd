"""Views: from a batch of pictures to what training sees of them in an epoch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linnaeus.randomness import uniforms
from linnaeus.training.augmentation.augmix import augmixed
from linnaeus.training.augmentation.blur import blurred
from linnaeus.training.augmentation.colour import Tint, tinted
from linnaeus.training.augmentation.cutout import hidden
from linnaeus.training.augmentation.gather import gathered
from linnaeus.training.augmentation.geometric import sampled
from linnaeus.training.augmentation.mixing import mixed
from linnaeus.training.augmentation.noise import noisy
from linnaeus.training.augmentation.placement import Placement
from linnaeus.training.augmentation.plan import AugmentPlan
from linnaeus.training.augmentation.planes import levels_of, pixels_of, planes_of
from linnaeus.training.augmentation.randaugment import randaugmented
from linnaeus.training.augmentation.trivialaugment import trivially_augmented

__all__ = ["Views"]

Indices = NDArray[np.int64]

CHUNK_PX = 1 << 19  # pictures worked on at a time, so that their planes (6 MB) stay in the caches


@dataclass(frozen=True)
class Views:
    """Random views of (n, h, w, 3) uint8 pictures, of the same size, on the pictures' device.

    What is drawn for a picture is a function of (seed, epoch, its index), whatever the batch. A
    `plan.mirror` of None mirrors nothing: nobody said what the classes are.
    """

    plan: AugmentPlan
    seed: int

    def __call__(self, pixels: Tensor, epoch: int, indices: Indices) -> Tensor:
        """The views, in `epoch`, of the pictures at `indices` (n,), whose `pixels` are given.

        `pixels` and what is returned: (n, h, w, 3) uint8. Mixing is left to `batch`.
        """
        count, height, width, _ = pixels.shape
        size = max(1, CHUNK_PX // (height * width))
        if count <= size:
            return self._views(pixels, epoch, indices)
        parts = [
            self._views(pixels[start : start + size], epoch, indices[start : start + size])
            for start in range(0, count, size)
        ]
        return torch.cat(parts)

    def batch(
        self, pixels: Tensor, labels: Tensor, classes: int, epoch: int, step: int, indices: Indices
    ) -> tuple[Tensor, Tensor]:
        """Views, and what they are to be taken for: `labels` as they are given, or, where views are
        mixed, the share of each class (n, classes) float32. `step` counts batches of the run.
        Where several processes share a batch, each mixes its own part."""
        views = self(pixels, epoch, indices)
        if not self.mixes:
            return views, labels
        numbers = {"seed": self.seed, "epoch": epoch, "step": step}
        return mixed(views, labels, classes, self.plan, indices=indices, **numbers)

    @property
    def mixes(self) -> bool:
        """Whether views are mixed with others of their batch, and so need soft targets."""
        return bool(self.plan.mixup or self.plan.cutmix)

    def _views(self, pixels: Tensor, epoch: int, indices: Indices) -> Tensor:
        placement = Placement.drawn(self.plan, self.seed, epoch, indices)
        if placement.upright:
            pixels = gathered(pixels, placement)
        if self._in_planes():
            pixels = pixels_of(self._planes(planes_of(pixels), placement, epoch, indices))
        if self.plan.cutout:
            pixels = hidden(pixels, self._chances("cutout", epoch, indices, 2), self.plan.cutout)
        return pixels

    def _in_planes(self) -> bool:
        """Whether anything is asked for that is computed on planes."""
        plan = self.plan
        turned = plan.rotate_deg or plan.shear_deg
        drawn = plan.randaugment or plan.trivialaugment or plan.augmix
        return bool(turned or drawn) or self._develops()

    def _develops(self) -> bool:
        """Whether colours, focus or noise are asked for."""
        plan = self.plan
        coloured = plan.brightness or plan.contrast or plan.saturation or plan.hue
        return bool(coloured or plan.blur or plan.noise)

    def _planes(self, planes: Tensor, placement: Placement, epoch: int, indices: Indices) -> Tensor:
        """Planes (n, 3, h, w) of `planes` uint8, in the order in which a camera does it: places,
        colours, faults."""
        height, width = planes.shape[2:]
        if not placement.upright:
            planes = sampled(planes.float(), placement.matrices(height, width))
        planes = self._with_operations(planes, epoch, indices)
        return self._developed(planes.float(), epoch, indices) if self._develops() else planes

    def _with_operations(self, planes: Tensor, epoch: int, indices: Indices) -> Tensor:
        """`planes` after the operations of a published policy, which are done to bytes."""
        plan, numbers = self.plan, (self.seed, epoch, indices)
        if plan.randaugment:
            operations, strength = plan.randaugment
            planes = randaugmented(levels_of(planes), operations, strength, *numbers)
        if plan.trivialaugment:
            planes = trivially_augmented(levels_of(planes), *numbers)
        if plan.augmix:
            planes = augmixed(levels_of(planes), plan.augmix, *numbers)
        return planes

    def _developed(self, planes: Tensor, epoch: int, indices: Indices) -> Tensor:
        """`planes` float32 of another colour, out of focus and with noise."""
        plan, numbers = self.plan, (self.seed, epoch, indices)
        height, width = planes.shape[2:]
        if plan.brightness or plan.contrast or plan.saturation or plan.hue:
            planes = tinted(planes, Tint.drawn(plan, *numbers)).clamp_(0, 255)
        if plan.blur:
            most_px = plan.blur * min(height, width)
            chance = self._chances("blur", epoch, indices, 1)[:, 0]
            planes = blurred(planes, np.float32(most_px) * chance, most_px)
        if plan.noise:
            strength, window = self._chances("noise", epoch, indices, 2).T
            planes = noisy(planes, np.float32(255 * plan.noise) * strength, window, self.seed)
        return planes

    def _chances(
        self, purpose: str, epoch: int, indices: Indices, draws: int
    ) -> NDArray[np.float32]:
        return uniforms(self.seed, purpose, epoch, indices, draws)
