"""Losses against their formulas, written out here in NumPy for one picture at a time."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from linnaeus.errors import UsageError  # noqa: E402
from linnaeus.training.losses import loss_for, ordered_weights  # noqa: E402
from linnaeus.training.plan import TrainingPlan  # noqa: E402

COUNTS = [60, 30, 10]
LABELS = np.repeat(np.arange(3), COUNTS)
LOGITS = np.array([[2.0, -1.0, 0.5], [0.1, 0.2, 0.3], [-3.0, 1.5, 4.0], [0.0, 5.0, 1.0]])
TRUTH = np.array([0, 1, 2, 0])


def loss(plan, targets=TRUTH, logits=LOGITS, labels=LABELS):
    given = torch.from_numpy(np.asarray(targets))
    given = given.float() if given.ndim == 2 else given
    return loss_for(plan, labels)(torch.from_numpy(logits).float(), given).item()


def softmax(logits):
    powers = np.exp(logits)
    return powers / powers.sum()


def one_by_one(of_picture):
    """The mean over the pictures of what `of_picture` says of probabilities and class."""
    pairs = zip(LOGITS, TRUTH, strict=True)
    return np.mean([of_picture(softmax(logits), kind) for logits, kind in pairs])


def plan(**choices):
    return TrainingPlan(**{"label_smoothing": 0.0, **choices})


def test_cross_entropy_is_the_log_of_what_the_true_class_was_given():
    expected = one_by_one(lambda p, kind: -math.log(p[kind]))
    assert loss(plan()) == pytest.approx(expected, rel=1e-5)


def test_smoothing_gives_every_class_a_share():
    expected = one_by_one(lambda p, kind: -0.9 * math.log(p[kind]) - 0.1 * np.log(p).mean())
    for weights in (None, (1, 1, 1)):  # two ways through the code
        smoothed = plan(label_smoothing=0.1, class_weights=weights)
        assert loss(smoothed) == pytest.approx(expected, rel=1e-5)


def test_soft_targets_are_mixtures_of_hard_ones():
    mixed = 0.3 * np.eye(3)[TRUTH] + 0.7 * np.eye(3)[[2, 2, 0, 1]]
    for choices in (
        {},
        {"loss": "focal"},
        {"loss": "class-balanced"},
        {"loss": "logit-adjusted"},
        {"loss": "binary"},
        {"class_weights": "balanced"},
    ):
        one, other = loss(plan(**choices)), loss(plan(**choices), np.array([2, 2, 0, 1]))
        assert loss(plan(**choices), mixed) == pytest.approx(0.3 * one + 0.7 * other, rel=1e-4)


def test_focal_loss_counts_easy_pictures_less():
    expected = one_by_one(lambda p, kind: -((1 - p[kind]) ** 3) * math.log(p[kind]))
    assert loss(plan(loss="focal", focal_gamma=3.0)) == pytest.approx(expected, rel=1e-4)
    assert loss(plan(loss="focal", focal_gamma=0.0)) == pytest.approx(loss(plan()), rel=1e-5)


def test_focal_loss_has_a_slope_where_a_picture_is_certain():
    logits = torch.tensor([[200.0, 0.0]], requires_grad=True)
    loss_for(plan(loss="focal", focal_gamma=0.5), LABELS)(logits, torch.tensor([0])).backward()
    assert torch.isfinite(logits.grad).all()


def test_balanced_weights_are_the_inverse_of_the_counts():
    weight = [100 / (3 * count) for count in COUNTS]  # as scikit-learn's "balanced"
    expected = one_by_one(lambda p, kind: -weight[kind] * math.log(p[kind]))
    assert loss(plan(class_weights="balanced")) == pytest.approx(expected, rel=1e-5)


def test_only_the_ratio_of_weights_counts_and_a_training_picture_has_one_on_average():
    mean = (60 * 1 + 30 * 2 + 10 * 8) / 100
    weight = [1 / mean, 2 / mean, 8 / mean]
    expected = one_by_one(lambda p, kind: -weight[kind] * math.log(p[kind]))
    assert loss(plan(class_weights=(1, 2, 8))) == pytest.approx(expected, rel=1e-5)
    assert loss(plan(class_weights=(3, 6, 24))) == pytest.approx(expected, rel=1e-5)


def test_class_balanced_weights_are_those_of_the_effective_numbers():
    beta = 0.99
    raw = [(1 - beta) / (1 - beta**count) for count in COUNTS]
    mean = sum(count * one for count, one in zip(COUNTS, raw, strict=True)) / 100
    expected = one_by_one(lambda p, kind: -raw[kind] / mean * math.log(p[kind]))
    chosen = plan(loss="class-balanced", class_balance_beta=beta)
    assert loss(chosen) == pytest.approx(expected, rel=1e-4)


def test_logit_adjustment_adds_the_log_of_how_frequent_classes_are():
    tau = 1.5

    def of_picture(logits, kind):
        shifted = softmax(logits + tau * np.log(np.array(COUNTS) / 100))
        return -math.log(shifted[kind])

    expected = np.mean([of_picture(one, kind) for one, kind in zip(LOGITS, TRUTH, strict=True)])
    chosen = plan(loss="logit-adjusted", logit_adjustment=tau)
    assert loss(chosen) == pytest.approx(expected, rel=1e-5)


def test_binary_judges_every_class_for_itself():
    several = np.array([[1, 0, 1], [0, 0, 0], [0, 1, 1], [1, 1, 1]])
    yes = 1 / (1 + np.exp(-LOGITS))
    expected = -(several * np.log(yes) + (1 - several) * np.log(1 - yes)).sum(1).mean()
    assert loss(plan(loss="binary"), several) == pytest.approx(expected, rel=1e-5)
    softer = 0.9 * several + 0.05
    expected = -(softer * np.log(yes) + (1 - softer) * np.log(1 - yes)).sum(1).mean()
    chosen = plan(loss="binary", label_smoothing=0.1)
    assert loss(chosen, several) == pytest.approx(expected, rel=1e-5)


def test_balanced_binary_makes_a_missed_label_cost_as_much_as_all_its_absences():
    labels = np.array([[1, 0], [1, 0], [1, 1], [0, 0]], np.float32)
    logits = np.zeros((4, 2))
    costs = [1 / 3, 3.0]  # absent / present
    expected = math.log(2) * (3 * costs[0] + 1 + costs[1] + 3) / 4
    chosen = plan(loss="binary", class_weights="balanced")
    assert loss(chosen, labels, logits, labels) == pytest.approx(expected, rel=1e-5)


def test_a_class_that_was_never_seen_breaks_nothing():
    logits = np.zeros((2, 4))
    for choices in (
        {"class_weights": "balanced"},
        {"loss": "class-balanced"},
        {"loss": "logit-adjusted"},
    ):
        assert math.isfinite(loss(plan(**choices), np.array([0, 1]), logits))


def test_weights_that_do_not_fit_are_told():
    with pytest.raises(UsageError, match="2 weights do not fit 3 classes"):
        loss(plan(class_weights=(1, 2)))
    assert ordered_weights({"dog": 3.0}, ["cat", "dog"]) == (1.0, 3.0)
    with pytest.raises(UsageError, match=r'no class "dgo".* Did you mean "dog"'):
        ordered_weights({"dgo": 3.0}, ["cat", "dog"])
