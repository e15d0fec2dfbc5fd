"""The batches of a training in their order: which pictures a step sees, and how they look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from linnaeus.data.pixels import PixelRows
from linnaeus.training.augmentation.views import Views
from linnaeus.training.epoch_order import EpochOrder
from linnaeus.training.handed import handed
from linnaeus.training.resident import resident
from linnaeus.training.team import ALONE, Team

if TYPE_CHECKING:
    from linnaeus.training.plan import TrainingPlan

__all__ = ["Batches", "batches_for"]

Labels = NDArray[np.int64]


class Batches:
    """Batches of `size` of the pictures `pixels` with their `labels` (n,) int64, for `device`.

    Where a picture may have several labels, `labels` are (n, classes) float32.

    Each epoch has its `order`. Pictures that fill no batch wait for other epochs. What a step sees
    depends on nothing but the seed and the number of the step. Of a `team`, every process has its
    share of each batch, all as large.

    `held`: all of the pictures on the device, where views are then made. `classes`: how many there
    are; to be set where views are mixed.
    """

    def __init__(
        self,
        pixels: PixelRows,
        labels: Labels | NDArray[np.float32],
        views: Views,
        order: EpochOrder,
        *,
        size: int,
        device: str,
        team: Team = ALONE,
        held: Tensor | None = None,
    ) -> None:
        count, self.height_px, self.width_px, _ = pixels.shape
        self.count = count
        self.size = size
        self.epoch_steps = count // size
        self._pixels = pixels
        self._held = held
        self._labels = torch.from_numpy(labels)
        if held is not None:
            self._labels = self._labels.to(held.device)
        self._views = views
        self.classes = 0
        self._order = order
        self._device = device
        self._team = team

    def at(self, step: int) -> tuple[Tensor, Tensor]:
        """This process's views (k, h, w, 3) uint8 of `step` and their targets, as `Views.batch` has
        them: labels, or shares (k, classes) float32 of views that are mixed."""
        return self._part(step, self._team.share(self.size))

    def whole(self, step: int) -> tuple[Tensor, Tensor]:
        """All views and targets of `step`, those of other processes too."""
        return self._part(step, slice(self.size))

    def places(self, step: int) -> Labels:
        """Which of the pictures `step` shows, those of other processes too."""
        return self._numbers(*divmod(step, self.epoch_steps)) % self.count

    def _part(self, step: int, part: slice) -> tuple[Tensor, Tensor]:
        epoch, place = divmod(step, self.epoch_steps)
        numbers, after = (self._numbers(epoch, place + ahead)[part] for ahead in (0, 1))
        indices = numbers % self.count
        pixels = self._taken(indices)
        if place + 1 < self.epoch_steps and self._held is None:
            self._pixels.expect(after % self.count)
        labels = self._labels.index_select(0, handed(indices, self._labels.device))
        views, targets = self._views.batch(pixels, labels, self.classes, epoch, step, numbers)
        return views.to(self._device), targets.to(self._device)

    def _taken(self, indices: Labels) -> Tensor:
        """The pictures at `indices`, where their views are to be made."""
        if self._held is None:
            return torch.from_numpy(self._pixels.take(indices))
        return self._held.index_select(0, handed(indices, self._held.device))

    def _numbers(self, epoch: int, place: int) -> Labels:
        """Which views make the batch at `place` of `epoch`, as `EpochOrder` numbers them."""
        return self._order.of(epoch)[place * self.size :][: self.size]


def batches_for(
    network: nn.Module,
    pixels: PixelRows,
    labels: Labels | NDArray[np.float32],
    plan: TrainingPlan,
    *,
    device: str,
    team: Team = ALONE,
) -> Batches:
    """The batches of `pixels` with `labels` (n,) that the resolved `plan` shows to `network`."""
    views = Views(plan.augment, plan.seed)
    batches = Batches(
        pixels,
        labels,
        views,
        EpochOrder(plan.seed, labels, balanced=plan.balanced_sampling),
        size=plan.batch_size_for(pixels.shape[0]),
        device=device,
        team=team,
        held=resident(pixels, device),
    )
    if views.mixes:
        batches.classes = _classes_of(network, pixels, device)
    return batches


@torch.no_grad()
def _classes_of(network: nn.Module, pixels: PixelRows, device: str) -> int:
    """How many classes `network` tells apart, by its answer to one picture."""
    picture = torch.from_numpy(pixels.take(np.zeros(1, np.int64)))
    return int(network.eval()(picture.to(device)).shape[1])
