"""What an optimiser remembers between steps, as a `State`, and back to the same bits."""

from __future__ import annotations

import torch
from torch import Tensor

from linnaeus.training.state import BELOW, State

__all__ = ["optimiser_state", "restore_optimiser"]


def optimiser_state(optimiser: torch.optim.Optimizer) -> State:
    """The numbers of each group of `optimiser`, and the tensors that it keeps for each parameter.

    They are those that the next step changes.
    """
    groups, tensors = [], dict[str, Tensor]()
    for place, group in enumerate(optimiser.param_groups):
        numbers = {k: v.item() if isinstance(v, Tensor) else v for k, v in group.items()}
        groups.append({k: value for k, value in numbers.items() if type(value) in (int, float)})
        for number, parameter in enumerate(group["params"]):
            for name, value in optimiser.state.get(parameter, {}).items():
                tensors[BELOW.join((str(place), str(number), name))] = value
    return State({"groups": groups}, tensors)


def restore_optimiser(optimiser: torch.optim.Optimizer, state: State) -> None:
    """Let `optimiser`, made for the same parameters, go on where the one of `state` stood."""
    optimiser.state.clear()
    for group, numbers in zip(optimiser.param_groups, state.facts["groups"], strict=True):
        for name, value in numbers.items():
            if isinstance(group.get(name), Tensor):
                group[name].fill_(value)
            else:
                group[name] = value
    for key, tensor in state.tensors.items():
        place, number, name = key.split(BELOW)
        group = optimiser.param_groups[int(place)]
        parameter = group["params"][int(number)]
        laid_out = _laid_out_like(parameter, tensor)
        counts_there = group.get("capturable")
        optimiser.state[parameter][name] = (
            laid_out.to(parameter.device) if counts_there else laid_out
        )


def _laid_out_like(parameter: Tensor, tensor: Tensor) -> Tensor:
    """`tensor` as it lay in memory: sums over it are taken in that order.

    Counts of steps are no tensors of the parameter's shape, and stay where they are.
    """
    if tensor.shape != parameter.shape:
        return tensor.clone()
    return torch.empty_like(parameter.detach(), dtype=tensor.dtype).copy_(tensor)
