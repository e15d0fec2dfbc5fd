"""One step of a training: forwards, backwards, and every weight moved."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from linnaeus.errors import LearningError
from linnaeus.randomness import number
from linnaeus.training.adversary import attacked, moved_on, noisy, surprise
from linnaeus.training.averaging import WeightAverage
from linnaeus.training.batch_statistics import KeptStatistics
from linnaeus.training.compiled import compiled
from linnaeus.training.losses import Loss
from linnaeus.training.memory_shortage import is_of_memory
from linnaeus.training.optimiser_state import optimiser_state, restore_optimiser
from linnaeus.training.optimisers import optimisers_for, rates_on, set_learning_rate
from linnaeus.training.precision import autocast
from linnaeus.training.recorded import CannotBeRecordedError, Recorded
from linnaeus.training.schedule import learning_rate_factor
from linnaeus.training.schedule_free import ScheduleFree
from linnaeus.training.side_by_side import SideBySide
from linnaeus.training.state import State
from linnaeus.training.team import ALONE, Team
from linnaeus.training.training_score import TrainingScore
from linnaeus.training.tunable import Tunable

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
            network,
            plan.averaging,
            decay=plan.average_decay,
            start=plan.average_from,
            seen_elsewhere=plan.optimiser == "schedule-free",
        )
        self._network = network
        self._parallel = team.parallel(network)
        self._forward = compiled(network) if plan.compiled else self._parallel
        self._team = team
        self._plan = plan
        self._side_by_side: SideBySide | None = None
        if isinstance(network, Tunable) and self._may_be_parted(device):
            self._side_by_side = SideBySide(network, str(plan.precision))
        self._schedule = schedule or partial(learning_rate_factor, plan=plan)
        self._loss_of = loss
        self._measure = loss.uncounted if isinstance(loss, TrainingScore) else loss
        self._device = device
        self._optimisers = optimisers_for(network, plan, rate_factors)
        self._recorded: Recorded | None = None
        if self._can_be_recorded():
            rates_on(self._optimisers, device)
            self._recorded = Recorded()
        self.fell_back = ""
        self._reads_losses = torch.device(device).type == "cpu"
        self._statistics = KeptStatistics(network)
        self.parts = plan.accumulate
        self._scaler = torch.amp.GradScaler(
            torch.device(device).type, enabled=plan.precision == "float16"
        )

    @property
    def learning_rate(self) -> float:
        """The rate of the step before, of the first group of parameters."""
        return float(self._optimisers[0].param_groups[0]["lr"])

    def take(self, step: int, progress: float, views: Tensor, labels: Tensor) -> Tensor:
        """Learn from the batch (n, h, w, 3) uint8 of `step`, at `progress` (0 to 1) of the run.

        Returns its loss, on the device. On a processor nothing is learnt where that is no number;
        elsewhere that would let the device wait for the host. Where the memory is too small for a
        batch in `parts` parts, there are twice as many from then on.

        Raises LearningError where parts of two pictures are too large for the memory.
        """
        set_learning_rate(self._optimisers, self._schedule(progress))
        self._network.train()
        self._statistics.keep()
        if self._recorded is not None:
            loss = self._taken_at_once(step, views, labels)
            if loss is not None:
                self.average.update(progress)
                return loss
        replays = self._plan.adversary_steps if self._plan.adversary == "free" else None
        if replays is not None:
            return self._replayed(step, progress, views, labels, replays)
        loss = self._descended(step, views, labels)
        if self._reads_losses and not math.isfinite(self._team.total(loss.item())[0]):
            self._leave()
            return loss
        self._move(progress)
        return loss

    def _can_be_recorded(self) -> bool:
        """Whether steps are on a GPU, and there the same but for pictures, rates and chance."""
        plan = self._plan
        return (
            torch.device(self._device).type == "cuda"
            and self._team.size == 1
            and plan.accumulate == 1
            and plan.adversary == "none"
            and plan.precision != "float16"  # whose scaler waits for the GPU
            and plan.optimiser != "schedule-free"  # which has other weights before a step
        )

    def _may_be_parted(self, device: str) -> bool:
        """Whether parts of a batch may go through a pretrained network at the same time: of a few
        large layers, as our own have, it makes steps slower."""
        plan, alone = self._plan, self._team.size == 1 and not self._plan.compiled
        return torch.device(device).type == "cpu" and alone and plan.adversary == "none"

    def _taken_at_once(self, step: int, views: Tensor, labels: Tensor) -> Tensor | None:
        """The loss of a step that is recorded as a whole; None where that cannot be, now or from
        now on, and it is as if the step had not begun."""
        assert self._recorded is not None
        torch.manual_seed(number(self._plan.seed, "dropout", step))
        try:
            return self._recorded.do(self._descended_and_moved, views, labels)
        except CannotBeRecordedError:
            self.fell_back = "the network waits for the GPU in a step"
        except (RuntimeError, MemoryError) as error:
            if not is_of_memory(error):
                raise
            self.fell_back = "there is no memory for that"
        self._recorded = None
        self._leave()
        return None

    def _descended_and_moved(self, views: Tensor, labels: Tensor) -> Tensor:
        """Learn from a batch, all but the average of the weights; returns its loss."""
        self._network.zero_grad(set_to_none=True)
        loss = self._descent(views, labels)
        self._move_weights()
        return loss

    def _replayed(
        self, step: int, progress: float, views: Tensor, labels: Tensor, replays: int
    ) -> Tensor:
        """Learn from the same batch `replays` times, each time changed by one more step of the
        attacker, who climbs the gradient that learning needs anyway (Shafahi and others 2019).

        The change begins anew with each batch, so that a step depends on the weights alone.
        """
        assert self._plan.adversary_eps is not None
        eps_levels = 255 * self._plan.adversary_eps
        whole = views.float()
        torch.manual_seed(number(self._plan.seed, "adversary", step))
        change = torch.empty_like(whole).uniform_(-eps_levels, eps_levels)
        loss = torch.zeros(())
        for _ in range(replays):
            moved = (whole + change).clamp(0, 255).requires_grad_()
            self._statistics.keep()
            loss = self._descended(step, moved, labels)
            if self._reads_losses and not math.isfinite(self._team.total(loss.item())[0]):
                self._leave()
                return loss
            assert moved.grad is not None
            change = moved_on(change, moved.grad, eps_levels, eps_levels)
            self._move(progress)
        return loss

    def _move(self, progress: float) -> None:
        """Move every weight by the gradients that stand in the parameters, and the average."""
        self._move_weights()
        self.average.update(progress)

    def _move_weights(self) -> None:
        self._clip()
        for optimiser in self._optimisers:
            self._scaler.step(optimiser)
        self._scaler.update()

    def go_back(self, weights: Mapping[str, Tensor], rate: float) -> None:
        """Go on from `weights`, without a memory of other steps, at `rate` times the rate."""
        self._network.load_state_dict(weights)
        self.average.begin_anew()
        if self._recorded is not None:
            self._recorded.forget()
        for optimiser in self._optimisers:
            optimiser.state.clear()
            if isinstance(optimiser, ScheduleFree):
                optimiser.begin_anew()
            for group in optimiser.param_groups:
                group["peak_lr"] *= rate

    def _descended(self, step: int, views: Tensor, labels: Tensor) -> Tensor:
        """Leave in the parameters the gradients of the batch of `step`; returns its loss."""
        rank = () if self._team.leads else (self._team.rank,)
        while True:
            torch.manual_seed(number(self._plan.seed, "dropout", step, *rank))
            for optimiser in self._optimisers:
                if isinstance(optimiser, ScheduleFree):
                    optimiser.look_ahead()
            self._network.zero_grad(set_to_none=True)
            try:
                return self._descent(views, labels)
            except (RuntimeError, MemoryError) as error:
                if not is_of_memory(error) or self._team.size > 1:
                    raise
            self._use_less_memory(len(views))  # here, where nothing holds on to what was computed

    def _use_less_memory(self, pictures: int) -> None:
        self._leave()
        if pictures < 4 * self.parts:
            raise LearningError(
                f"not even {max(1, pictures // self.parts)} pictures at a time find memory on"
                f" {self._device}",
                where="training",
                mend="Take smaller pictures with --image-size, or a smaller network.",
            )
        self.parts *= 2
        if torch.device(self._device).type == "cuda":
            torch.cuda.empty_cache()

    def _leave(self) -> None:
        """Let it be as if the batch had not been looked at."""
        self._network.zero_grad(set_to_none=True)
        self._statistics.bring_back()
        for optimiser in self._optimisers:
            if isinstance(optimiser, ScheduleFree):
                optimiser.look_back()

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
        if self._recorded is not None:
            self._recorded.forget()
        if state.facts["scaler"]:
            self._scaler.load_state_dict(state.facts["scaler"])

    def _descent(self, views: Tensor, labels: Tensor) -> Tensor:
        """Leave in the parameters the gradients of the mean loss of the batch; returns that loss.

        The batch goes through in `parts` parts, so only a part's activations are in memory.
        """
        parts = self.parts
        losses: list[Tensor] = []
        for some, truth in zip(views.tensor_split(parts), labels.tensor_split(parts), strict=True):
            last = len(losses) == parts - 1
            with nullcontext() if last else self._team.quietly(self._parallel):
                loss = self._loss_against(some, truth) * (len(some) / len(views))
                self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
            losses.append(loss.detach())
        return torch.stack(losses).sum()

    def _clip(self) -> None:
        if self._plan.clip_norm is not None:
            for optimiser in self._optimisers:
                self._scaler.unscale_(optimiser)
            torch.nn.utils.clip_grad_norm_(self._network.parameters(), self._plan.clip_norm)

    def _loss_against(self, views: Tensor, labels: Tensor) -> Tensor:
        """The loss of `views` as the plan's adversary changes them."""
        plan = self._plan
        if plan.adversary == "noise":
            assert plan.adversary_eps is not None
            return self._loss(noisy(views, 255 * plan.adversary_eps), labels)
        if plan.adversary not in ("pgd", "trades"):
            return self._loss(views, labels)
        expected = self._answer_apart(views).detach() if plan.adversary == "trades" else None

        def measure(logits: Tensor) -> Tensor:
            if expected is None:
                return self._measure(logits, labels)
            return surprise(logits, expected)

        assert plan.adversary_eps is not None
        assert plan.adversary_steps is not None
        changed = attacked(
            self._answer_apart,
            views,
            measure,
            eps_levels=255 * plan.adversary_eps,
            steps=plan.adversary_steps,
        )
        self._network.train()
        if plan.adversary == "pgd":
            return self._loss(changed, labels)
        assert plan.trades_beta is not None
        clean = self._logits(views)
        moved = surprise(self._logits(changed), clean)
        return self._loss_of(clean, labels) + plan.trades_beta * moved

    def _answer_apart(self, pictures: Tensor) -> Tensor:
        """What an attacker is answered: pictures one by one, and nothing is learnt from them."""
        self._network.eval()
        with autocast(str(self._plan.precision), self._device):
            logits: Tensor = self._network(pictures)
        return logits.float()

    def _logits(self, views: Tensor) -> Tensor:
        if self._side_by_side is not None:
            return self._side_by_side(views).float()
        with self._team.shared_statistics(), autocast(str(self._plan.precision), self._device):
            logits: Tensor = self._forward(views)
        return logits.float()

    def _loss(self, views: Tensor, labels: Tensor) -> Tensor:
        return self._loss_of(self._logits(views), labels)
