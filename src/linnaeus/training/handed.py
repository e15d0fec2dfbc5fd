"""Numbers drawn on the processor, handed to the device that learns without anybody waiting."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["handed"]


def handed(array: NDArray[Any], device: torch.device | str) -> Tensor:
    """`array` on `device`; on a processor it stays where it is.

    To a GPU it goes by way of memory that the GPU reads itself: from elsewhere a copy waits until
    all that the GPU was told to do before is done.
    """
    tensor = torch.from_numpy(array)
    if torch.device(device).type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)
