"""What is worth a second look where pictures may have several labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from answers import random_labels
from PIL import Image
from scipy.stats import entropy

from linnaeus.evaluation.facts import RunFacts
from linnaeus.evaluation.label_doubts import least_sure_labels, yes_or_nos_in_doubt
from linnaeus.evaluation.label_metrics import measure_labels
from linnaeus.evaluation.report import report_page

ANSWERS = random_labels(0, 400, 4, skill=5.0)
TRUTH = ANSWERS.label_sets
assert TRUTH is not None


def test_the_least_sure_are_those_of_most_entropy_and_show_the_labels_that_make_it() -> None:
    shown = least_sure_labels(ANSWERS, lambda _: Image.new("RGB", (8, 8)))
    p = ANSWERS.probabilities.astype(np.float64)
    most = np.sort(entropy(np.stack([p, 1 - p]), axis=0).mean(axis=1))[::-1][:12]
    rows = [ANSWERS.ids.index(one.id) for one in shown]
    assert np.allclose(entropy(np.stack([p, 1 - p]), axis=0).mean(axis=1)[rows], most)
    for row, one in zip(rows, shown, strict=True):
        assert one.true == ANSWERS.true_labels(row)
        off = [abs(chance - 0.5) for _, chance in one.unsure]
        assert off == sorted(off)
        assert off[0] == np.abs(ANSWERS.probabilities[row] - 0.5).min()
        assert one.picture.startswith("data:image/png")


def test_planted_wrong_labels_are_doubted_and_few_others() -> None:
    p = ANSWERS.probabilities
    lost = np.argwhere(TRUTH & (p > 0.97))[:10]
    added = np.argwhere(~TRUTH & (p < 0.03))[:10]
    assert len(lost) == len(added) == 10
    sets = TRUTH.copy()
    for row, label in (*lost, *added):
        sets[row, label] = ~sets[row, label]
    shown, count = yes_or_nos_in_doubt(replace(ANSWERS, label_sets=sets))
    planted = {(ANSWERS.ids[row], ANSWERS.classes[at]) for row, at in (*lost, *added)}
    assert len(shown) == 12
    assert {(one.id, one.label) for one in shown} <= planted, "the surest are all planted"
    before = yes_or_nos_in_doubt(ANSWERS)[1]
    assert before < 20
    assert 20 <= count - before <= 26, "the planted raise what is usual, so a few more are doubted"
    assert all((one.probability < 0.03) == one.has for one in shown)


def test_a_label_that_no_picture_has_doubts_nothing() -> None:
    sets = TRUTH.copy()
    sets[:, 0] = False
    shown, _ = yes_or_nos_in_doubt(replace(ANSWERS, label_sets=sets))
    assert not [one for one in shown if one.label == ANSWERS.classes[0]]


def test_pictures_that_were_not_read_are_passed_over() -> None:
    probabilities = ANSWERS.probabilities.copy()
    probabilities[:390] = np.nan
    bare = replace(ANSWERS, probabilities=probabilities)
    shown = least_sure_labels(bare, lambda _: None)
    assert {one.id for one in shown} == set(ANSWERS.ids[390:])
    assert {one.id for one in yes_or_nos_in_doubt(bare)[0]} <= set(ANSWERS.ids[390:])


def test_the_page_shows_them(full_facts: RunFacts) -> None:
    some = random_labels(0, 400, 4)
    page = report_page(
        full_facts,
        some,
        measure_labels(some),
        validation=None,
        picture_of=lambda _: None,
    )
    assert "The pictures it was least sure of" in page
    assert "Labels that may be wrong" in page
    assert '<a href="#doubts">' in page
