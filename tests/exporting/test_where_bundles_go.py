"""Each kind of bundle goes to each form, held to its answers, or is refused in one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("openvino")

import linnaeus
from linnaeus.compression.compressed import Compressed
from linnaeus.ensembling.made import Ensembled
from linnaeus.errors import BundleError
from linnaeus.training.run import Run

pytestmark = pytest.mark.slow

GRAPHS = ("onnx", "openvino", "torch")
WITH_LINNAEUS = ("docker", "lambda", "wheel")


@pytest.fixture(scope="module")
def bundles(
    tmp_path_factory: pytest.TempPathFactory,
    digits_run: Run,
    pairs_run: Run,
    in_int8: Compressed,
    averaged: Ensembled,
    some_digits: linnaeus.Dataset,
) -> dict[str, Path]:
    """A bundle of each kind."""
    place = tmp_path_factory.mktemp("kinds")
    how = {"model": "small_cnn", "epochs": 1, "precision": "float32"}
    for views in ("mirror", "shifts"):
        settings = [f"test_time_augmentation={views}"]
        linnaeus.train(some_digits, out=place / views, settings=settings, **how)  # type: ignore[arg-type]
    linnaeus.train(some_digits, out=place / "hog", model="hog+naive-bayes")
    halved = place / "halved"
    linnaeus.compress(digits_run.folder, some_digits, out=halved, method="float16")
    mirrored = place / "mirrored int8"
    linnaeus.compress(place / "mirror", some_digits, out=mirrored, method="int8", max_drop=20)
    return {
        "a network": digits_run.folder,
        "several labels": pairs_run.folder,
        "mirror images": place / "mirror",
        "shifts": place / "shifts",
        "float16": halved,
        "int8": in_int8.folder,
        "int8 of mirror images": mirrored,
        "an ensemble": averaged.folder,
        "features by hand": place / "hog",
    }


FLOATS = ("a network", "several labels", "mirror images", "shifts", "float16")
WHOLE = ("int8", "int8 of mirror images")
OF_LINNAEUS = ("an ensemble", "features by hand")


@pytest.mark.parametrize("kind", [*FLOATS, *WHOLE])
@pytest.mark.parametrize("form", ["onnx", "onnx, normalised", "openvino"])
def test_a_network_goes_to_graphs(
    kind: str, form: str, bundles: dict[str, Path], tmp_path: Path
) -> None:
    target, _, bare = form.partition(", ")
    out = tmp_path / "out"
    linnaeus.export(bundles[kind], target, out=out, preprocessing=not bare)
    _check_held(kind, out)


@pytest.mark.parametrize("kind", FLOATS)
def test_a_network_goes_to_torch(kind: str, bundles: dict[str, Path], tmp_path: Path) -> None:
    linnaeus.export(bundles[kind], "torch", out=tmp_path / "out")
    _check_held(kind, tmp_path / "out")


@pytest.mark.parametrize("kind", ["several labels", "int8 of mirror images", *OF_LINNAEUS])
@pytest.mark.parametrize("target", WITH_LINNAEUS)
def test_whatever_answers_here_answers_there(
    kind: str, target: str, bundles: dict[str, Path], tmp_path: Path
) -> None:
    linnaeus.export(bundles[kind], target, out=tmp_path / "out")
    _check_held(kind, tmp_path / "out")


@pytest.mark.parametrize(
    ("kind", "targets", "why"),
    [
        ("an ensemble", GRAPHS, "which no single graph does"),
        ("features by hand", GRAPHS, "takes hog features"),
        ("int8", ("torch",), "whole numbers"),
    ],
)
def test_what_a_form_cannot_hold_is_refused_with_the_forms_that_can(
    kind: str,
    targets: tuple[str, ...],
    why: str,
    bundles: dict[str, Path],
    tmp_path: Path,
) -> None:
    for target in targets:
        with pytest.raises(BundleError, match=f"{why}.*Export it") as refused:
            linnaeus.export(bundles[kind], target, out=tmp_path / "out")
        assert refused.value.exit_code == 4
        assert list(tmp_path.iterdir()) == []


def _check_held(kind: str, out: Path) -> None:
    told = json.loads((out / "export.json").read_text("utf-8"))["compared"]
    assert told["pictures"] == 100
    if kind in WHOLE:
        assert told["agreement"] >= 0.98
    else:
        assert told["agreement"] == 1
        assert told["difference"] <= 1e-3
