"""A finished bundle gives its network back as a torch module that answers as it does."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import linnaeus  # noqa: E402
from linnaeus.errors import BundleError  # noqa: E402
from linnaeus.manifest import write_manifest  # noqa: E402
from linnaeus.models.reopened import reopen  # noqa: E402
from linnaeus.training.run import Run  # noqa: E402

FEW_EPOCHS = {"stages": [{"learns": "probe"}, {"learns": "upper", "epochs": 1}]}
OF_CHOICE = {"stages": [{"learns": "head", "epochs": 1}]}


def answers(folder: Path, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the bundle and the network reopened from it say of `pixels`, before calibration."""
    bundle = np.stack([one.logits for one in linnaeus.load(folder).predict_pixels(pixels)])
    with torch.no_grad():
        return bundle, reopen(folder)(torch.from_numpy(pixels)).numpy()


def pictures_for(run: Run, count: int = 3) -> np.ndarray:
    how = run.classifier().record.preprocessing
    shape = (count, how.height_px, how.width_px, 3)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def test_a_network_from_scratch(digits_run: Run) -> None:
    said, reopened = answers(digits_run.bundle, pictures_for(digits_run))
    assert np.abs(said - reopened).max() < 1e-3 * np.abs(said).max()


@pytest.mark.parametrize(
    "recipe",
    [
        pytest.param({}, marks=pytest.mark.slow),
        pytest.param({"transfer": FEW_EPOCHS}, marks=pytest.mark.slow),
        pytest.param({"transfer": OF_CHOICE}, marks=pytest.mark.slow),
    ],
)
def test_a_pretrained_network(
    recipe: dict[str, object], photo_set: Path, shared_weights: Path, tmp_path: Path
) -> None:
    if recipe.get("transfer") is OF_CHOICE:
        recipe = {**recipe, "head": "pool-dense16-relu-linear"}
    run = linnaeus.train(
        photo_set,
        out=tmp_path / "run",
        recipe=linnaeus.Recipe.model_validate({"image_size_px": (64, 64), **recipe}),
        model="mobilenetv2_100",
        weights=[shared_weights],
        precision="float32",
    )
    said, reopened = answers(run.bundle, pictures_for(run))
    assert np.abs(said - reopened).max() < 1e-3 * np.abs(said).max()


def test_it_is_differentiable_in_the_pixels(digits_run: Run) -> None:
    pixels = torch.from_numpy(pictures_for(digits_run)).float().requires_grad_()
    reopen(digits_run.folder)(pixels)[:, 0].sum().backward()
    assert pixels.grad is not None
    assert pixels.grad.abs().max() > 0


def test_other_weights_than_those_that_answered_are_refused(
    digits_run: Run, tmp_path: Path
) -> None:
    from safetensors.numpy import load_file, save_file

    bundle = Path(shutil.copytree(digits_run.bundle, tmp_path / "bundle"))
    tensors = load_file(bundle / "weights.safetensors")
    tensors["network.head.bias"] = tensors["network.head.bias"] + np.arange(10, dtype=np.float32)
    save_file(tensors, bundle / "weights.safetensors")
    write_manifest(bundle)
    with pytest.raises(BundleError, match="answers otherwise"):
        reopen(bundle)
    del tensors["network.head.bias"]
    save_file(tensors, bundle / "weights.safetensors")
    with pytest.raises(BundleError, match="not those of the network"):
        reopen(bundle)


def test_a_bundle_from_before_says_what_to_do(digits_run: Run, tmp_path: Path) -> None:
    bundle = Path(shutil.copytree(digits_run.bundle, tmp_path / "bundle"))
    record = json.loads((bundle / "bundle.json").read_text())
    del record["model"]["structure"]
    (bundle / "bundle.json").write_text(json.dumps(record))
    with pytest.raises(BundleError, match="Train again"):
        reopen(bundle)
