"""Label sets hold the truth as often as they promise, and are those of the papers."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from linnaeus.bundle.given import digest_of
from linnaeus.bundle.held_out import HeldOut
from linnaeus.bundle.label_sets import Penalty, Scores, Sets, label_scores, tie_breakers
from linnaeus.bundle.predictions import Predictions
from linnaeus.bundle.promises import Promise
from linnaeus.errors import UsageError
from linnaeus.evaluation.choose_calibration import choose_calibration

Floats = NDArray[np.float64]
METHODS = ("lac", "aps", "raps", "class-conditional")


def answers(seed: int, pictures: int, classes: int = 6) -> tuple[Floats, NDArray[np.int64]]:
    """Probabilities of an overconfident classifier, and labels from the calmer truth."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=(pictures, classes)) * 1.5
    truth = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (truth.cumsum(axis=1) < random.random((pictures, 1))).sum(axis=1)
    said = np.exp(2 * logits)
    return said / said.sum(axis=1, keepdims=True), np.minimum(labels, classes - 1)


def ids(start: int, pictures: int) -> list[str]:
    return [f"{start + number}.jpg" for number in range(pictures)]


@pytest.mark.parametrize("method", METHODS)
def test_sets_hold_the_truth_as_often_as_promised_over_many_splits(method: str) -> None:
    probabilities, labels = answers(0, 2400)
    names = ids(0, 2400)
    covered = []
    for split in range(60):
        order = np.random.default_rng(split).permutation(2400)
        old, new = order[:1200], order[1200:]
        held_out = HeldOut.of([names[row] for row in old], probabilities[old], labels[old])
        inside = held_out.sets(0.9, method)(
            probabilities[new], tie_breakers([names[row] for row in new])
        )
        covered.append(inside[np.arange(1200), labels[new]].mean())
    assert np.mean(covered) == pytest.approx(0.9, abs=0.01)


def test_class_conditional_sets_keep_the_promise_for_a_class_that_others_do_not() -> None:
    probabilities, labels = answers(1, 6000, classes=3)
    probabilities = probabilities * [1.0, 1.0, 0.05]  # the last class is hardly ever believed
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    held_out = HeldOut.of(ids(0, 3000), probabilities[:3000], labels[:3000])
    chance = tie_breakers(ids(3000, 3000))
    last = labels[3000:] == 2

    def covered(method: str) -> float:
        inside = held_out.sets(0.9, method)(probabilities[3000:], chance)  # type: ignore[arg-type]
        return float(inside[last, 2].mean())

    assert covered("lac") < 0.85
    assert covered("class-conditional") == pytest.approx(0.9, abs=0.03)


def test_calibrating_on_the_same_pictures_does_not_break_the_promise_of_a_class() -> None:
    """Each held-out picture is calibrated by a fit without it, new ones by the fit on all."""
    said, labels = answers(2, 1200, classes=4)
    logits = np.log(said) + np.array([-1.0, -0.5, 0.5, 1.0])
    covered = []
    for split in range(40):
        order = np.random.default_rng(split).permutation(1200)
        old, new = order[:240], order[240:]
        truth = labels[old, None] == np.arange(4)
        chosen = choose_calibration(logits[old], truth, several=False)
        held_out = HeldOut.of(ids(0, 240), chosen.cross_fitted, labels[old])
        probabilities = chosen.calibration.probabilities(logits[new])
        inside = held_out.sets(0.9, "class-conditional")(probabilities, np.zeros(960))
        held = inside[np.arange(960), labels[new]]
        covered.append([held[labels[new] == label].mean() for label in range(4)])
    assert np.mean(covered, axis=0) == pytest.approx([0.905] * 4, abs=0.015)


@pytest.mark.parametrize("method", ["lac", "aps"])
@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.95])
def test_sets_are_those_of_mapie(method: str, coverage: float) -> None:
    classification = pytest.importorskip("mapie.classification")
    sklearn_base = pytest.importorskip("sklearn.base")

    class Known(sklearn_base.ClassifierMixin, sklearn_base.BaseEstimator):  # type: ignore[misc]
        """Gives the probabilities that it is given."""

        def __init__(self) -> None:
            self.classes_ = np.arange(6)
            self.fitted_ = True

        def fit(self, x: Floats, y: Floats) -> Known:
            return self

        def predict_proba(self, x: Floats) -> Floats:
            return x

        def predict(self, x: Floats) -> NDArray[np.int64]:
            return x.argmax(axis=1)

    (old, old_labels), (new, _) = answers(2, 400), answers(3, 300)
    reference = classification.SplitConformalClassifier(
        Known(), confidence_level=coverage, conformity_score=method, prefit=True, random_state=7
    )
    reference.conformalize(old, old_labels)
    last = {"include_last_label": "randomized"} if method == "aps" else {}
    _, expected = reference.predict_set(new, conformity_score_params=last)

    drawn = np.random.RandomState(7).uniform(size=400)  # as MAPIE draws them
    scores = Scores.of(method, old, old_labels, drawn)  # type: ignore[arg-type]
    given = scores.sets(coverage)(new, np.random.RandomState(7).uniform(size=300))
    np.testing.assert_array_equal(given, expected[:, :, 0])


def test_raps_adds_its_penalty_to_each_rank_beyond_the_first_ones() -> None:
    scores = label_scores("raps", np.array([[0.5, 0.1, 0.4]]), np.zeros(1), Penalty(2, 0.25))
    np.testing.assert_allclose(scores, [[0.5, 1.25, 0.9]])


def test_a_class_with_too_few_held_out_pictures_is_in_every_set() -> None:
    probabilities, labels = answers(4, 500)
    rare = np.concatenate([np.flatnonzero(labels == 0)[:5], np.flatnonzero(labels > 0)])
    held_out = HeldOut.of(ids(0, len(rare)), probabilities[rare], labels[rare])
    sets: Sets = held_out.sets(0.9, "class-conditional")
    assert sets.unjudged.tolist() == [0]
    assert sets(probabilities, tie_breakers(ids(0, 500)))[:, 0].all()


def test_the_same_picture_gets_the_same_set_whatever_stands_beside_it() -> None:
    probabilities, labels = answers(5, 300)
    held_out = HeldOut.of(ids(0, 200), probabilities[:200], labels[:200])
    rule = held_out.sets(0.9, "aps")
    names = ids(200, 100)
    together = rule(probabilities[200:], tie_breakers(names))
    alone = rule(probabilities[217:218], tie_breakers(names[17:18]))
    np.testing.assert_array_equal(together[17], alone[0])


def test_pictures_without_a_path_that_come_one_by_one_are_covered_as_often() -> None:
    probabilities, labels = answers(7, 2400)
    held_out = HeldOut.of(ids(0, 1200), probabilities[:1200], labels[:1200])
    promise = Promise.of(held_out, coverage=0.9, method="aps")
    nobody = np.array([-1])

    def covered(row: int) -> bool:
        drawn_from = (digest_of(f"content of {row}".encode()),)
        one = probabilities[row : row + 1].astype(np.float32)
        told = promise(Predictions(("0",), tuple("abcdef"), one, nobody, drawn_from=drawn_from))
        return "abcdef"[labels[row]] in told.labels(0, "abcdef")

    assert np.mean([covered(row) for row in range(1200, 2400)]) == pytest.approx(0.9, abs=0.02)


@pytest.mark.parametrize("coverage", [0.0, 1.0, 90.0, -0.1, float("nan")])
def test_what_is_no_share_is_refused(coverage: float) -> None:
    probabilities, labels = answers(6, 50)
    with pytest.raises(UsageError, match="is no share"):
        HeldOut.of(ids(0, 50), probabilities, labels).sets(coverage)


def test_an_unknown_method_names_the_known_ones() -> None:
    probabilities, labels = answers(6, 50)
    with pytest.raises(UsageError, match="lac, aps, raps, class-conditional"):
        HeldOut.of(ids(0, 50), probabilities, labels).sets(0.9, "lacc")  # type: ignore[arg-type]
