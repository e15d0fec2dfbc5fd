"""What a network is and costs: its parameters, and the multiply-adds of one picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

__all__ = ["Counts", "count"]


class Counts(NamedTuple):
    """`parameters` that are learnt, and `multiply_adds` of one picture's way through."""

    parameters: int
    multiply_adds: int


def count(make: Callable[[], nn.Module], input_shape: tuple[int, int, int]) -> Counts:
    """Count what `make` gives, on one picture of `input_shape` (channels, height, width).

    Nothing is computed and no weights are held, so the largest network takes about a second: all
    is made on PyTorch's meta device, where tensors have a shape and no numbers. Multiply-adds are
    those of convolutions and matrix products, attention's included; what is done element by
    element is left out, as papers do.
    """
    with torch.device("meta"):
        network = make().eval()
        parameters = sum(p.numel() for p in network.parameters() if p.requires_grad)
        network.requires_grad_(False)  # the counter stumbles over some networks' gradients
        with FlopCounterMode(display=False) as counter:
            network(torch.empty(1, *input_shape))
    return Counts(parameters, counter.get_total_flops() // 2)
