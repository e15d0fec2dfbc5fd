"""JoinedAnswers: the tables of several folds as one, each picture answered in one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.predictions import Predictions
from linnaeus.data.dataset import Column
from linnaeus.errors import DataError
from linnaeus.evaluation.answer_table import AnswerTable

__all__ = ["JoinedAnswers", "joined_answers"]


@dataclass(frozen=True, eq=False)
class JoinedAnswers:
    """`table`: all answers; `folds` (n,) int64: in which of the tables each stood."""

    table: AnswerTable
    folds: NDArray[np.int64]


def joined_answers(paths: Sequence[Path], tables: Sequence[AnswerTable]) -> JoinedAnswers:
    """Put the `tables` of `paths` together, with the classes in the order of the first.

    Columns that some of them lack are left out. Where a picture may have several labels, each table
    keeps its own thresholds. Raises DataError where they know other classes or where a picture
    stands in two of them.
    """
    first = tables[0]
    answers = [
        _in_order(one.predictions, first.predictions.classes, str(path))
        for path, one in zip(paths, tables, strict=True)
    ]
    _check_once(paths, answers)
    ids = tuple(name for one in answers for name in one.ids)
    predictions = replace(
        answers[0],
        ids=ids,
        probabilities=np.concatenate([one.probabilities for one in answers]),
        labels=np.concatenate([one.labels for one in answers]),
        thresholds=_thresholds(answers),
        label_sets=_sets(answers),
        row_errors=_errors(answers),
    )
    cells = [one.group_cells for one in tables if one.group_cells is not None]
    remarks = dict.fromkeys(remark for one in tables for remark in one.remarks)
    together = AnswerTable(
        predictions,
        tuple(cell for each in cells for cell in each) if cells else None,
        (*remarks, "Each table is taken for a fold, whose classifier had not seen its pictures."),
        _shared(tables),
    )
    sizes = [len(one) for one in answers]
    return JoinedAnswers(together, np.repeat(np.arange(len(sizes)), sizes))


def _errors(answers: Sequence[Predictions]) -> dict[int, str]:
    """Why pictures could not be read, by their rows in all tables together."""
    together: dict[int, str] = {}
    start = 0
    for one in answers:
        together |= {start + place: why for place, why in one.row_errors.items()}
        start += len(one)
    return together


def _in_order(predictions: Predictions, classes: tuple[str, ...], where: str) -> Predictions:
    """The same answers with their classes in another order."""
    if predictions.classes == classes:
        return predictions
    if set(predictions.classes) != set(classes):
        strange = sorted(set(predictions.classes) ^ set(classes))
        raise DataError(
            f"the tables are not of the same classes: '{strange[0]}' is in one of them alone",
            where=where,
            mend="Give the tables of the folds of one data set.",
        )
    places = [predictions.classes.index(name) for name in classes]
    to = {-1: -1, **{place: at for at, place in enumerate(places)}}
    labels = np.array([to[label] for label in predictions.labels.tolist()], np.int64)
    return replace(
        predictions,
        classes=classes,
        probabilities=predictions.probabilities[:, places],
        labels=labels,
        label_sets=None if predictions.label_sets is None else predictions.label_sets[:, places],
        thresholds=None if predictions.thresholds is None else predictions.thresholds[places],
    )


def _thresholds(answers: Sequence[Predictions]) -> NDArray[np.floating] | None:
    """(classes,) where all give labels from the same probabilities on; else those of each row."""
    own = [one.thresholds for one in answers if one.thresholds is not None]
    if not own or all(np.array_equal(own[0], each) for each in own):
        return own[0] if own else None
    return np.repeat(own, [len(one) for one in answers], axis=0)


def _sets(answers: Sequence[Predictions]) -> NDArray[np.bool_] | None:
    """The true labels of all pictures, where they may have several."""
    sets = [one.label_sets for one in answers if one.label_sets is not None]
    return np.concatenate(sets) if sets else None


def _check_once(paths: Sequence[Path], answers: Sequence[Predictions]) -> None:
    seen: dict[str, Path] = {}
    for path, one in zip(paths, answers, strict=True):
        for name in one.ids:
            if name in seen:
                raise DataError(
                    f"'{name}' stands in {seen[name]} too, and each picture counts once",
                    where=str(path),
                    mend="Give one table a fold, with a column that names the pictures.",
                )
        seen |= dict.fromkeys(one.ids, path)


def _shared(tables: Sequence[AnswerTable]) -> dict[str, Column]:
    """The columns of metadata that all tables have, of one kind."""
    shared: dict[str, Column] = {}
    for name in tables[0].metadata:
        columns = [one.metadata.get(name) for one in tables]
        given = [column for column in columns if column is not None]
        if len(given) == len(tables) and len({column.dtype.kind for column in given}) == 1:
            joined: Any = np.concatenate(given)
            shared[name] = joined
    return shared
