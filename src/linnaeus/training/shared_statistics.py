"""Batch normalisation by the statistics of a whole batch whose parts lie in several processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

__all__ = ["SharedStatistics"]


class SharedStatistics(TorchFunctionMode):
    """A context in which every batch normalisation that learns takes the statistics of all parts.

    Whatever module it stands in, on processors and GPUs alike; `nn.SyncBatchNorm` knows GPUs only,
    and has to take the place of modules that do more than normalise. Processes must go through the
    same normalisations in the same order.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        named = kwargs or {}
        if func is F.batch_norm and (named.get("training") or (len(args) > 5 and args[5])):
            return _normalised(*args, **named)
        return func(*args, **named)


def _normalised(
    x: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """What F.batch_norm does to the whole batch, here to the part `x` (n, channels, …)."""
    values = x if x.dtype == torch.float64 else x.float()
    over = [dimension for dimension in range(x.ndim) if dimension != 1]
    shape = [1, -1, *[1] * (x.ndim - 2)]
    own = values.new_full((1,), x.numel() / x.shape[1])
    sums = _total(torch.cat([values.sum(over), own]))
    mean, count = sums[:-1] / sums[-1], sums[-1]
    centred = values - mean.view(shape)
    variance = _total(centred.square().sum(over)) / count
    if running_mean is not None and running_var is not None:
        with torch.no_grad():
            running_mean.lerp_(mean, momentum)
            running_var.lerp_(variance * count / (count - 1), momentum)
    normal = centred * torch.rsqrt(variance + eps).view(shape)
    if weight is not None:
        normal = normal * weight.view(shape)
    if bias is not None:
        normal = normal + bias.view(shape)
    result: Tensor = normal.to(x.dtype)
    return result


class _Total(torch.autograd.Function):
    """The sum over all processes. Each part counts for the losses of all, so gradients are summed.

    The mean over processes, which parallel gradients are, then makes them those of the mean loss.
    """

    @staticmethod
    def forward(ctx: Any, part: Tensor) -> Tensor:
        total = part.contiguous().clone()
        torch.distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].contiguous().clone()
        torch.distributed.all_reduce(total)
        return total


def _total(part: Tensor) -> Tensor:
    whole: Tensor = _Total.apply(part)
    return whole
