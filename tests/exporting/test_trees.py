"""Trees on a network's features, which ONNX Runtime alone runs, go where that goes."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("openvino")

import linnaeus
from linnaeus.errors import BundleError
from linnaeus.training.run import Run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trees_run(
    tmp_path_factory: pytest.TempPathFactory, photo_set: Path, shared_weights: Path
) -> Run:
    out = tmp_path_factory.mktemp("trees") / "run"
    model = "mobilenetv2_100+random-forest"
    return linnaeus.train(photo_set, out=out, model=model, weights=shared_weights)


@pytest.mark.parametrize("target", ["openvino", "tensorflow", "litert"])
def test_a_form_that_knows_no_trees_refuses_them_in_a_sentence(
    target: str, trees_run: Run, tmp_path: Path
) -> None:
    with pytest.raises(BundleError, match=r"only ONNX Runtime runs.* Export it to onnx"):
        linnaeus.export(trees_run.folder, target, out=tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_an_onnx_graph_grows_them(trees_run: Run, tmp_path: Path) -> None:
    assert linnaeus.export(trees_run.folder, "onnx", out=tmp_path / "out").held.agreement == 1


@pytest.mark.parametrize("method", ["int8", "distill"])
def test_they_become_smaller_by_the_runtime_that_runs_them(
    method: str, trees_run: Run, photo_set: Path, tmp_path: Path
) -> None:
    learning = {"student": "cnn-tiny", "epochs": 1} if method == "distill" else {}
    made = linnaeus.compress(
        trees_run.folder, photo_set, out=tmp_path / "out", method=method, max_drop=100, **learning
    )
    assert made.chosen.serving.engine == "onnxruntime"
