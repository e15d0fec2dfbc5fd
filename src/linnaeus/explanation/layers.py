"""The maps inside a network: finding them by name, and seeing what they give and how it counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn

from linnaeus.errors import UsageError

__all__ = [
    "MapLayer",
    "Seen",
    "as_map",
    "last_map",
    "last_of_each_size",
    "layer_called",
    "maps_of",
    "seen_at",
]

SHOWN = 8  # names of layers in a message
PROJECTIONS = ("qkv", "q", "q_proj", "in_proj_weight", "to_qkv")
"""What a layer of attention is known by, beside its heads."""


class Seen(NamedTuple):
    """What a layer gave for some pictures, and the gradient of their scores in it.

    Both (n, channels, h', w').
    """

    activations: Tensor
    gradients: Tensor


class MapLayer(NamedTuple):
    """A layer that gives a map, by its name in the network, and the map's (height, width)."""

    name: str
    size: tuple[int, int]

    @property
    def short(self) -> str:
        """The name as users are told it and may say it: without the wrapper that every one has."""
        return self.name.removeprefix("network.")


def maps_of(network: nn.Module, pixels: Tensor) -> list[MapLayer]:
    """The layers of `network` that give a map for `pixels` (n, h, w, 3), as they are computed.

    A map has channels and places: (n, c, h', w') in either order of channels, or tokens (n, t, c)
    of which all but a few at the front stand for the places of a square grid. What attention
    computes within itself is none, whose dimensions are heads and tokens; nor are tokens of places
    that no score depends on any more, as those behind the last attention, where the class token
    alone is asked.
    """
    found: list[tuple[MapLayer, Tensor]] = []
    within = _within_attention(network)

    def note(name: str) -> Callable[[nn.Module, object, object], None]:
        def hook(module: nn.Module, given: object, output: object) -> None:
            if not isinstance(output, Tensor) or len(output) != 1:  # as the windows of a picture
                return
            if (seen := as_map(output)) is not None:
                found.append((MapLayer(name, (seen.shape[2], seen.shape[3])), output))

        return hook

    handles = [
        module.register_forward_hook(note(name))
        for name, module in network.named_modules()
        if name and name not in within
    ]
    try:
        with torch.enable_grad():
            score = network(pixels[:1].detach().float().requires_grad_()).amax()
    finally:
        for handle in handles:
            handle.remove()
    return [layer for layer, output in found if output.ndim == 4 or _counts(output, score)]


def _within_attention(network: nn.Module) -> set[str]:
    """The names of all that lies inside a layer of attention."""
    attending = [
        f"{name}."
        for name, module in network.named_modules()
        if hasattr(module, "num_heads") and any(hasattr(module, part) for part in PROJECTIONS)
    ]
    names = [name for name, _ in network.named_modules()]
    return {name for name in names if any(name.startswith(one) for one in attending)}


def _counts(tokens: Tensor, score: Tensor) -> bool:
    """Whether the `score` depends on the places of `tokens` (1, t, c)."""
    if not tokens.requires_grad:
        return False
    (gradient,) = torch.autograd.grad(score, tokens, retain_graph=True, allow_unused=True)
    places = None if gradient is None else as_map(gradient)
    return places is not None and bool(places.any())


def last_map(maps: Sequence[MapLayer]) -> MapLayer:
    """The layer that gives the last of `maps`, which the classes are told from.

    Raises UsageError where there is none, as in an mlp.
    """
    if not maps:
        raise UsageError(
            "this network has no layer whose answers are a map of the picture",
            where="--method",
            mend="Use occlusion, integrated-gradients or another method that needs none.",
        )
    return maps[-1]


def last_of_each_size(maps: Sequence[MapLayer]) -> list[MapLayer]:
    """The last layer of each size of map, from the end backwards: coarse maps know the classes
    best, and fine ones the places.
    """
    last: dict[tuple[int, int], MapLayer] = {}
    for layer in reversed(maps):
        last.setdefault(layer.size, layer)
    return list(last.values())


def layer_called(maps: Sequence[MapLayer], name: str) -> MapLayer:
    """The layer called `name`. Raises UsageError where there is none that gives a map."""
    for layer in maps:
        if name in (layer.name, layer.short):
            return layer
    some = ", ".join(layer.short for layer in maps[-SHOWN:])
    raise UsageError(
        "no layer of this name gives a map of the picture",
        where=f"--layer {name}",
        mend=f"Among those that do: {some}." if some else "This network has none.",
    )


@contextmanager
def seen_at(layer: nn.Module) -> Iterator[list[Tensor]]:
    """Inside, what `layer` gives is collected, in order, with its gradient graph."""
    outputs: list[Tensor] = []
    handle = layer.register_forward_hook(
        lambda module, given, output: outputs.append(output), prepend=True
    )
    try:
        yield outputs
    finally:
        handle.remove()


def as_map(output: Tensor) -> Tensor | None:
    """`output` as (n, channels, h', w'), or None where it is no map of more than one place.

    Channels come last where the last dimension is the largest and the two before are alike in
    size, as the networks of timm that work so give them.
    """
    if output.ndim == 4 and min(output.shape[1:]) >= 1:
        _, first, height, width = output.shape
        channels_last = width > height and width > first and abs(first - height) <= height
        channels_last = channels_last and first > 1 and width >= 2 * height
        placed = output.permute(0, 3, 1, 2) if channels_last else output
        return placed if placed.shape[2] * placed.shape[3] > 1 else None
    if output.ndim == 3:
        return _of_tokens(output)
    return None


def _of_tokens(output: Tensor) -> Tensor | None:
    count = output.shape[1]
    side = int(count**0.5)
    front = count - side * side
    if side < 2 or front > 5:  # a class token, and up to four registers
        return None
    return output[:, front:].transpose(1, 2).reshape(len(output), -1, side, side)
