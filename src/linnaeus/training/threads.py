"""How many threads a training step is worth."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["threads_for"]

# Threads meet after every layer. Where a layer takes less than about a millisecond they wait
# longer than they work, and on a machine that others use too, many times longer: there, digits
# of 8 px took 88 s on two threads and 19 s on one.
SINGLE_THREAD_PX = 32_768


@contextmanager
def threads_for(batch_px: int) -> Iterator[None]:
    """Within, steps over batches of `batch_px` pixels (n × h × w) run on as many threads as help.

    That is one for very small batches, and the number that PyTorch was set to for all others.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1 if batch_px < SINGLE_THREAD_PX else before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
