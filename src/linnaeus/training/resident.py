"""Pictures on the device itself, where they fit: a step then waits for no copy."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from linnaeus.data.pixels import PixelRows, chunks

__all__ = ["loaded", "resident"]

SHARE_OF_MEMORY = 0.4
"""Of what is free, for those to learn from and then for those of validation: activations and the
copies of a batch need the rest."""
CHUNK_BYTES = 64 << 20


def resident(pixels: PixelRows, device: str) -> Tensor | None:
    """`pixels` (n, h, w, 3) uint8 on the GPU `device`, or None where they do not fit or there is
    none. On a processor they are where they are needed already."""
    if torch.device(device).type != "cuda":
        return None
    free_bytes, _ = torch.cuda.mem_get_info(device)
    fits = math.prod(pixels.shape) <= SHARE_OF_MEMORY * free_bytes
    return loaded(pixels, device) if fits else None


def loaded(pixels: PixelRows, device: str) -> Tensor:
    """All of `pixels` on `device`, read in chunks."""
    whole = torch.empty(pixels.shape, dtype=torch.uint8, device=device)
    count = pixels.shape[0]
    size = max(1, CHUNK_BYTES // math.prod(pixels.shape[1:]))
    every = chunks(pixels, np.arange(count), size)
    for start, chunk in zip(range(0, count, size), every, strict=True):
        whole[start : start + len(chunk)] = torch.from_numpy(chunk)
    return whole
