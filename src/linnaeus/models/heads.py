"""What stands between a network's last map and its classes, written as one line of text.

`flatten-dense128-relu-dropout-linear` is read from left to right: each part is a layer, and the
last is always `linear`, which gives a number a class.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from torch import Tensor, nn

from linnaeus.errors import UsageError

__all__ = ["GRAMMAR", "Pool", "keeps_map", "neck_for"]

GRAMMAR = (
    "Write parts joined by '-', ending in linear: pool or flatten first, then any of denseN, relu,"
    " gelu, batchnorm, dropout or dropout0.3; such as pool-dense256-relu-dropout-linear."
)
USUAL_DROPOUT = 0.5  # of a head that says `dropout` and no more (Srivastava and others 2014)

PART = re.compile(r"([a-z]+)(\d+(?:\.\d*)?|\.\d+)?", re.ASCII)
TO_A_VECTOR = ("pool", "flatten")


class Pool(nn.Module):
    """A map (n, c, …) to (n, c): the mean over its places. What has none stays as it is."""

    def forward(self, x: Tensor) -> Tensor:
        """Mean over everything but pictures and channels."""
        return x.mean(tuple(range(2, x.ndim))) if x.ndim > 2 else x


def keeps_map(head: str) -> bool:
    """Whether `head` says itself how a map becomes a vector, by `pool` or `flatten`."""
    return head.startswith(TO_A_VECTOR)


def neck_for(
    head: str, shape: tuple[int, ...], *, dropout: float | None = None
) -> tuple[nn.Sequential, int]:
    """All layers of `head` but its last, for inputs (n, *shape), and how many features they give.

    `dropout` is the share that each bare `dropout` of `head` leaves out (0.5 if None); a head
    without one drops before its last layer. A map that is neither pooled nor flattened is pooled.

    Raises UsageError where the text is none that the grammar knows, or the share is none.

    >>> neck_for("flatten-dense64-relu-linear", (128, 4, 4))[1]
    64
    """
    _check_dropout(dropout)
    *parts, last = head.split("-")
    if last != "linear":
        raise _unknown(head, f'it ends in "{last}"')
    if len(shape) > 1 and not keeps_map(head):
        parts.insert(0, "pool")
    if dropout and not any(part.startswith("dropout") for part in parts):
        parts.append("dropout")
    layers: list[nn.Module] = []
    for place, part in enumerate(parts):
        if part in TO_A_VECTOR and place > 0:
            raise _unknown(head, f'"{part}" can only come first')
        layer, shape = _layer(part, shape, dropout, head)
        layers.append(layer)
    return nn.Sequential(*layers), shape[0]


def _layer(
    part: str, shape: tuple[int, ...], dropout: float | None, head: str
) -> tuple[nn.Module, tuple[int, ...]]:
    """The layer called `part` for inputs (n, *shape), and the shape that it gives."""
    match = PART.fullmatch(part)
    kind, amount = match.groups(default="") if match else (part, "")
    if kind == "dense" and amount.isdecimal() and int(amount) > 0:
        return nn.Linear(shape[0], int(amount)), (int(amount),)
    if kind == "dropout" and amount:
        if not 0 <= float(amount) < 1:
            raise _unknown(head, f'"{part}" is not a share from 0 to below 1')
        return nn.Dropout(float(amount)), shape
    plain: dict[str, Callable[[], tuple[nn.Module, tuple[int, ...]]]] = {
        "pool": lambda: (Pool(), shape[:1]),
        "flatten": lambda: (nn.Flatten(), (math.prod(shape),)),
        "relu": lambda: (nn.ReLU(), shape),
        "gelu": lambda: (nn.GELU(), shape),
        "batchnorm": lambda: (nn.BatchNorm1d(shape[0]), shape),
        "dropout": lambda: (nn.Dropout(USUAL_DROPOUT if dropout is None else dropout), shape),
    }
    if part not in plain:
        raise _unknown(head, f'"{part}" is none of its parts')
    return plain[part]()


def _check_dropout(dropout: float | None) -> None:
    if dropout is not None and not 0 <= dropout < 1:
        raise UsageError(
            f"{dropout:g} is not a share from 0 to below 1",
            where="dropout",
            mend="Give one such as 0.5, or leave it out.",
        )


def _unknown(head: str, why: str) -> UsageError:
    return UsageError(f"the head cannot be built: {why}", where=f'head "{head}"', mend=GRAMMAR)
