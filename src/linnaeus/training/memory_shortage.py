"""Whether an error says that there is too little memory, of the processor or of a device."""

from __future__ import annotations

import torch

__all__ = ["is_of_memory"]

IN_WORDS = (
    *("can't allocate memory", "not enough memory", "bad_alloc"),  # of the processor, by system
    *("CUBLAS_STATUS_ALLOC_FAILED", "CUDA error: out of memory"),  # of a device
    "MPS backend out of memory",
)
"""What PyTorch says in an ordinary RuntimeError where there is no more memory."""


def is_of_memory(error: BaseException) -> bool:
    """Whether `error` would not have come with more memory."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(text in str(error) for text in IN_WORDS)
