"""Cross-validation: a training for each fold of the pictures, and one report on all their answers.

RUN/folds/ holds split.csv, in-common.json and a whole run for each fold (fold-0, fold-1, …), so
that an interrupted one goes on with the fold that was under way. All figures are of answers that a
classifier gave to pictures that it had not seen, and so tell how good such a training is, not how
good one bundle.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.predictions import SEPARATOR, Predictions
from linnaeus.bundle.record import read_record
from linnaeus.bundle.table import write_csv
from linnaeus.data.columns import Columns
from linnaeus.data.dataset import Dataset
from linnaeus.data.save_split import save_split
from linnaeus.data.together import together_at
from linnaeus.errors import DataError
from linnaeus.evaluation.answer_table import read_answer_table
from linnaeus.evaluation.answered_pictures import rows_by_name
from linnaeus.evaluation.compared import Compared, compare
from linnaeus.evaluation.cross_validation import cross_validated
from linnaeus.evaluation.evaluate import picture_from
from linnaeus.evaluation.facts import DataFacts, ModelFacts, RunFacts
from linnaeus.evaluation.joined_answers import joined_answers
from linnaeus.evaluation.judging import Measured, judge
from linnaeus.evaluation.promises import Kept, nothing_promised
from linnaeus.evaluation.report import write_report
from linnaeus.evaluation.told_columns import told_at
from linnaeus.evaluation.traits import traits_of
from linnaeus.files import add_to_folder, write_json, write_whole
from linnaeus.runs.state import BUNDLE, FOLDS, RECIPE
from linnaeus.training.choice import Choice
from linnaeus.training.finished_members import check_finished
from linnaeus.training.material import Material
from linnaeus.training.members import MemberTraining
from linnaeus.training.recipe import Recipe
from linnaeus.training.run import Run
from linnaeus.training.split_choice import parting_of
from linnaeus.training.team import Team
from linnaeus.training.written import SPLIT_TABLE
from linnaeus.version import __version__

__all__ = ["train_folds"]

REPORT = "report"

NO_BUNDLE = (
    "Label sets and an error that is promised are of one bundle; the report of each fold tells of"
    " its own."
)


def train_folds(training: MemberTraining, choice: Choice, *, out: Path, team: Team) -> Run:
    """Train on the folds that the recipe of `training` asks for, and judge all answers, in `out`.

    A budget is shared out among the folds. What an earlier process has finished or saved in `out`
    is gone on with.

    Raises UsageError where several processes are at work, DataError where pictures are too few for
    the folds or names could not be told apart in a table, and as `fit` does.
    """
    dataset, recipe = training.dataset, training.begun.recipe
    assert recipe.folds is not None
    training.check_alone(team, "the folds")
    _check(dataset)
    check_finished(out / FOLDS, dataset)
    split_file = out / FOLDS / SPLIT_TABLE
    _save_folds(training, split_file)
    of_each = _of_a_fold(recipe, recipe.folds, split_file)
    folders = [split_file.with_name(f"fold-{fold}") for fold in range(recipe.folds)]
    training.on_folds(folders, of_each, choice)
    first = of_each.model_copy(update={"fold": 0})
    material = training.look(first, choice)
    return _judged(dataset, material, recipe, folders, out)


def _check(dataset: Dataset) -> None:
    parted = [name for name in dataset.classes if SEPARATOR in name]
    if dataset.label_sets is not None and parted:
        raise DataError(
            f"the label '{parted[0]}' has '{SEPARATOR}' in it, which parts labels in the tables of"
            " the folds",
            where=dataset.name,
            mend="Give the label another name.",
        )
    rows_by_name(dataset)  # two pictures of one name are told before the work


def _save_folds(training: MemberTraining, file: Path) -> None:
    """Part the pictures, unless an earlier process has: alike, look-alike and grouped ones stay
    together, and classes are spread evenly."""
    if file.exists():
        return
    recipe = training.begun.recipe
    saved = save_split(
        training.dataset,
        file,
        parting_of(recipe),
        folds=recipe.folds,
        workers=training.workers,
        progress=training.progress,
    )
    for remark in saved.remarks:
        training.progress.say(remark)


def _of_a_fold(recipe: Recipe, folds: int, split_file: Path) -> Recipe:
    """The recipe that all folds share, with their part of the time."""
    update: dict[str, object] = {"folds": None, "split_file": str(split_file)}
    if recipe.budget_s is not None:
        update["budget_s"] = recipe.budget_s / folds
    return recipe.model_copy(update=update)


@dataclass(frozen=True, eq=False)
class _Answered:
    """The answers of all folds as one, and which (n,) fold and row of the data set each is of."""

    predictions: Predictions
    folds: NDArray[np.int64]
    rows: NDArray[np.int64]

    @classmethod
    def of(cls, dataset: Dataset, folders: list[Path]) -> _Answered:
        paths = [folder / "predictions.csv" for folder in folders]
        columns = Columns() if dataset.label_sets is None else Columns(separator=SEPARATOR)
        joined = joined_answers(paths, [read_answer_table(path, columns) for path in paths])
        named, predictions = rows_by_name(dataset), joined.table.predictions
        rows = [named[name] for name in predictions.ids]
        found = replace(predictions, ids=tuple(dataset.paths[row] for row in rows))
        return cls(found, joined.folds, np.array(rows, np.int64))


def _judged(
    dataset: Dataset, material: Material, recipe: Recipe, folders: list[Path], out: Path
) -> Run:
    """Judge the answers of all folds, and write what the run is to keep; the report last."""
    answered = _Answered.of(dataset, folders)
    predictions, rows = answered.predictions, answered.rows
    groups = together_at(dataset, material.scan, rows)
    names = [f"{FOLDS}/{folder.name}" for folder in folders]
    crossed = cross_validated(predictions, answered.folds, names, groups)
    metrics = judge(predictions, groups=groups)
    traits = traits_of(dataset, rows, material.scan, rows)
    compared = compare(predictions, traits, groups=groups, crossed=crossed)
    risk = nothing_promised(predictions, NO_BUNDLE, groups=groups)
    with add_to_folder(out, last=REPORT) as aside:
        write_json(aside / RECIPE, recipe.model_dump(mode="json"))
        write_json(aside / "audit.json", material.audit.to_json())
        write_whole(aside / SPLIT_TABLE, (out / FOLDS / SPLIT_TABLE).read_bytes())
        write_csv(aside / "predictions.csv", predictions, beside=told_at(dataset, rows, groups))
        _write_report(aside / REPORT, dataset, folders, predictions, metrics, risk, compared)
    return Run(out, recipe, material.audit, metrics, crossed=crossed)


def _write_report(
    folder: Path,
    dataset: Dataset,
    folders: list[Path],
    predictions: Predictions,
    metrics: Measured,
    risk: Kept | None,
    compared: Compared,
) -> None:
    write_report(
        folder,
        _facts(dataset, folders, predictions),
        predictions,
        metrics,
        validation=None,
        promises=risk,
        compared=compared,
        picture_of=lambda name: picture_from(dataset, name),
    )


def _facts(dataset: Dataset, folders: list[Path], predictions: Predictions) -> RunFacts:
    record = read_record(folders[0] / BUNDLE)
    model = ModelFacts.of(record)
    return RunFacts(
        title=f"{dataset.name}, {len(folders)} folds",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        linnaeus_version=__version__,
        data=DataFacts(
            name=dataset.name,
            fingerprint=dataset.fingerprint,
            images=len(dataset),
            classes=predictions.classes,
            counts={"test": predictions.true_counts().tolist()},
            pictures={"test": len(predictions)},
            remarks=(
                "Pictures that are alike, look alike or belong to one group are in one fold.",
            ),
            unreadable=predictions.errors,
        ),
        model=replace(model, why=f"{model.why} Trained once for each fold.".strip()),
    )
