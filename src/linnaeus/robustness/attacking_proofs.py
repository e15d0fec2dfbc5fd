"""Attacking pictures inside the radius that is certified for them, by their bundle's network."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from linnaeus.models.drawn import drawn_by
from linnaeus.models.reopened import Reopened
from linnaeus.robustness.attacks.under_noise import under_noise
from linnaeus.robustness.unit_levels import answering_unit_levels, in_unit_levels

__all__ = ["attacked_proofs"]

AT_ONCE = 25  # pictures, of which eight copies go through the network together


def attacked_proofs(
    network: Reopened,
    pixels: NDArray[np.uint8],
    answers: NDArray[np.int64],
    radii: NDArray[np.float64],
    *,
    noise: float,
    seed: int,
) -> Iterator[NDArray[np.float32]]:
    """Each of `pixels` (n, h, w, 3) changed within its radius (n,), away from its answer (n,).

    They come one by one as (h, w, 3) float32 in levels of 0 to 255.
    """
    answer = answering_unit_levels(network)
    for place, start in enumerate(range(0, len(pixels), AT_ONCE)):
        some = slice(start, start + AT_ONCE)
        changed = under_noise(
            answer,
            in_unit_levels(pixels[some]),
            torch.from_numpy(answers[some]),
            torch.from_numpy(radii[some]),
            noise=noise,
            generator=drawn_by(seed, "attack on proofs", place),
        )
        yield from (255 * changed.detach().permute(0, 2, 3, 1)).numpy()
