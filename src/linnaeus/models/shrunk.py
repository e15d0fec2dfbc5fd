"""Networks whose layers have fewer channels than their name says: pruned ones, and opened again."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

__all__ = ["shaped_as"]


def shaped_as(network: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Give the convolutions, batch normalisations and linear layers of `network` the shapes that
    `tensors` have under the names of its parameters; what they hold then is to be loaded."""
    for name, layer in network.named_modules():
        weight = tensors.get(f"{name}.weight")
        if weight is None or getattr(layer, "weight", None) is None:
            continue
        if weight.shape != layer.weight.shape:
            _reshape(layer, weight)


def _reshape(layer: nn.Module, weight: Tensor) -> None:
    count, weight = len(weight), weight.float()  # kept in float16, perhaps
    layer.weight = nn.Parameter(weight.clone())
    if getattr(layer, "bias", None) is not None:
        layer.bias = nn.Parameter(weight.new_zeros(count))
    if isinstance(layer, nn.Conv2d):
        if layer.groups > 1:  # depthwise: as many groups as channels
            layer.groups = count
        layer.out_channels, layer.in_channels = count, weight.shape[1] * layer.groups
    elif isinstance(layer, nn.Linear):
        layer.out_features, layer.in_features = weight.shape
    elif isinstance(layer, nn.BatchNorm2d):
        layer.num_features = count
        layer.running_mean = weight.new_zeros(count)
        layer.running_var = weight.new_ones(count)
