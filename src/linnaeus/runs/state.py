"""In which state a run is, by what stands in its folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from linnaeus.file_lock import locked
from linnaeus.files import read_json
from linnaeus.manifest import MANIFEST
from linnaeus.watching.run_log import LOG

__all__ = [
    "BEGUN",
    "BUNDLE",
    "FOLDS",
    "LOCK",
    "METRICS",
    "RECIPE",
    "RunState",
    "has_ended",
    "is_in_use",
    "is_run",
    "read_object",
    "state_of",
]

RunState = Literal["running", "finished", "stopped", "broken"]
"""running: a living process writes in it. finished: the bundle is there and was judged, or all
folds were. stopped: it was ended before, and can be gone on with. broken: something of it is
gone."""

BUNDLE = "bundle"
FOLDS = "folds"
"""The folder in which a cross-validation trains; such a run has a report and no bundle."""
METRICS = "report/metrics.json"
MADE = f"{BUNDLE}/{MANIFEST}"
RECIPE = "recipe.json"
BEGUN = "begun.json"
LOCK = "lock"


def state_of(folder: Path) -> tuple[RunState, str]:
    """The state of the run in `folder` and, where it is broken, why, as a clause."""
    if is_in_use(folder):
        return "running", ""
    if not has_ended(folder):
        if (folder / BEGUN).exists():
            return "stopped", ""
        return "broken", "it has no bundle, and does not say what it was asked for"
    facts, why = read_object(folder, METRICS)
    if not (folder / FOLDS).exists():
        why = why or read_object(folder, MADE)[1]
    if not why and facts.get("training"):  # an ensemble has no recipe
        why = read_object(folder, RECIPE)[1]
    return ("broken", why) if why else ("finished", "")


def has_ended(folder: Path) -> bool:
    """Whether what a run makes last stands in `folder`: its bundle, or the report on its folds."""
    return (folder / BUNDLE).exists() or ((folder / FOLDS).exists() and (folder / METRICS).exists())


def is_run(folder: Path) -> bool:
    """Whether `folder` was made by a training or is an ensemble, whatever has become of it."""
    if folder.name.startswith(".") or not folder.is_dir():
        return False
    told = any((folder / name).exists() for name in (RECIPE, METRICS))
    begun = any((folder / name).exists() for name in (BEGUN, LOG, LOCK))
    return begun or (has_ended(folder) and told)


def is_in_use(folder: Path) -> bool:
    """Whether a living process writes in `folder`."""
    try:
        with (folder / LOCK).open("rb+") as file:
            return not locked(file)
    except OSError:
        return False


def read_object(folder: Path, name: str) -> tuple[dict[str, Any], str]:
    """A JSON object of a run, and what is wrong with it, as a clause; empty where nothing is."""
    try:
        content = read_json(folder / name)
    except FileNotFoundError:
        return {}, f"{name} is missing"
    except (OSError, ValueError):
        return {}, f"{name} cannot be read"
    return (content, "") if isinstance(content, dict) else ({}, f"{name} cannot be read")
