"""`compare`: from what was asked to a study, carried out and written up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from linnaeus.comparing.run import carried_out
from linnaeus.comparing.sets import opened_sets
from linnaeus.comparing.study import Asked, opened_study, study_alone, usual_folder
from linnaeus.comparing.written import Compared, write_comparison
from linnaeus.errors import UsageError
from linnaeus.models.catalogue import is_ours
from linnaeus.progress import Progress
from linnaeus.training.choice import choose_model

__all__ = ["compare_models"]


def compare_models(
    data: Sequence[str | Path],
    models: Sequence[str],
    *,
    out: Path | None,
    columns: Mapping[str, str | Sequence[str] | None],
    progress: Progress,
    **choices: Any,
) -> Compared:
    """Compare `models` on `data`; `choices` are fields of `study.Asked`.

    Raises UsageError for what cannot be meant, MissingError for a model that there is not, before
    the work begins; Stopped on Ctrl-C, with all that is done kept.
    """
    opened = opened_sets(data, columns)
    _check(models, choices)
    asked = Asked(sets=tuple(one for one, _ in opened), models=tuple(models), **choices)
    folder = out or usual_folder(asked)
    with study_alone(folder, progress):
        study = opened_study(folder, asked)
        progress.say(f"The study is kept in {folder}; the same command goes on with it.")
        _tell_of_scratch(study.asked, progress)
        known = {one.name: dataset for one, dataset in opened}
        sets = {one.name: known.get(one.name) or one.load() for one in study.asked.sets}
        comparison = carried_out(study, sets, progress)
        return write_comparison(study, comparison)


def _check(models: Sequence[str], choices: Mapping[str, Any]) -> None:
    """Refuse models that there are not, or that are named twice, before anything is done."""
    if not models:
        raise UsageError(
            "no model is named",
            where="--models",
            mend="Name some, such as --models mlp,cnn-tiny,mobilenetv2_100.",
        )
    for model in models:
        if list(models).count(model) > 1:
            raise UsageError(
                f"{model} is named twice", where="--models", mend="Name each model once."
            )
        choose_model(model, weights=choices.get("weights", ()))
    if choices.get("folds", 5) < 2:
        raise UsageError("one fold is no fold", where="--folds", mend="Give 2 or more.")


def _tell_of_scratch(asked: Asked, progress: Progress) -> None:
    """Warn of networks that learn from scratch because their weights are not here."""
    for model in asked.models:
        choice = choose_model(model, weights=asked.weights)
        if choice.backbone is None and choice.classical is None and not is_ours(choice.name):
            progress.warn(
                f"No weights of {model} are at hand, so it learns from scratch here; --weights DIR"
                " names a folder that has them."
            )
