"""A smaller bundle is whole, fitted anew and judged on what neither learnt, or it is not kept."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import onnx
from safetensors.numpy import load_file

import linnaeus
from linnaeus.bundle.runtime import Session
from linnaeus.bundle.seen import read_seen, read_seen_files, was_seen
from linnaeus.compression.compressed import Compressed
from linnaeus.data.scan import scan
from linnaeus.errors import BundleError, DataError, Shortfall, UsageError
from linnaeus.models.reopened import reopen
from linnaeus.progress import Quiet
from linnaeus.training.run import Run


class Told(Quiet):
    """Keeps the sentences that work tells of itself."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def say(self, sentence: str) -> None:
        self.sentences.append(sentence)


def test_an_int8_bundle_holds_whole_numbers_and_is_whole(in_int8: Compressed) -> None:
    graph = onnx.load(in_int8.bundle / "model.onnx").graph
    constants = {one.name: one for one in graph.initializer}
    wide = {node.output[0]: node for node in graph.node if node.op_type == "DequantizeLinear"}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    assert convolutions
    for node in convolutions:
        weight = constants[wide[node.input[1]].input[0]]
        assert weight.data_type == onnx.TensorProto.INT8
        scale = constants[wide[node.input[1]].input[1]]
        assert tuple(scale.dims) == (weight.dims[0],)  # one for each channel that it gives
    classifier = linnaeus.load(in_int8.folder)
    assert classifier.precision == "int8"
    assert classifier.promises
    assert classifier.tells_unknown
    assert (in_int8.folder / "report" / "index.html").exists()
    assert in_int8.size_bytes < in_int8.before.size_bytes


def test_the_smaller_one_is_calibrated_and_promises_by_its_own_answers(
    in_int8: Compressed, digits_run: Run, some_digits: linnaeus.Dataset
) -> None:
    files = read_seen_files(digits_run.bundle)
    same = read_seen_files(in_int8.bundle)
    assert files is not None
    assert same is not None
    assert np.array_equal(files.learnt, same.learnt)
    assert np.array_equal(files.held_out, same.held_out)
    held = np.flatnonzero(was_seen(files.held_out, scan(some_digits).content_digests))
    classifier = in_int8.classifier()
    pictures = [some_digits.source.read(some_digits.paths[row]) for row in held]
    answers = classifier.predict(pictures).probabilities.argmax(axis=1)
    right = answers == some_digits.labels[held]
    assert classifier.held_out.right.mean() == pytest.approx(right.mean(), abs=0.05)
    assert len(classifier.held_out.right) == len(held)
    before, after = (
        load_file(one.bundle / "held_out.safetensors") for one in (digits_run, in_int8)
    )
    assert not np.array_equal(before["confidence"], after["confidence"])


def test_before_and_after_are_judged_on_what_neither_learnt(
    in_int8: Compressed, digits_run: Run
) -> None:
    told = json.loads((in_int8.folder / "compression.json").read_text("utf-8"))
    (tried,) = told["tried"]
    test = tried["test"]
    metrics = json.loads((digits_run.folder / "report" / "metrics.json").read_text("utf-8"))
    assert test["images"] == metrics["test"]["images"]
    assert test["first"]["value"] == pytest.approx(metrics["test"]["accuracy"]["value"])
    report = json.loads((in_int8.folder / "report" / "metrics.json").read_text("utf-8"))
    assert test["second"]["value"] == pytest.approx(report["test"]["accuracy"]["value"])
    lost = test["first"]["value"] - test["second"]["value"]
    assert test["difference"]["low"] <= test["difference"]["value"] <= test["difference"]["high"]
    assert test["difference"]["value"] == pytest.approx(lost)
    assert tried["speed"]["answer"]["median_s"]["value"] > 0
    page = (in_int8.folder / "compression.html").read_text("utf-8")
    assert page.count("<svg") == 2
    assert "http" not in page.replace("http://www.w3.org", "")


def test_both_runtimes_give_the_same_class(
    in_int8: Compressed, some_digits: linnaeus.Dataset
) -> None:
    pytest.importorskip("openvino")
    preprocessing = in_int8.classifier().record.preprocessing
    some = [some_digits.source.read(path) for path in some_digits.paths[:120]]
    pixels = [preprocessing.read(one)[0] for one in some]
    graph = in_int8.bundle / "model.onnx"
    one, other = (
        Session(graph, engine, "int8").run(pixels)[0].argmax(axis=1)
        for engine in ("openvino", "onnxruntime")
    )
    assert (one == other).mean() >= 0.98


def test_float16_weights_answer_as_before_and_can_be_trained_on(
    digits_run: Run, some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    files = read_seen_files(digits_run.bundle)
    assert files is not None
    learnt = np.flatnonzero(was_seen(files.learnt, scan(some_digits).content_digests))
    rows = np.setdiff1d(np.arange(len(some_digits)), learnt[:20])
    made = linnaeus.compress(
        digits_run.folder, some_digits.subset(rows), out=tmp_path / "half", method="float16"
    )
    kept = read_seen_files(made.bundle)
    assert kept is not None
    assert np.array_equal(kept.learnt, files.learnt)  # the twenty that are not here as well
    assert np.array_equal(read_seen(made.bundle), read_seen(digits_run.bundle))
    pictures = [some_digits.source.read(path) for path in some_digits.paths[:60]]
    before, after = (one.classifier().predict(pictures) for one in (digits_run, made))
    assert np.abs(before.probabilities - after.probabilities).max() < 0.01
    for name in ("model.onnx", "weights.safetensors"):
        sizes = [(one.bundle / name).stat().st_size for one in (made, digits_run)]
        assert sizes[0] < 0.6 * sizes[1]
    reopen(made.bundle)  # which holds it to the bundle's own answers


def test_a_target_that_nothing_fits_leaves_nothing(
    digits_run: Run, some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    with pytest.raises(Shortfall, match=r"fits into 1kB; int8 came nearest, with .*kB in all"):
        linnaeus.compress(
            digits_run.folder,
            some_digits,
            out=tmp_path / "tiny",
            method=("float16", "int8"),
            target="1kB",
        )
    assert not (tmp_path / "tiny").exists()


def test_what_fits_a_target_fits_as_it_lies_on_the_disk(
    in_int8: Compressed, digits_run: Run, some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    out = tmp_path / "fits"
    target_bytes = round(1.02 * in_int8.size_bytes, -3)
    target = f"{target_bytes / 1000:.0f}kB"
    options = {"method": ("float16", "int8"), "target": target, "max_drop": 5}
    made = linnaeus.compress(digits_run.folder, some_digits, out=out, **options)
    half, whole = made.tried
    assert (
        half.size_bytes > target_bytes
    )  # float16 had more right, or as many, were it not so large
    assert made.chosen is whole
    files = [file.stat().st_size for file in made.bundle.rglob("*") if file.is_file()]
    assert sum(files) == whole.size_bytes <= target_bytes
    told = json.loads((out / "compression.json").read_text("utf-8"))
    assert (told["chosen"], told["size_bytes"]) == ("int8", sum(files))


@pytest.mark.slow
def test_of_those_that_are_fast_enough_the_most_accurate_is_kept(
    digits_run: Run, some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    out = tmp_path / "fast"
    options = {"method": ("int8", "float16"), "target": "20s", "max_drop": 5}
    made = linnaeus.compress(digits_run.folder, some_digits, out=out, **options)
    most = max(one.on_validation for one in made.tried)
    equals = [one for one in made.tried if one.on_validation == most]
    assert made.chosen is min(equals, key=lambda one: one.size_bytes)
    assert made.classifier().precision == made.chosen.serving.precision


def test_data_without_new_or_without_learnt_pictures_are_refused(
    digits_run: Run, some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    files = read_seen_files(digits_run.bundle)
    assert files is not None
    digests = scan(some_digits).content_digests
    learnt, held = was_seen(files.learnt, digests), was_seen(files.held_out, digests)
    for rows, why in (
        (learnt | held, "every one of these pictures"),
        (~learnt, "learnt from none of these"),
        (~held, "calibrated on is here"),
    ):
        some = some_digits.subset(np.flatnonzero(rows))
        with pytest.raises(DataError, match=why):
            linnaeus.compress(digits_run.folder, some, out=tmp_path / "no")
    assert not (tmp_path / "no").exists()


def test_what_cannot_be_made_smaller_is_refused(
    in_int8: Compressed, averaged: object, some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    out = tmp_path / "no"
    with pytest.raises(BundleError, match="whole numbers already"):
        linnaeus.compress(in_int8.folder, some_digits, out=out)
    with pytest.raises(BundleError, match="whole numbers, of which"):
        reopen(in_int8.bundle)
    with pytest.raises(BundleError, match=r"one of its members, such as .*00"):
        linnaeus.compress(averaged.folder, some_digits, out=out)  # type: ignore[attr-defined]
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"method": "int4"}, 'no way called "int4"'),
        ({"method": "int8+float16"}, "nothing can follow int8"),
        ({"target": "small"}, '"small" is no size and no time'),
        ({"target": "５MB"}, '"５MB" is no size and no time'),
        ({"max_drop": -1}, "is no number of points"),
        ({"method": "int8", "student": "mlp"}, "--student: no step .* takes it"),
        ({"epochs": 3}, "--epochs: no step .* takes it"),
        ({"method": "prune", "epochs": 0}, "--epochs: 0 is no number of passes"),
        ({"method": "distill", "epochs": -1.5}, "--epochs: -1.5 is no number of passes"),
        ({"method": "sparse", "epochs": float("inf")}, "--epochs: inf is no number of passes"),
        ({"method": "sparse", "epochs": float("nan")}, "--epochs: nan is no number of passes"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    options: dict[str, object],
    why: str,
    digits_run: Run,
    some_digits: linnaeus.Dataset,
    tmp_path: Path,
) -> None:
    with pytest.raises(UsageError, match=why):
        linnaeus.compress(digits_run.folder, some_digits, out=tmp_path / "no", **options)
    assert not (tmp_path / "no").exists()


@pytest.mark.slow
def test_a_pruned_network_has_fewer_channels_and_can_be_opened_again(
    some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    run = linnaeus.train(
        some_digits, out=tmp_path / "plain", model="plain-16", epochs=1, precision="float32"
    )
    made = linnaeus.compress(
        run.folder,
        some_digits,
        out=tmp_path / "pruned",
        method="prune+float16",
        epochs=1,
        max_drop=100,
    )
    before, after = (load_file(one.bundle / "weights.safetensors") for one in (run, made))
    narrower = [name for name in before if before[name].shape != after[name].shape]
    assert any(name.endswith("weight") for name in narrower)
    assert sum(one.size for one in after.values()) < sum(one.size for one in before.values())
    reopen(made.bundle)  # which holds it to the bundle's own answers
    record = made.classifier().record
    assert record.model["parameters"] < linnaeus.load(run.bundle).record.model["parameters"]


def test_a_network_without_channels_to_take_out_is_refused(
    digits_run: Run, some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    with pytest.raises(BundleError, match="nothing between its layers"):
        linnaeus.compress(digits_run.folder, some_digits, out=tmp_path / "no", method="prune")


def test_a_target_leaves_out_the_ways_that_a_network_cannot_take(
    digits_run: Run, some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    told = Told()
    made = linnaeus.compress(
        digits_run.folder,
        some_digits,
        out=tmp_path / "fits",
        target="10MB",
        student="mlp-2",
        epochs=1,
        progress=told,
    )
    assert [one.method for one in made.tried] == ["float16", "int8", "distill+int8"]
    left_out = [one for one in told.sentences if "left out" in one]
    assert left_out == [
        "prune+int8 is left out: nothing between its layers can be taken out of this network."
    ]


@pytest.mark.slow
def test_a_student_learns_what_the_original_answers(
    digits_run: Run, some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    out = tmp_path / "student"
    made = linnaeus.compress(
        digits_run.folder,
        some_digits,
        out=out,
        method="distill",
        student="mlp-32",
        epochs=6,
        max_drop=60,
    )
    assert made.classifier().record.model["architecture"] == "mlp-32"
    assert made.chosen.contest.second.value > 0.3  # by chance it were 0.1
    reopen(made.bundle)


def test_too_much_loss_is_refused_and_leaves_nothing(
    digits_run: Run, some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    out = tmp_path / "worse"
    with pytest.raises(Shortfall, match=r"points are lost .* and 1 may be"):
        linnaeus.compress(
            digits_run.folder,
            some_digits,
            out=out,
            method="distill",
            student="mlp-2",  # two numbers cannot tell ten digits apart
            epochs=1,
        )
    assert not out.exists()


def test_data_of_other_classes_are_refused_and_which_is_told(
    digits_run: Run, photo_set: Path, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"labelled as the bundle answers \(without 0, 1, .*; with"):
        linnaeus.compress(digits_run.folder, photo_set, out=tmp_path / "o")
    assert not (tmp_path / "o").exists()
