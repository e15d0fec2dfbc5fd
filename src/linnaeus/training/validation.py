"""Judging a network on validation pictures while it learns."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn

from linnaeus.data.pixels import PixelRows, chunks
from linnaeus.training.precision import autocast
from linnaeus.training.team import ALONE, Team

__all__ = ["Score", "Validation"]

BATCH = 512
BATCH_PX = BATCH * 96**2  # of larger pictures fewer, so that memory stays flat


class Score(NamedTuple):
    """Log loss and share of right answers; NaN where there was nothing to judge on."""

    loss: float
    accuracy: float


class Validation:
    """Judges networks on the pictures `pixels` with `labels` (n,) int64, of which n may be 0.

    Of a `team`, every process goes through its share, and all have the score on the whole.
    """

    def __init__(
        self,
        pixels: PixelRows,
        labels: NDArray[np.int64],
        *,
        precision: str,
        device: str,
        team: Team = ALONE,
    ) -> None:
        self.count = len(labels)
        self._pixels = pixels
        self._labels = torch.from_numpy(labels)
        self._precision = precision
        self._device = device
        self._team = team

    @torch.no_grad()
    def judge(self, network: nn.Module) -> Score:
        """The score of `network`, which takes (n, h, w, 3) uint8 and is in eval mode."""
        if self.count == 0:
            return Score(math.nan, math.nan)
        total, right = self._team.total(*self._judge_share(network))
        return Score(total / self.count, right / self.count)

    def _judge_share(self, network: nn.Module) -> tuple[float, int]:
        """The sum of the log losses, and how many are right, of this process's pictures."""
        total, right = 0.0, 0
        count, height_px, width_px, _ = self._pixels.shape
        rows = np.arange(count)[self._team.share(count)]
        size = max(1, min(BATCH, BATCH_PX // (height_px * width_px)))
        batches = chunks(self._pixels, rows, size)
        for start, batch in zip(range(0, len(rows), size), batches, strict=True):
            truth = self._labels[rows[start : start + size]].to(self._device)
            with autocast(self._precision, self._device):
                logits = network(torch.from_numpy(batch).to(self._device))
            total += F.cross_entropy(logits.float(), truth, reduction="sum").item()
            right += int((logits.argmax(1) == truth).sum())
        return total, right
