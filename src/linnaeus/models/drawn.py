"""Torch's own random numbers, as `randomness` has NumPy's: without a state."""

from __future__ import annotations

import torch

from linnaeus.randomness import number

__all__ = ["drawn_by"]


def drawn_by(seed: int, purpose: str, *counters: int) -> torch.Generator:
    """A generator of torch that starts from nothing but its arguments."""
    return torch.Generator().manual_seed(number(seed, purpose, *counters) % 2**63)
