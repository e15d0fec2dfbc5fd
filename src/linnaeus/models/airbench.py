"""The networks that learn pictures of about 32 px fastest, in five sizes.

Jordan 2024 ("94% on CIFAR-10 in 3.29 seconds on a single GPU", 2404.00498) found airbench94 and
airbench96 by leaving out everything that a second did not pay for: a first layer that whitens
patches and is not learnt, then groups of convolutions that go down by max-pooling, every filter of
which begins as the identity where it can. The others are narrower, for processors.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from linnaeus.data.pixels import PixelRows, chunks

__all__ = ["SIZES", "AirbenchBody", "WhitenedPatches", "keep_fixed", "measure_patches"]

PATCH_PX = 2
SMALLEST_GRID_PX = 4  # of the last group, about
STATISTICS_MOMENTUM = 0.4  # a run has few steps: batch statistics must keep up with them
LEAST_VARIANCE = 0.05
"""Of a direction of patches: what varies less is not blown up further. JPEG files leave next to
nothing of how colours change from pixel to pixel; at the paper's 0.0005 that was blown up 40 times,
and of two of CIFAR-10's classes under noise of 6 % airbench-small named 46 % rightly, at this 81 %.
"""
SAMPLE_PX = 5_000 * 32**2  # of pictures whose patches are measured
CHUNK_PX = 250 * 32**2  # at a time: 50 MB of patches
BODY_SCALE = 1 / 9  # of the features, so that a new head's answers are unsure of everything


class Size(NamedTuple):
    """`widths` of the groups for three of them; a group has `depth` convolutions after its first.

    With more than one, what the first gives is added to what the last gives.
    """

    widths: tuple[int, int, int]
    depth: int


SIZES = {
    "airbench-tiny": Size((16, 64, 64), 1),
    "airbench-small": Size((16, 64, 128), 1),
    "airbench-medium": Size((32, 128, 256), 1),
    "airbench94": Size((64, 256, 256), 1),
    "airbench96": Size((128, 384, 512), 2),
}


class WhitenedPatches(nn.Module):
    """(n, c, h, w) → (n, 8 c, h - 1, w - 1): patches of 2 × 2 in their principal directions.

    Each direction is scaled to a variance of nearly 1, where it varies at all, and given with both
    signs, since a rectifier follows. The directions are those of the training pictures
    (`measure_patches`), and only the bias is learnt; until they are measured they are random.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        size = channels * PATCH_PX**2
        self.conv = nn.Conv2d(channels, 2 * size, PATCH_PX)
        nn.init.zeros_(self.conv.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """The whitened patches of `x`."""
        answers: Tensor = self.conv(x)
        return answers

    @torch.no_grad()
    def measure(self, pictures: Iterable[Tensor]) -> None:
        """Take the directions of the patches of `pictures`, batches of (n, c, h, w)."""
        count, total = 0, torch.zeros(self.conv.weight[0].numel(), dtype=torch.float64)
        products = torch.zeros(len(total), len(total), dtype=torch.float64)
        for some in pictures:
            patches = F.unfold(some.double(), PATCH_PX).transpose(0, 1).flatten(1)
            count += patches.shape[1]
            total += patches.sum(1)
            products += patches @ patches.T
        mean = total / count
        variances, directions = torch.linalg.eigh(products / count - torch.outer(mean, mean))
        scaled = directions / (variances + LEAST_VARIANCE).sqrt()
        filters = scaled.T.reshape(-1, *self.conv.weight.shape[1:])
        self.conv.weight.copy_(torch.cat([filters, -filters]))


def measure_patches(network: nn.Module, normalise: nn.Module, pixels: PixelRows) -> None:
    """Give every `WhitenedPatches` of `network` the directions of `pixels` behind `normalise`.

    Some of them are looked at, spread evenly: of 32 × 32 px 5,000. Does nothing to a network
    without.
    """
    count, height, width, _ = pixels.shape
    most = max(1, SAMPLE_PX // (height * width))
    rows = np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))
    for module in network.modules():
        if isinstance(module, WhitenedPatches):
            some = chunks(pixels, rows, max(1, CHUNK_PX // (height * width)))
            module.measure(normalise(torch.from_numpy(chunk)) for chunk in some)


def keep_fixed(network: nn.Module) -> None:
    """Let nothing be learnt in `network` that an airbench network has as it is: the directions of
    patches, and the scales of batch normalisations."""
    for body in network.modules():
        if isinstance(body, AirbenchBody):
            body.patches.conv.weight.requires_grad_(False)
            for module in body.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.weight.requires_grad_(False)


class AirbenchBody(nn.Module):
    """(n, channels, h, w), normalised, to features (n, `channels`)."""

    def __init__(self, channels: int, side_px: int, size: Size) -> None:
        super().__init__()
        self.patches = WhitenedPatches(channels)
        count = max(1, round(math.log2(side_px / SMALLEST_GRID_PX)))
        widths = [*size.widths, *[size.widths[-1]] * (count - len(size.widths))][:count]
        inputs = [2 * channels * PATCH_PX**2, *widths[:-1]]
        self.groups = nn.Sequential(
            *(
                Group(before, after, size.depth)
                for before, after in zip(inputs, widths, strict=True)
            )
        )
        self.channels = widths[-1]
        keep_fixed(self)

    def forward(self, x: Tensor) -> Tensor:
        """The features: the largest of each channel's places."""
        found: Tensor = self.groups(F.gelu(self.patches(x)))
        return BODY_SCALE * F.max_pool2d(found, found.shape[2:]).flatten(1)


class Group(nn.Module):
    """A convolution and a max-pooling to half the side, then `depth` convolutions."""

    def __init__(self, before: int, after: int, depth: int) -> None:
        super().__init__()
        self.first = _identity_filters(before, after)
        self.first_norm = _norm(after)
        self.more = nn.ModuleList(_identity_filters(after, after) for _ in range(depth))
        self.more_norms = nn.ModuleList(_norm(after) for _ in range(depth))

    def forward(self, x: Tensor) -> Tensor:
        """(n, before, h, w) → (n, after, h // 2, w // 2)."""
        x = F.gelu(self.first_norm(F.max_pool2d(self.first(x), 2)))
        before = x
        for place, (conv, norm) in enumerate(zip(self.more, self.more_norms, strict=True)):
            x = norm(conv(x))
            if place > 0 and place == len(self.more) - 1:
                x = x + before
            x = F.gelu(x)
        return x


def _identity_filters(before: int, after: int) -> nn.Conv2d:
    """A convolution whose first filters hand on a channel each, as far as there are any."""
    conv = nn.Conv2d(before, after, 3, padding=1, bias=False)
    nn.init.dirac_(conv.weight[:before])
    return conv


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, momentum=STATISTICS_MOMENTUM)
