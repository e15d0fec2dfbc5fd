"""Runs that are killed, as a user's are: by kill -9, in the middle of a write, by SIGTERM."""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from forked import Ended, Forks

pytest.importorskip("torch")
if not hasattr(signal, "SIGKILL"):
    pytest.skip("Windows has no such signals", allow_module_level=True)

SCRATCH = ("digits", "--model", "cnn-tiny", "--epochs", "3")


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    with Forks(tmp_path_factory.mktemp("forks")) as forks:
        yield forks


def outcome(run: Path) -> dict[str, object]:
    """All that has to be the same: what was learnt, how it went, and what it answers."""
    history = json.loads((run / "report" / "metrics.json").read_text())["training"]["history"]
    files = ("bundle/weights.safetensors", "bundle/model.onnx", "predictions.csv", "recipe.json")
    return {"history": history} | {name: (run / name).read_bytes() for name in files}


def completed(forks: Forks, *arguments: object) -> Ended:
    ended = forks.start("train", *arguments).end()
    assert ended.code == 0, ended.told
    return ended


def test_a_run_killed_again_and_again_comes_to_the_same_bits(forks: Forks, tmp_path: Path) -> None:
    whole, run = tmp_path / "whole", tmp_path / "run"
    took_s = completed(forks, *SCRATCH, "--out", whole).seconds
    chance = random.Random(0)
    arguments: tuple[object, ...] = (*SCRATCH, "--out", run)
    for kill in range(3):
        often = ("--checkpoint-every", "0.01", "--workers", 1 + kill % 2)
        inside_a_write = chance.randrange(40, 120) if kill == 1 else None
        process = forks.start("train", *arguments, *often, kill_at=inside_a_write)
        if inside_a_write is None:
            time.sleep(chance.uniform(0.5, 0.9) * took_s)
            process.send(signal.SIGKILL)
        ended = process.end()
        assert ended.code in (-signal.SIGKILL, 0), ended.told
        if ended.code == 0:
            break
        arguments = ("--resume", run)
    else:
        completed(forks, *arguments)
    assert outcome(run) == outcome(whole)
    assert not (run / "checkpoints").exists()
