"""Comparing for real: processes that learn, a model that fails, and a study that is killed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from linnaeus import compare
from linnaeus.comparing.jobs import Job
from linnaeus.comparing.workplace import Workplace
from linnaeus.errors import MissingError, UsageError

if TYPE_CHECKING:
    pass

pytest.importorskip("torch")


def but_costs(value: Any) -> Any:
    """`value` without what differs from one time to the next."""
    if isinstance(value, dict):
        return {key: but_costs(one) for key, one in value.items() if key != "costs"}
    return [but_costs(one) for one in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def two_sets(
    tmp_path_factory: pytest.TempPathFactory, photographs: dict[str, dict[str, bytes]]
) -> list[Path]:
    """Folders of two and of three class folders, eight photographs each."""
    above = tmp_path_factory.mktemp("sets")
    for name, classes in (("two", ("glass", "metal")), ("three", ("glass", "metal", "paper"))):
        for of in classes:
            (above / name / of).mkdir(parents=True)
            for file, content in list(photographs[of].items())[:8]:
                (above / name / of / file).write_bytes(content)
    return [above / "two", above / "three"]


@pytest.mark.slow
def test_two_classes_and_many_in_one_call_with_a_model_that_fails(
    two_sets: list[Path], shared_weights: Path, tmp_path: Path
) -> None:
    network = next(shared_weights.iterdir())
    broken = tmp_path / "weights" / network.name
    shutil.copytree(network, broken)
    (broken / "model.safetensors").write_bytes(b"half a file")
    options: dict[str, Any] = {
        "models": ["mlp-8", network.name],
        "folds": 2,
        "preset": "quick",
        "curves": False,
        "weights": tmp_path / "weights",
        "out": tmp_path / "study",
    }
    done = compare(two_sets, **options)
    two, three = done.comparison.sets
    assert [len(one.classes) for one in (two, three)] == [2, 3]
    assert [one.images for one in (two, three)] == [16, 24]
    for one in (two, three):
        assert [model.model for model in one.models] == ["mlp-8"]
        assert list(one.gaps) == [network.name]
        cost = one.models[0].expense
        assert 0 < cost.answer_s < 60
        assert cost.size_bytes > 1000
        assert cost.peak_bytes is None or cost.peak_bytes > 50e6
    page = done.report.read_text("utf-8")
    assert f"“<bdi>{network.name}</bdi>” has no figures on two" in page
    first = json.loads((done.folder / "comparison.json").read_text("utf-8"))
    records = {file: file.stat().st_mtime for file in done.folder.glob("records/*/mlp-8/*")}
    assert len(records) == 2 * 2 * 2
    again = compare(two_sets, **options)
    assert {file: file.stat().st_mtime for file in records} == records
    second = json.loads((again.folder / "comparison.json").read_text("utf-8"))
    assert but_costs(first) == but_costs(second)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_part_that_fails_costs_the_curve_alone_and_any_name_is_found_again(
    strange_names: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried_out: list[float] = []
    as_usual = Workplace.carry_out

    def failing(place: Workplace, job: Job) -> str:
        carried_out.append(job.share)
        return as_usual(place, job) if job.share == 1 else "its answers are not finite"

    monkeypatch.setattr(Workplace, "carry_out", failing)
    asked: dict[str, Any] = {"models": "raw+naive-bayes", "folds": 2, "out": tmp_path / "study"}
    (found,) = compare(strange_names, **asked).comparison.sets
    assert not found.gaps
    (model,) = found.models
    assert model.metrics.images == 20
    assert model.curve is None
    assert carried_out == [1, 1, 0.1]  # larger parts are of no use without it


def test_unknown_models_are_refused_before_anything_is_done(
    two_sets: list[Path], tmp_path: Path
) -> None:
    with pytest.raises(MissingError, match="no network called"):
        compare(two_sets, models="mlp-8,no-such-network", out=tmp_path / "study")
    with pytest.raises(UsageError, match="named twice"):
        compare(two_sets, models="mlp-8,mlp-8", out=tmp_path / "study")
    with pytest.raises(UsageError, match="no model is named"):
        compare(two_sets, models=[], out=tmp_path / "study")
    assert not (tmp_path / "study").exists()


@pytest.mark.slow
def test_a_study_killed_twice_comes_to_the_same(two_sets: list[Path], tmp_path: Path) -> None:
    options = ["--models", "mlp-8", "--folds", "3", "--preset", "quick", "--no-curves"]
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert _start(two_sets[:1], options, whole).wait(900) == 0
    for records in (1, 2):
        process = _start(two_sets[:1], options, broken)
        _wait_for(broken, records, process)
        process.kill()
        process.wait()
    assert _start(two_sets[:1], options, broken).wait(900) == 0
    first, second = (
        but_costs(json.loads((folder / "comparison.json").read_text("utf-8")))
        for folder in (whole, broken)
    )
    assert first == second
    for file in whole.glob("records/*/*/*.safetensors"):
        assert (broken / file.relative_to(whole)).read_bytes() == file.read_bytes()


def _start(sets: list[Path], options: list[str], out: Path) -> subprocess.Popen[bytes]:
    run = "from linnaeus.cli.main import main; main()"
    command = [sys.executable, "-c", run, "compare", *map(str, sets), *options, "--out", str(out)]
    return subprocess.Popen(command, env=dict(os.environ), stdout=subprocess.DEVNULL)


def _wait_for(study: Path, records: int, process: subprocess.Popen[bytes]) -> None:
    """Until so many trainings are recorded; fails where the study ends before."""
    last = time.monotonic() + 900
    while len(list(study.glob("records/*/*/*.json"))) < records:
        assert process.poll() is None, "the study ended before it could be killed"
        assert time.monotonic() < last, "no training was recorded in a quarter of an hour"
        time.sleep(0.05)
