"""The folds of a cross-validation, judged as one table, with what to expect of another training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from answers import alike, random_answers

import linnaeus
from linnaeus.bundle.predictions import Predictions
from linnaeus.bundle.table import write_csv
from linnaeus.errors import DataError
from linnaeus.evaluation.cross_validation import cross_validated
from linnaeus.evaluation.metrics import measure


def part_of(answers: Predictions, rows: slice) -> Predictions:
    return replace(
        answers,
        ids=answers.ids[rows],
        labels=answers.labels[rows],
        probabilities=answers.probabilities[rows],
        row_errors={
            at - rows.start: why
            for at, why in answers.row_errors.items()
            if rows.start <= at < rows.stop
        },
    )


def written(folder: Path, answers: Predictions, folds: int = 3) -> list[Path]:
    """One table a fold; the second names its classes in another order."""
    size = len(answers) // folds
    paths = []
    for fold in range(folds):
        part = part_of(answers, slice(fold * size, (fold + 1) * size))
        if fold == 1:
            part = replace(
                part,
                classes=part.classes[::-1],
                probabilities=part.probabilities[:, ::-1].copy(),
                labels=len(part.classes) - 1 - part.labels,
            )
        paths.append(folder / f"fold-{fold}.csv")
        write_csv(paths[-1], part)
    return paths


def test_folds_are_judged_as_one_table(tmp_path: Path) -> None:
    answers = random_answers(0, 300, 4)
    found = linnaeus.evaluate(predictions=written(tmp_path, answers), out=tmp_path / "judged")
    assert alike(found.metrics.to_json(), measure(answers).to_json())
    crossed = found.compared.crossed
    assert crossed is not None
    right = (answers.decisions == answers.labels).reshape(3, 100).mean(axis=1)
    assert [one.accuracy.value for one in crossed.folds] == pytest.approx(right.tolist())
    assert "Fold by fold" in (tmp_path / "judged/report/index.html").read_text()
    assert any("in one of 3 folds" in sentence for sentence in found.in_plain_words)


def test_pictures_that_could_not_be_read_are_named_from_every_table(tmp_path: Path) -> None:
    answers = random_answers(0, 60, 3)
    unread = {5: "the file is empty", 33: "it is truncated"}
    answers.probabilities[list(unread)] = np.nan
    answers = replace(answers, row_errors=unread)
    found = linnaeus.evaluate(predictions=written(tmp_path, answers, folds=2))
    assert found.predictions.errors == {"5.jpg": "the file is empty", "33.jpg": "it is truncated"}
    assert found.metrics.unread == 2


def test_the_expected_accuracy_has_nadeau_and_bengios_interval() -> None:
    """Five folds of 20 that are right 18, 16, 17, 19 and 15 times: 85 % on average."""
    answers = random_answers(0, 100, 2)
    right = np.concatenate([np.arange(20) < count for count in (18, 16, 17, 19, 15)])
    said = np.where(right, 0, 1)
    answers = replace(
        answers,
        labels=np.zeros(100, np.int64),
        probabilities=np.where(np.eye(2)[said] > 0, 0.9, 0.1).astype(np.float32),
    )
    found = cross_validated(answers, np.repeat(np.arange(5), 20), list("abcde")).expected
    spread = np.std([0.9, 0.8, 0.85, 0.95, 0.75], ddof=1)
    half = 2.7764 * np.sqrt(1 / 5 + 1 / 4) * spread  # Student's t of 4 degrees
    assert found.value == pytest.approx(0.85)
    assert (found.low, found.high) == pytest.approx((0.85 - half, min(1, 0.85 + half)), abs=1e-4)


@pytest.mark.parametrize("groups", [None, np.arange(1000) // 5])
def test_folds_that_happen_to_agree_do_not_know_more_than_all_answers_together(
    groups: np.ndarray | None,
) -> None:
    """Five folds of 200 that are right 160 times each: another test would not be right so often."""
    right = np.tile(np.arange(200) < 160, 5)
    answers = replace(
        random_answers(0, 1000, 2),
        labels=np.zeros(1000, np.int64),
        probabilities=np.where(right[:, None], [0.9, 0.1], [0.1, 0.9]).astype(np.float32),
    )
    found = cross_validated(answers, np.repeat(np.arange(5), 200), list("abcde"), groups).expected
    usual = measure(answers, groups=groups).accuracy
    assert found.value == pytest.approx(0.8)
    assert (found.low, found.high) == (usual.low, usual.high)


def test_a_picture_in_two_tables_and_other_classes_are_refused(tmp_path: Path) -> None:
    first, second, _ = written(tmp_path, random_answers(0, 300, 4))
    with pytest.raises(DataError, match=r"'0.jpg' stands in .*fold-0.csv too"):
        linnaeus.evaluate(predictions=[first, second, first])
    write_csv(tmp_path / "other.csv", random_answers(0, 50, 3))
    with pytest.raises(DataError, match="'class 3' is in one of them alone"):
        linnaeus.evaluate(predictions=[second, tmp_path / "other.csv"])


def test_rows_without_names_and_groups_of_one_stay_apart(tmp_path: Path) -> None:
    paths = []
    for fold in range(2):
        rows = [f"cat,{0.9 if i % 3 else 0.2},{0.1 if i % 3 else 0.8}," for i in range(30)]
        paths.append(tmp_path / f"{fold}.csv")
        paths[-1].write_text("\n".join(["label,cat,dog,patient", *rows]))
    found = linnaeus.evaluate(predictions=paths, group_column="patient")
    assert found.metrics.images == 60
    assert found.metrics.groups == 60
