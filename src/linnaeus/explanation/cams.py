"""Class activation maps: where in a layer's map the answer comes from.

All give maps (n, h', w') float32 of the layer's own size, not negative; `overlay.enlarged` brings
them to the picture's. `network`, `pixels` and `targets` are as in `gradients`.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from linnaeus.explanation.layers import Seen, as_map, layout_of, seen_at

__all__ = ["grad_cam", "grad_cam_plus_plus", "layer_cam", "score_cam"]

BATCH = 32


def grad_cam(network: nn.Module, layer: nn.Module, pixels: Tensor, targets: Tensor) -> Tensor:
    """Channels weighted by the mean of their gradient (Selvaraju and others 2017)."""
    parts = []
    for seen in _seen(network, layer, pixels, targets):
        weights = seen.gradients.mean((2, 3), keepdim=True)
        parts.append((weights * seen.activations).sum(1).relu())
    return torch.cat(parts)


def grad_cam_plus_plus(
    network: nn.Module, layer: nn.Module, pixels: Tensor, targets: Tensor
) -> Tensor:
    """Places weighted so that each of several objects counts (Chattopadhay and others 2018).

    With the usual closed form for an exponential score, whose second and third derivatives are
    powers of the first.
    """
    parts = []
    for seen in _seen(network, layer, pixels, targets):
        square, cube = seen.gradients**2, seen.gradients**3
        below = 2 * square + (seen.activations.sum((2, 3), keepdim=True) * cube)
        alpha = torch.where(below.abs() > 0, square / torch.where(below == 0, 1.0, below), 0.0)
        weights = (alpha * seen.gradients.relu()).sum((2, 3), keepdim=True)
        parts.append((weights * seen.activations).sum(1).relu())
    return torch.cat(parts)


def layer_cam(network: nn.Module, layer: nn.Module, pixels: Tensor, targets: Tensor) -> Tensor:
    """Each place weighted by its own positive gradient, so that low layers can be looked at too
    (Jiang and others 2021).
    """
    every = _seen(network, layer, pixels, targets)
    return torch.cat([(seen.gradients.relu() * seen.activations).sum(1).relu() for seen in every])


@torch.no_grad()
def score_cam(
    network: nn.Module,
    layer: nn.Module,
    pixels: Tensor,
    targets: Tensor,
    *,
    most_channels: int | None = None,
    several: bool = False,
) -> Tensor:
    """Channels weighted by how probable the class is where only they let the picture through
    (Wang and others 2020). No gradients; one pass of the network for each channel.

    `most_channels`: only so many with the largest spread; None: all of them. `several`: whether a
    picture may have several labels, each probable for itself.
    """
    return torch.stack(
        [
            _score_cam_of(network, layer, one[None], int(target), most_channels, several=several)
            for one, target in zip(pixels, targets, strict=True)
        ]
    )


def _score_cam_of(
    network: nn.Module,
    layer: nn.Module,
    pixels: Tensor,
    target: int,
    most: int | None,
    *,
    several: bool,
) -> Tensor:
    with seen_at(layer) as outputs:
        network(pixels)
    given = as_map(outputs[-1], layout_of(network, pixels))
    assert given is not None
    maps = given[0]
    if most is not None and len(maps) > most:
        maps = maps[maps.flatten(1).std(1).argsort(descending=True)[:most]]
    size = pixels.shape[1:3]
    large = F.interpolate(maps[:, None], size, mode="bilinear", align_corners=False)[:, 0]
    low, high = large.amin((1, 2), keepdim=True), large.amax((1, 2), keepdim=True)
    masks = torch.where(high > low, (large - low) / (high - low).clamp_min(1e-12), 0.0)
    logits = torch.cat([network(pixels * some[..., None]) for some in torch.split(masks, BATCH)])
    scores = logits.sigmoid() if several else logits.softmax(1)
    weights = scores[:, target].softmax(0)
    return (weights[:, None, None] * maps).sum(0).relu()


def _seen(network: nn.Module, layer: nn.Module, pixels: Tensor, targets: Tensor) -> list[Seen]:
    """What `layer` gives, and the gradient of the target's score in it, batch by batch.

    The way back ends at the layer: what lies below it is never gone through backwards.
    """
    found = []
    for some, of in zip(torch.split(pixels, BATCH), torch.split(targets, BATCH), strict=True):
        found.append(_seen_once(network, layer, some, of))
    return found


def _seen_once(network: nn.Module, layer: nn.Module, pixels: Tensor, targets: Tensor) -> Seen:
    kept: list[Tensor] = []

    def cut(module: nn.Module, given: object, output: Tensor) -> Tensor:
        kept.append(output.detach().requires_grad_())
        return kept[-1].clone()  # the next layer may write over it

    handle = layer.register_forward_hook(cut, prepend=True)  # others see what is cut, too
    try:
        scores = network(pixels).gather(1, targets[:, None])
    finally:
        handle.remove()
    (found,) = torch.autograd.grad(scores.sum(), kept[-1])
    layout = layout_of(network, pixels)
    activations, slopes = as_map(kept[-1].detach(), layout), as_map(found, layout)
    assert activations is not None
    assert slopes is not None
    return Seen(activations, slopes)
