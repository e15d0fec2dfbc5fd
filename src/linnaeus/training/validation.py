"""Judging a network on validation pictures while it learns."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from linnaeus.data.pixels import PixelRows, chunks
from linnaeus.training.better import figure_of
from linnaeus.training.head import mean_average_precision
from linnaeus.training.precision import autocast
from linnaeus.training.resident import resident
from linnaeus.training.team import ALONE, Team

__all__ = ["Score", "Validation"]

BATCH = 512
BATCH_PX = BATCH * 96**2  # of larger pictures fewer, so that memory stays flat


class Score(NamedTuple):
    """Log loss and share of right answers; NaN where there was nothing to judge on.

    Where a picture may have several labels, the loss is summed over the classes, and the mean
    average precision stands in for accuracy.
    """

    loss: float
    accuracy: float


class Validation:
    """Judges networks on the pictures `pixels` with `labels` (n,) int64, of which n may be 0.

    Labels may also be (n, classes) float32, 1 for each label that a picture has. Of a `team`, every
    process goes through its share, and all have the score on the whole; where pictures may have
    several labels, which have to be ranked together, every process goes through all.
    """

    def __init__(
        self,
        pixels: PixelRows,
        labels: NDArray[np.int64] | NDArray[np.float32],
        *,
        precision: str,
        device: str,
        team: Team = ALONE,
    ) -> None:
        self.count = len(labels)
        self._pixels = pixels
        self._held = resident(pixels, device)
        self._labels = torch.from_numpy(labels)
        if self._held is not None:
            self._labels = self._labels.to(device)
        self._precision = precision
        self._device = device
        self._team = team

    @property
    def figure(self) -> str:
        """What the score's accuracy is, to stand behind a percentage."""
        return figure_of(self._labels)

    @torch.no_grad()
    def judge(self, network: nn.Module) -> Score:
        """The score of `network`, which takes (n, h, w, 3) uint8 and is in eval mode."""
        if self.count == 0:
            return Score(math.nan, math.nan)
        if self._labels.ndim == 2:
            return self._judge_labels(network)
        total, right = self._team.total(*self._judge_share(network))
        return Score(total / self.count, right / self.count)

    def _judge_share(self, network: nn.Module) -> tuple[float, int]:
        """The sum of the log losses, and how many are right, of this process's pictures."""
        losses, right = [], []
        rows = np.arange(self.count)[self._team.share(self.count)]
        for logits, truth in self._answers(network, rows):
            losses.append(F.cross_entropy(logits, truth, reduction="sum"))
            right.append((logits.argmax(1) == truth).sum())
        if not losses:
            return 0.0, 0
        return sum(torch.stack(losses).tolist()), int(torch.stack(right).sum())

    def _judge_labels(self, network: nn.Module) -> Score:
        """The score where pictures may have several labels."""
        logits = torch.cat([some for some, _ in self._answers(network, np.arange(self.count))])
        truth = self._labels.to(self._device)
        total = F.binary_cross_entropy_with_logits(logits, truth, reduction="sum").item()
        return Score(total / self.count, mean_average_precision(truth, logits))

    def _answers(
        self, network: nn.Module, rows: NDArray[np.int64]
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Batches of logits (k, classes) float32 of `rows`, with their labels, on the device."""
        _, height_px, width_px, _ = self._pixels.shape
        size = max(1, min(BATCH, BATCH_PX // (height_px * width_px)))
        for start, batch in zip(range(0, len(rows), size), self._chunks(rows, size), strict=True):
            truth = self._labels[rows[start : start + size]].to(self._device)
            with autocast(self._precision, self._device):
                logits = network(batch.to(self._device))
            yield logits.float(), truth

    def _chunks(self, rows: NDArray[np.int64], size: int) -> Iterator[Tensor]:
        """The pictures at `rows`, which are in order and without gaps, `size` at a time."""
        if self._held is not None:
            yield from torch.split(self._held[rows[0] : rows[-1] + 1], size)
        else:
            yield from map(torch.from_numpy, chunks(self._pixels, rows, size))
