"""One step of a training: forwards, backwards, and every weight moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from linnaeus.randomness import number
from linnaeus.training.averaging import WeightAverage
from linnaeus.training.optimisers import optimisers_for, set_learning_rate
from linnaeus.training.precision import autocast

if TYPE_CHECKING:
    from linnaeus.training.plan import TrainingPlan

__all__ = ["Step"]


class Step:
    """Takes the steps of a training of `network` by `plan`, and averages the weights they give."""

    def __init__(self, network: nn.Module, plan: TrainingPlan, device: str) -> None:
        self.average = WeightAverage(network, plan.average_decay)
        self._network = network
        self._plan = plan
        self._device = device
        self._optimisers = optimisers_for(network, plan)

    @property
    def learning_rate(self) -> float:
        """The rate of the step before, of the first group of parameters."""
        rate: float = self._optimisers[0].param_groups[0]["lr"]
        return rate

    def take(self, step: int, factor: float, views: Tensor, labels: Tensor) -> Tensor:
        """Learn from the batch (n, h, w, 3) uint8 of `step` at `factor` times the peak rates.

        Returns its loss, on the device.
        """
        set_learning_rate(self._optimisers, factor)
        torch.manual_seed(number(self._plan.seed, "dropout", step))
        self._network.train()
        loss = self._loss(views, labels)
        self._network.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        for optimiser in self._optimisers:
            optimiser.step()
        self.average.update()
        return loss.detach()

    def _loss(self, views: Tensor, labels: Tensor) -> Tensor:
        with autocast(str(self._plan.precision), self._device):
            logits = self._network(views)
        return F.cross_entropy(logits.float(), labels, label_smoothing=self._plan.label_smoothing)
