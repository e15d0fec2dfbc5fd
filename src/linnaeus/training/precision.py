"""In which numbers to compute, and how freed memory is kept for the next step."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Literal

import torch

from linnaeus.errors import UsageError

__all__ = [
    "at_work_on",
    "autocast",
    "check_precision",
    "fast_precision",
    "keep_freed_memory",
]

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # glibc's malloc.h
LARGEST_MMAP_THRESHOLD = 32 << 20  # the most that glibc takes
NEVER_TRIM = 2**31 - 1


def fast_precision(device: str = "cpu") -> Literal["bfloat16", "float32"]:
    """The precision in which `device` multiplies matrices fastest, by what it says it has."""
    kind = torch.device(device).type
    if kind == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
    if kind != "cpu":
        return "float32"
    able = torch.cpu.get_capabilities()
    native = able.get("avx512_bf16") or able.get("amx_bf16") or able.get("amx_tile")
    return "bfloat16" if native else "float32"


def check_precision(precision: str, device: str) -> None:
    """Raise UsageError where `device` cannot learn in `precision`."""
    if precision == "float16" and torch.device(device).type != "cuda":
        raise UsageError(
            f"float16 is for learning on a GPU, and this is learnt on {device}",
            where="the recipe's network.precision",
            mend="Leave it out, or give float32.",
        )


def autocast(precision: str, device: str = "cpu") -> AbstractContextManager[object]:
    """A context in which products are taken in `precision` and sums that need it in float32."""
    lower = {"bfloat16": torch.bfloat16, "float16": torch.float16}.get(precision)
    return torch.autocast(torch.device(device).type, lower, enabled=lower is not None)


@contextmanager
def at_work_on(device: str) -> Iterator[None]:
    """Meanwhile `device`, where it is a CUDA GPU, is the current one, tries the kernels of each
    convolution that it meets, and takes the quickest. Does nothing elsewhere."""
    if torch.device(device).type != "cuda":
        yield
        return
    before = torch.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = True
    try:
        with torch.cuda.device(device):
            yield
    finally:
        torch.backends.cudnn.benchmark = before


def keep_freed_memory() -> None:
    """Ask the allocator to keep what a step frees for the next one. Does nothing without glibc.

    By default glibc hands each large activation back and asks for it again, page by page; keeping
    them made a step 6 to 10 % shorter. The process keeps its peak of memory until it ends.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            mallopt = ctypes.CDLL(None).mallopt
            mallopt(M_MMAP_THRESHOLD, LARGEST_MMAP_THRESHOLD)
            mallopt(M_TRIM_THRESHOLD, NEVER_TRIM)
