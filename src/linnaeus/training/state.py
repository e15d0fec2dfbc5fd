"""Where a piece of work stands: what has to be saved so that another process can go on with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["BELOW", "State"]

BELOW = "/"  # between the name of a part and a name within it


@dataclass(frozen=True)
class State:
    """Plain JSON `facts`, and `tensors` by name. The parts of the work have states of their own."""

    facts: dict[str, Any] = field(default_factory=dict)
    tensors: dict[str, Tensor] = field(default_factory=dict)

    def add(self, name: str, part: State) -> None:
        """Take in the state of a part of the work."""
        self.facts[name] = part.facts
        self.tensors.update({f"{name}{BELOW}{key}": one for key, one in part.tensors.items()})

    def of(self, name: str) -> State:
        """The state of a part that was taken in."""
        start = name + BELOW
        tensors = {k.removeprefix(start): t for k, t in self.tensors.items() if k.startswith(start)}
        return State(self.facts[name], tensors)
