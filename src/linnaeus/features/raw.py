"""The pixels themselves as features."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

__all__ = ["Raw"]


class Raw(BaseModel):
    """Every level of every pixel, as a share of white."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["raw"] = "raw"
    version: Literal[1] = 1

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(n, height * width * 3) in [0, 1] for pictures (n, height, width, 3) uint8 RGB."""
        return pixels.reshape(len(pixels), -1).astype(np.float32) / np.float32(255)
