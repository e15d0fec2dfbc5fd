"""Explanations by gradients: which pixels the answer would change with.

All take a `network` from pixels (n, h, w, 3) float32 in levels of 0 to 255 to scores (n, classes),
`pixels` of that shape and the explained classes `targets` (n,) int64, and give attributions
(n, h, w, 3) float32: one number for each level of the picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from linnaeus.randomness import generator

__all__ = ["gradient_shap", "gradients", "integrated_gradients", "saliency", "smooth_grad"]

Network = Callable[[Tensor], Tensor]

BATCH = 32
"""Pictures that go through the network at a time, copies of one picture counted."""

STEPS = 50
"""Points at which integrated gradients looks, those of Gauss-Legendre quadrature: as captum's."""

COPIES = 32
"""Noisy copies of SmoothGrad; its paper saw no gain beyond 50 and little beyond 20."""

NOISE = 0.15
"""Deviation of SmoothGrad's noise, of the range of the picture: the middle of its paper's."""


def gradients(network: Network, pixels: Tensor, targets: Tensor) -> Tensor:
    """The gradient of each picture's score for its target, in its levels."""
    parts = []
    for some, of in zip(torch.split(pixels, BATCH), torch.split(targets, BATCH), strict=True):
        given = some.detach().clone().requires_grad_()
        scores = network(given).gather(1, of[:, None])
        (found,) = torch.autograd.grad(scores.sum(), given)
        parts.append(found)
    return torch.cat(parts)


def saliency(network: Network, pixels: Tensor, targets: Tensor) -> Tensor:
    """The size of the gradient (Simonyan and others 2013)."""
    return gradients(network, pixels, targets).abs()


def smooth_grad(
    network: Network,
    pixels: Tensor,
    targets: Tensor,
    *,
    copies: int = COPIES,
    noise: float = NOISE,
    seed: int = 0,
) -> Tensor:
    """The mean size of the gradient over noisy copies (Smilkov and others 2017).

    `noise` is the deviation of the noise as a share of each picture's range of levels. A picture's
    noise depends on the seed alone, not on what is explained beside it.
    """
    spread = pixels.amax((1, 2, 3), keepdim=True) - pixels.amin((1, 2, 3), keepdim=True)
    total = torch.zeros_like(pixels)
    for drawn in _noises(pixels.shape[1:], copies, seed):
        total += saliency(network, pixels + noise * spread * drawn.to(pixels.device), targets)
    return total / copies


def integrated_gradients(
    network: Network,
    pixels: Tensor,
    targets: Tensor,
    *,
    baseline: Tensor | float = 0.0,
    steps: int = STEPS,
) -> Tensor:
    """What each level adds on the straight way from `baseline` (Sundararajan and others 2017).

    `baseline`: one level for all, or of the pictures' shape; 0 is black. The attributions of a
    picture add up to its score less that of its baseline, as far as the quadrature is exact.
    """
    start = torch.as_tensor(baseline, dtype=pixels.dtype, device=pixels.device)
    way = pixels - start
    places, weights = np.polynomial.legendre.leggauss(steps)
    total = torch.zeros_like(pixels, dtype=torch.float64)
    for place, weight in zip((1 + places) / 2, weights / 2, strict=True):
        found = gradients(network, start + float(place) * way, targets)
        total += float(weight) * found.double()
    return (total * way).to(pixels.dtype)


def gradient_shap(
    network: Network,
    pixels: Tensor,
    targets: Tensor,
    *,
    baselines: Tensor,
    copies: int = COPIES,
    seed: int = 0,
) -> Tensor:
    """Expected gradients over `baselines` (b, h, w, 3) (Lundberg and Lee 2017, Erion and others
    2021): the mean, over baselines and places on the way from them drawn by the seed, of gradient
    times way. With one baseline and many copies it nears integrated gradients.
    """
    random = generator(seed, "ways of gradient shap")
    total = torch.zeros_like(pixels)
    for _ in range(copies):
        start = baselines[int(random.integers(len(baselines)))].to(pixels)
        place = float(random.random())
        way = pixels - start
        total += gradients(network, start + place * way, targets) * way
    return total / copies


def _noises(shape: torch.Size, copies: int, seed: int) -> Iterator[Tensor]:
    """Standard normal noise (1, *shape) for each copy, drawn by the seed."""
    for copy in range(copies):
        drawn = generator(seed, "noise of smoothgrad", copy).standard_normal((1, *shape))
        yield torch.from_numpy(drawn.astype(np.float32))
