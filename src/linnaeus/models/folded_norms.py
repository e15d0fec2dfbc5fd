"""Convolutions that do the work of the frozen batch normalisations behind them, while these learn.

With its statistics frozen, a batch normalisation multiplies each channel by a number and adds
another. Both can as well be done to the weights of the convolution before it, which are few, in
place of its maps, which are large: the same function with the same gradients, but for rounding, of
the same parameters. A step of MobileNetV2 at 88 px takes a seventh less time on a processor.
"""

from __future__ import annotations

import copy
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn.modules.batchnorm import _BatchNorm

__all__ = ["fold", "unfold"]

BEHIND = "_behind"  # what a folded convolution calls the batch normalisation that it does


def fold(network: nn.Module) -> int:
    """Let convolutions of `network` do the batch normalisations that only they lead to.

    Those are to stay in evaluation mode until `unfold`. Returns how many there are: 0 in a network
    whose way through its layers cannot be told. Its parameters and their names stay as they are,
    and copies of it are folded too.
    """
    modules = dict(network.named_modules())
    pairs = [(modules[conv], modules[norm]) for conv, norm in _pairs(network)]
    for conv, norm in pairs:
        setattr(conv, BEHIND, (norm,))  # in a tuple, so that it is no part of the convolution
        conv.__class__ = _folded()[type(conv)]
        norm.__class__ = _folded()[type(norm)]
    return len(pairs)


def unfold(network: nn.Module) -> None:
    """Let every layer of `network` do its own work again."""
    plain = {folded: kind for kind, folded in _folded().items()}
    for module in network.modules():
        if type(module) in plain:
            module.__class__ = plain[type(module)]
            module.__dict__.pop(BEHIND, None)


def _pairs(network: nn.Module) -> list[tuple[str, str]]:
    """The names of each convolution and the batch normalisation that alone takes what it gives."""
    bare = copy.deepcopy(network)
    for module in bare.modules():
        module._forward_hooks.clear()  # they may look at maps, of which there are none here
    try:
        graph = _ToLayers().trace(bare)
    except Exception:  # of a network that looks at its maps to find its way, whatever that raises
        return []
    modules = dict(bare.named_modules())
    nodes = [node for node in graph.nodes if node.op == "call_module"]
    calls = [str(node.target) for node in nodes]
    return [
        (str(given.target), str(node.target))
        for node in nodes
        if _can_be_folded(modules[str(node.target)], _BatchNorm)
        and isinstance(given := node.args[0], fx.Node)
        and given.op == "call_module"
        and _can_be_folded(modules[str(given.target)], nn.Conv2d)
        and len(given.users) == 1
        and calls.count(str(node.target)) == calls.count(str(given.target)) == 1
    ]


def _can_be_folded(module: nn.Module, kind: type[nn.Module]) -> bool:
    known = isinstance(module, kind) and type(module) in _folded()
    return known and (kind is nn.Conv2d or module.running_var is not None)


class _ToLayers(fx.Tracer):
    """Follows a network down to its convolutions and batch normalisations, timm's own too."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        layer = isinstance(m, nn.Conv2d | _BatchNorm)
        return layer or super().is_leaf_module(m, module_qualified_name)


def _normalising(conv: Any) -> tuple[Tensor, Tensor]:
    """The weights and biases of `conv` with what the normalisation behind it does to its maps."""
    (norm,) = getattr(conv, BEHIND)
    factor = torch.rsqrt(norm.running_var + norm.eps)
    if norm.weight is not None:
        factor = factor * norm.weight
    given = norm.running_mean if conv.bias is None else norm.running_mean - conv.bias
    offset = -given * factor
    if norm.bias is not None:
        offset = offset + norm.bias
    return conv.weight * factor.view(-1, 1, 1, 1), offset


@lru_cache
def _folded() -> dict[type[nn.Module], type[nn.Module]]:
    """What each kind of layer becomes."""
    from timm.layers import BatchNormAct2d, Conv2dSame
    from timm.layers.conv2d_same import conv2d_same

    class FoldedConv2d(nn.Conv2d):
        def forward(self, x: Tensor) -> Tensor:
            given: Tensor = self._conv_forward(x, *_normalising(self))
            return given

    class FoldedConv2dSame(Conv2dSame):  # type: ignore[misc]
        def forward(self, x: Tensor) -> Tensor:
            how = (self.stride, self.padding, self.dilation, self.groups)
            given: Tensor = conv2d_same(x, *_normalising(self), *how)
            return given

    class FoldedBatchNorm2d(nn.BatchNorm2d):
        def forward(self, x: Tensor) -> Tensor:
            return x

    class FoldedBatchNormAct2d(BatchNormAct2d):  # type: ignore[misc]
        def forward(self, x: Tensor) -> Tensor:
            given: Tensor = self.act(self.drop(x))
            return given

    return {
        nn.Conv2d: FoldedConv2d,
        Conv2dSame: FoldedConv2dSame,
        nn.BatchNorm2d: FoldedBatchNorm2d,
        BatchNormAct2d: FoldedBatchNormAct2d,
    }
