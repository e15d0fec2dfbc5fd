"""The device that a network learns on."""

from __future__ import annotations

import re

import torch

from linnaeus.errors import UsageError

__all__ = ["chosen_device"]


def chosen_device(asked: str) -> str:
    """The device called `asked`: cpu, cuda, cuda:1, mps, or for "auto" a CUDA GPU if there is one.

    Apple's mps is taken only where it is asked for: nobody has measured yet whether it pays here.
    Raises UsageError for another name, and for a device that this machine lacks.
    """
    if not re.fullmatch(r"auto|cpu|mps|cuda(:(0|[1-9][0-9]?))?", asked):
        raise UsageError(
            f'"{asked}" is no device',
            where="--device",
            mend="Give auto, cpu, cuda, cuda:1 (the second GPU) or mps.",
        )
    if asked == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if not _is_here(torch.device(asked)):
        raise UsageError(
            f"this machine has no {asked} that PyTorch could use",
            where="--device",
            mend="Give --device auto, or see linnaeus doctor for what is installed.",
        )
    return asked


def _is_here(device: torch.device) -> bool:
    if device.type == "cuda":
        return (device.index or 0) < torch.cuda.device_count()
    return device.type == "cpu" or torch.backends.mps.is_available()
