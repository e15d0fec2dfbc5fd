"""RunEntry: one run as a list of runs tells of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from linnaeus.evaluation.figure import Figure
from linnaeus.runs.standing import Stand, read_standing
from linnaeus.runs.state import BEGUN, METRICS, RECIPE, RunState, read_object, state_of
from linnaeus.watching.run_log import LOG, read_log

__all__ = ["RunEntry", "read_entry"]

HEADLINES = ("accuracy", "macro_average_precision")
"""What a run is listed with: the first that it has. The second is of pictures of several labels."""


@dataclass(frozen=True)
class RunEntry:
    """A run in its folder.

    `why`: of a broken one, what is the matter. `when`: ISO 8601, UTC: a finished run's end, and any
    other's beginning. `figures`: those of the test, by their names in metrics.json. `facts`: that
    file, and `log` the lines of log.jsonl; both are empty where there is none. `standing`: how it
    does on corrupted and attacked pictures, beside good ones, as far as that was measured.
    """

    folder: Path
    state: RunState
    why: str
    when: str
    size_bytes: int
    data: str
    model: str
    figures: Mapping[str, Figure] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    log: tuple[Mapping[str, Any], ...] = ()
    standing: Mapping[str, Stand] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The folder's."""
        return self.folder.name

    @property
    def headline(self) -> tuple[str, Figure] | None:
        """The first figure that a reader wants, and its name; None before the test."""
        return next(((n, self.figures[n]) for n in HEADLINES if n in self.figures), None)

    @property
    def newest(self) -> Mapping[str, Any] | None:
        """The newest line of the log that tells of a stage; None where there was none yet."""
        return next((line for line in reversed(self.log) if "stage" in line), None)

    def to_json(self) -> dict[str, Any]:
        """What a list tells, as plain JSON values."""
        return {
            "name": self.name,
            "folder": str(self.folder),
            "state": self.state,
            "why": self.why,
            "when": self.when,
            "size_bytes": self.size_bytes,
            "data": self.data,
            "model": self.model,
            "figures": {name: figure.to_json() for name, figure in self.figures.items()},
            "newest": None if self.newest is None else dict(self.newest),
            "standing": {
                name: {"right": one.right.to_json(), "pictures": one.pictures, "of": one.of}
                for name, one in self.standing.items()
            },
        }


def read_entry(folder: Path) -> RunEntry:
    """The run in `folder`, whatever state it is in. Time grows with the number of its files.

    Raises FileNotFoundError where the folder is gone meanwhile.
    """
    state, why = state_of(folder)
    facts = read_object(folder, METRICS)[0]
    begun, log = read_object(folder, BEGUN)[0], _log(folder / LOG)
    first = log[0] if log and log[0]["event"] == "begun" else {}
    recipe = read_object(folder, RECIPE)[0] or begun.get("recipe") or {}
    return RunEntry(
        folder=folder,
        state=state,
        why=why,
        when=facts.get("created") or begun.get("begun") or _changed(folder),
        size_bytes=_size_bytes(folder),
        data=_of(facts, "data", "name") or first.get("data") or _name_of(begun.get("data")),
        model=_of(facts, "model", "name") or first.get("model") or recipe.get("model") or "",
        figures=_figures(facts.get("test") or {}),
        recipe=recipe,
        facts=facts,
        log=log,
        standing=read_standing(folder),
    )


def _log(file: Path) -> tuple[dict[str, Any], ...]:
    try:
        return tuple(line for line in read_log(file) if isinstance(line, dict) and "event" in line)
    except (OSError, ValueError):
        return ()


def _of(record: Mapping[str, Any], part: str, name: str) -> str:
    return str((record.get(part) or {}).get(name) or "")


def _name_of(data: object) -> str:
    return Path(str(data)).stem if data else ""


def _figures(test: Mapping[str, Any]) -> dict[str, Figure]:
    return {
        name: Figure(value["value"], value["low"], value["high"])
        for name, value in test.items()
        if isinstance(value, dict) and value.keys() == {"value", "low", "high"}
    }


def _size_bytes(folder: Path) -> int:
    """Of all files; a run that goes on may take some away meanwhile."""
    total = 0
    for place, _, files in os.walk(folder):  # which passes over folders that are gone
        for name in files:
            with suppress(OSError):
                total += Path(place, name).stat().st_size
    return total


def _changed(folder: Path) -> str:
    return datetime.fromtimestamp(folder.stat().st_mtime, UTC).isoformat(timespec="seconds")
