"""The numbers of an event by name, and at which step they stand, for what draws them."""

from __future__ import annotations

from collections.abc import Mapping

from linnaeus.progress import Event

__all__ = ["Steps", "scalars"]

DRAWN = ("pass", "strength", "finished")
PLACES = ("step", "at")
"""What says where in the run an event is, rather than what it gave."""


def scalars(event: Event) -> dict[str, float]:
    """{name: number} of what an event gave, if it is one of those that are drawn.

    A figure with its interval gives three: NAME, NAME_low and NAME_high.
    """
    if event.kind not in DRAWN:
        return {}
    numbers: dict[str, float] = {}
    for name, value in {**event.figures, **event.machine}.items():
        if isinstance(value, Mapping):
            ends = {"value": name, "low": f"{name}_low", "high": f"{name}_high"}
            numbers |= {ends[end]: float(number) for end, number in value.items() if end in ends}
        elif isinstance(value, int | float) and not isinstance(value, bool) and name not in PLACES:
            numbers[name] = float(value)
    return numbers


class Steps:
    """At which step the numbers of each event of a run stand: a pass says it, the strengths of a
    head are numbered as they come, and all else stands at 0.
    """

    def __init__(self) -> None:
        self._strengths = 0

    def of(self, event: Event) -> int:
        """The step of `event`, which is told once."""
        if event.kind == "strength":
            self._strengths += 1
            return self._strengths
        step = event.figures.get("step", 0)
        assert isinstance(step, int)
        return step
