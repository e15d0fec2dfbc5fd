"""Judging answers that stand in a table, from whichever model, without a bundle."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from linnaeus.data.columns import Columns
from linnaeus.errors import DataError, UnreadableImage
from linnaeus.evaluation.answer_table import AnswerTable, read_answer_table
from linnaeus.evaluation.compared import NOTHING_WANTED, Wanted, compare
from linnaeus.evaluation.contest import Paired, in_order, pair, same_pictures
from linnaeus.evaluation.cross_validation import cross_validated
from linnaeus.evaluation.evaluate import Evaluation, write_judged
from linnaeus.evaluation.facts import DataFacts, RunFacts
from linnaeus.evaluation.further import Asked
from linnaeus.evaluation.joined_answers import joined_answers
from linnaeus.evaluation.judging import judge
from linnaeus.evaluation.metrics import NOTHING_ASKED
from linnaeus.evaluation.promises import nothing_promised
from linnaeus.evaluation.told_columns import told_columns
from linnaeus.evaluation.traits import told_traits
from linnaeus.files import check_unused
from linnaeus.images.decode import decode
from linnaeus.version import __version__

__all__ = ["evaluate_table"]

NO_HELD_OUT = (
    "Label sets and an error that is promised need held-out pictures beside those that judge, which"
    " a table of answers does not give."
)


def evaluate_table(
    paths: Sequence[Path],
    columns: Columns,
    *,
    out: Path | None,
    seed: int = 0,
    asked: Asked = NOTHING_ASKED,
    wanted: Wanted = NOTHING_WANTED,
) -> Evaluation:
    """Judge the probabilities in a table by the labels in it, as a bundle's are.

    Several tables at `paths` are the folds of a cross-validation, and are judged as one. `out`: a
    new folder for a report and a table. Pictures stand in the report where a table's names for
    them, from its folder, lead to files. `wanted`: what to compare; columns that it names are no
    classes, and `against` is another table, of the same pictures.

    Raises DataError as `read_answer_table` does and where the two tables are not of the same
    pictures and labels, WriteError where `out` holds something already.
    """
    if out is not None:
        check_unused(out)
    given, folds = _read(paths, columns, wanted.columns)
    path = paths[0]
    wanted.check(list(given.metadata), str(path))
    predictions = given.predictions
    metrics = judge(predictions, seed=seed, groups=given.groups, asked=asked)
    paired = None
    if wanted.against is not None:
        paired = _paired(paths, wanted.against, columns, given, wanted.columns)
    names = [str(one) for one in paths]
    crossed = None
    if len(paths) > 1:
        crossed = cross_validated(predictions, folds, names, given.groups)
    compared = compare(
        predictions,
        told_traits(given.metadata),
        wanted,
        groups=given.groups,
        positive=asked.positive,
        paired=paired,
        crossed=crossed,
    )
    at_rows = zip(predictions.ids, folds.tolist(), strict=True)
    folder_of = {name: paths[fold].parent for name, fold in at_rows}
    report = None
    if out is not None:
        report = write_judged(
            out,
            _facts(paths, given),
            predictions,
            metrics,
            promises=nothing_promised(predictions, NO_HELD_OUT, groups=given.groups, seed=seed),
            compared=compared,
            beside=told_columns(given.group_cells, given.metadata),
            picture_of=lambda name: _picture(folder_of[name] / name),
        )
    return Evaluation(metrics, predictions, given.remarks, report, compared)


def _read(
    paths: Sequence[Path], columns: Columns, beside: Sequence[str]
) -> tuple[AnswerTable, NDArray[np.int64]]:
    """The answers of all tables, and in which (n,) of them each stands."""
    if len(paths) == 1:
        given = read_answer_table(paths[0], columns, beside)
        return given, np.zeros(len(given.predictions), np.int64)
    tables = [read_answer_table(path, columns, beside, fold=f"{path}, ") for path in paths]
    joined = joined_answers(paths, tables)
    return joined.table, joined.folds


def _paired(
    paths: Sequence[Path],
    against: Path,
    columns: Columns,
    given: AnswerTable,
    beside: Sequence[str],
) -> Paired:
    """The answers of another table to the same pictures, beside those that are judged."""
    names = (_name(paths), against.name)
    if names[0] == names[1]:
        names = (str(paths[0]), str(against))
    first = given.predictions
    second = read_answer_table(against, columns, beside).predictions
    others = in_order(second, same_pictures(first.ids, second.ids))
    for row, name in enumerate(first.ids):
        if set(first.true_labels(row)) != set(others.true_labels(row)):
            raise DataError(
                f"'{name}' has another label here than in {names[0]}",
                where=str(against),
                mend="Compare answers to the same labels.",
            )
    return pair(first, others, names, given.groups)


def _name(paths: Sequence[Path]) -> str:
    return paths[0].name if len(paths) == 1 else f"{len(paths)} folds"


def _picture(path: Path) -> Image.Image | None:
    """The upright picture in a file; None where there is none."""
    try:
        return Image.fromarray(decode(path.read_bytes(), name=path.name).pixels)
    except (OSError, ValueError, UnreadableImage):
        return None  # names in a table of answers need not be files


def _facts(paths: Sequence[Path], given: AnswerTable) -> RunFacts:
    predictions = given.predictions
    name = _name(paths)
    content = hashlib.sha256()
    for path in paths:
        content.update(path.read_bytes())
    return RunFacts(
        title=f"The answers in {name}",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        linnaeus_version=__version__,
        data=DataFacts(
            name=name,
            fingerprint=content.hexdigest(),
            images=len(predictions),
            classes=predictions.classes,
            counts={"test": predictions.true_counts().tolist()},
            pictures={"test": len(predictions)},
            remarks=given.remarks,
            unreadable=predictions.errors,
        ),
    )
