"""Pretrained weights: found where they lie, and fetched only when that is asked for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hub_stand_in import COMMIT, Hub, hub_with
from safetensors.numpy import save

from linnaeus.errors import MissingError
from linnaeus.models.weights import DEFAULT_BACKBONE, find_weights, named_among

pytest.importorskip("huggingface_hub")

FETCH = """
import sys
from linnaeus.errors import LinnaeusError
from linnaeus.models.weights import fetch, find_weights
try:
    print(fetch(sys.argv[1]).folder)
    print(*find_weights(()))
except LinnaeusError as error:
    print(type(error).__name__, error)
"""
CHOOSE = """
import sys
from linnaeus.training.choice import choose_model
print(choose_model(sys.argv[1], ask=lambda question: False).name)
"""


def config(architecture: str = "resnet18", **details: object) -> bytes:
    pretrained = {"input_size": [3, 224, 224], "license": "apache-2.0", **details}
    return json.dumps({"architecture": architecture, "pretrained_cfg": pretrained}).encode()


def network_files(architecture: str = "resnet18") -> dict[str, bytes]:
    weights = save({"weight": np.arange(5000, dtype=np.float32)})
    return {"config.json": config(architecture), "model.safetensors": weights}


def write_network(folder: Path, architecture: str = "resnet18") -> None:
    folder.mkdir(parents=True)
    for name, content in network_files(architecture).items():
        (folder / name).write_bytes(content)


@pytest.fixture(autouse=True)
def nothing_at_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No weights but those of the test: an empty hub's cache, no LINNAEUS_WEIGHTS."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "no cache"))
    monkeypatch.delenv("LINNAEUS_WEIGHTS", raising=False)


# Weights on this machine


def test_a_network_and_a_folder_of_networks_are_found(tmp_path: Path) -> None:
    write_network(tmp_path / "weights" / "resnet18.one")
    write_network(tmp_path / "weights" / "vit_tiny.two", "vit_tiny_patch16_224")
    (tmp_path / "weights" / "notes").mkdir()
    found = find_weights([tmp_path / "weights"])
    assert set(found) == {"resnet18.one", "vit_tiny.two"}
    one = found["resnet18.one"]
    assert (one.architecture, one.side_px, one.licence) == ("resnet18", 224, "apache-2.0")
    assert list(find_weights([tmp_path / "weights" / "vit_tiny.two"])) == ["vit_tiny.two"]


def test_better_families_come_first_and_earlier_folders_win(tmp_path: Path) -> None:
    for place, name in enumerate(("vit_tiny.a", "resnet18.a", "mobilenetv3_small.a")):
        write_network(tmp_path / str(place) / name)
    write_network(tmp_path / "first" / "resnet18.a")
    found = find_weights([tmp_path / "first", *(tmp_path / str(place) for place in range(3))])
    assert list(found) == ["mobilenetv3_small.a", "resnet18.a", "vit_tiny.a"]
    assert found["resnet18.a"].folder.parent == tmp_path / "first"


def test_the_environment_names_folders_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_network(tmp_path / "a" / "resnet18.a")
    write_network(tmp_path / "b" / "resnet34.b")
    folders = os.pathsep.join([str(tmp_path / "a"), "", str(tmp_path / "b")])
    monkeypatch.setenv("LINNAEUS_WEIGHTS", folders)
    assert set(find_weights(())) == {"resnet18.a", "resnet34.b"}


def test_networks_are_called_with_or_without_their_tag(tmp_path: Path) -> None:
    write_network(tmp_path / "resnet18.tv_in1k")
    found = find_weights([tmp_path])
    for name in ("resnet18", "resnet18.tv_in1k"):
        assert named_among(name, found).name == "resnet18.tv_in1k"
    with pytest.raises(MissingError, match=r"Did you mean resnet18\.tv_in1k\?"):
        named_among("resnet19.tv_in1k", found)
    with pytest.raises(MissingError, match="No weights are at hand"):
        named_among("resnet18", {})


def test_the_shared_network_is_what_its_folder_says(shared_weights: Path) -> None:
    found = find_weights([shared_weights])
    assert found["mobilenetv2_100.same_in1k"].architecture == "mobilenetv2_100"
    assert found["mobilenetv2_100.same_in1k"].side_px == 224


# Fetching


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    more = {"README.md": b"# A network", "pytorch_model.bin": b"\x80\x04."}
    with hub_with({"resnet18.stand_in": {**network_files(), **more}, "bare": more}) as hub:
        yield hub


def in_process(hub: Hub, home: Path, code: str, name: str) -> str:
    """What a fresh process prints that meets only `hub`."""
    done = subprocess.run(
        [sys.executable, "-c", code, name],
        capture_output=True,
        text=True,
        check=True,
        env=hub.environment(home),
        timeout=120,
    )
    return done.stdout.strip()


def test_a_network_is_fetched_whole_and_found_again(hub: Hub, tmp_path: Path) -> None:
    folder, found = in_process(hub, tmp_path, FETCH, "resnet18.stand_in").splitlines()
    assert {name: (Path(folder) / name).read_bytes() for name in network_files()} == network_files()
    assert Path(folder).name == COMMIT
    assert sorted(file.name for file in Path(folder).iterdir()) == sorted(network_files())
    assert found.split() == ["resnet18.stand_in"]


def test_nothing_is_fetched_unless_asked(hub: Hub, tmp_path: Path) -> None:
    before = len(hub.requests)
    assert in_process(hub, tmp_path, CHOOSE, "auto") == "small_cnn"
    with pytest.raises(subprocess.CalledProcessError) as told:
        in_process(hub, tmp_path, CHOOSE, "resnet18.stand_in")
    assert "MissingError" in told.value.stderr
    assert hub.requests[before:] == []


def test_what_the_hub_does_not_have_is_told_in_a_sentence(hub: Hub, tmp_path: Path) -> None:
    told = in_process(hub, tmp_path, FETCH, "no_such_network")
    assert told.startswith("MissingError timm/no_such_network: the weights could not be downloaded")
    assert "Check the name and the connection" in told
    assert "\n" not in told


def test_a_repository_without_safetensors_is_told(hub: Hub, tmp_path: Path) -> None:
    told = in_process(hub, tmp_path, FETCH, "bare")
    assert told.startswith("MissingError timm/bare: the hub has no config.json")


def test_no_hub_at_all_is_told_in_a_sentence(tmp_path: Path) -> None:
    with hub_with({}) as gone:
        pass
    told = in_process(gone, tmp_path, FETCH, DEFAULT_BACKBONE)
    assert told.startswith(f"MissingError timm/{DEFAULT_BACKBONE}: the weights could not be")
    assert "\n" not in told


def test_a_download_that_breaks_off_is_told_and_leaves_no_network(tmp_path: Path) -> None:
    with hub_with({"resnet18.half": network_files()}) as hub:
        hub.breaks_off = True
        told = in_process(hub, tmp_path, FETCH, "resnet18.half")
        assert told.startswith("MissingError timm/resnet18.half: the weights could not be")
        hub.breaks_off = False
        found = in_process(hub, tmp_path, CHOOSE, "auto")
    assert found == "small_cnn"
