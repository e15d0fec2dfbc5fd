"""Defensive distillation learns as its paper says, is repeated to the bit, and is attacked."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import linnaeus  # noqa: E402
from linnaeus import Dataset  # noqa: E402
from linnaeus.errors import UsageError  # noqa: E402
from linnaeus.evaluation.figure import Figure  # noqa: E402
from linnaeus.evaluation.under_attack import UnderAttack  # noqa: E402
from linnaeus.training.losses import loss_for  # noqa: E402
from linnaeus.training.plan import TrainingPlan  # noqa: E402
from linnaeus.training.run import Run  # noqa: E402


def test_the_loss_is_that_of_cooled_logits_with_gradients_as_large_as_without() -> None:
    plan = TrainingPlan(distil_at=20, label_smoothing=0)
    loss = loss_for(plan, np.array([0, 1, 2]))
    logits = torch.randn(5, 3, requires_grad=True)
    shares = torch.softmax(torch.randn(5, 3), 1)
    loss(logits, shares).backward()
    expected = (torch.softmax(logits.detach() / 20, 1) - shares) / 5
    assert torch.allclose(logits.grad, expected, atol=1e-6)


def test_what_it_cannot_be_beside_is_refused() -> None:
    with pytest.raises(ValueError, match="balanced_sampling cannot"):
        TrainingPlan(distil_at=20, balanced_sampling=True)


@pytest.fixture(scope="module")
def distilled(tmp_path_factory: pytest.TempPathFactory, some_digits: Dataset) -> Run:
    return linnaeus.train(
        some_digits,
        out=tmp_path_factory.mktemp("distilled") / "run",
        model="cnn-tiny",
        epochs=3,
        precision="float32",
        settings=["network.distil_at=20"],
    )


@pytest.mark.slow
def test_the_report_sets_a_simple_attack_beside_a_strong_one(distilled: Run) -> None:
    report = distilled.folder / "report"
    told = json.loads((report / "metrics.json").read_text("utf-8"))["attacked"]
    assert told["strong"]["value"] <= told["one_step"]["value"] <= told["clean"]["value"]
    page = (report / "index.html").read_text("utf-8")
    assert "What attacks leave" in page
    assert told["sentence"] in page


def test_where_a_strong_attack_leaves_less_it_is_called_no_security() -> None:
    clean, kept, lost = Figure(0.9, 0.85, 0.93), Figure(0.8, 0.74, 0.85), Figure(0.1, 0.06, 0.15)
    warned = UnderAttack("distillation", 200, 8 / 255, clean, kept, lost).sentence
    assert "80 after a simple attack and 10 after a strong one" in warned
    assert warned.endswith("is no security.")
    alike = UnderAttack("distillation", 200, 8 / 255, clean, kept, kept).sentence
    assert "security" not in alike


@pytest.mark.slow
def test_logits_come_out_large(distilled: Run, digits_run: Run, some_digits: Dataset) -> None:
    """They are what is divided by the temperature: this is all that hides the way."""
    pixels = np.stack([np.full((8, 8, 3), level, np.uint8) for level in (0, 90, 255)])
    spread = [
        np.mean([np.ptp(one.logits) for one in run.classifier().predict_pixels(pixels)])
        for run in (distilled, digits_run)
    ]
    assert spread[0] > 2 * spread[1]


@pytest.mark.slow
def test_its_recipe_repeats_it(distilled: Run, some_digits: Dataset, tmp_path: Path) -> None:
    recipe = distilled.folder / "recipe.json"
    again = linnaeus.train(some_digits, out=tmp_path / "again", recipe=recipe)
    weights = [run.bundle / "weights.safetensors" for run in (distilled, again)]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def test_pictures_of_several_labels_are_refused(pairs_table: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="one label each"):
        linnaeus.train(
            pairs_table,
            out=tmp_path / "run",
            model="cnn-tiny",
            epochs=1,
            label_separator="|",
            settings=["network.distil_at=20"],
        )
