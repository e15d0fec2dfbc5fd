"""EnsemblePlan: which members a training makes, and how many, from text such as "folds:5"."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, cast

from pydantic_core import PydanticCustomError

__all__ = ["EnsemblePlan", "checked_plan", "ensemble_plan"]

PLAN = re.compile(r"(folds|snapshots):(\d+)", re.ASCII)
FEWEST, MOST = 2, 20  # members: one is none, and of more than a few dozen further ones add nothing


class EnsemblePlan(NamedTuple):
    """So many members, by folds of the pictures or as snapshots of one training."""

    kind: Literal["folds", "snapshots"]
    members: int


def ensemble_plan(text: str) -> EnsemblePlan:
    """The plan that `text` is, which `checked_plan` has let pass.

    >>> ensemble_plan("folds:5")
    EnsemblePlan(kind='folds', members=5)
    """
    kind, _, count = text.partition(":")
    return EnsemblePlan(cast(Literal["folds", "snapshots"], kind), int(count))


def checked_plan(text: str) -> str:
    """`text`, where it is a plan; for a field of a recipe."""
    found = PLAN.fullmatch(text)
    if found is None or not FEWEST <= int(found[2]) <= MOST:
        raise PydanticCustomError(
            "contradiction",
            "{what}",
            {
                "what": f'"{text}" is no ensemble',
                "mend": f"Give folds:N or snapshots:N, with N from {FEWEST} to {MOST}.",
            },
        )
    return text
