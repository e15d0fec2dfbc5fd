"""What every attack is given: a network, pictures with their classes, and how far it may go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = [
    "Loss",
    "Norm",
    "Problem",
    "ShareTold",
    "cross_entropy",
    "difference_of_logits",
    "norm_of",
    "unheard",
]

Norm = Literal["linf", "l2"]
Loss = Callable[[Tensor, Tensor], Tensor]
"""From logits (n, classes) and classes (n,) to a loss (n,) that the attacker makes large."""

ShareTold = Callable[[float], None]
"""Is told of each share, 0 to 1, of an attack that is done; of one that ends early, not of all."""


def unheard(share: float) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True)
class Problem:
    """Pictures `x` (n, 3, h, w) float32 in [0, 1] of the classes `y` (n,) int64, a `network` from
    such pictures to logits (n, classes), and the ball around each picture: `eps` in the `norm`,
    cut off at 0 and 1.
    """

    network: Callable[[Tensor], Tensor]
    x: Tensor
    y: Tensor
    eps: float
    norm: Norm = "linf"

    def only(self, rows: Tensor) -> Problem:
        """The same for the pictures at `rows`."""
        return Problem(self.network, self.x[rows], self.y[rows], self.eps, self.norm)

    def right(self, pictures: Tensor) -> Tensor:
        """(n,) bool: which of `pictures` are named rightly."""
        with torch.no_grad():
            named: Tensor = self.network(pictures).argmax(1)
            return named == self.y

    def inside(self, pictures: Tensor) -> Tensor:
        """The nearest pictures in the ball."""
        return (self.x + self.shortened(pictures - self.x)).clamp(0, 1)

    def shortened(self, change: Tensor) -> Tensor:
        """`change` (n, 3, h, w) brought to a length of at most eps."""
        if self.norm == "linf":
            return change.clamp(-self.eps, self.eps)
        lengths = norm_of(change)
        return change * (self.eps / lengths.clamp_min(1e-12)).clamp(max=1.0)

    def steepest(self, gradient: Tensor) -> Tensor:
        """The step of length 1 along which the loss grows fastest."""
        if self.norm == "linf":
            return gradient.sign()
        return gradient / norm_of(gradient).clamp_min(1e-12)

    def start(self, generator: torch.Generator) -> Tensor:
        """A picture drawn in the ball, for each."""
        drawn = torch.empty_like(self.x)
        if self.norm == "linf":
            drawn.uniform_(-self.eps, self.eps, generator=generator)
        else:
            drawn.normal_(generator=generator)
            share = torch.rand(len(self.x), 1, 1, 1, generator=generator).to(self.x)
            drawn = drawn / norm_of(drawn).clamp_min(1e-12) * self.eps * share
        return (self.x + drawn).clamp(0, 1)

    def gradient(self, pictures: Tensor, loss: Loss) -> tuple[Tensor, Tensor, Tensor]:
        """(gradient, losses (n,), which are named rightly (n,)) at `pictures`."""
        moved = pictures.detach().requires_grad_()
        logits = self.network(moved)
        losses = loss(logits, self.y)
        (gradient,) = torch.autograd.grad(losses.sum(), moved)
        return gradient, losses.detach(), logits.detach().argmax(1) == self.y


def norm_of(change: Tensor) -> Tensor:
    """The Euclidean length of each picture's change, (n, 1, 1, 1)."""
    lengths: Tensor = torch.linalg.vector_norm(change.flatten(1), dim=1)
    return lengths[:, None, None, None]


def cross_entropy(logits: Tensor, y: Tensor) -> Tensor:
    """The usual loss, (n,)."""
    return F.cross_entropy(logits, y, reduction="none")


def difference_of_logits(logits: Tensor, y: Tensor, targets: Tensor | None = None) -> Tensor:
    """The difference of logits ratio (Croce and Hein 2020), (n,): no scale of the logits hides it.

    With `targets` (n,), towards these classes. With too few classes for the ratio, the difference.
    """
    ordered = logits.sort(dim=1, descending=True).values
    true = logits.gather(1, y[:, None])[:, 0]
    if targets is None:
        named = logits.argmax(1) == y
        rival = torch.where(named, ordered[:, 1], ordered[:, 0])
        third = ordered[:, 2] if logits.shape[1] > 2 else None
    else:
        rival = logits.gather(1, targets[:, None])[:, 0]
        third = ordered[:, 2:4].mean(1) if logits.shape[1] > 3 else None
    if third is None:
        return rival - true
    return (rival - true) / (ordered[:, 0] - third).clamp_min(1e-12)
