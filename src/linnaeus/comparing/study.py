"""A study: the folder in which a comparison keeps what was asked, its folds and what is done.

study.json         what was asked, and what was settled on the way
splits/            the folds of each data set, and the parts of them for learning curves
records/           one small record and one file of answers for each finished training
index.html         the page, comparison.json and two tables beside it
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge
from pydantic import BaseModel, ConfigDict, ValidationError

from linnaeus.comparing.sets import DataSet
from linnaeus.data.fetching.lock import alone
from linnaeus.errors import UsageError, WriteError
from linnaeus.files import read_json, write_json
from linnaeus.progress import Progress
from linnaeus.training.presets import Preset
from linnaeus.version import __version__

__all__ = ["SHARES", "Asked", "Study", "opened_study", "study_alone", "usual_folder"]

STUDY = "study.json"
LOCK = "in-use"
SHARES = (0.1, 0.25, 0.5)
"""Of the training pictures, for learning curves; all of them, 1, are what a fold learns from."""

FIXED = ("folds", "seed", "preset", "curves", "budget_s")
"""What a study was begun with and cannot be changed in it: its trainings would not compare."""


class Asked(BaseModel):
    """Everything that was asked of a comparison.

    `weights`: folders of pretrained networks. `budget_s`: seconds for all of it. `curves`: whether
    learning curves are measured. `workers` and `cache` change nothing but the time.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sets: tuple[DataSet, ...]
    models: tuple[str, ...]
    folds: Annotated[int, Ge(2)] = 5
    seed: Annotated[int, Ge(0)] = 0
    preset: Preset = "balanced"
    budget_s: float | None = None
    curves: bool = True
    weights: tuple[str, ...] = ()
    workers: int | None = None
    cache: bool = True

    def of_study(self) -> dict[str, Any]:
        """What decides the answers, as plain values: not where weights lie, nor the workers."""
        return self.model_dump(mode="json", exclude={"weights", "workers", "cache"})


@dataclass(frozen=True)
class Study:
    """The folder of a study and what was asked of it."""

    folder: Path
    asked: Asked

    def split_file(self, name: str) -> Path:
        """The folds of the data set called `name`."""
        return self.folder / "splits" / f"{name}.csv"

    def curve_file(self, name: str) -> Path:
        """Parts of its first fold, one for each of `SHARES`, as if they were folds."""
        return self.folder / "splits" / "parts" / f"{name}.csv"

    def settled(self) -> dict[str, Any]:
        """What was settled on the way, by its name: measured once, and kept for a second start."""
        return dict(read_json(self.folder / STUDY).get("settled", {}))

    def passes(self) -> dict[str, dict[str, float]]:
        """{data set: {network from scratch: passes}}, where a budget asked for fewer than usual."""
        return dict(self.settled().get("passes", {}))

    def settle(self, name: str, value: object) -> None:
        """Keep one more thing that was settled."""
        document = read_json(self.folder / STUDY)
        document["settled"] = document.get("settled", {}) | {name: value}
        write_json(self.folder / STUDY, document)


def usual_folder(asked: Asked) -> Path:
    """Where a study goes that is given no folder: the same for the same command."""
    text = json.dumps(asked.of_study(), sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    names = "-".join(one.name for one in asked.sets[:3])
    return Path("runs") / f"compare-{names}-{digest}"


@contextmanager
def study_alone(folder: Path, progress: Progress) -> Iterator[None]:
    """Hold the lock on the study in `folder`, which may be to come; wait where it is taken.

    To be held before the study is read, since who holds it may settle things or add models.
    Raises WriteError where the folder holds something else.
    """
    _check_free(folder)
    waiting = "Another process is at work on this study; waiting for it to end."
    with alone(folder / LOCK, progress, waiting):
        yield


def opened_study(folder: Path, asked: Asked) -> Study:
    """Begin a study in `folder`, or go on with the one that it holds.

    Further data sets and models may join it. Raises UsageError where it was begun with other
    folds, seed, preset, budget or curves, WriteError where the folder holds something else.
    """
    file = folder / STUDY
    settled: dict[str, Any] = {}
    if file.exists():
        before, settled = _read(file)
        _check_same(before, asked, file)
        asked = _joined(before, asked)
    else:
        _check_free(folder)
    kept = asked.model_dump(mode="json", exclude={"workers", "cache"})
    write_json(file, {"linnaeus_version": __version__, "asked": kept, "settled": settled})
    return Study(folder, asked)


def _check_free(folder: Path) -> None:
    """Raise WriteError where `folder` holds what is neither a study nor the lock of one."""
    if not folder.exists() or (folder / STUDY).exists():
        return
    if not folder.is_dir() or any(one.name != LOCK for one in folder.iterdir()):
        raise WriteError(
            "already exists and holds no study",
            where=str(folder),
            mend="Name another folder, or move this one away.",
        )


def _read(file: Path) -> tuple[Asked, dict[str, Any]]:
    try:
        document = read_json(file)
        return Asked.model_validate(document["asked"]), dict(document["settled"])
    except (OSError, ValueError, KeyError, TypeError, ValidationError):
        raise UsageError(
            "it is not a study that can be gone on with",
            where=str(file),
            mend="Name a new folder with --out.",
        ) from None


def _check_same(before: Asked, asked: Asked, file: Path) -> None:
    for name in FIXED:
        was, now = getattr(before, name), getattr(asked, name)
        if was != now:
            raise UsageError(
                f"this study was begun with {name} {was}, and {now} is asked for",
                where=str(file),
                mend="Ask for the same, or begin another study with --out.",
            )
    known = {one.name: one for one in before.sets}
    for one in asked.sets:
        if known.get(one.name, one) != one:
            raise UsageError(
                f"{one.name} was another data set, or had other columns, when this study was begun",
                where=str(file),
                mend="Name it as before, or begin another study with --out.",
            )


def _joined(before: Asked, asked: Asked) -> Asked:
    """What was asked for before and what is asked for now.

    Folders of weights that are still there join too, so that pretrained models stay pretrained.
    """
    known = {one.name for one in before.sets}
    sets = (*before.sets, *(one for one in asked.sets if one.name not in known))
    models = (*before.models, *(one for one in asked.models if one not in before.models))
    more = (one for one in before.weights if one not in asked.weights and Path(one).is_dir())
    weights = (*asked.weights, *more)
    return asked.model_copy(update={"sets": sets, "models": models, "weights": weights})
