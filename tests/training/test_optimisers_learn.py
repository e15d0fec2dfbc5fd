"""Every optimiser, schedule and loss learns real digits, and repeats its bits."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
datasets = pytest.importorskip("sklearn.datasets")

from torch import nn  # noqa: E402

from linnaeus.models.cnn import small_cnn  # noqa: E402
from linnaeus.models.normalise import Normalise  # noqa: E402
from linnaeus.progress import Quiet  # noqa: E402
from linnaeus.training.clock import Clock  # noqa: E402
from linnaeus.training.loop import Fitted, TrainingPlan, fit_network  # noqa: E402


@pytest.fixture(scope="module")
def digits():
    """(pixels, labels) of 600 to learn from and 400 to judge on: real 8 × 8 digits."""
    data = datasets.load_digits()
    grey = np.rint(data.images * 255 / 16).astype(np.uint8)
    pixels, labels = np.repeat(grey[..., None], 3, axis=3), data.target.astype(np.int64)
    order = np.random.default_rng(0).permutation(len(labels))
    return [(pixels[part], labels[part]) for part in (order[:600], order[600:1000])]


def fit(digits, **choices) -> Fitted:
    torch.manual_seed(0)
    network = nn.Sequential(Normalise.measured_on(digits[0][0]), small_cnn(10, 8, 8, width=0.25))
    plan = TrainingPlan(**{"epochs": 5, "batch_size": 20, "average_decay": 0.9, **choices})
    return fit_network(network, *digits[0], digits[1], plan=plan, clock=Clock(), progress=Quiet())


def same_bits(one, other):
    return all(map(torch.equal, one.state_dict().values(), other.state_dict().values()))


@pytest.mark.parametrize(
    "choices",
    [
        {"optimiser": "sgd", "schedule": "one-cycle"},
        {"optimiser": "adam", "schedule": "constant"},
        {"optimiser": "adamw", "schedule": "cosine"},
        {"optimiser": "schedule-free"},
        {"optimiser": "sgd", "schedule": "step", "momentum": 0.0, "learning_rate": 0.2},
        {"loss": "focal"},
        {"loss": "class-balanced", "epochs": 4},
        {"loss": "logit-adjusted", "epochs": 4},
        {"loss": "binary", "epochs": 4},
        {"class_weights": "balanced", "epochs": 4},
    ],
    ids=lambda choices: " ".join(map(str, choices.values())),
)
def test_digits_are_learnt(digits, choices):
    assert fit(digits, **choices).history[-1].validation_accuracy >= 0.93


@pytest.mark.parametrize("optimiser", ["sgd", "adam", "adamw", "schedule-free"])
def test_the_same_plan_gives_the_same_bits_and_so_does_the_one_that_was_written(digits, optimiser):
    choices = {"optimiser": optimiser, "balanced_sampling": True, "epochs": 1}
    first, again, other = (fit(digits, seed=seed, **choices) for seed in (1, 1, 2))
    assert same_bits(first.network, again.network)
    assert not same_bits(first.network, other.network)
    written = first.plan.model_dump(mode="json")
    assert same_bits(first.network, fit(digits, **written).network)
    assert all(written[name] is not None for name in ("learning_rate", "schedule", "loss"))


def test_rare_classes_are_found_when_classes_are_evened(digits):
    """Six of nine classes keep one picture in eight: what evens them finds more of their digits."""
    (pixels, labels), judging = digits
    rare = labels >= 4
    kept = ~rare | (np.arange(len(labels)) % 8 == 0)
    scarce = [(pixels[kept], labels[kept]), judging]
    truth = judging[1]

    def recall(**choices) -> float:
        network = fit(scarce, epochs=3, **choices).network
        with torch.no_grad():
            answers = network(torch.from_numpy(judging[0])).argmax(1).numpy()
        return float((answers == truth)[truth >= 4].mean())

    plain = recall()
    assert recall(balanced_sampling=True) > plain
    assert recall(loss="logit-adjusted") > plain
