"""Runs side by side: their figures, what was asked of them, and which differences are real."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from linnaeus.errors import UsageError
from linnaeus.evaluation.figure import Figure
from linnaeus.leaves import leaves
from linnaeus.runs.entry import RunEntry, read_entry
from linnaeus.runs.paired import PairedDifference, paired_differences

__all__ = ["RunComparison", "compare_runs"]

RESOLVED = (
    "network.paces",
    "network.teacher_paces",
    "transfer.done",
    "transfer.frozen",
    "head_pictures",
    "head_strengths",
)
"""What a run's recipe says of how it went rather than of what was asked for."""

INDEPENDENT = (
    "Each picture counts for itself here, since runs do not keep groups: where several pictures are"
    " of one patient or thing, differences are less sure than this says."
)


@dataclass(frozen=True)
class RunComparison:
    """Several finished runs.

    `figures`: {name: one a run, None where it has none}. `recipes`: of the fields that differ, what
    each run has, None of one without a recipe. `differences`: which run is right more often, pair
    by pair, where they were judged on the same pictures; `unpaired`: why others are not there, as a
    clause.
    """

    entries: tuple[RunEntry, ...]
    figures: Mapping[str, tuple[Figure | None, ...]]
    recipes: Mapping[str, tuple[Any, ...]]
    differences: tuple[PairedDifference, ...]
    unpaired: str

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the differences take for granted, as sentences."""
        return (INDEPENDENT,) if self.differences else ()

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "runs": [entry.to_json() for entry in self.entries],
            "figures": {
                name: [figure.to_json() if figure else None for figure in row]
                for name, row in self.figures.items()
            },
            "recipes": {name: list(row) for name, row in self.recipes.items()},
            "differences": [one.to_json() for one in self.differences],
            "unpaired": self.unpaired,
            "remarks": list(self.remarks),
        }


def compare_runs(folders: list[Path]) -> RunComparison:
    """Compare the runs in `folders`. Raises UsageError for fewer than two, or unfinished ones."""
    if len(folders) < 2:
        raise UsageError("there is nothing to compare", where="RUN", mend="Name two runs or more.")
    entries = tuple(read_entry(folder) for folder in folders)
    for entry in entries:
        if entry.state != "finished":
            raise UsageError(
                f"this run is {entry.state}, and has no figures",
                where=str(entry.folder),
                mend="Compare finished ones.",
            )
    names = list(dict.fromkeys(name for entry in entries for name in entry.figures))
    differences, unpaired = paired_differences(folders)
    return RunComparison(
        entries=entries,
        figures={name: tuple(entry.figures.get(name) for entry in entries) for name in names},
        recipes=_different([leaves(entry.recipe) for entry in entries]),
        differences=tuple(differences),
        unpaired=unpaired,
    )


def _different(recipes: list[dict[str, Any]]) -> dict[str, tuple[Any, ...]]:
    names = [n for n in dict.fromkeys(chain(*recipes)) if n not in RESOLVED]
    rows = {name: tuple(recipe.get(name) for recipe in recipes) for name in names}
    # An ensemble of bundles has no recipe, and differs in nothing of it.
    asked = [place for place, recipe in enumerate(recipes) if recipe]
    return {n: row for n, row in rows.items() if any(row[p] != row[asked[0]] for p in asked)}
