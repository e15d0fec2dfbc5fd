"""What pictures allow, measured: whether a simple classifier knows them mirrored, turned and grey.

It is taught on half of a sample of the training pictures and judged on the other half, as they are
and changed. A change that costs it nothing keeps what the classes are told apart by; one that makes
other classes of them, as a mirror does of left and right, costs it nearly all it knows. It knows
the coarse shapes and colours of a picture and cannot read: what tells classes apart in small
writing only, it does not see.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from linnaeus.training.augmentation.colour import grey_of
from linnaeus.training.augmentation.planes import planes_of

__all__ = ["SAMPLE", "Trial", "trials"]

SAMPLE = 1600
"""Pictures that are enough: half of them judge, so a share is known to two or three hundredths."""
LEAST = 60  # judged pictures below which nothing is said
SIDE_PX, CELLS = 16, 4
RIDGE = 0.03  # of the kernel's diagonal: among 0.003 to 0.3 it makes little difference
MARGIN = 2  # standard errors
HARM, HARMLESS = 0.1, 0.25
"""Shares of what the classifier knows beyond guessing. A loss that is surely above the first is
harm; one that is surely below the second is none."""

Change = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Trial:
    """How many of `judged` pictures were named rightly as they are and changed, as shares.

    `guessing`: the share of the commonest class. `error`: the standard error of the loss.
    """

    judged: int
    guessing: float
    unchanged: float
    changed: float
    error: float

    @property
    def telling(self) -> bool:
        """Whether the classifier knows enough to say anything."""
        noise = MARGIN * (self.unchanged * (1 - self.unchanged) / max(1, self.judged)) ** 0.5
        return self.judged >= LEAST and self.unchanged - noise > self.guessing

    @property
    def harmful(self) -> bool:
        """Whether the change surely costs something."""
        loss = self.unchanged - self.changed
        return self.telling and loss - MARGIN * self.error > HARM * self._known

    @property
    def harmless(self) -> bool:
        """Whether the change surely costs next to nothing."""
        loss = self.unchanged - self.changed
        return self.telling and loss + MARGIN * self.error < HARMLESS * self._known

    @property
    def _known(self) -> float:
        return self.unchanged - self.guessing


def trials(pixels: NDArray[np.uint8], labels: NDArray[np.int64]) -> dict[str, Trial]:
    """How pictures (n, h, w, 3) with `labels` (n,) fare "mirrored", "flipped", "turned", "grey".

    Half of them teach: those at even places. About a second for 1,600 pictures.
    """
    small = F.adaptive_avg_pool2d(planes_of(torch.from_numpy(pixels)).float(), SIDE_PX) / 255
    known, asked = small[::2], small[1::2]
    truth = labels[1::2]
    classifier = _Classifier(known, labels[::2])
    right = classifier(asked) == truth
    return {
        name: _trial(truth, right, classifier(change(asked)) == truth)
        for name, change in CHANGES.items()
    }


def _turned(planes: Tensor) -> Tensor:
    return planes.rot90(1, (2, 3))


def _grey(planes: Tensor) -> Tensor:
    return grey_of(planes)[:, None].expand_as(planes)


CHANGES: dict[str, Change] = {
    "mirrored": lambda planes: planes.flip(3),
    "flipped": lambda planes: planes.flip(2),
    "turned": _turned,
    "grey": _grey,
}


def _trial(truth: NDArray[np.int64], right: NDArray[np.bool_], changed: NDArray[np.bool_]) -> Trial:
    judged = len(truth)
    if judged == 0:
        return Trial(0, 0.0, 0.0, 0.0, 0.0)
    losses = right.astype(float) - changed
    return Trial(
        judged=judged,
        guessing=float(np.bincount(truth).max() / judged),
        unchanged=float(right.mean()),
        changed=float(changed.mean()),
        error=float(losses.std() / judged**0.5),
    )


class _Classifier:
    """Kernel ridge regression on coarse colours and edges."""

    def __init__(self, planes: Tensor, labels: NDArray[np.int64]) -> None:
        features = _features(planes)
        self._mean, self._spread = features.mean(0), features.std(0, correction=0) + 1e-3
        self._known = (features - self._mean) / self._spread
        distances = torch.cdist(self._known, self._known)
        self._width = distances.median().clamp(min=1e-3)
        kernel = self._kernel(distances)
        kernel.diagonal().add_(RIDGE)
        targets = F.one_hot(torch.from_numpy(labels)).float()
        self._weights = torch.linalg.solve(kernel, targets - targets.mean(0))
        self._shares = targets.mean(0)

    def __call__(self, planes: Tensor) -> NDArray[np.int64]:
        features = (_features(planes) - self._mean) / self._spread
        scores = self._kernel(torch.cdist(features, self._known)) @ self._weights + self._shares
        answers: NDArray[np.int64] = scores.argmax(1).numpy()
        return answers

    def _kernel(self, distances: Tensor) -> Tensor:
        return torch.exp(-0.5 * (distances / self._width) ** 2)


def _features(planes: Tensor) -> Tensor:
    """(n, f) of planes (n, 3, 16, 16): their colours, and in 4 × 4 cells the edges' directions."""
    colours = F.avg_pool2d(planes, 2).flatten(1)
    grey = grey_of(planes)
    down, across = torch.gradient(grey, dim=(1, 2))
    edges = torch.stack([across**2, down**2, across * down, across.abs(), down.abs()], 1)
    cells = F.adaptive_avg_pool2d(edges, CELLS).clamp(min=-1).flatten(1)
    return torch.cat([colours, cells.sign() * cells.abs().sqrt()], 1)
