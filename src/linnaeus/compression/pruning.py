"""A network with fewer channels, that learns again what the original answers.

Only channels inside a block go: those between two convolutions that nobody else sees. What a block
gives keeps its width, so that whatever adds blocks up or looks at their maps stays as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn

from linnaeus.compression.learner import Learner
from linnaeus.compression.making import Making
from linnaeus.compression.model import Model
from linnaeus.errors import BundleError
from linnaeus.models.network import Network

__all__ = ["pruned"]

MULTIPLE = 8
"""Channels are kept in whole blocks of so many, which the vector units work on."""

KEEP_CHANNELS = (
    nn.BatchNorm2d,
    nn.ReLU,
    nn.ReLU6,
    nn.SiLU,
    nn.Hardswish,
    nn.GELU,
    nn.Identity,
    nn.Dropout,
    nn.MaxPool2d,
    nn.AvgPool2d,
)
"""Layers that treat each channel for itself."""


def pruned(model: Model, making: Making) -> Model:
    """Without `making.share` of the channels inside each block, those that matter least.

    Raises BundleError where the network has no such channels, or cannot be opened.
    """
    learner = Learner.of(making)
    network = learner.network
    chains = list(_chains(_backbone(network)))
    if not chains:
        raise BundleError(
            "nothing between its layers can be taken out of this network",
            where=str(making.original.folder),
            mend="Use --method sparse, distill, int8 or float16.",
        )
    before = sum(one.numel() for one in network.parameters())
    for chain in chains:
        chain.narrow(making.share)
    student = learner.taught("prune")
    share = f"{100 * making.share:.0f} %"
    taken = f"{share} of the channels inside its {len(chains)} blocks are taken out"
    left = f"{before:,} weights were, {student.parameters:,} are left"
    return learner.model(model, student, f"{taken} ({left})", shrunk=True)


@dataclass(frozen=True)
class _Chain:
    """A convolution, the layers behind it that treat each channel for itself, and the next one."""

    first: nn.Conv2d
    between: tuple[nn.Module, ...]
    last: nn.Conv2d

    def narrow(self, share: float) -> None:
        """Take `share` of the channels out, those that move what comes next least."""
        count = self.first.out_channels
        left = min(count, max(MULTIPLE, MULTIPLE * math.ceil((1 - share) * count / MULTIPLE)))
        kept = self._weight().topk(left).indices.sort().values
        with torch.no_grad():
            _keep_given(self.first, kept)
            for layer in self.between:
                if isinstance(layer, nn.Conv2d):
                    _keep_given(layer, kept)
                    layer.groups = layer.in_channels = left
                elif isinstance(layer, nn.BatchNorm2d):
                    _keep_normalised(layer, kept)
            self.last.weight = nn.Parameter(self.last.weight[:, kept].clone())
            self.last.in_channels = left

    def _weight(self) -> Tensor:
        """(channels,) what each is multiplied by, at most: by the norm before it and the next."""
        weight = self.last.weight.detach().square().sum(dim=(0, 2, 3)).sqrt()
        norms = [one for one in self.between if isinstance(one, nn.BatchNorm2d)]
        return weight * norms[-1].weight.detach().abs() if norms else weight


def _keep_given(layer: nn.Conv2d, kept: Tensor) -> None:
    layer.weight = nn.Parameter(layer.weight[kept].clone())
    if layer.bias is not None:
        layer.bias = nn.Parameter(layer.bias[kept].clone())
    layer.out_channels = len(kept)


def _keep_normalised(layer: nn.BatchNorm2d, kept: Tensor) -> None:
    layer.weight = nn.Parameter(layer.weight[kept].clone())
    layer.bias = nn.Parameter(layer.bias[kept].clone())
    assert layer.running_mean is not None
    assert layer.running_var is not None
    layer.running_mean = layer.running_mean[kept].clone()
    layer.running_var = layer.running_var[kept].clone()
    layer.num_features = len(kept)


class _Tracer(fx.Tracer):
    """Sees layers as they are, those of timm that are batch normalisations of torch too."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Whether to look no further inside."""
        leaf = isinstance(m, nn.Conv2d | nn.Linear | nn.BatchNorm2d)
        return leaf or super().is_leaf_module(m, module_qualified_name)

    def call_module(
        self,
        m: nn.Module,
        forward: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """Go through `m` past whatever watches its maps, which wants numbers."""
        return super().call_module(m, m.forward, args, kwargs)


def _backbone(network: Network) -> nn.Module:
    """The part that looks, without what watches it."""
    body = network.body
    inside = getattr(body, "backbone", None) or getattr(body, "network", None)
    return inside if isinstance(inside, nn.Module) else body


def _chains(backbone: nn.Module) -> Iterator[_Chain]:
    """All chains of `backbone`, in order; none where it cannot be followed."""
    try:
        graph = _Tracer().trace(backbone)
    except Exception:  # what cannot be traced says so in many ways
        return
    layers = dict(backbone.named_modules())
    for node in graph.nodes:
        first = layers.get(str(node.target)) if node.op == "call_module" else None
        if isinstance(first, nn.Conv2d) and first.groups == 1:
            chain = _followed(node, first, layers)
            if chain is not None:
                yield chain


def _followed(node: fx.Node, first: nn.Conv2d, layers: dict[str, nn.Module]) -> _Chain | None:
    """The chain that begins with `first`; None where it leaves its block or somebody else looks."""
    between: list[nn.Module] = []
    block = _block_of(node)
    while len(node.users) == 1:
        node = next(iter(node.users))
        if node.op != "call_module":
            return None
        layer = layers[str(node.target)]
        if isinstance(layer, nn.Conv2d):
            if layer.groups == 1:
                inside = _block_of(node) == block
                return _Chain(first, tuple(between), layer) if inside else None
            if not layer.groups == layer.in_channels == layer.out_channels:
                return None
        elif not isinstance(layer, KEEP_CHANNELS):
            return None
        between.append(layer)
    return None


def _block_of(node: fx.Node) -> str:
    """The name of the module that a layer stands in."""
    return str(node.target).rpartition(".")[0]
