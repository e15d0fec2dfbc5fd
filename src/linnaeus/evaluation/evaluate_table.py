"""Judging answers that stand in a table, from whichever model, without a bundle."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from linnaeus.data.columns import Columns
from linnaeus.errors import DataError, UnreadableImage
from linnaeus.evaluation.answer_table import AnswerTable, read_answer_table
from linnaeus.evaluation.compared import NOTHING_WANTED, Wanted, compare
from linnaeus.evaluation.contest import Paired, in_order, pair, same_pictures
from linnaeus.evaluation.evaluate import Evaluation, write_judged
from linnaeus.evaluation.facts import DataFacts, RunFacts
from linnaeus.evaluation.further import Asked
from linnaeus.evaluation.judging import judge
from linnaeus.evaluation.metrics import NOTHING_ASKED
from linnaeus.evaluation.traits import told_traits
from linnaeus.files import check_unused
from linnaeus.images.decode import decode
from linnaeus.version import __version__

__all__ = ["evaluate_table"]


def evaluate_table(
    path: Path,
    columns: Columns,
    *,
    out: Path | None,
    seed: int = 0,
    asked: Asked = NOTHING_ASKED,
    wanted: Wanted = NOTHING_WANTED,
) -> Evaluation:
    """Judge the probabilities in the table at `path` by the labels in it, as a bundle's are.

    `out`: a new folder for a report and a table. Pictures stand in the report where the table's
    names for them, from its folder, lead to files. `wanted`: what to compare; columns that it
    names are no classes, and `against` is another table, of the same pictures.

    Raises DataError as `read_answer_table` does and where the two tables are not of the same
    pictures and labels, WriteError where `out` holds something already.
    """
    if out is not None:
        check_unused(out)
    given = read_answer_table(path, columns, beside=wanted.columns)
    wanted.check(list(given.metadata), str(path))
    predictions = given.predictions
    metrics = judge(predictions, seed=seed, groups=given.groups, asked=asked)
    paired = None
    if wanted.against is not None:
        paired = _paired(path, wanted.against, columns, given, wanted.columns)
    compared = compare(
        predictions,
        told_traits(given.metadata),
        wanted,
        groups=given.groups,
        positive=asked.positive,
        paired=paired,
    )
    report = None
    if out is not None:
        report = write_judged(
            out,
            _facts(path, given),
            predictions,
            metrics,
            compared=compared,
            picture_of=lambda name: _picture(path.parent / name),
        )
    return Evaluation(metrics, predictions, given.remarks, report, compared)


def _paired(
    path: Path, against: Path, columns: Columns, given: AnswerTable, beside: Sequence[str]
) -> Paired:
    """The answers of another table to the same pictures, beside those that are judged."""
    first = given.predictions
    second = read_answer_table(against, columns, beside).predictions
    others = in_order(second, same_pictures(first.ids, second.ids))
    for row, name in enumerate(first.ids):
        if first.true_labels(row) != others.true_labels(row):
            raise DataError(
                f"'{name}' has another label here than in {path.name}",
                where=str(against),
                mend="Compare answers to the same labels.",
            )
    return pair(first, others, (path.name, against.name), given.groups)


def _picture(path: Path) -> Image.Image | None:
    """The upright picture in a file; None where there is none."""
    try:
        return Image.fromarray(decode(path.read_bytes(), name=path.name).pixels)
    except (OSError, ValueError, UnreadableImage):
        return None  # names in a table of answers need not be files


def _facts(path: Path, given: AnswerTable) -> RunFacts:
    predictions = given.predictions
    return RunFacts(
        title=f"The answers in {path.name}",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        linnaeus_version=__version__,
        data=DataFacts(
            name=path.name,
            fingerprint=hashlib.sha256(path.read_bytes()).hexdigest(),
            images=len(predictions),
            classes=predictions.classes,
            counts={"test": predictions.true_counts().tolist()},
            pictures={"test": len(predictions)},
            remarks=given.remarks,
            unreadable=predictions.errors,
        ),
    )
