"""The smaller verbs, and how the command line answers what it does not understand."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import environment, linnaeus

from linnaeus import __version__

VERBS = ("audit", "train", "evaluate", "predict", "models", "doctor")


def test_the_version_is_told() -> None:
    done = linnaeus("--version")
    assert (done.code, done.out.strip()) == (0, f"linnaeus {__version__}")


def test_help_names_every_verb_and_the_exit_codes() -> None:
    done = linnaeus("--help")
    assert done.code == 0
    for verb in VERBS:
        assert verb in done.out
    assert "130 interrupted" in " ".join(done.out.split())


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_is_explained(verb: str) -> None:
    done = linnaeus(verb, "--help")
    assert done.code == 0
    assert "Usage" in done.out


def test_the_module_is_the_command(tmp_path: Path) -> None:
    run = [sys.executable, "-m", "linnaeus", "--version"]
    told = subprocess.run(run, capture_output=True, text=True, check=True, env=environment())
    assert told.stdout.strip() == f"linnaeus {__version__}"


@pytest.mark.parametrize(
    "arguments",
    [["fly"], ["train"], ["train", "digits", "--sede", "1"], ["train", "digits", "--seed", "x"]],
)
def test_what_is_no_command_ends_with_code_2(arguments: list[str], tmp_path: Path) -> None:
    done = linnaeus(*arguments, cwd=tmp_path)
    assert done.code == 2
    assert "Traceback" not in done.err
    assert list(tmp_path.iterdir()) == []


def test_models_lists_what_is_at_hand(shared_weights: Path, tmp_path: Path) -> None:
    hub = {"HF_HOME": str(tmp_path)}
    here = linnaeus("models", "--weights", shared_weights, **hub)
    assert here.code == 0
    names = [line.split()[0] for line in here.out.splitlines()]
    assert names == ["small_cnn", "mobilenetv2_100.same_in1k"]
    matching = linnaeus("models", "mobile*", **hub, LINNAEUS_WEIGHTS=str(shared_weights))
    assert [line.split()[0] for line in matching.out.splitlines()] == ["mobilenetv2_100.same_in1k"]
    nothing = linnaeus("models", **hub)
    assert nothing.code == 0
    assert "--download" in nothing.out


def test_doctor_tells_what_is_here(tmp_path: Path) -> None:
    done = linnaeus("doctor", HF_HOME=str(tmp_path))
    assert done.code == 0
    for package in ("numpy", "pillow", "onnxruntime"):
        assert package in done.out
    assert "bundles run on" in done.out


def test_audit_names_what_is_wrong_and_fails_where_asked(
    photo_folder: Path, tmp_path: Path
) -> None:
    good = next((photo_folder / "glass").iterdir()).read_bytes()
    (photo_folder / "paper" / "copy.jpg").write_bytes(good)
    (photo_folder / "paper" / "empty.jpg").write_bytes(b"")
    done = linnaeus("audit", photo_folder, "--out", tmp_path / "found")
    assert done.code == 0
    assert "paper/empty.jpg" in done.out
    assert "paper/copy.jpg" in done.out
    found = json.loads((tmp_path / "found" / "audit.json").read_text(encoding="utf-8"))
    assert found
    assert linnaeus("audit", photo_folder, "--fail-on", "note").code == 1
    assert linnaeus("audit", photo_folder, "--fail-on", "disaster").code == 2


def test_results_go_to_standard_output_and_the_rest_to_standard_error(photo_folder: Path) -> None:
    done = linnaeus("audit", photo_folder)
    assert "Reading pictures" in done.err
    assert "Reading pictures" not in done.out
    assert "36 pictures of 3 classes" in done.out
