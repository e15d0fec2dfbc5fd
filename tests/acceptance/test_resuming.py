"""Runs that are killed, as a user's are: by kill -9, in the middle of a write, by SIGTERM."""

from __future__ import annotations

import json
import random
import signal
import time
from pathlib import Path

import pytest

from command_line import linnaeus
from forked import Ended, Forks, shared_forks
from linnaeus.runs.state import has_ended
from linnaeus.watching.run_log import read_log

pytest.importorskip("torch")
if not hasattr(signal, "SIGKILL"):
    pytest.skip("Windows has no such signals", allow_module_level=True)

KILLS = 3
SCRATCH = ("digits", "--model", "cnn-tiny", "--epochs", 2)


@pytest.fixture(scope="module")
def forks() -> Forks:
    return shared_forks()


@pytest.fixture(scope="module")
def transfer(photo_set: Path, shared_weights: Path) -> tuple[object, ...]:
    """72 photographs at 64 px: a probe, and two stages of fine-tuning."""
    stages = "[{learns: probe}, {learns: upper, epochs: 1}, {learns: whole, epochs: 1}]"
    weights = (
        "--weights",
        shared_weights,
        "--image-size",
        64,
        "--set",
        f"transfer.stages={stages}",
    )
    return photo_set, *weights, "--val", 0.3


def outcome(run: Path) -> dict[str, object]:
    """All that has to be the same: what was learnt, how it went, and what it answers."""
    history = json.loads((run / "report" / "metrics.json").read_text())["training"]["history"]
    files = ("bundle/weights.safetensors", "bundle/model.onnx", "predictions.csv", "recipe.json")
    log = [line for line in read_log(run / "log.jsonl") if line.pop("machine")]
    return {"history": history, "log": log} | {name: (run / name).read_bytes() for name in files}


def completed(forks: Forks, *arguments: object) -> Ended:
    ended = forks.start("train", *arguments).end()
    assert ended.code == 0, ended.told
    return ended


def killed_and_gone_on_with(
    forks: Forks, asked: tuple[object, ...], run: Path, *, took_s: float, seed: int
) -> int:
    """Train, kill `KILLS` times, first and every other time inside a write, and go on to the end.

    `took_s`: what a run takes that nothing ends. Returns how many processes were killed; one at
    least, since the first is killed by what it has written, however busy the machine was before.
    """
    chance = random.Random(seed)
    arguments, killed = (*asked, "--out", run), 0
    for kill in range(KILLS):
        often = ("--checkpoint-every", "0.01", "--workers", 1 + kill % 2)
        write = None if kill % 2 else chance.randrange(30, 300)
        process = forks.start("train", *arguments, *often, kill_at=write)
        if write is None:
            time.sleep(chance.uniform(0.2, 0.9) * took_s)
            process.send(signal.SIGKILL)
        ended = process.end()
        assert ended.code in (-signal.SIGKILL, 0), ended.told
        killed += ended.code != 0
        if ended.code == 0:
            return killed
        if has_ended(run):  # killed as it tidied up, which whoever goes on with it does instead
            assert forks.start("train", "--resume", run).end().code == 2
            return killed
        if (run / "begun.json").exists():
            arguments = ("--resume", run)
    completed(forks, *arguments)
    return killed


@pytest.fixture(scope="module")
def whole(forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """A run from scratch that nothing ends, and the seconds that it took."""
    run = tmp_path_factory.mktemp("whole") / "run"
    return run, completed(forks, *SCRATCH, "--out", run).seconds


def test_a_run_from_scratch_killed_again_and_again_comes_to_the_same_bits(
    forks: Forks, tmp_path: Path, whole: tuple[Path, float]
) -> None:
    run = tmp_path / "run"
    assert killed_and_gone_on_with(forks, SCRATCH, run, took_s=whole[1], seed=0) > 0
    assert outcome(run) == outcome(whole[0])
    assert not (run / "checkpoints").exists()


def test_a_transfer_killed_again_and_again_comes_to_the_same_bits(
    forks: Forks, tmp_path: Path, transfer: tuple[object, ...]
) -> None:
    took_s = completed(forks, *transfer, "--out", tmp_path / "whole").seconds
    run = tmp_path / "run"
    assert killed_and_gone_on_with(forks, transfer, run, took_s=took_s, seed=1) > 0
    assert outcome(run) == outcome(tmp_path / "whole")
    assert not (run / "checkpoints").exists()


@pytest.fixture(scope="module")
def terminated(forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ended]:
    """A run from scratch that SIGTERM ended, and how. The last test that takes it goes on."""
    run = tmp_path_factory.mktemp("terminated") / "run"
    process = forks.start("train", *SCRATCH, "--out", run)
    process.wait_for("Searching near duplicates: ")
    process.send(signal.SIGTERM)
    return run, process.end()


def test_what_differs_from_what_was_begun_is_said(
    forks: Forks, tmp_path: Path, terminated: tuple[Path, Ended]
) -> None:
    run, _ = terminated
    for asked, reason in (
        (("--resume", run, "--epochs", 4), "begun with network.epochs 2.0, not 4.0"),
        ((*SCRATCH, "--out", run), f"Go on with it by `linnaeus train --resume {run}`"),
        (("--resume", tmp_path), "no run was begun here"),
        (("--resume", run, "--out", tmp_path / "other"), "goes on in its own folder"),
    ):
        ended = forks.start("train", *asked).end()
        assert ended.code in (2, 6)
        assert reason in ended.told.replace("\n", " ")


def test_sigterm_saves_and_ends_with_143(
    forks: Forks, terminated: tuple[Path, Ended], whole: tuple[Path, float]
) -> None:
    run, ended = terminated
    assert ended.code == 143
    assert f"linnaeus train --resume {run}" in ended.told
    assert "Traceback" not in ended.told
    assert list((run / "checkpoints").glob("*/manifest.json"))
    completed(forks, "--resume", run)
    assert outcome(run) == outcome(whole[0])


def test_two_runs_never_write_in_one_folder(forks: Forks, tmp_path: Path) -> None:
    run = tmp_path / "run"
    process = forks.start("train", *SCRATCH, "--out", run)
    process.wait_for("Network:")
    process.send(signal.SIGSTOP)  # it lives, and does not end before the others are tried
    for asked in ((*SCRATCH, "--out", run), ("--resume", run)):
        done = linnaeus("train", *asked)
        assert done.code == 6
        assert f"another run is being written here, process {process.pid} since" in done.sentence
    process.send(signal.SIGCONT)
    assert process.end().code == 0
