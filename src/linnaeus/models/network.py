"""The form that every network has: a body that looks, and a head that answers."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from linnaeus.models.heads import neck_for

__all__ = ["Network", "shape_given"]


class Network(nn.Module):
    """`head(features(x))` for x (n, channels, h, w), normalised.

    `body` gives a map (n, c, h', w') or a vector (n, c), `neck` makes features (n, d) of it, and
    `head` is one linear layer. So a bundle, which holds features and a linear head, holds them all.
    """

    def __init__(self, body: nn.Module, neck: nn.Module, width: int, classes: int) -> None:
        super().__init__()
        self.body = body
        self.neck = neck
        self.head = nn.Linear(width, classes)

    @classmethod
    def with_head(
        cls,
        body: nn.Module,
        head: str,
        *,
        shape: tuple[int, ...],
        classes: int,
        dropout: float | None = None,
    ) -> Network:
        """`body`, which gives (n, *shape), under the head that the text `head` writes.

        Raises UsageError as `heads.neck_for` does.
        """
        neck, width = neck_for(head, shape, dropout=dropout)
        return cls(body, neck, width, classes)

    def features(self, x: Tensor) -> Tensor:
        """What the head sees: (n, d)."""
        features: Tensor = self.neck(self.body(x))
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Logits (n, classes)."""
        logits: Tensor = self.head(self.features(x))
        return logits


def shape_given(body: nn.Module, input_shape: tuple[int, int, int]) -> tuple[int, ...]:
    """The shape that `body` gives for one picture of `input_shape` (channels, height, width).

    Asked of the body itself, on a black picture; nothing of it changes. Raises TypeError where it
    gives anything but one tensor.
    """
    learning = body.training
    with torch.no_grad():
        answer = body.eval()(torch.zeros(1, *input_shape))
    body.train(learning)
    if not isinstance(answer, Tensor):
        raise TypeError(f"it gives a {type(answer).__name__}, not one map")
    return tuple(answer.shape[1:])
