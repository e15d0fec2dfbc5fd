"""`compare`: which of several models is better, on folds that all of them share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from linnaeus.api.require import require_training
from linnaeus.api.several import several
from linnaeus.progress import Progress, Quiet

if TYPE_CHECKING:
    from linnaeus.comparing.written import Compared
    from linnaeus.training.presets import Preset

__all__ = ["compare"]


def compare(
    data: str | Path | Sequence[str | Path],
    *,
    models: str | Sequence[str],
    folds: int = 5,
    out: str | Path | None = None,
    preset: Preset = "balanced",
    budget: str | float | None = None,
    curves: bool = True,
    seed: int = 0,
    weights: str | Path | Sequence[str | Path] = (),
    image_column: str | Sequence[str] | None = None,
    label_column: str | Sequence[str] | None = None,
    group_column: str | Sequence[str] | None = None,
    split_column: str | Sequence[str] | None = None,
    table: str | Path | Sequence[str] | None = None,
    workers: int | None = None,
    cache: bool = True,
    progress: Progress | None = None,
) -> Compared:
    """Train several models on the same folds of one or more data sets, and say which are better.

    `data`: paths or names, as for `load_dataset`. `models`: names that `train` takes, in a list or
    parted by commas. `out`: the study's folder; the same call goes on with what an earlier one
    left there, and by default each finds its own again under runs/. `budget`: time for all of it;
    networks from scratch then make fewer passes. `curves`: also learn from parts of the first
    fold, to see what more pictures would bring. An option for a column is for all data sets, or
    for one where it is "NAME=COLUMN". `weights`: folders with pretrained networks; nothing is
    downloaded.

    Raises UsageError for options that cannot be meant, MissingError where the `train` extra, a
    model or its weights are missing, Stopped on Ctrl-C with all that is done kept, and as
    `load_dataset` and `data.save_split.save_split` do.
    """
    require_training()
    from linnaeus.comparing.compare import compare_models
    from linnaeus.training.budget import parse_budget

    places = several(weights)
    return compare_models(
        several(data),
        [m.strip() for m in models.split(",")] if isinstance(models, str) else list(models),
        out=None if out is None else Path(out),
        columns={
            "image_column": image_column,
            "label_column": label_column,
            "group_column": group_column,
            "split_column": split_column,
            "table": None if table is None else [str(one) for one in several(table)],
        },
        progress=progress or Quiet(),
        folds=folds,
        preset=preset,
        budget_s=None if budget is None else parse_budget(budget),
        curves=curves,
        seed=seed,
        weights=tuple(str(Path(one).absolute()) for one in places),
        workers=workers,
        cache=cache,
    )
