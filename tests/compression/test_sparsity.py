"""Weights of 0 stay 0 through learning and rounding, and make a packed bundle smaller."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch")

import onnx
from onnx import numpy_helper
from safetensors.numpy import load

import linnaeus
from linnaeus.compression.making import Making
from linnaeus.compression.original import opened
from linnaeus.compression.steps import made_by
from linnaeus.models.reopened import reopen
from linnaeus.progress import Quiet
from linnaeus.training.run import Run

SHARE = 0.7


@pytest.fixture(scope="module")
def making(digits_run: Run, some_digits: linnaeus.Dataset) -> Making:
    """Digits on their way to seven zeros in ten weights."""
    original = opened(digits_run.folder, some_digits, workers=None, cache=None, progress=Quiet())
    return Making(original, seed=3, progress=Quiet(), epochs=1, share=SHARE)


def test_the_same_weights_are_zero_in_files_graphs_and_whole_numbers(making: Making) -> None:
    one, again, whole = (
        made_by(steps, making) for steps in (("sparse",), ("sparse",), ("sparse", "int8"))
    )
    assert one.weights == again.weights  # the seed alone decides
    shares = _shares(load(one.weights))
    assert shares == [pytest.approx(SHARE, abs=1e-2)] * len(shares) != []
    before = load((making.original.folder / "weights.safetensors").read_bytes())
    after = load(one.weights)
    assert {name: value.shape for name, value in after.items()} == {
        name: value.shape for name, value in before.items()
    }
    weight = next(name for name in after if name.endswith("weight") and after[name].ndim == 4)
    rest = after[weight] != 0
    assert (after[weight][rest] != before[weight][rest]).mean() > 0.5  # what is left learnt again
    of_graphs = [_convolutions(model.graph) for model in (one, whole)]
    assert all(value.dtype == np.int8 for value in of_graphs[1])
    floats, integers = (_zeros(values) for values in of_graphs)
    assert integers >= floats > 0.5


def test_a_sparse_bundle_is_as_large_and_smaller_when_packed(
    digits_run: Run, some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    out = tmp_path / "sparse"
    options = {"method": "sparse", "epochs": 1, "max_drop": 100}
    made = linnaeus.compress(digits_run.folder, some_digits, out=out, **options)
    told = json.loads((out / "compression.json").read_text("utf-8"))
    assert told["size_bytes"] == pytest.approx(told["before"]["size_bytes"], rel=0.05)
    assert told["packed_bytes"] < 0.75 * told["before"]["packed_bytes"]
    archive = shutil.make_archive(str(tmp_path / "packed"), "zip", made.bundle)
    assert told["packed_bytes"] == pytest.approx(Path(archive).stat().st_size, rel=0.02)
    assert "as large as before" in told["in_plain_words"][0]
    assert "50 % of the" in told["tried"][0]["done"][0]
    page = (out / "compression.html").read_text("utf-8")
    assert "weights of 0 make nothing else smaller" in page
    reopen(made.bundle)  # which holds it to the bundle's own answers


def _shares(weights: dict[str, NDArray[np.float32]]) -> list[float]:
    """What of each layer of 32 inputs or more is 0."""
    layers = [one for one in weights.values() if one.ndim in (2, 4) and one[0].size >= 32]
    return [float((one == 0).mean()) for one in layers]


def _convolutions(graph: bytes) -> list[NDArray[np.generic]]:
    """The weights of all convolutions, as they are kept."""
    body = onnx.load_from_string(graph).graph
    constants = {one.name: numpy_helper.to_array(one) for one in body.initializer}
    makers = {name: node for node in body.node for name in node.output}
    kept = []
    for node in body.node:
        if node.op_type == "Conv":
            name = node.input[1]
            kept.append(constants[name if name in constants else makers[name].input[0]])
    return kept


def _zeros(values: list[NDArray[np.generic]]) -> float:
    return sum(int((one == 0).sum()) for one in values) / sum(one.size for one in values)
