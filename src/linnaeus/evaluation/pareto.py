"""The Pareto front: what nothing else beats in both what it costs and what it brings."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["pareto_front"]


def pareto_front(costs: Sequence[float], scores: Sequence[float]) -> list[int]:
    """The positions, cheapest first, of all that no other beats: as cheap and better, or as good
    and cheaper.

    >>> pareto_front([1.0, 2.0, 3.0], [0.5, 0.4, 0.9])
    [0, 2]
    """
    order = sorted(range(len(costs)), key=lambda at: (costs[at], -scores[at]))
    front: list[int] = []
    for at in order:
        if not front or scores[at] > scores[front[-1]]:
            front.append(at)
    return front
