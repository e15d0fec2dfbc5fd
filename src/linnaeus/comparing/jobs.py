"""The trainings of a study, one by one: each model on each fold of each data set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from linnaeus.comparing.sets import DataSet
from linnaeus.comparing.study import SHARES, Study

__all__ = ["UNFINISHED", "Job", "jobs_of"]

UNFINISHED = ".unfinished-"
"""How folders of trainings under way begin; what a killed one left is cleared away."""


class Job(BaseModel):
    """One training: `model` on `fold` of a data set, or on `share` of the first fold's pictures.

    `split_file` and `fold` say which pictures it learns from and is judged on. `file`: where its
    record goes; its answers go beside it. `epochs`: passes for a network from scratch, where the
    study has a budget; None: as its preset says.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: DataSet
    model: str
    fold: int
    share: float
    split_file: str
    file: str
    preset: str
    seed: int
    epochs: float | None = None
    weights: tuple[str, ...] = ()
    workers: int | None = None
    cache: bool = True

    @property
    def title(self) -> str:
        """What it is called while it runs."""
        part = f"fold {self.fold + 1}" if self.share == 1 else f"{100 * self.share:.0f} % of fold 1"
        return f"{self.data.name} · {self.model} · {part}"

    @property
    def record(self) -> Path:
        """Where its record goes."""
        return Path(self.file)


def jobs_of(study: Study) -> Iterator[Job]:
    """All trainings of a study, in order: by data set, then model, then fold, then share.

    Those of networks from scratch make the passes that were settled for the study's budget.
    """
    passes = study.passes()
    for data in study.asked.sets:
        for model in study.asked.models:
            epochs = passes.get(data.name, {}).get(model)
            for fold in range(study.asked.folds):
                yield _job(study, data, model, fold, 1.0, epochs)
            for place, share in enumerate(SHARES if study.asked.curves else ()):
                yield _job(study, data, model, place, share, epochs)


def _job(
    study: Study, data: DataSet, model: str, fold: int, share: float, epochs: float | None
) -> Job:
    asked, whole = study.asked, share == 1.0
    name = f"fold-{fold}" if whole else f"share-{100 * share:.0f}"
    return Job(
        data=data,
        model=model,
        fold=fold,
        share=share,
        split_file=str(study.split_file(data.name) if whole else study.curve_file(data.name)),
        file=str(study.folder / "records" / data.name / model / f"{name}.json"),
        preset=asked.preset,
        seed=asked.seed,
        epochs=epochs,
        weights=asked.weights,
        workers=asked.workers,
        cache=asked.cache,
    )
