"""Members that cannot answer together: one sentence each, which says why and what to do."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from safetensors.numpy import load_file, save_file

import linnaeus
from linnaeus.errors import BundleError, DataError, LinnaeusError, UsageError
from linnaeus.manifest import write_manifest

if TYPE_CHECKING:
    from linnaeus import Dataset
    from linnaeus.ensembling.made import Ensembled
    from linnaeus.training.run import Run

Record = dict[str, Any]


@pytest.fixture
def other(tmp_path: Path, mlp_run: Run) -> Path:
    """A copy of a member, to be spoilt."""
    return Path(shutil.copytree(mlp_run.bundle, tmp_path / "other"))


@pytest.fixture
def refused(digits_run: Run, some_digits: Dataset, tmp_path: Path) -> Callable[..., LinnaeusError]:
    """What `ensemble` says of the bundles given beside `digits_run`'s; nothing may be left."""

    def refuse(*bundles: Path, data: Dataset | None = None) -> LinnaeusError:
        given = [digits_run.bundle, *bundles]
        with pytest.raises(LinnaeusError) as told:
            linnaeus.ensemble(given, data or some_digits, out=tmp_path / "none")
        assert not (tmp_path / "none").exists()
        assert told.value.mend.endswith(".")
        return told.value

    return refuse


def change(bundle: Path, **fields: object) -> None:
    record = json.loads((bundle / "bundle.json").read_text("utf-8"))
    (bundle / "bundle.json").write_text(json.dumps({**record, **fields}))
    write_manifest(bundle)


def test_one_alone_is_none(refused: Callable[..., LinnaeusError]) -> None:
    told = refused()
    assert isinstance(told, UsageError)
    assert "two bundles or more" in told.what


def test_the_same_twice(refused: Callable[..., LinnaeusError], digits_run: Run) -> None:
    told = refused(digits_run.folder)  # the run that holds it
    assert isinstance(told, UsageError)
    assert told.what == "it is named twice"


def test_a_copy_of_another(
    refused: Callable[..., LinnaeusError], digits_run: Run, tmp_path: Path
) -> None:
    copied = Path(shutil.copytree(digits_run.bundle, tmp_path / "copied"))
    told = refused(copied)
    assert "it is the same bundle as" in told.what
    assert {told.where, told.what.rpartition(" ")[2]} == {str(copied), str(digits_run.bundle)}


def test_a_broken_one(refused: Callable[..., LinnaeusError], other: Path) -> None:
    (other / "model.onnx").write_bytes(b"no graph")
    told = refused(other)
    assert isinstance(told, BundleError)
    assert told.where == str(other / "model.onnx")


def test_one_that_is_not_there(refused: Callable[..., LinnaeusError], tmp_path: Path) -> None:
    assert "there is no bundle here" in refused(tmp_path / "nowhere").what


def test_other_classes(refused: Callable[..., LinnaeusError], other: Path) -> None:
    change(other, classes=[*"012345678", "nine"])
    told = refused(other)
    assert isinstance(told, BundleError)
    assert "its classes are not those of" in told.what
    assert "'9', 'nine'" in told.what


def test_classes_in_another_order(refused: Callable[..., LinnaeusError], other: Path) -> None:
    change(other, classes=list("1023456789"))
    assert "in another order" in refused(other).what


def test_other_data(refused: Callable[..., LinnaeusError], other: Path) -> None:
    data = json.loads((other / "bundle.json").read_text("utf-8"))["data"]
    change(other, data={**data, "fingerprint": "0" * 64})
    assert "other pictures or labels" in refused(other).what


def test_data_that_are_not_theirs(
    refused: Callable[..., LinnaeusError], other: Path, some_digits: Dataset
) -> None:
    told = refused(other, data=some_digits.subset(range(300)))
    assert isinstance(told, DataError)
    assert told.where == some_digits.name


def test_several_labels_a_picture(refused: Callable[..., LinnaeusError], pairs_run: Run) -> None:
    assert "any number of labels" in refused(pairs_run.bundle).what


def test_an_ensemble(refused: Callable[..., LinnaeusError], averaged: Ensembled) -> None:
    told = refused(averaged.bundle)
    assert "an ensemble itself" in told.what
    assert str(averaged.bundle / "members") in told.mend


def test_one_that_does_not_say_what_it_held_out(
    refused: Callable[..., LinnaeusError], other: Path
) -> None:
    file = other / "trained_on.safetensors"
    save_file({"pixel_digests": load_file(file)["pixel_digests"]}, file)  # as older bundles have it
    write_manifest(other)
    assert "does not say which pictures it held out" in refused(other).what


def test_one_that_held_out_nothing(refused: Callable[..., LinnaeusError], other: Path) -> None:
    file = other / "trained_on.safetensors"
    kept = load_file(file)
    save_file({**kept, "held_out_files": kept["held_out_files"][:0]}, file)
    write_manifest(other)
    assert "held out no pictures" in refused(other).what


def test_another_split(
    refused: Callable[..., LinnaeusError], some_digits: Dataset, tmp_path: Path
) -> None:
    apart = linnaeus.train(
        some_digits, out=tmp_path / "r", model="mlp", epochs=1, seed=7, precision="float32"
    )
    told = refused(apart.bundle)
    assert isinstance(told, BundleError)
    assert "learned from" in told.what
    assert "held out, so that these cannot weigh it" in told.what
    assert "--split split.csv" in told.mend


def test_a_method_that_there_is_not(digits_run: Run, mlp_run: Run, some_digits: Dataset) -> None:
    with pytest.raises(UsageError, match="there is no method"):
        linnaeus.ensemble([digits_run.bundle, mlp_run.bundle], some_digits, method="vote")  # type: ignore[arg-type]


def test_the_folder_of_another_result(digits_run: Run, mlp_run: Run, some_digits: Dataset) -> None:
    with pytest.raises(linnaeus.LinnaeusError, match="already exists"):
        linnaeus.ensemble([digits_run.bundle, mlp_run.bundle], some_digits, out=digits_run.folder)
