"""The report's sheet: right and wrong answers with maps, of what is judged and nothing else."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import linnaeus
from linnaeus import Dataset
from linnaeus.bundle.predictions import Predictions
from linnaeus.ensembling.made import Ensembled
from linnaeus.evaluation.explained import answers_to_explain
from linnaeus.explanation.sheet import explain_answers
from linnaeus.progress import Quiet
from linnaeus.training.run import Run


def sheet_of(run: Path) -> tuple[dict[str, Any], str]:
    """What metrics.json and the page of a run say of explained answers."""
    report = run / "report"
    page = (report / "index.html").read_text("utf-8")
    found = re.search(r'<section id="why">.*?</section>', page, re.S)
    told = json.loads((report / "metrics.json").read_text("utf-8"))["explained"]
    return told, found[0] if found else ""


def test_a_training_shows_right_and_wrong_test_pictures_with_their_maps(digits_run: Run) -> None:
    told, page = sheet_of(digits_run.folder)
    with (digits_run.folder / "predictions.csv").open(encoding="utf-8") as table:
        tested = {row["image"]: row for row in csv.DictReader(table)}
    assert len(told["pictures"]) == 12
    for one in told["pictures"]:
        row = tested[one["id"]]
        assert (one["true"], one["said"]) == (row["label"], row["prediction"])
    wrong = [one["true"] != one["said"] for one in told["pictures"]]
    assert wrong == sorted(wrong, reverse=True)
    assert sum(wrong) == min(6, sum(row["label"] != row["prediction"] for row in tested.values()))
    assert told["method"] == "grad-cam"
    assert told["verdict"] in page
    assert page.count("data:image/") == 24


def test_what_cannot_be_looked_into_is_explained_by_hiding_parts(averaged: Ensembled) -> None:
    told, page = sheet_of(averaged.folder)
    assert (told["method"], told["layer"]) == ("occlusion", "")
    assert "By occlusion" in page


def test_a_sheet_comes_out_the_same_again(mlp_run: Run, some_digits: Dataset) -> None:
    judged = linnaeus.evaluate(mlp_run.bundle, some_digits)
    one, other = (
        explain_answers(mlp_run.bundle, some_digits, judged.predictions, Quiet()) for _ in range(2)
    )
    assert one is not None
    assert one == other


def test_where_pictures_have_several_labels_there_is_no_sheet(pairs_run: Run) -> None:
    assert sheet_of(pairs_run.folder) == (None, "")


def test_the_surest_mistakes_and_right_answers_of_every_class_are_taken() -> None:
    probabilities = np.full((300, 3), 0.1, np.float32)
    named = np.arange(300) % 3
    probabilities[np.arange(300), named] = 0.8
    labels = named.astype(np.int64)
    wrong = [7, 40, 99, 150, 151, 152, 200, 201]
    for place, row in enumerate(wrong):
        labels[row] = (named[row] + 1) % 3
        probabilities[row, named[row]] = 0.99 - 0.01 * place
    answers = Predictions(tuple(map(str, range(300))), ("a", "b", "c"), probabilities, labels)
    mistakes, right = answers_to_explain(answers)
    assert mistakes.tolist() == wrong[:6]
    assert np.bincount(labels[right]).tolist() == [2, 2, 2]
    assert not set(right.tolist()) & set(wrong)


def test_few_mistakes_leave_room_for_right_answers() -> None:
    probabilities = np.tile(np.array([0.9, 0.1], np.float32), (40, 1))
    labels = np.zeros(40, np.int64)
    labels[3], labels[5] = 1, -1
    answers = Predictions(tuple(map(str, range(40))), ("a", "b"), probabilities, labels)
    mistakes, right = answers_to_explain(answers)
    assert mistakes.tolist() == [3]
    assert len(right) == 11
    assert 5 not in right
