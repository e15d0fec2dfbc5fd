"""Schedule-free AdamW: the weights it is judged by are an average, so no rate has to fall."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

__all__ = ["ScheduleFree"]

SECOND_MOMENT = 0.999
LEAST_LENGTH = 1e-8


RECORD: dict[str, Any] = {"steps": 0, "largest_lr": 0.0, "weight_sum": 0.0}
"""What a group remembers, as it is at first."""


class ScheduleFree(torch.optim.Optimizer):
    """AdamW without a schedule (Defazio and others 2024), as its authors' package computes it.

    Between steps the parameters are the average x of the fast weights z. Gradients are wanted at
    y = (1 - momentum) z + momentum x: call `look_ahead` before each is computed, and `step` after.
    A step weighs in the average with the square of the largest rate so far, as in a warm-up.
    Decay is taken at y.
    """

    def __init__(
        self, params: Iterable[Tensor] | Iterable[dict[str, Any]], *, lr: float, momentum: float
    ) -> None:
        defaults = {"lr": lr, "momentum": momentum, "weight_decay": 0.0}
        super().__init__(params, defaults | RECORD)

    @torch.no_grad()
    def look_ahead(self) -> None:
        """Bring the parameters from x to y."""
        for group in self.param_groups:
            for weight in group["params"]:
                state = self.state[weight]
                if not state:
                    state["z"], state["x"] = weight.clone(), weight.clone()
                    state["square"] = torch.zeros_like(weight)
                weight.copy_(torch.lerp(state["z"], state["x"], group["momentum"]))

    @torch.no_grad()
    def look_back(self) -> None:
        """Bring the parameters from y back to x, where no step is taken."""
        for group in self.param_groups:
            for weight in group["params"]:
                weight.copy_(self.state[weight]["x"])

    def begin_anew(self) -> None:
        """Forget all weights and steps so far."""
        self.state.clear()
        for group in self.param_groups:
            group.update(RECORD)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Take one step down the gradients at y, and leave the parameters at the new x."""
        for group in self.param_groups:
            group["steps"] += 1
            group["largest_lr"] = max(group["largest_lr"], group["lr"])
            group["weight_sum"] += group["largest_lr"] ** 2
            for weight in group["params"]:
                self._move(weight, group)

    def _move(self, weight: Tensor, group: dict[str, Any]) -> None:
        state = self.state[weight]
        if weight.grad is not None:
            unbiased = 1.0 - SECOND_MOMENT ** group["steps"]
            state["square"].lerp_(weight.grad.square(), 1.0 - SECOND_MOMENT)
            length = (state["square"] / unbiased).sqrt_().add_(LEAST_LENGTH)
            direction = weight.grad / length + group["weight_decay"] * weight
            state["z"].sub_(direction, alpha=group["lr"])
            if group["weight_sum"] > 0:  # at a rate of nothing there is nothing to average
                state["x"].lerp_(state["z"], group["largest_lr"] ** 2 / group["weight_sum"])
        weight.copy_(state["x"])
