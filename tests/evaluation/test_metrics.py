"""Every figure against scikit-learn, and what is counted, left out or refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from answers import answers_of, random_answers
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from linnaeus.bundle.predictions import Predictions
from linnaeus.errors import DataError
from linnaeus.evaluation.intervals import Resampling
from linnaeus.evaluation.metrics import measure
from linnaeus.evaluation.reliability import calibration_error

sklearn_metrics = pytest.importorskip("sklearn.metrics")

NAMES = ("ant", "bee", "cat", "dog", "emu", "fox", "gnu")


@st.composite
def confusions(draw: st.DrawFn) -> NDArray[Any]:
    """A confusion matrix of at least one picture, often with empty rows and columns."""
    classes = draw(st.integers(2, len(NAMES)))
    counts = draw(arrays(np.int64, (classes, classes), elements=st.integers(0, 6)))
    emptied = draw(st.lists(st.integers(0, classes - 1), max_size=2))
    counts[emptied] = 0
    counts[:, draw(st.lists(st.integers(0, classes - 1), max_size=2))] = 0
    if not counts.any():
        counts[0, 0] = 1
    return counts


@given(counts=confusions())
def test_averages_over_classes_agree_with_scikit_learn(counts: NDArray[Any]) -> None:
    """scikit-learn is told to average over the classes that have pictures, as we define it."""
    answers = answers_of(counts, NAMES[: len(counts)])
    truth, said = answers.labels, answers.decisions
    precision, recall, f1, _ = sklearn_metrics.precision_recall_fscore_support(
        truth, said, labels=np.unique(truth), average="macro", zero_division=0
    )
    metrics = measure(answers, resamples=100)
    assert metrics.accuracy.value == pytest.approx(sklearn_metrics.accuracy_score(truth, said))
    assert metrics.macro_precision.value == pytest.approx(precision)
    assert metrics.macro_recall.value == pytest.approx(recall)
    assert metrics.macro_f1.value == pytest.approx(f1)
    assert metrics.balanced_accuracy == metrics.macro_recall


@given(counts=confusions())
def test_figures_of_each_class_agree_with_scikit_learn(counts: NDArray[Any]) -> None:
    answers = answers_of(counts, NAMES[: len(counts)])
    precision, recall, f1, images = sklearn_metrics.precision_recall_fscore_support(
        answers.labels, answers.decisions, labels=range(len(counts)), zero_division=0
    )
    for at, row in enumerate(measure(answers, resamples=100).per_class):
        assert (row.name, row.images) == (NAMES[at], images[at])
        assert row.answers == counts[:, at].sum()
        assert row.precision.value == pytest.approx(precision[at])
        if images[at]:
            assert row.recall is not None
            assert row.f1 is not None
            assert row.recall.value == pytest.approx(recall[at])
            assert row.f1.value == pytest.approx(f1[at])
            assert 0 <= row.f1.low <= row.f1.value <= row.f1.high <= 1
        else:
            assert row.recall is None
            assert row.f1 is None


@given(counts=confusions())
def test_the_confusion_matrix_counts_every_judged_picture(counts: NDArray[Any]) -> None:
    metrics = measure(answers_of(counts, NAMES[: len(counts)]), resamples=100)
    assert metrics.counts.tolist() == counts.tolist()
    assert metrics.mistakes == counts.sum() - np.trace(counts)
    mistakes = counts[~np.eye(len(counts), dtype=bool)]
    expected = sorted(mistakes[mistakes > 0].tolist(), reverse=True)[:10]
    assert [pair.count for pair in metrics.most_confused] == expected
    for pair in metrics.most_confused:
        true, said = NAMES.index(pair.true), NAMES.index(pair.said)
        assert counts[true, said] == pair.count
        assert pair.share.value == pytest.approx(pair.count / counts[true].sum())


@given(seed=st.integers(0, 10_000), images=st.integers(1, 80), classes=st.integers(2, 9))
def test_figures_of_probabilities_agree_with_scikit_learn(
    seed: int, images: int, classes: int
) -> None:
    answers = random_answers(seed, images, classes)
    labels, exact = answers.labels, answers.probabilities.astype(np.float64)
    exact /= exact.sum(axis=1, keepdims=True)
    metrics = measure(answers, resamples=100)
    loss = sklearn_metrics.log_loss(labels, exact, labels=range(classes))
    truth = np.eye(classes)[labels]
    brier = sum(
        sklearn_metrics.mean_squared_error(truth[:, column], exact[:, column])
        for column in range(classes)
    )
    assert metrics.log_loss.value == pytest.approx(loss, rel=1e-5, abs=1e-6)
    assert metrics.brier.value == pytest.approx(brier, rel=1e-5, abs=1e-6)
    if classes < 6:
        assert metrics.top_5_accuracy is None
    else:
        top_5 = sklearn_metrics.top_k_accuracy_score(labels, exact, k=5, labels=range(classes))
        assert metrics.top_5_accuracy is not None
        assert metrics.top_5_accuracy.value == pytest.approx(top_5)


def test_a_certain_mistake_costs_16_nats_and_not_infinitely_many() -> None:
    metrics = measure(answers_of([[9, 1], [0, 10]], ("cat", "dog"), confidence=1.0))
    assert metrics.log_loss.value == pytest.approx(23 * np.log(2) / 20, rel=1e-6)
    assert metrics.log_loss.high < 16
    assert metrics.brier.value == pytest.approx(0.1)


def test_a_calibrated_classifier_has_hardly_any_calibration_error() -> None:
    calibrated = measure(random_answers(0, 5000, 4, sharpness=1.0)).calibration_error
    assert calibrated.value < 0.01
    assert calibrated.low == 0


@pytest.mark.parametrize("groups", [[300] * 11, [127, 105, 1031, 683, 118, 257, 418, 179, 38, 547]])
def test_few_groups_that_are_too_sure_together_leave_the_calibration_error_open(
    groups: list[int],
) -> None:
    """Each board has an error of its own; all bins of one are moved alike."""
    of_each = np.repeat(np.arange(len(groups)), groups)
    held = 0
    for seed in range(60):
        random = np.random.default_rng(seed)
        confidence = random.beta(8, 1.2, len(of_each)).clip(0.3, 0.97)
        off = random.normal(0.03, 0.05, len(groups))[of_each]
        right = random.random(len(of_each)) < confidence - off
        by = Resampling.of(len(of_each), of_each, 200, seed)
        figure = calibration_error(confidence, right, by)
        held += figure.low <= 0.03 <= figure.high
    assert held >= 55, held  # 52 with what is seen of bins one by one


@pytest.mark.parametrize(("said", "right", "error"), [(0.9, 60, 0.3), (0.7, 90, 0.2)])
def test_the_calibration_error_is_what_confidence_and_accuracy_lie_apart(
    said: float, right: int, error: float
) -> None:
    """All answers alike: the error is |confidence - accuracy|, less chance's small part."""
    metrics = measure(answers_of([[right, 100 - right], [0, 0]], ("cat", "dog"), said))
    assert metrics.calibration_error.value == pytest.approx(error, abs=0.005)
    assert len(metrics.reliability) == 1
    assert metrics.reliability[0].mean_confidence == pytest.approx(said)
    assert metrics.reliability[0].accuracy.value == pytest.approx(right / 100)


@given(seed=st.integers(0, 10_000), images=st.integers(1, 200))
def test_reliability_bins_hold_every_answer_once_in_order(seed: int, images: int) -> None:
    answers = random_answers(seed, images, 3)
    bins = measure(answers, resamples=100).reliability
    confidence = np.sort(answers.probabilities.astype(np.float64).max(axis=1))
    assert sum(b.images for b in bins) == images
    assert len(bins) <= 15
    start = 0
    for found in bins:
        inside = confidence[start : start + found.images]
        assert (found.low, found.high) == (inside[0], inside[-1])
        assert found.mean_confidence == pytest.approx(inside.mean())
        start += found.images
    if images >= 150:
        assert max(b.images for b in bins) <= images / 15 + 2


def test_pictures_without_answer_or_label_are_counted_and_in_no_figure() -> None:
    whole = random_answers(1, 60, 3)
    probabilities, labels = whole.probabilities.copy(), whole.labels.copy()
    probabilities[:4] = np.nan
    labels[2:10] = -1
    errors = dict.fromkeys(range(4), "the file is empty")
    unread = replace(whole, probabilities=probabilities, labels=labels, row_errors=errors)
    metrics = measure(unread)
    rest = Predictions(whole.ids[10:], whole.classes, whole.probabilities[10:], whole.labels[10:])
    assert (metrics.images, metrics.unread, metrics.unlabelled) == (50, 4, 6)
    assert metrics.accuracy == measure(rest).accuracy
    assert metrics.log_loss == measure(rest).log_loss
    assert metrics.to_json()["excluded"] == {"unread": 4, "unlabelled": 6}


def test_groups_are_given_for_every_picture_and_follow_the_judged_ones() -> None:
    answers = random_answers(2, 40, 3)
    labels = answers.labels.copy()
    labels[:10] = -1
    metrics = measure(replace(answers, labels=labels), groups=[i // 5 for i in range(40)])
    assert (metrics.images, metrics.groups) == (30, 6)


def test_nothing_to_judge_is_refused_in_a_sentence() -> None:
    probabilities = np.array([[np.nan, np.nan], [0.3, 0.7]], np.float32)
    answers = Predictions(("a.jpg", "b.jpg"), ("cat", "dog"), probabilities, np.array([0, -1]))
    with pytest.raises(DataError) as failure:
        measure(answers)
    assert str(failure.value) == (
        "evaluation: there is nothing to judge: of 2 pictures, 1 could not be read and 1 came "
        "without a label that the classifier knows. Judge pictures in folders named after "
        "the classifier's classes: “cat”, “dog”."
    )


def test_no_pictures_at_all_are_refused_too() -> None:
    answers = Predictions((), ("cat", "dog"), np.empty((0, 2), np.float32), np.empty(0, np.int64))
    with pytest.raises(DataError, match="there is nothing to judge"):
        measure(answers)


def test_a_class_that_is_never_answered_has_precision_0_and_a_remark() -> None:
    metrics = measure(answers_of([[8, 0], [4, 0]], ("cat", "dog")))
    dog = metrics.per_class[1]
    assert dog.precision.to_json() == {"value": 0, "low": 0, "high": 1}
    assert dog.answers == 0
    assert metrics.macro_precision.value == pytest.approx((8 / 12 + 0) / 2)
    assert "Never answered: “dog”; precision counts as 0 there." in metrics.remarks


def test_a_class_without_pictures_is_left_out_of_the_averages_and_named() -> None:
    metrics = measure(answers_of([[8, 0, 2], [1, 9, 0], [0, 0, 0]], ("cat", "dog", "emu")))
    assert metrics.balanced_accuracy.value == pytest.approx((0.8 + 0.9) / 2)
    assert (
        "No judged picture is of “emu”: the averages over classes leave it out." in metrics.remarks
    )
    assert metrics.per_class[2].to_json() | {"precision": None} == {
        "class": "emu",
        "images": 0,
        "answers": 2,
        "precision": None,
        "recall": None,
        "f1": None,
    }


def test_the_majority_class_is_that_of_training() -> None:
    answers = answers_of([[30, 0], [5, 15]], ("cat", "dog"))
    told = measure(answers, train_counts=[10, 90])
    assert (told.majority_class, told.majority_from) == ("dog", "training")
    assert told.majority_class_accuracy.value == pytest.approx(0.4)
    guessed = measure(answers)
    assert (guessed.majority_class, guessed.majority_from) == ("cat", "judged")
    assert guessed.majority_class_accuracy.value == pytest.approx(0.6)
    assert any(remark.startswith("The majority class is the most") for remark in guessed.remarks)


def test_rough_intervals_are_told_where_most_classes_have_a_handful_of_pictures() -> None:
    few, many = measure(random_answers(0, 60, 20)), measure(random_answers(0, 60, 3))
    assert any("have fewer than 10 judged pictures" in remark for remark in few.remarks)
    assert not any("fewer than 10" in remark for remark in many.remarks)
