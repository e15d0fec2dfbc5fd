"""What is worth a second look: answers between two classes, and labels that are likely wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from answers import random_answers
from PIL import Image

from linnaeus.evaluation.facts import RunFacts
from linnaeus.evaluation.metrics import measure
from linnaeus.evaluation.report import report_page
from linnaeus.evaluation.uncertain import labels_in_doubt, most_uncertain

ANSWERS = random_answers(0, 400, 4, skill=2.5)


def test_the_least_sure_answers_are_those_whose_two_likeliest_lie_closest() -> None:
    shown = most_uncertain(ANSWERS, lambda _: Image.new("RGB", (8, 8)))
    two = np.sort(ANSWERS.probabilities, axis=1)[:, -2:]
    order = np.argsort(two[:, 1] - two[:, 0], kind="stable")[:12]
    assert [one.id for one in shown] == [ANSWERS.ids[row] for row in order]
    assert all(one.probabilities[0] >= one.probabilities[1] for one in shown)
    assert all(one.picture.startswith("data:image/png") and one.tiny for one in shown)


def test_planted_wrong_labels_are_doubted_and_few_others() -> None:
    sure = np.flatnonzero(ANSWERS.probabilities[np.arange(400), ANSWERS.labels] > 0.97)[:20]
    assert len(sure) == 20
    labels = ANSWERS.labels.copy()
    labels[sure] = (labels[sure] + 1) % 4
    shown, count = labels_in_doubt(replace(ANSWERS, labels=labels))
    planted = {ANSWERS.ids[row] for row in sure}
    assert len(shown) == 12
    assert {one.id for one in shown} <= planted, "the surest are all planted"
    before = labels_in_doubt(ANSWERS)[1]
    assert before < 20
    assert 20 <= count - before <= 25, "the planted raise what is usual, so a few more are doubted"
    assert all(one.label != one.instead and one.probability > 0.9 for one in shown)


def test_pictures_without_answer_or_label_are_passed_over() -> None:
    probabilities = ANSWERS.probabilities.copy()
    probabilities[:5] = np.nan
    labels = ANSWERS.labels.copy()
    labels[5:] = -1
    bare = replace(ANSWERS, probabilities=probabilities, labels=labels)
    assert labels_in_doubt(bare) == ((), 0)
    shown = most_uncertain(bare, lambda _: None)
    assert not {one.id for one in shown} & set(ANSWERS.ids[:5])
    assert all(one.true == one.picture == "" for one in shown)


@pytest.mark.parametrize("images", [1, 400])
def test_the_page_shows_them(full_facts: RunFacts, images: int) -> None:
    some = random_answers(0, images, 8)
    page = report_page(full_facts, some, measure(some), validation=None, picture_of=lambda _: None)
    assert "The pictures it was least sure of" in page
    assert ("Labels that may be wrong" in page) == (labels_in_doubt(some)[1] > 0)


def test_only_what_is_known_of_labels_not_seen_is_said(full_facts: RunFacts) -> None:
    """A table of answers does not tell whether the model learnt from its pictures."""
    metrics = measure(ANSWERS)
    pages = [
        report_page(facts, ANSWERS, metrics, validation=None, picture_of=lambda _: None)
        for facts in (full_facts, replace(full_facts, bundle=None))
    ]
    claim = "doubted by a classifier that has not seen them"
    assert [claim in page for page in pages] == [True, False]
