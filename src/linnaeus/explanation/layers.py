"""The maps inside a network: finding them by name, and seeing what they give and how it counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import isqrt, log
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from linnaeus.errors import UsageError

__all__ = [
    "Layout",
    "MapLayer",
    "Seen",
    "as_map",
    "last_map",
    "last_of_each_size",
    "layer_called",
    "layout_of",
    "maps_of",
    "seen_at",
    "tokens_of",
]

MOST_FRONT = 5  # tokens that stand for no place: one of the class, and up to four registers
MOST_HALVINGS = 5  # of a grid of patches, by networks that work on coarser and coarser maps
SHOWN = 8  # names of layers in a message
PROJECTIONS = ("qkv", "q", "q_proj", "in_proj_weight", "to_qkv")
"""What a layer of attention is known by, beside its heads."""


class Seen(NamedTuple):
    """What a layer gave for some pictures, and the gradient of their scores in it.

    Both (n, channels, h', w').
    """

    activations: Tensor
    gradients: Tensor


class Layout(NamedTuple):
    """How places lie in what a network gives: the (height, width) of the picture, and of one that
    works on patches their grid (rows, columns) and how many tokens stand in front of them.
    """

    size_px: tuple[int, int]
    grid: tuple[int, int] | None = None
    front: int = 0


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
    of which all but a few at the front stand for the places of a grid. What attention
    computes within itself is none, whose dimensions are heads and tokens; nor are tokens of places
    that no score depends on any more, as those behind the last attention, where the class token
    alone is asked.
    """
    found: list[tuple[MapLayer, Tensor]] = []
    within = _within_attention(network)
    layout = layout_of(network, pixels)

    def note(name: str) -> Callable[[nn.Module, object, object], None]:
        def hook(module: nn.Module, given: object, output: object) -> None:
            if not isinstance(output, Tensor) or len(output) != 1:  # as the windows of a picture
                return
            if (seen := as_map(output, layout)) is not None:
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
    return [layer for layer, output in found if output.ndim == 4 or _counts(output, score, layout)]


def _within_attention(network: nn.Module) -> set[str]:
    """The names of all that lies inside a layer of attention."""
    attending = [
        f"{name}."
        for name, module in network.named_modules()
        if hasattr(module, "num_heads") and any(hasattr(module, part) for part in PROJECTIONS)
    ]
    names = [name for name, _ in network.named_modules()]
    return {name for name in names if any(name.startswith(one) for one in attending)}


def _counts(tokens: Tensor, score: Tensor, layout: Layout) -> bool:
    """Whether the `score` depends on the places of `tokens` (1, t, c)."""
    if not tokens.requires_grad:
        return False
    (gradient,) = torch.autograd.grad(score, tokens, retain_graph=True, allow_unused=True)
    places = None if gradient is None else as_map(gradient, layout)
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
    """Inside, what `layer` gives is collected, in order, with its gradient graph.

    Copied: the next layer may write over it.
    """
    outputs: list[Tensor] = []
    handle = layer.register_forward_hook(
        lambda module, given, output: outputs.append(output.clone()), prepend=True
    )
    try:
        yield outputs
    finally:
        handle.remove()


def layout_of(network: nn.Module, pixels: Tensor) -> Layout:
    """How places lie in what `network` gives for `pixels` (n, h, w, 3)."""
    size_px = (pixels.shape[1], pixels.shape[2])
    for module in network.modules():
        patches: Any = getattr(module, "patch_embed", None)
        if (grid := getattr(patches, "grid_size", None)) is not None:
            front: Any = getattr(module, "num_prefix_tokens", 0)
            return Layout(size_px, (int(grid[0]), int(grid[1])), int(front))
    return Layout(size_px)


def as_map(output: Tensor, layout: Layout) -> Tensor | None:
    """`output` as (n, channels, h', w'), or None where it is no map of more than one place.

    Channels come last, as some networks of timm give them, where the two dimensions before are
    nearer to the proportions of the picture than the last two are.
    """
    if output.ndim == 4 and min(output.shape[1:]) >= 1:
        _, first, second, third = output.shape
        channels_last = _far_off(first, second, layout) < _far_off(second, third, layout)
        placed = output.permute(0, 3, 1, 2) if channels_last else output
        return placed if placed.shape[2] * placed.shape[3] > 1 else None
    if output.ndim == 3 and (found := tokens_of(output.shape[1], layout)) is not None:
        front, rows, columns = found
        return output[:, front:].transpose(1, 2).reshape(len(output), -1, rows, columns)
    return None


def _far_off(height: int, width: int, layout: Layout) -> float:
    """By how much the proportions of a map differ from those of the picture."""
    return abs(log(height * layout.size_px[1] / (width * layout.size_px[0])))


def tokens_of(count: int, layout: Layout) -> tuple[int, int, int] | None:
    """How many of `count` tokens stand in front, and the rows and columns of the others, row by
    row; None where they are no grid of four places or more.

    The grid is that of the patches, or a halved one, or where the network tells of none, one of the
    picture's proportions.
    """
    grids = [layout.grid] if layout.grid is not None else []
    for _ in range(MOST_HALVINGS if grids else 0):
        rows, columns = grids[-1]
        grids.append(((rows + 1) // 2, (columns + 1) // 2))
    tried = [(front, *grid) for grid in grids for front in (layout.front, 0)]
    tried += [(front, *_in_proportion(count - front, layout)) for front in range(MOST_FRONT + 1)]
    for front, rows, columns in tried:
        if front + rows * columns == count and rows * columns >= 4:
            return front, rows, columns
    return None


def _in_proportion(places: int, layout: Layout) -> tuple[int, int]:
    """The rows and columns of so many `places` in the picture's proportions; (0, 0): none."""
    height, width = layout.size_px
    rows = isqrt(max(0, places) * height // width)
    columns = rows * width // height
    fits = rows * columns == places and rows * width == columns * height
    return (rows, columns) if fits else (0, 0)
