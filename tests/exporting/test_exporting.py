"""What is exported answers as the bundle does, and without Linnaeus where it is to run alone."""

from __future__ import annotations

import base64
import json
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import PathDistribution
from pathlib import Path
from urllib.request import Request, urlopen
from zipfile import ZipFile

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch")

import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

import linnaeus
from linnaeus.bundle.calibration import BetaMap, Calibration, IsotonicMap
from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.network import OneNetwork
from linnaeus.bundle.record import BundleRecord
from linnaeus.bundle.views import views_of
from linnaeus.errors import BundleError, Shortfall, UsageError, WriteError
from linnaeus.exporting import lambda_target
from linnaeus.exporting.answer_graph import (
    answer_graph,
    normalised_answer_graph,
    without_normalisation,
)
from linnaeus.exporting.compared import Pictures, held_to, pictures_to_compare
from linnaeus.exporting.dependencies import dependencies_of, glibc_of
from linnaeus.exporting.elsewhere import answers_of
from linnaeus.exporting.lambda_target import HANDLER
from linnaeus.exporting.source import Source, opened
from linnaeus.exporting.torch_target import AnswerModule
from linnaeus.features.sift import Sift
from linnaeus.training.run import Run

Pixels = NDArray[np.uint8]
PROJECT = Path(__file__).parents[2] / "pyproject.toml"


@pytest.fixture(scope="module")
def pixels(digits_run: Run, some_digits: linnaeus.Dataset) -> Pixels:
    """A hundred pictures at the network's size."""
    return pictures_to_compare(opened(digits_run.bundle), some_digits, seed=0).pixels


@pytest.fixture(scope="module")
def expected(digits_run: Run, pixels: Pixels) -> NDArray[np.float32]:
    """What the bundle says of them."""
    answers = linnaeus.load(digits_run.bundle).predict_pixels(pixels)
    return np.stack([one.probabilities for one in answers])


def test_an_onnx_graph_takes_pixels_and_gives_probabilities(
    digits_run: Run,
    some_digits: linnaeus.Dataset,
    pixels: Pixels,
    expected: NDArray[np.float32],
    tmp_path: Path,
) -> None:
    exported = linnaeus.export(digits_run.folder, "onnx", out=tmp_path / "o", data=some_digits)
    assert exported.held.pictures == 100
    assert exported.held.agreement == 1
    session = onnxruntime.InferenceSession(tmp_path / "o" / "model.onnx")
    (given,) = session.run(None, {"pixels": pixels})  # any number at once
    assert [one.name for one in session.get_outputs()] == ["probabilities"]
    assert np.abs(given - expected).max() < 1e-4
    told = json.loads((tmp_path / "o" / "export.json").read_text("utf-8"))
    assert told["classes"] == list(some_digits.classes)
    assert told["preprocessing"]["fit"] in ("stretch", "crop", "pad")
    assert "stays outside" in told["outside"]


def test_an_onnx_graph_without_preprocessing_says_how_to_normalise(
    digits_run: Run, pixels: Pixels, expected: NDArray[np.float32], tmp_path: Path
) -> None:
    linnaeus.export(digits_run.folder, "onnx", out=tmp_path / "o", preprocessing=False)
    told = json.loads((tmp_path / "o" / "export.json").read_text("utf-8"))["input"]
    by_hand = (pixels.astype(np.float32) - np.float32(told["mean"])) / np.float32(told["std"])
    session = onnxruntime.InferenceSession(tmp_path / "o" / "model.onnx")
    (given,) = session.run(None, {told["name"]: by_hand.transpose(0, 3, 1, 2)})
    assert np.abs(given - expected).max() < 1e-3


def test_openvino_files_and_a_torch_program_run_without_linnaeus(
    digits_run: Run, pixels: Pixels, expected: NDArray[np.float32], tmp_path: Path
) -> None:
    openvino = pytest.importorskip("openvino")
    linnaeus.export(digits_run.folder, "openvino", out=tmp_path / "v")
    assert sorted(one.name for one in (tmp_path / "v").iterdir()) == [
        "export.json",
        "model.bin",
        "model.xml",
    ]
    alike = {"INFERENCE_PRECISION_HINT": "f32"}  # some processors would answer in bfloat16
    answer = openvino.Core().compile_model(str(tmp_path / "v" / "model.xml"), "CPU", alike)
    assert np.abs(answer([pixels])[0] - expected).max() < 1e-3
    linnaeus.export(digits_run.folder, "torch", out=tmp_path / "t")
    program = torch.export.load(tmp_path / "t" / "model.pt2").module()
    with torch.no_grad():
        given = program(torch.from_numpy(pixels)).numpy()
    assert np.abs(given - expected).max() < 1e-3


def test_a_wheel_installs_without_a_network_and_predicts(
    digits_run: Run, some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    linnaeus.export(digits_run.folder, "wheel", out=tmp_path / "w", name="Digits of mine")
    (wheel,) = (tmp_path / "w").glob("digits_of_mine-*-py3-none-any.whl")
    with ZipFile(wheel) as archive:
        (said,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        assert "Name: digits-of-mine" in archive.read(said).decode().splitlines()
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--no-index", "--no-deps", "--quiet"]
    subprocess.run([*pip, "--target", str(site), str(wheel)], check=True)
    picture = tmp_path / "picture.png"
    picture.write_bytes(some_digits.source.read(some_digits.paths[0]))
    program = f"import digits_of_mine as m; print(m.predict({str(picture)!r})[0].label)"
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": f"{site}:{Path(linnaeus.__file__).parents[1]}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == linnaeus.load(digits_run.folder).predict(picture)[0].label


def test_a_docker_context_holds_all_but_what_it_pins(digits_run: Run, tmp_path: Path) -> None:
    out = tmp_path / "d"
    linnaeus.export(digits_run.folder, "docker", out=out)
    lines = (out / "Dockerfile").read_text("utf-8").splitlines()
    assert "USER 10001" in lines  # by its number, as Kubernetes asks to be sure that it is not root
    assert any(line.startswith("HEALTHCHECK") for line in lines)
    copied = " ".join(line for line in lines if line.startswith("COPY")).split()
    assert "--chown=10001:10001" in copied  # whatever the modes of the files are here
    assert {one for one in copied if (out / one).exists()} >= {"bundle", "requirements.txt"}
    pins = (out / "requirements.txt").read_text("utf-8").split()
    assert all("==" in pin for pin in pins)
    names = {pin.split("==")[0] for pin in pins}
    assert {"numpy", "onnxruntime", "pillow"} <= names
    assert "torch" not in names
    needed = tomllib.loads(PROJECT.read_text("utf-8"))["project"]["dependencies"]
    assert {re.split(r"[>;]", one)[0].strip() for one in needed} <= names
    assert linnaeus.load(out / "bundle").classes == linnaeus.load(digits_run.folder).classes
    assert " -F images=@" in (out / "README.md").read_text("utf-8")  # as the server calls a part
    (wheel,) = out.glob("linnaeus-*.whl")
    with ZipFile(wheel) as archive:
        assert archive.testzip() is None
        assert "linnaeus/evaluation/templates/report.css" in archive.namelist()


def test_what_only_serving_needs_is_left_out_with_all_that_it_alone_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = {
        "pictures-told": ["Web_Face>=1", "numpy", 'wires2; extra == "more"'],
        "web-face": ["wires", 'wires2; platform_system == "Windows"', "openvino-telemetry"],
        "wires": ["numpy (>=1)"],
        "wires2": [],
        "openvino-telemetry": [],
    }
    for name, needs in installed.items():
        info = tmp_path / f"{name.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        lines = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 1.0"]
        lines += [f"Requires-Dist: {one}" for one in needs]
        (info / "METADATA").write_text("\n".join(lines) + "\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert set(dependencies_of("pictures-told")) == {"web-face", "wires", "numpy"}
    assert set(dependencies_of("pictures-told", without=["web-face"])) == {"numpy"}


def test_what_is_exported_names_what_its_features_need(digits_run: Run) -> None:
    """SIFT is OpenCV's, which Linnaeus does without otherwise."""
    pytest.importorskip("cv2")
    assert opened(digits_run.bundle).extras == ()
    record = linnaeus.load(digits_run.bundle).record.model_copy(update={"description": Sift()})
    network = OneNetwork(record, digits_run.bundle / "model.onnx")
    looking = Source(digits_run.bundle, Classifier(record, network))
    assert looking.extras == ("classical",)
    assert "opencv-python-headless" in dependencies_of("linnaeus", *looking.packages)


def test_what_is_tried_here_finds_no_package_that_it_will_not_have(pixels: Pixels) -> None:
    program = "import numpy, jinja2; numpy.save(sys.argv[1] + '/answers.npy', [[1.0]])"
    given = pixels[:1]
    assert answers_of(program, given, path=[], where="here").shape == (1, 1)
    with pytest.raises(Shortfall, match=r"does not run.*jinja2"):
        answers_of(program, given, path=[], where="here", without={"jinja2"})


def test_a_function_too_large_for_lambda_is_refused(
    digits_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lambda_target, "MOST_BYTES", 20 << 20)
    with pytest.raises(BundleError, match=r"the bundle's, and Lambda takes 20 MB.*--to docker"):
        linnaeus.export(digits_run.folder, "lambda", out=tmp_path / "l")
    assert not (tmp_path / "l").exists()


@pytest.mark.parametrize(
    ("tags", "oldest"),
    [
        (["cp312-cp312-manylinux_2_27_x86_64", "cp312-cp312-manylinux_2_28_x86_64"], (2, 27)),
        (["cp310-abi3-manylinux2014_aarch64"], (2, 17)),
        (["cp312-cp312-manylinux1_x86_64.manylinux_2_28_x86_64"], (2, 5)),
        (["py3-none-any"], (0, 0)),
    ],
)
def test_the_glibc_of_a_package_is_the_oldest_that_its_wheel_names(
    tags: list[str], oldest: tuple[int, int], tmp_path: Path
) -> None:
    info = tmp_path / "wires-1.0.dist-info"
    info.mkdir()
    (info / "WHEEL").write_text("".join(f"Tag: {tag}\n" for tag in tags), "utf-8")
    assert glibc_of(PathDistribution(info)) == oldest


@pytest.mark.slow
def test_the_containers_own_command_serves_and_ends_on_sigterm(
    digits_run: Run, some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    """As the container runs it but for its address, with files that may not be written."""
    out, keys = tmp_path / "d", tmp_path / "keys" / "serve-keys.json"
    linnaeus.export(digits_run.folder, "docker", out=out)
    text = (out / "Dockerfile").read_text("utf-8").replace("\\\n", "")
    (said,) = re.findall(r"^CMD (\[.*\])$", text, re.MULTILINE)
    given = {"/keys/serve-keys.json": str(keys), "0.0.0.0": "127.0.0.1", "8000": "0"}
    command = [given.get(one, one) for one in json.loads(said)]
    (wheel,) = out.glob("linnaeus-*.whl")
    with ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "app")
    key = linnaeus.add_key("me", keys=keys)
    run = [sys.executable, "-m", *command]
    environment = {"PYTHONPATH": str(tmp_path / "app"), "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        run, cwd=out, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout
        url = server.stdout.readline().split()[-1]
        with urlopen(f"{url}/v2/health/ready") as ready:
            assert ready.status == 200
        picture = some_digits.source.read(some_digits.paths[0])
        asked = Request(f"{url}/predict", picture, {"X-Api-Key": key, "Content-Type": "image/png"})
        with urlopen(asked) as answered:
            answer = json.load(answered)
        server.terminate()
        assert server.wait(30) == 143
    assert answer["model"]["name"] == "digits"
    (row,) = answer["predictions"]
    expected = linnaeus.load(digits_run.folder).predict(picture).probabilities[0]
    assert list(row["probabilities"].values()) == expected.astype(float).tolist()


@pytest.mark.slow
def test_a_zip_for_lambda_holds_everything_and_answers_alone(
    digits_run: Run, tmp_path: Path
) -> None:
    linnaeus.export(digits_run.folder, "lambda", out=tmp_path / "l")
    with ZipFile(tmp_path / "l" / "function.zip") as archive:
        names = archive.namelist()
    assert {"lambda_function.py", "bundle/model.onnx", "linnaeus/__init__.py"} <= set(names)
    assert any(name.startswith("numpy/") for name in names)
    assert not any(name.startswith("torch/") for name in names)


def test_the_handler_for_lambda_refuses_what_is_no_picture_and_goes_on(
    digits_run: Run, some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    shutil.copytree(digits_run.bundle, tmp_path / "bundle")
    (tmp_path / "lambda_function.py").write_text(HANDLER, "utf-8")
    handler = runpy.run_path(str(tmp_path / "lambda_function.py"))["handler"]
    for event in ({"image": "naïve"}, {"image": 5}, {"image": "AAAA"}, {"body": None}, {}, []):
        assert handler(event, None)["statusCode"] == 400
    content = some_digits.source.read(some_digits.paths[0])
    answer = handler({"image": base64.b64encode(content).decode()}, None)
    expected = linnaeus.load(digits_run.folder).predict(content)[0].label
    assert json.loads(answer["body"])["label"] == expected


CALIBRATIONS = {
    "temperature": Calibration(method="temperature", temperature=1.7),
    "vector": Calibration(method="vector", scales=(1.1, 0.7, 1.4), offsets=(0.2, -0.3, 0.1)),
    "beta": Calibration(
        method="beta",
        temperature=0.8,
        beta=tuple(
            BetaMap(a=a, b=b, c=c) for a, b, c in ((1, 1, 0), (0.5, 2, 0.3), (1.4, 0.2, -1))
        ),
    ),
    "isotonic": Calibration(
        method="isotonic",
        isotonic=(
            IsotonicMap(log_odds=(-2, 0, 3), probabilities=(0.1, 0.4, 0.9), own_share=0.1),
            IsotonicMap(log_odds=(0.5,), probabilities=(0.3,), own_share=0.05),
            IsotonicMap(log_odds=(-4, 1), probabilities=(0.0, 1.0), own_share=0.02),
        ),
    ),
}


@pytest.mark.parametrize("method", CALIBRATIONS)
@pytest.mark.parametrize("several", [False, True], ids=["one label", "several"])
@pytest.mark.parametrize("views", ["none", "mirror", "shifts"])
def test_calibration_and_views_are_the_same_in_every_graph(
    method: str, several: bool, views: str, digits_run: Run
) -> None:
    """The graph's logits are three sums of pixels, of which the views all give others."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (5, 6, 7, 3), np.uint8)
    weight = random.normal(0, 0.01, (6 * 7 * 3, 3)).astype(np.float32)
    record = _record(digits_run, CALIBRATIONS[method], several=several, views=views)
    shown = np.stack([np.stack(views_of(one, views)) for one in pixels])  # type: ignore[arg-type]
    logits = (shown.reshape(5, -1, 6 * 7 * 3).astype(np.float32) @ weight).mean(axis=1)
    expected = record.probabilities(logits)
    graph = answer_graph(record, _linear_graph(weight))
    (given,) = onnxruntime.InferenceSession(graph).run(None, {"pixels": pixels})
    assert np.abs(given - expected).max() < 1e-5

    class Linear(torch.nn.Module):
        def forward(self, given: torch.Tensor) -> torch.Tensor:
            return given.float().flatten(1) @ torch.from_numpy(weight)

    module = AnswerModule(Linear(), record)
    assert np.abs(module(torch.from_numpy(pixels)).numpy() - expected).max() < 1e-5


def _record(run: Run, calibration: Calibration, *, several: bool, views: str) -> BundleRecord:
    kept = linnaeus.load(run.bundle).record
    serving = kept.serving.model_copy(update={"test_time_augmentation": views})
    size = kept.preprocessing.model_copy(update={"height_px": 6, "width_px": 7})
    return kept.model_copy(
        update={
            "classes": ("a", "b", "c"),
            "task": "multi" if several else "single",
            "serving": serving,
            "preprocessing": size,
            "calibration": calibration,
        }
    )


def _linear_graph(weight: NDArray[np.float32]) -> bytes:
    nodes = [
        helper.make_node("Cast", ["pixels"], ["wide"], to=TensorProto.FLOAT),
        helper.make_node("Flatten", ["wide"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weight"], ["logits"]),
        helper.make_node("Identity", ["flat"], ["features"]),
    ]
    graph = helper.make_graph(
        nodes,
        "sums",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", 6, 7, 3])],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 3]),
            helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", len(weight)]),
        ],
        [numpy_helper.from_array(weight, "weight")],
    )
    opset = [helper.make_opsetid("", 20)]
    return helper.make_model(graph, opset_imports=opset, ir_version=10).SerializeToString()


def test_what_answers_otherwise_is_refused(digits_run: Run, pixels: Pixels) -> None:
    source = opened(digits_run.bundle)
    right = source.classifier.predict_pixels(pixels)
    answers = np.stack([one.probabilities for one in right])
    both = Pictures(pixels, variations=0)
    assert held_to(source, both, lambda given: answers + 5e-4, "here").agreement == 1
    for wrong in (answers + 2e-3, np.roll(answers, 1, axis=0), answers * np.nan):
        with pytest.raises(Shortfall, match="answers otherwise than the bundle"):
            held_to(source, both, lambda given, wrong=wrong: wrong, "here")


def test_a_hundred_pictures_are_compared_whatever_there_is(
    digits_run: Run, some_digits: linnaeus.Dataset
) -> None:
    """Of the bundle's own four, and of few others, variations make up for what is missing."""
    source = opened(digits_run.bundle)
    alone = pictures_to_compare(source, None, seed=0)
    assert (len(alone.pixels), alone.variations) == (100, 96)
    assert len(np.unique(alone.pixels, axis=0)) == 100
    beside = pictures_to_compare(source, some_digits.subset(range(30)), seed=0)
    assert (len(beside.pixels), beside.variations) == (100, 66)
    assert np.array_equal(
        beside.pixels, pictures_to_compare(source, some_digits.subset(range(30)), seed=0).pixels
    )
    enough = pictures_to_compare(source, some_digits, seed=0)
    assert (len(enough.pixels), enough.variations) == (100, 0)


def test_what_cannot_be_exported_is_refused_and_nothing_is_left(
    digits_run: Run, averaged: object, tmp_path: Path
) -> None:
    out = tmp_path / "no"
    with pytest.raises(BundleError, match="no single graph does"):
        linnaeus.export(averaged.folder, "onnx", out=out)  # type: ignore[attr-defined]
    with pytest.raises(UsageError, match="only an ONNX graph"):
        linnaeus.export(digits_run.folder, "torch", out=out, preprocessing=False)
    with pytest.raises(UsageError, match="no name for a package"):
        linnaeus.export(digits_run.folder, "wheel", out=out, name="42")
    with pytest.raises(UsageError, match="no name for a package"):
        linnaeus.export(digits_run.folder, "wheel", out=out, name="class")
    assert not out.exists()
    out.mkdir()
    (out / "kept").touch()
    with pytest.raises(WriteError):
        linnaeus.export(digits_run.folder, "onnx", out=out)
    assert [one.name for one in out.iterdir()] == ["kept"]


def test_the_checked_graph_is_valid_onnx(digits_run: Run) -> None:
    source = opened(digits_run.bundle)
    onnx.checker.check_model(answer_graph(source.record, source.graph()), full_check=True)


def test_a_graph_that_counts_its_pictures_can_do_without_normalisation() -> None:
    """As exported networks do: the number of pictures is asked of the pixels themselves."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (4, 6, 7, 3), np.uint8)
    arrays = {
        "mean": np.float32([120, 110, 100]),
        "std": np.float32([60, 50, 40]),
        "rest": np.int64([-1]),
        "weight": random.normal(0, 0.1, (126, 3)).astype(np.float32),
    }
    nodes = [
        helper.make_node("Shape", ["pixels"], ["count"], start=0, end=1),
        helper.make_node("Cast", ["pixels"], ["wide"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["wide", "mean"], ["centred"]),
        helper.make_node("Div", ["centred", "std"], ["scaled"]),
        helper.make_node("Transpose", ["scaled"], ["x"], perm=[0, 3, 1, 2]),
        helper.make_node("Concat", ["count", "rest"], ["shape"], axis=0),
        helper.make_node("Reshape", ["x", "shape"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weight"], ["probabilities"]),
    ]
    graph = helper.make_graph(
        nodes,
        "counting",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", 6, 7, 3])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 3])],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    opset = [helper.make_opsetid("", 20)]
    whole = helper.make_model(graph, opset_imports=opset, ir_version=10).SerializeToString()
    bare = without_normalisation(whole, (6, 7))
    assert bare.mean == pytest.approx((120, 110, 100), abs=1e-3)
    assert bare.std == pytest.approx((60, 50, 40), abs=1e-3)
    (expected,) = onnxruntime.InferenceSession(whole).run(None, {"pixels": pixels})
    (given,) = onnxruntime.InferenceSession(bare.graph).run(
        None, {"normalised": bare.numbers(pixels)}
    )
    assert np.abs(given - expected).max() < 1e-4


@pytest.mark.parametrize("views", ["mirror", "shifts"])
def test_a_graph_without_normalisation_takes_the_mean_over_views(
    views: str, digits_run: Run
) -> None:
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (5, 6, 7, 3), np.uint8)
    weight = random.normal(0, 0.3, (6 * 7 * 3, 3)).astype(np.float32)
    record = _record(digits_run, CALIBRATIONS["temperature"], several=False, views=views)
    shown = np.stack([np.stack(views_of(one, views)) for one in pixels])  # type: ignore[arg-type]
    logits = ((shown.reshape(5, -1, 6 * 7 * 3) - np.float32(110)) / np.float32(60)) @ weight
    bare = normalised_answer_graph(record, _normalising_graph(weight))
    (given,) = onnxruntime.InferenceSession(bare.graph).run(
        None, {"normalised": bare.numbers(pixels)}
    )
    assert np.abs(given - record.probabilities(logits.mean(axis=1))).max() < 1e-4


def _normalising_graph(weight: NDArray[np.float32]) -> bytes:
    """As `_linear_graph`, of pixels less 110 and divided by 60, channels first."""
    model = onnx.load_from_string(_linear_graph(weight))
    of_channels = weight.reshape(6, 7, 3, -1).transpose(2, 0, 1, 3).reshape(weight.shape)
    arrays = {"mean": np.float32(110), "std": np.float32(60), "weight": of_channels}
    nodes = [
        helper.make_node("Cast", ["pixels"], ["levels"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["levels", "mean"], ["centred"]),
        helper.make_node("Div", ["centred", "std"], ["scaled"]),
        helper.make_node("Transpose", ["scaled"], ["wide"], perm=[0, 3, 1, 2]),
        *model.graph.node[1:],
    ]
    del model.graph.node[:], model.graph.initializer[:]
    model.graph.node.extend(nodes)
    made = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    model.graph.initializer.extend(made)
    return bytes(model.SerializeToString())
