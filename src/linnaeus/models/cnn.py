"""The fast networks that learn from scratch, sized by the pictures that they will see.

A strided stem, then stages that halve the side and double the width until about 4 px are left.
A stage is one convolution that goes down and one that adds to it; every convolution but the
stem's is followed by batch normalisation. Measured on two cores without a GPU: going down by
stride costs a third of going down by max-pooling, and ReLU a quarter of SiLU's backward pass.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from linnaeus.models.heads import Pool
from linnaeus.models.network import Network

__all__ = ["SIZES", "CNNBody", "cnn_body", "small_cnn"]

STEM_KERNEL = {1: 3, 2: 4, 4: 8}  # stride → kernel: twice the stride, so that patches overlap
SMALLEST_GRID_PX = 4
MOST_STAGES = 4
LAST_WIDTH = 192  # channels of the last stage; 192 at 32 px is 24 million multiply-adds a picture
WIDTH_MULTIPLE = 8  # the vector units work on whole blocks of channels


class Size(NamedTuple):
    """`width` scales every layer's channels; a stage has `depth` convolutions that add to it."""

    width: float
    depth: int


SIZES = {
    "tiny": Size(2 / 3, 1),
    "small": Size(1.0, 1),
    "medium": Size(2.0, 1),
    "large": Size(3.0, 2),
}
"""11, 24, 96 and 359 million multiply-adds at 32 px. tiny is for a few passes: there, twice as many
of them are worth more than half as wide again."""

Attention = Callable[[int], nn.Module]
"""From a number of channels to what weighs a map of so many."""


def small_cnn(classes: int, height_px: int, width_px: int, *, width: float = 1.0) -> Network:
    """A network for pictures of `height_px` × `width_px` (8 to about 128) and `classes` classes.

    `width` scales every layer's channels. The weights depend on `torch.manual_seed` alone.

    >>> import torch
    >>> network = small_cnn(10, 32, 32)
    >>> network(torch.zeros(2, 3, 32, 32)).shape, network.features(torch.zeros(2, 3, 32, 32)).shape
    (torch.Size([2, 10]), torch.Size([2, 192]))
    """
    body = cnn_body(height_px, width_px, size=Size(width, 1))
    return Network(body, Pool(), body.channels, classes)


def cnn_body(
    height_px: int,
    width_px: int,
    *,
    channels: int = 3,
    size: Size = SIZES["small"],
    attention: Attention = lambda channels: nn.Identity(),
) -> CNNBody:
    """The convolutions of a network for pictures (channels, height_px, width_px).

    `attention` makes what weighs each answer before it is added to its stage. Means are right more
    often than maxima as what a head sees of the last map, whose gradient also costs a tenth of a
    step.
    """
    side_px = min(height_px, width_px)
    stride = _stem_stride(side_px)
    stages = _stage_count(side_px // stride)
    last = LAST_WIDTH if stride > 1 else LAST_WIDTH * 2 / 3
    widths = [_channels(size.width * last / 2**halvings) for halvings in reversed(range(stages))]
    return CNNBody(channels, widths, stem_stride=stride, depth=size.depth, attention=attention)


class CNNBody(nn.Module):
    """(n, channels, h, w), normalised, to the last stage's map (n, `channels`, h', w')."""

    def __init__(
        self,
        channels: int,
        widths: Sequence[int],
        *,
        stem_stride: int,
        depth: int,
        attention: Attention,
    ) -> None:
        super().__init__()
        kernel = STEM_KERNEL[stem_stride]
        stem = _channels(widths[0] / 2)
        padding = math.ceil((kernel - stem_stride) / 2)
        self.stem = nn.Conv2d(channels, stem, kernel, stride=stem_stride, padding=padding)
        strides = [1] + [2] * (len(widths) - 1)
        inputs = [stem, *widths[:-1]]
        self.stages = nn.Sequential(
            *(
                Stage(before, after, stride=stride, depth=depth, attention=attention)
                for before, after, stride in zip(inputs, widths, strides, strict=True)
            )
        )
        self.channels = widths[-1]

    def forward(self, x: Tensor) -> Tensor:
        """The last stage's map."""
        answers: Tensor = self.stages(F.relu(self.stem(x), inplace=True))
        return answers


class Stage(nn.Module):
    """One convolution to the stage's size and width, and `depth` that add to its answer."""

    def __init__(
        self, before: int, after: int, *, stride: int, depth: int, attention: Attention
    ) -> None:
        super().__init__()
        self.down = nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False)
        self.down_norm = nn.BatchNorm2d(after)
        self.adding = nn.Sequential(*(Addition(after, attention) for _ in range(depth)))

    def forward(self, x: Tensor) -> Tensor:
        """(n, before, h, w) → (n, after, h / stride, w / stride)."""
        answers: Tensor = self.adding(F.relu(self.down_norm(self.down(x)), inplace=True))
        return answers


class Addition(nn.Module):
    """A convolution whose answer, weighed by the attention, is added to what it saw."""

    def __init__(self, channels: int, attention: Attention) -> None:
        super().__init__()
        self.same = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.same_norm = nn.BatchNorm2d(channels)
        self.attention = attention(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) to the same shape."""
        answer: Tensor = self.attention(F.relu(self.same_norm(self.same(x)), inplace=True))
        return x + answer


def _stem_stride(side_px: int) -> int:
    """Most of what a small picture says survives a grid of 16 to 48 places; more costs too much."""
    if side_px < 24:
        return 1
    return 2 if side_px < 100 else 4


def _stage_count(grid_px: int) -> int:
    """Stages, each half the side of the one before, that end at about `SMALLEST_GRID_PX`."""
    halvings = round(math.log2(max(grid_px, SMALLEST_GRID_PX) / SMALLEST_GRID_PX))
    return min(halvings + 1, MOST_STAGES)


def _channels(width: float) -> int:
    return max(WIDTH_MULTIPLE, round(width / WIDTH_MULTIPLE) * WIDTH_MULTIPLE)
