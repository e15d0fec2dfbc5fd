"""Folders of weights that somebody named are whole, or refused with the reason; never dropped."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from linnaeus.errors import MissingError
from linnaeus.models.weights import find_weights

Refusal = Callable[[Path, pytest.MonkeyPatch], MissingError]

CONFIG = {"architecture": "resnet18", "pretrained_cfg": {"input_size": [3, 224, 224]}}


def write_network(folder: Path, side_px: int = 224) -> Path:
    """A network as far as finding it goes: its weights are read by who loads it."""
    folder.mkdir(parents=True)
    config = {**CONFIG, "pretrained_cfg": {"input_size": [3, side_px, side_px]}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "model.safetensors").write_bytes(b"")
    return folder


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The hub's cache, empty; nothing is named by LINNAEUS_WEIGHTS."""
    pytest.importorskip("huggingface_hub")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.delenv("LINNAEUS_WEIGHTS", raising=False)
    return tmp_path / "hub"


def named_by_option(folder: Path, monkeypatch: pytest.MonkeyPatch) -> MissingError:
    with pytest.raises(MissingError) as told:
        find_weights([folder])
    assert told.value.where == str(folder)
    return told.value


def named_by_variable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> MissingError:
    whole = write_network(folder.parent / "whole")
    monkeypatch.setenv("LINNAEUS_WEIGHTS", os.pathsep.join([str(whole), str(folder)]))
    with pytest.raises(MissingError) as told:
        find_weights([whole])
    assert told.value.where == f"{folder} (named by LINNAEUS_WEIGHTS)"
    return told.value


both = pytest.mark.parametrize("refused", [named_by_option, named_by_variable])


@both
def test_an_absent_folder_is_told(
    refused: Refusal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert refused(tmp_path / "nowhere", monkeypatch).what == "there is no such folder"


@both
def test_a_file_is_told(refused: Refusal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    assert refused(tmp_path / "file", monkeypatch).what == "this is a file"


@both
def test_a_folder_without_weights_is_told(
    refused: Refusal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty" / "notes").mkdir(parents=True)
    assert refused(tmp_path / "empty", monkeypatch).what == "no pretrained weights are here"


@both
@pytest.mark.parametrize(
    ("lost", "kept"), [("config.json", "model.safetensors"), ("model.safetensors", "config.json")]
)
def test_a_network_with_a_part_missing_is_told(
    refused: Refusal, lost: str, kept: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (write_network(tmp_path / "weights" / "half.a") / lost).unlink()
    write_network(tmp_path / "weights" / "resnet18.a")
    what = refused(tmp_path / "weights", monkeypatch).what
    assert what == f'the network "half.a" has {kept} but no {lost}'


@both
@pytest.mark.parametrize(
    "config", [b"", b"[]", b"{}", b'{"architecture": "a", "input_size": []}', b"\xff"]
)
def test_a_damaged_network_is_told(
    refused: Refusal, config: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (write_network(tmp_path / "net") / "config.json").write_bytes(config)
    assert "damaged, or not in timm's form" in refused(tmp_path / "net", monkeypatch).what


def test_a_folder_named_by_a_point_has_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write_network(tmp_path / "resnet18.a"))
    assert list(find_weights([Path()])) == ["resnet18.a"]


# The hub's cache


def test_of_several_snapshots_the_current_one_is_taken(hub: Path) -> None:
    repository = hub / "models--timm--resnet18.a"
    for place, commit in enumerate("abc"):
        folder = write_network(repository / "snapshots" / commit, side_px=100 + place)
        os.utime(folder, (place, place))
    assert find_weights([])["resnet18.a"].side_px == 102, "without refs: the one fetched last"
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("b")
    assert find_weights([])["resnet18.a"].side_px == 101
    (repository / "snapshots" / "b" / "model.safetensors").unlink()
    assert find_weights([])["resnet18.a"].side_px == 102, "a half one is no network"


def test_what_is_half_in_the_cache_is_no_mistake_of_the_user(hub: Path) -> None:
    (write_network(hub / "models--timm--net" / "snapshots" / "a") / "config.json").unlink()
    (hub / "models--timm--empty").mkdir()
    assert find_weights([]) == {}
