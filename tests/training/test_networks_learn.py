"""Every network by name learns real digits from scratch, and becomes a whole bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("timm")
datasets = pytest.importorskip("sklearn.datasets")

import linnaeus  # noqa: E402
from linnaeus.errors import MissingError, UsageError  # noqa: E402
from linnaeus.models.build import build  # noqa: E402
from linnaeus.models.normalise import Normalise  # noqa: E402
from linnaeus.models.reopened import reopen  # noqa: E402
from linnaeus.progress import Quiet  # noqa: E402
from linnaeus.training.clock import Clock  # noqa: E402
from linnaeus.training.loop import fit_network  # noqa: E402
from linnaeus.training.plan import TrainingPlan  # noqa: E402
from linnaeus.training.transfer_plan import TransferPlan, TransferStage  # noqa: E402

LEARNT_FROM = 1300  # of 1,797 digits; the rest judge


def right_after(name: str, epochs: float, enlarged: int, **options: Any) -> float:
    """The share of held-out digits, 8 px `enlarged` so many times, that is right in the end."""
    digits = datasets.load_digits()
    grey = (digits.images * (255 / 16)).astype(np.uint8).repeat(enlarged, 1).repeat(enlarged, 2)
    pixels, labels = np.repeat(grey[..., None], 3, axis=-1), digits.target.astype(np.int64)
    torch.manual_seed(0)
    side_px = 8 * enlarged
    network = build(name, classes=10, height_px=side_px, width_px=side_px, **options)
    fitted = fit_network(
        torch.nn.Sequential(Normalise.measured_on(pixels[:LEARNT_FROM]), network),
        pixels[:LEARNT_FROM],
        labels[:LEARNT_FROM],
        (pixels[LEARNT_FROM:], labels[LEARNT_FROM:]),
        plan=TrainingPlan(epochs=epochs, precision="float32"),
        clock=Clock(),
        progress=Quiet(),
    )
    return fitted.history[-1].validation_accuracy


@pytest.mark.parametrize(
    ("name", "options", "least"),
    [  # chance is 0.1
        ("mlp", {}, 0.7),
        ("mlp-64", {"batch_norm": True, "dropout": 0.2}, 0.5),
        ("cnn-small", {}, 0.85),
        ("cnn-medium", {}, 0.85),
        ("cnn-small", {"head": "pool-dense64-relu-dropout-linear"}, 0.5),
        ("cnn-small-se", {}, 0.8),
        ("cnn-small-cbam", {}, 0.8),
        ("cnn-small-stn", {}, 0.8),
    ],
)
def test_ours_learn_digits_in_one_pass(name: str, options: dict[str, Any], least: float) -> None:
    assert right_after(name, 1, enlarged=1, **options) > least


@pytest.mark.parametrize("options", [{}, {"batch_norm": True, "dropout": 0.2}])
@pytest.mark.parametrize("name", ["plain", "plain-512"])
def test_plain_networks_learn_digits_in_three(name: str, options: dict[str, Any]) -> None:
    assert right_after(name, 3, enlarged=1, **options) > 0.4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "epochs", "enlarged", "least"),
    [
        ("cnn-large", 1, 1, 0.85),
        ("cnn-large-cbam", 1, 1, 0.8),
        ("alexnet", 4, 8, 0.25),
        ("resnet18", 1, 4, 0.5),
        ("mobilenetv3_small_050", 3, 4, 0.2),
        ("vit_tiny_patch16_224", 8, 8, 0.13),
    ],
)
def test_large_networks_and_timm_s_learn_digits(
    name: str, epochs: float, enlarged: int, least: float
) -> None:
    assert right_after(name, epochs, enlarged) > least


@pytest.mark.slow
def test_a_network_of_timm_becomes_a_bundle_at_the_size_asked_for(
    some_digits: linnaeus.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "no cache"))
    monkeypatch.delenv("LINNAEUS_WEIGHTS", raising=False)
    run = linnaeus.train(
        some_digits, out=tmp_path / "run", model="resnet10t", image_size=32, epochs=2
    )
    assert run.recipe.model == "resnet10t"
    assert run.recipe.image_size_px == (32, 32)
    assert run.metrics.accuracy.value > 0.5
    assert run.classifier().record.model["architecture"] == "resnet10t"


def test_a_head_of_choice_is_the_recipe_s_and_is_built(
    some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    recipe = linnaeus.Recipe(model="mlp-64-32", batch_norm=True, dropout=0.1)
    run = linnaeus.train(some_digits, out=tmp_path / "run", recipe=recipe, epochs=6)
    assert (run.recipe.model, run.recipe.batch_norm, run.recipe.dropout) == ("mlp-64-32", True, 0.1)
    reopen(run.bundle)  # also with layers between that only drop
    assert run.metrics.accuracy.value > 0.5


def test_a_head_that_cannot_be_read_is_told_before_the_work(
    some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    recipe = linnaeus.Recipe(model="plain", head="dense64-rleu-linear")
    with pytest.raises(UsageError, match='"rleu" is none of its parts'):
        linnaeus.train(some_digits, out=tmp_path / "run", recipe=recipe)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"model": "alexnet", "image_size": 32}, "alexnet: pictures of 32 × 32 px are too small"),
        ({"settings": ["network.precision=float16"]}, "float16 is for learning on a GPU"),
        ({"settings": ["network.class_weights=[1, 2]"]}, "2 weights do not fit 10 classes"),
        ({"settings": ["network.class_weights={11: 2}"]}, 'there is no class "11"'),
    ],
)
def test_what_cannot_be_meant_is_told_before_pictures_are_read(
    some_digits: linnaeus.Dataset, tmp_path: Path, options: dict[str, Any], said: str
) -> None:
    class Told(Quiet):
        stages: list[str] = []  # noqa: RUF012

        def stage(self, name: str, total: float | None = None) -> Any:
            self.stages.append(name)
            return super().stage(name, total)

    told = Told()
    asked = {"model": "plain", "device": "cpu", **options}
    with pytest.raises(UsageError, match=said):
        linnaeus.train(some_digits, out=tmp_path / "run", progress=told, **asked)
    assert told.stages == []
    assert not (tmp_path / "run").exists()


def test_a_head_of_choice_is_refused_for_a_probe(
    some_digits: linnaeus.Dataset, shared_weights: Path, tmp_path: Path
) -> None:
    plan = TransferPlan(stages=(TransferStage(learns="probe"),))
    recipe = linnaeus.Recipe(model="mobilenetv2_100", head="pool-linear", transfer=plan)
    with pytest.raises(UsageError, match="the recipe's head: a probe of"):
        linnaeus.train(some_digits, out=tmp_path / "run", recipe=recipe, weights=shared_weights)
    assert not (tmp_path / "run").exists()


def test_stages_of_a_pretrained_network_are_refused_where_its_weights_are_not_at_hand(
    some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    plan = TransferPlan(stages=(TransferStage(learns="head"), TransferStage(learns="whole")))
    recipe = linnaeus.Recipe(model="efficientnet_b0", transfer=plan)
    with pytest.raises(MissingError, match="the recipe asks for stages of a pretrained network"):
        linnaeus.train(some_digits, out=tmp_path / "run", recipe=recipe)
    assert not (tmp_path / "run").exists()
