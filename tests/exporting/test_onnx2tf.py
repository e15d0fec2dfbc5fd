"""Bundles for TensorFlow and LiteRT, by the command onnx2tf or by one that stands in for it.

The stand-in keeps the graph that it is given, and its LiteRT runs that with ONNX Runtime: all of
the way is as with the real one, which the slow test takes where it is installed.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

import linnaeus
from linnaeus.compression.compressed import Compressed
from linnaeus.errors import MissingError, Shortfall
from linnaeus.training.run import Run

KEEPS_THE_GRAPH = """
import shutil, sys
from pathlib import Path
graph, out = (Path(sys.argv[sys.argv.index(one) + 1]) for one in ("-i", "-o"))
shutil.copy(graph, out / f"{graph.stem}_float32.tflite")
"""

FAILS = """
import sys
print("lowering:   0%|          | 0/6 [00:00<?, ?it/s]", file=sys.stderr)
print("\\x1b[31mERROR: no operator is called Whirl\\x1b[0m", file=sys.stderr)
sys.exit(1)
"""

RUNS_THE_GRAPH = """
import onnxruntime
class Interpreter:
    def __init__(self, place):
        self.session = onnxruntime.InferenceSession(open(place, "rb").read())
        assert self.session.get_inputs()[0].shape[0] == 1
    def get_signature_runner(self, name):
        assert name == "serving_default"
        return self.run
    def run(self, pixels):
        (made,) = self.session.run(["probabilities"], {"pixels": pixels.transpose(0, 3, 1, 2)})
        return {"probabilities": made}
"""


def _standing_in(
    folder: Path, monkeypatch: pytest.MonkeyPatch, converting: str, version: str = "2.6.9"
) -> None:
    """Put a command onnx2tf before all others, whose Python knows a LiteRT and no TensorFlow."""
    if sys.platform == "win32":
        pytest.skip("it is a script for a shell")
    binaries, site = folder / "bin", folder / "site"
    (site / f"onnx2tf-{version}.dist-info").mkdir(parents=True)
    said = f"Metadata-Version: 2.1\nName: onnx2tf\nVersion: {version}\n"
    (site / f"onnx2tf-{version}.dist-info" / "METADATA").write_text(said, "utf-8")
    (site / "ai_edge_litert").mkdir()
    (site / "ai_edge_litert" / "interpreter.py").write_text(RUNS_THE_GRAPH, "utf-8")
    (site / "converting.py").write_text(converting, "utf-8")
    binaries.mkdir()
    python = f'PYTHONPATH="{site}" exec "{sys.executable}"'
    for name, run in (("python", python), ("onnx2tf", f"{python} -m converting")):
        (binaries / name).write_text(f'#!/bin/sh\n{run} "$@"\n', "utf-8")
        (binaries / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(binaries), prepend=":")


def test_a_bundle_goes_to_litert_one_picture_at_a_time(
    digits_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _standing_in(tmp_path / "tools", monkeypatch, KEEPS_THE_GRAPH)
    made = linnaeus.export(digits_run.folder, "litert", out=tmp_path / "l")
    assert made.held.agreement == 1
    assert made.held.difference < 1e-5
    assert sorted(made.files) == ["model.tflite"]
    assert made.facts["notices"] == []
    told = json.loads((tmp_path / "l" / "export.json").read_text("utf-8"))
    assert (told["input"]["shape"][0], told["output"]["shape"]) == (1, [1, 10])
    assert made.facts["made_by"] == {"onnx2tf": "2.6.9", "options": []}


def test_whole_numbers_go_to_litert_as_floats_and_that_is_told(
    in_int8: Compressed,
    some_digits: linnaeus.Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _standing_in(tmp_path / "tools", monkeypatch, KEEPS_THE_GRAPH)
    made = linnaeus.export(in_int8.folder, "litert", out=tmp_path / "l", data=some_digits)
    assert made.held.agreement >= 0.98
    (notice,) = json.loads((tmp_path / "l" / "export.json").read_text("utf-8"))["notices"]
    assert "in float32 what the bundle does in whole numbers" in notice
    assert notice in made.in_plain_words


def test_what_onnx2tf_says_when_it_fails_is_told_and_nothing_is_left(
    digits_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _standing_in(tmp_path / "fails", monkeypatch, FAILS)
    with pytest.raises(Shortfall, match=r"convert it \(ERROR: no operator is called Whirl\)"):
        linnaeus.export(digits_run.folder, "litert", out=tmp_path / "l")
    _standing_in(tmp_path / "makes nothing", monkeypatch, "")
    with pytest.raises(Shortfall, match=r"it made no model_float32\.tflite"):
        linnaeus.export(digits_run.folder, "litert", out=tmp_path / "l")
    assert not (tmp_path / "l").exists()


def test_what_a_form_needs_is_named(
    digits_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "no"
    _standing_in(tmp_path / "new", monkeypatch, KEEPS_THE_GRAPH)
    with pytest.raises(MissingError, match=r"TensorFlow beside .*onnx2tf\[tensorflow\]"):
        linnaeus.export(digits_run.folder, "tensorflow", out=out)
    _standing_in(tmp_path / "old", monkeypatch, KEEPS_THE_GRAPH, version="1.29.24")
    with pytest.raises(MissingError, match="needs TensorFlow"):
        linnaeus.export(digits_run.folder, "litert", out=out)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingError, match=r"needs the command onnx2tf.*pipx install"):
        linnaeus.export(digits_run.folder, "litert", out=out)
    assert not out.exists()


@pytest.mark.slow
@pytest.mark.parametrize("target", ["litert", "tensorflow"])
def test_the_real_onnx2tf_makes_what_answers_as_the_bundle_does(
    target: str, digits_run: Run, in_int8: Compressed, tmp_path: Path
) -> None:
    if shutil.which("onnx2tf") is None:
        pytest.skip("onnx2tf is not installed")
    made = linnaeus.export(digits_run.folder, target, out=tmp_path / "f")
    assert made.held.difference < 1e-3
    made = linnaeus.export(in_int8.folder, target, out=tmp_path / "i")
    assert made.held.agreement >= 0.98
