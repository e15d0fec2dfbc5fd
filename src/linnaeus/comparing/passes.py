"""How many passes networks from scratch make, where all of a study is to keep to a budget.

What does not learn in passes, heads on frozen features above all, takes the time that it takes and
goes first. What is left is dealt to the trainings from scratch: each gets as many seconds as any
other, and those that need fewer leave theirs to the rest. The passes are settled once and kept, so
that a study that was broken off goes on with the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["LEAST_PASSES", "Usual", "ceiling_s", "passes_below"]

LEAST_PASSES = 1.0
"""With fewer, not all pictures would have been seen."""

RESERVE = 0.1
"""Of what is left: paces are measured on a few steps, and the page takes some seconds too."""


@dataclass(frozen=True)
class Usual:
    """What a network from scratch usually does on a data set: `passes` of `pass_s` seconds.

    `trainings`: how many there are of it, parts counting as parts. `beside_s`: what each takes
    beside learning: reading, exporting, judging. `starts`: how many trainings are started.
    """

    passes: float
    pass_s: float
    trainings: float
    starts: int
    beside_s: float

    @property
    def wanted_s(self) -> float:
        """Seconds that learning usually takes in one training."""
        return self.passes * self.pass_s


def ceiling_s(usual: Sequence[Usual], left_s: float) -> float:
    """The most seconds that learning may take in one training, so that all fit into `left_s`.

    >>> ceiling_s([Usual(10, 1.0, 5, 5, 2.0), Usual(10, 100.0, 5, 5, 2.0)], 400.0)
    58.0
    """
    spare_s = (1 - RESERVE) * left_s - sum(one.starts * one.beside_s for one in usual)
    trainings = sum(one.trainings for one in usual)
    for one in sorted(usual, key=lambda one: one.wanted_s):
        share_s = max(0.0, spare_s) / trainings
        if one.wanted_s > share_s:
            return share_s
        spare_s -= one.trainings * one.wanted_s
        trainings -= one.trainings
        if trainings <= 0:
            break
    return max((one.wanted_s for one in usual), default=0.0)


def passes_below(usual: Mapping[str, Usual], most_s: float) -> dict[str, float]:
    """{name: passes} of the networks where learning may take `most_s` seconds in a training."""
    shares = {
        name: min(1.0, most_s / max(one.wanted_s, 1e-9)) * one.passes for name, one in usual.items()
    }
    return {name: max(LEAST_PASSES, float(f"{share:.3g}")) for name, share in shares.items()}
