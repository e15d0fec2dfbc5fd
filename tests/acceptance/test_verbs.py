"""The smaller verbs, and how the command line answers what it does not understand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import environment, linnaeus
from linnaeus import __version__

TOO_LONG = 300 * "x"
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
    ("arguments", "named"),
    [
        (["fly"], "fly"),
        (["predict"], "BUNDLE"),
        (["train", "digits", "--sede", "1"], "--sede"),
        (["train", "digits", "--seed", "x"], "--seed"),
        (["train", "digits", "--workers", "-1"], "--workers"),
        (["train", "digits", "--augment", "wild"], "--augment"),
        (["train", "digits", "more"], "more"),
    ],
)
def test_what_is_no_command_ends_with_code_2_and_one_sentence(
    arguments: list[str], named: str, tmp_path: Path
) -> None:
    done = linnaeus(*arguments, cwd=tmp_path)
    assert done.code == 2
    assert named in done.sentence
    assert "--help" in done.sentence
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["evaluate", "--predictions", "a.csv", "--against", "b", "--against", "b"], "--against"),
        (["data", "fetch", "digits", "--to", "a", "--to=b"], "--to"),
        (["train", "digits", "--seed", "1", "--out", "a", "--seed", "2"], "--seed"),
    ],
)
def test_an_option_of_one_value_is_given_once(
    arguments: list[str], named: str, tmp_path: Path
) -> None:
    done = linnaeus(*arguments, cwd=tmp_path)
    assert done.code == 2
    assert done.sentence == f"{named}: it is given 2 times, and takes one value. Give it once."
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("asked", ["--help", "-h"])
def test_help_helps_whatever_stands_beside_it(asked: str) -> None:
    done = linnaeus("evaluate", "--costs", "a", asked, "--costs", "b", "--prevalence", "1_0")
    assert done.code == 0
    assert "Usage: linnaeus evaluate" in done.out


@pytest.mark.parametrize(
    ("verb", "option", "value"),
    [
        ("evaluate", "--prevalence", "0_0.1"),
        ("evaluate", "--sensitivity", "０.9"),
        ("evaluate", "--top-k", "1_0"),
        ("train", "--epochs", "1_0"),
        ("predict", "--top", "1_0"),
    ],
)
def test_what_only_a_program_would_read_as_a_number_is_none(
    verb: str, option: str, value: str, tmp_path: Path
) -> None:
    for told in (value, "x"):
        done = linnaeus(verb, "a.csv", option, told, cwd=tmp_path)
        assert done.code == 2
        assert f"{verb}: invalid value for '{option}': it should be a valid" in done.sentence


@pytest.mark.parametrize("costs", ["1_0:1", "１０:1", "10:1:1", "10", "x:1"])
def test_costs_are_two_numbers(costs: str, tmp_path: Path) -> None:
    done = linnaeus("evaluate", "--predictions", "a.csv", "--costs", costs, cwd=tmp_path)
    assert done.code == 2
    assert done.sentence.startswith(f"--costs: '{costs}' is not two costs.")


def test_an_option_of_several_values_is_given_as_often(tmp_path: Path) -> None:
    done = linnaeus("evaluate", "--predictions", "a.csv", "--predictions", "b.csv", cwd=tmp_path)
    assert "a.csv: it cannot be opened" in done.sentence


@pytest.mark.skipif(os.name != "posix", reason="other systems have other limits")
@pytest.mark.parametrize(
    "arguments",
    [("audit", TOO_LONG), ("predict", TOO_LONG, TOO_LONG), ("train", "digits", "--out", TOO_LONG)],
)
def test_a_path_that_no_system_takes_is_told(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = linnaeus(*arguments, cwd=tmp_path)
    assert done.code == 2
    assert TOO_LONG in done.sentence
    assert "Give a shorter name." in done.sentence
    assert list(tmp_path.iterdir()) == []


def test_models_lists_ours_and_what_is_at_hand(shared_weights: Path, tmp_path: Path) -> None:
    hub = {"HF_HOME": str(tmp_path)}
    here = linnaeus("models", "--weights", shared_weights, **hub)
    assert here.code == 0
    heading, *rows = here.out.split("\n\n")[0].splitlines()
    assert heading.split() == "name parameters operations input weights licence".split()
    names = [row.split()[0] for row in rows]
    assert names[0] == "small_cnn"
    assert {"cnn-large-stn", "plain-512", "mlp", "alexnet"} < set(names)
    assert names[-1] == "mobilenetv2_100.same_in1k"
    assert f"here: {shared_weights}" in rows[-1]
    assert "linnaeus models PATTERN" in here.out
    assert "such as hog+svm" in here.out
    nothing = linnaeus("models", **hub)
    assert nothing.code == 0
    assert "--download" in nothing.out


def test_models_searches_all_of_timm(shared_weights: Path, tmp_path: Path) -> None:
    told = {"HF_HOME": str(tmp_path), "LINNAEUS_WEIGHTS": str(shared_weights)}
    rows = linnaeus("models", "mobilenetv2_1?0", **told).out.splitlines()[1:]
    assert [row.split()[0] for row in rows] == ["mobilenetv2_100", "mobilenetv2_140"]
    rows = linnaeus("models", "mobilenetv2_100.", **told).out.splitlines()[1:]
    assert rows[0].split()[0] == "mobilenetv2_100.same_in1k"
    (alexnet,) = json.loads(linnaeus("models", "alexnet", "--json", **told).out)
    assert alexnet["parameters"] == 57_044_810, "61,100,840 with 990 more classes of 4,097 numbers"
    assert alexnet["weights"] == "none"
    listed = json.loads(linnaeus("models", "mobilenetv2_100*", "--json", **told).out)
    assert {one["name"]: one["weights"] for one in listed} == {
        "mobilenetv2_100.same_in1k": "here",
        "mobilenetv2_100": "hub",
    }
    unknown = linnaeus("models", "resent18", **told)
    assert unknown.code == 2
    assert unknown.out == ""
    assert 'no network is called "resent18". Near it: resnet18' in unknown.sentence


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
