"""Every random number as a function of (seed, purpose, counters): randomness without a state.

The order of epoch 3 is `generator(seed, "order", 3)`, whoever asks and whatever was drawn before,
so a run resumed in its middle, or read by another number of workers, sees the same numbers.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

__all__ = ["generator", "number", "uniforms"]


def number(seed: int, purpose: str, *counters: int) -> int:
    """A 64-bit number that depends on nothing but its arguments.

    >>> number(0, "dropout", 17) == number(0, "dropout", 17) != number(1, "dropout", 17)
    True
    """
    text = "\x1f".join([str(seed), purpose, *map(str, counters)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


def generator(seed: int, purpose: str, *counters: int) -> np.random.Generator:
    """A NumPy generator (Philox) that starts from nothing but its arguments."""
    return np.random.Generator(np.random.Philox(key=number(seed, purpose, *counters)))


def uniforms(
    seed: int, purpose: str, epoch: int, indices: NDArray[np.int64], draws: int
) -> NDArray[np.float32]:
    """Uniform numbers in [0, 1) for each sample of a batch: (len(indices), draws) float32.

    Row i depends on (seed, purpose, epoch, indices[i]) only, so the batch a sample falls in and
    the worker that reads it change nothing. The mixer is SplitMix64 (Steele and others 2014).
    """
    start = np.array(number(seed, purpose, epoch), np.uint64)
    columns = np.arange(1, draws + 1, dtype=np.uint64)
    counters: NDArray[np.uint64] = indices.astype(np.uint64)[:, None] * np.uint64(draws) + columns
    with np.errstate(over="ignore"):
        bits = np.add(start, counters * np.uint64(0x9E3779B97F4A7C15), dtype=np.uint64)
        bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        bits = bits ^ (bits >> np.uint64(31))
    fractions: NDArray[np.float32] = (bits >> np.uint64(40)) * np.float32(2.0**-24)
    return fractions.astype(np.float32, copy=False)
