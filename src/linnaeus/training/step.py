"""One step of a training: forwards, backwards, and every weight moved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from linnaeus.randomness import number
from linnaeus.training.averaging import WeightAverage
from linnaeus.training.compiled import compiled
from linnaeus.training.losses import Loss
from linnaeus.training.optimiser_state import optimiser_state, restore_optimiser
from linnaeus.training.optimisers import optimisers_for, set_learning_rate
from linnaeus.training.precision import autocast
from linnaeus.training.schedule import learning_rate_factor
from linnaeus.training.schedule_free import ScheduleFree
from linnaeus.training.state import State
from linnaeus.training.team import ALONE, Team

if TYPE_CHECKING:
    from linnaeus.training.plan import TrainingPlan

__all__ = ["Step"]


class Step:
    """Takes the steps of a training of `network` by `plan`, and averages the weights they give.

    `rate_factors`: what a parameter, by its name, learns at, as a share of the plan's rate. In a
    `team` every process takes each step with its share of the batch, and all have its gradient.
    `schedule`: from progress to the share of the peak rates, in place of the plan's.
    """

    def __init__(
        self,
        network: nn.Module,
        plan: TrainingPlan,
        loss: Loss,
        device: str,
        rate_factors: Mapping[str, float] | None = None,
        team: Team = ALONE,
        schedule: Callable[[float], float] | None = None,
    ) -> None:
        self.average = WeightAverage(
            network, plan.averaging, decay=plan.average_decay, start=plan.average_from
        )
        self._network = network
        self._parallel = team.parallel(network)
        self._forward = compiled(network, device) if plan.compiled else self._parallel
        self._team = team
        self._plan = plan
        self._schedule = schedule or partial(learning_rate_factor, plan=plan)
        self._loss_of = loss
        self._device = device
        self._optimisers = optimisers_for(network, plan, rate_factors)
        self._scaler = torch.amp.GradScaler(
            torch.device(device).type, enabled=plan.precision == "float16"
        )

    @property
    def learning_rate(self) -> float:
        """The rate of the step before, of the first group of parameters."""
        rate: float = self._optimisers[0].param_groups[0]["lr"]
        return rate

    def take(self, step: int, progress: float, views: Tensor, labels: Tensor) -> Tensor:
        """Learn from the batch (n, h, w, 3) uint8 of `step`, at `progress` (0 to 1) of the run.

        Returns its loss, on the device.
        """
        set_learning_rate(self._optimisers, self._schedule(progress))
        rank = () if self._team.leads else (self._team.rank,)
        torch.manual_seed(number(self._plan.seed, "dropout", step, *rank))
        self._network.train()
        for optimiser in self._optimisers:
            if isinstance(optimiser, ScheduleFree):
                optimiser.look_ahead()
        self._network.zero_grad(set_to_none=True)
        loss = self._descent(views, labels)
        self._clip()
        for optimiser in self._optimisers:
            self._scaler.step(optimiser)
        self._scaler.update()
        self.average.update(progress)
        return loss

    def state(self) -> State:
        """All that the next step depends on; the tensors are those that it changes."""
        state = State({"scaler": self._scaler.state_dict()})
        state.add("network", State(tensors=self._network.state_dict()))
        state.add("average", self.average.whole_state())
        for place, optimiser in enumerate(self._optimisers):
            state.add(f"optimiser {place}", optimiser_state(optimiser))
        return state

    def restore(self, state: State) -> None:
        """Go on where the steps of `state` stood, those of the same network by the same plan."""
        self._network.load_state_dict(state.of("network").tensors)
        self.average.restore(state.of("average"))
        for place, optimiser in enumerate(self._optimisers):
            restore_optimiser(optimiser, state.of(f"optimiser {place}"))
        if state.facts["scaler"]:
            self._scaler.load_state_dict(state.facts["scaler"])

    def _descent(self, views: Tensor, labels: Tensor) -> Tensor:
        """Leave in the parameters the gradients of the mean loss of the batch; returns that loss.

        The batch goes through in `accumulate` parts, so only a part's activations are in memory.
        """
        parts = self._plan.accumulate
        losses: list[Tensor] = []
        for some, truth in zip(views.tensor_split(parts), labels.tensor_split(parts), strict=True):
            last = len(losses) == parts - 1
            with nullcontext() if last else self._team.quietly(self._parallel):
                loss = self._loss(some, truth) * (len(some) / len(views))
                self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
            losses.append(loss.detach())
        return torch.stack(losses).sum()

    def _clip(self) -> None:
        if self._plan.clip_norm is not None:
            for optimiser in self._optimisers:
                self._scaler.unscale_(optimiser)
            torch.nn.utils.clip_grad_norm_(self._network.parameters(), self._plan.clip_norm)

    def _loss(self, views: Tensor, labels: Tensor) -> Tensor:
        with self._team.shared_statistics(), autocast(str(self._plan.precision), self._device):
            logits = self._forward(views)
        return self._loss_of(logits.float(), labels)
