"""Figures of several labels a picture: those of scikit-learn, with intervals, and never NaN."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from answers import random_labels

from linnaeus.bundle.predictions import Predictions
from linnaeus.errors import DataError
from linnaeus.evaluation.facts import RunFacts
from linnaeus.evaluation.label_metrics import measure_labels
from linnaeus.evaluation.label_words import label_words
from linnaeus.evaluation.report import write_report

reference = pytest.importorskip("sklearn.metrics")


@pytest.mark.parametrize("threshold", [0.5, 0.3, 0.9])
@pytest.mark.parametrize("seed", [0, 1])
def test_every_figure_is_that_of_scikit_learn(seed: int, threshold: float) -> None:
    answers = random_labels(seed, 300, 5, threshold=threshold)
    truth, p = answers.label_sets, answers.probabilities.astype(np.float64)
    assert truth is not None
    given = answers.probabilities >= np.float32(threshold)
    found = measure_labels(answers, resamples=100)
    expected = {
        "subset_accuracy": reference.accuracy_score(truth, given),
        "hamming_loss": reference.hamming_loss(truth, given),
        "macro_average_precision": reference.average_precision_score(truth, p, average="macro"),
        "micro_average_precision": reference.average_precision_score(truth, p, average="micro"),
        "macro_auroc": reference.roc_auc_score(truth, p, average="macro"),
        "log_loss": reference.log_loss(truth.ravel().astype(int), p.ravel()),
        "brier": reference.brier_score_loss(truth.ravel(), p.ravel()),
    }
    for average in ("micro", "macro", "weighted"):
        figures = reference.precision_recall_fscore_support(
            truth, given, average=average, zero_division=0
        )
        names = ("precision", "recall", "f1")
        expected |= {f"{average}_{name}": figures[at] for at, name in enumerate(names)}
    for name, value in expected.items():
        assert getattr(found, name).value == pytest.approx(value, abs=1e-9), name


def test_the_figures_of_each_label_are_those_of_scikit_learn() -> None:
    answers = random_labels(3, 250, 6)
    truth, p = answers.label_sets, answers.probabilities.astype(np.float64)
    assert truth is not None
    given = answers.probabilities >= 0.5
    precision, recall, f1, support = reference.precision_recall_fscore_support(
        truth, given, average=None, zero_division=0
    )
    for at, row in enumerate(measure_labels(answers, resamples=100).per_class):
        assert row.recall
        assert row.f1
        assert row.average_precision
        assert row.auroc
        assert (row.images, row.answers) == (support[at], given[:, at].sum())
        assert row.missed == (truth[:, at] & ~given[:, at]).sum()
        assert row.added == (given[:, at] & ~truth[:, at]).sum()
        ranked = reference.average_precision_score(truth[:, at], p[:, at])
        assert row.average_precision.value == pytest.approx(ranked, abs=1e-9)
        area = reference.roc_auc_score(truth[:, at], p[:, at])
        assert row.auroc.value == pytest.approx(area, abs=1e-9)
        of_class = (row.precision.value, row.recall.value, row.f1.value)
        assert of_class == pytest.approx((precision[at], recall[at], f1[at]), abs=1e-9)


@pytest.mark.parametrize("seed", [0, 4])
def test_areas_are_averaged_as_by_scikit_learn(seed: int) -> None:
    answers = random_labels(seed, 300, 5)
    truth, p = answers.label_sets, answers.probabilities.astype(np.float64)
    assert truth is not None
    found = measure_labels(answers, resamples=100).one_against_rest
    for ours, theirs in (
        (found.auroc, reference.roc_auc_score),
        (found.average_precision, reference.average_precision_score),
    ):
        for average in ("macro", "weighted", "micro"):
            figure = getattr(ours, average)
            assert figure.value == pytest.approx(theirs(truth, p, average=average), abs=1e-9)
            assert 0 < figure.low < figure.value < figure.high < 1


def test_curves_of_labels_are_those_of_scikit_learn() -> None:
    answers = random_labels(2, 90, 4)
    truth, p = answers.label_sets, answers.probabilities.astype(np.float64)
    assert truth is not None
    found = measure_labels(answers, resamples=100).one_against_rest
    drawn = [(row.curve, truth[:, at], p[:, at]) for at, row in enumerate(found.per_class)]
    for curve, is_so, score in [*drawn, (found.micro_curve, truth.ravel(), p.ravel())]:
        false, true, _ = reference.roc_curve(is_so, score, drop_intermediate=False)
        precision, recall, _ = reference.precision_recall_curve(is_so, score)
        theirs = {
            (round(a, 9), round(b, 9), round(c, 9))
            for a, b, c in zip(false[1:], true[1:], precision[-2::-1], strict=True)
        }
        ours = {
            tuple(round(of.value, 9) for of in (q.false_alarms, q.sensitivity, q.precision))
            for q in curve
        }
        assert ours <= theirs
        assert len(ours) == min(len(theirs), 100)
        assert recall.max() == curve[-1].sensitivity.value == 1


def test_the_page_draws_both_curves_of_each_label_and_their_averages(
    tmp_path: Path, full_facts: RunFacts
) -> None:
    answers = random_labels(3, 200, 8)
    found = measure_labels(answers, resamples=100)
    page = write_report(
        tmp_path, full_facts, answers, found, validation=None, picture_of=lambda _: None
    ).read_text("utf-8")
    section = page[page.index('<section id="curves">') :].split("</section>")[0]
    assert section.count('class="chart small"') == 16
    for figure in (found.one_against_rest.auroc.weighted, found.micro_average_precision):
        assert figure
        assert f"{figure.value:.3f}" in section
    assert '<a href="#curves">How labels stand out</a>' in page


def test_labels_that_stand_or_fall_together_tell_less_of_pooled_figures() -> None:
    """Five labels that are copies of one tell what one tells; five of their own tell more."""
    one, five = random_labels(6, 400, 1), random_labels(6, 400, 5)
    assert one.label_sets is not None
    copies = replace(
        five,
        probabilities=np.repeat(one.probabilities, 5, axis=1),
        label_sets=np.repeat(one.label_sets, 5, axis=1),
    )
    alone, together, apart = (
        measure_labels(answers, resamples=100).micro_recall for answers in (one, copies, five)
    )
    assert [together.low, together.high] == pytest.approx([alone.low, alone.high], abs=2e-3)
    assert apart.high - apart.low < 0.8 * (together.high - together.low)


def test_intervals_are_wider_where_pictures_come_in_groups() -> None:
    """Each picture eight times tells what one tells: intervals are up to √8 times as wide."""
    once = random_labels(5, 80, 4)
    assert once.label_sets is not None
    rows = np.repeat(np.arange(80), 8)
    often = replace(
        once,
        ids=tuple(f"{i}.jpg" for i in range(640)),
        probabilities=once.probabilities[rows],
        labels=once.labels[rows],
        label_sets=once.label_sets[rows],
    )
    as_many, grouped = measure_labels(often), measure_labels(often, groups=rows)
    for name, figure in grouped.figures().items():
        plain = as_many.figures()[name]
        assert figure
        assert plain
        assert figure.low <= figure.value <= figure.high
        if name != "calibration_error":  # its chance level counts groups in another way
            assert figure.value == pytest.approx(plain.value, abs=1e-9), name
            assert figure.high - figure.low > 1.5 * (plain.high - plain.low), name


def test_nearly_all_intervals_of_average_precision_hold_the_truth() -> None:
    """Over 40 tests of 200 pictures; 30 would be fewer than chance allows one time in 10,000."""
    whole = random_labels(99, 40_000, 3)
    assert whole.label_sets is not None
    true = reference.average_precision_score(whole.label_sets, whole.probabilities, average="macro")
    held = 0
    for seed in range(40):
        figure = measure_labels(random_labels(seed, 200, 3), resamples=200).macro_average_precision
        held += figure.low <= true <= figure.high
    assert held >= 31


def test_a_label_without_pictures_is_told_and_left_out_of_averages() -> None:
    answers = random_labels(7, 120, 4)
    assert answers.label_sets is not None
    truth = answers.label_sets.copy()
    truth[:, 2] = False
    found = measure_labels(replace(answers, label_sets=truth), resamples=100)
    row = found.per_class[2]
    assert (row.recall, row.f1, row.average_precision, row.auroc) == (None, None, None, None)
    assert row.precision.value == 0.0
    kept = [0, 1, 3]
    ranked = reference.average_precision_score(
        truth[:, kept], answers.probabilities[:, kept], average="macro"
    )
    assert found.macro_average_precision.value == pytest.approx(ranked, abs=1e-9)
    weighted = reference.precision_recall_fscore_support(
        truth, answers.given, average="weighted", zero_division=0
    )
    ours = (found.weighted_precision, found.weighted_recall, found.weighted_f1)
    assert [figure.value for figure in ours] == pytest.approx(weighted[:3], abs=1e-9)
    assert any("“class 2”" in remark for remark in found.remarks)
    json.dumps(found.to_json(), allow_nan=False)


def test_always_the_same_is_the_most_common_set_of_training() -> None:
    answers = random_labels(8, 100, 3)
    truth = answers.label_sets
    assert truth is not None
    found = measure_labels(answers, usual_set=["class 0"], resamples=100)
    always = np.array([[True, False, False]] * 100)
    assert found.usual_set == ("class 0",)
    assert found.usual_f1.value == pytest.approx(reference.f1_score(truth, always, average="micro"))
    own = measure_labels(answers, resamples=100)
    sets, counts = np.unique(truth, axis=0, return_counts=True)
    assert own.usual_set == tuple(np.array(answers.classes)[sets[counts.argmax()]])
    assert own.usual_from == "judged"


def test_an_unread_picture_is_counted_and_judged_nowhere() -> None:
    answers = random_labels(9, 60, 3)
    p = answers.probabilities.copy()
    p[:10] = np.nan
    found = measure_labels(replace(answers, probabilities=p), resamples=100)
    assert (found.images, found.unread) == (50, 10)
    assert answers.label_sets is not None
    assert found.labels_true == answers.label_sets[10:].sum()


def test_what_is_missed_and_given_instead_is_counted() -> None:
    truth = np.array([[1, 0], [1, 0], [0, 1], [1, 1]], bool)
    p = np.array([[0.1, 0.9], [0.2, 0.8], [0.1, 0.9], [0.9, 0.9]], np.float32)
    half = np.full(2, 0.5, np.float32)
    unknown = np.full(4, -1, np.int64)
    answers = Predictions(
        tuple("abcd"), ("cat", "dog"), p, unknown, thresholds=half, label_sets=truth
    )
    found = measure_labels(answers, resamples=100)
    assert [(m.missed, m.added, m.count) for m in found.mixups] == [("cat", "dog", 2)]
    assert found.together.tolist() == [[3, 1], [1, 2]]


def test_without_known_labels_there_is_nothing_to_judge() -> None:
    with pytest.raises(DataError, match="nothing to judge"):
        measure_labels(replace(random_labels(0, 10, 2), label_sets=None))


def test_many_pictures_without_any_label_given_are_not_called_too_few() -> None:
    silent = replace(random_labels(0, 2000, 3), thresholds=np.full(3, 1.1, np.float32))
    words = " ".join(label_words(measure_labels(silent, resamples=100)))
    assert "It gave no picture any label" in words
    assert "too few" not in words
    few = replace(random_labels(0, 5, 3), thresholds=np.full(3, 1.1, np.float32))
    assert "too few" in " ".join(label_words(measure_labels(few, resamples=100)))


def test_labels_that_are_all_right_leave_their_calibration_uncertain() -> None:
    answers = random_labels(0, 20, 3)
    assert answers.label_sets is not None
    sure = replace(answers, probabilities=answers.label_sets.astype(np.float32))
    found = measure_labels(sure, resamples=100)
    assert found.calibration_error.value == 0
    assert found.calibration_error.high == pytest.approx(0.1611, abs=1e-4)  # Wilson's of twenty
