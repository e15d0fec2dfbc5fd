"""Two real processes under torchrun learn what one learns, and leave one run behind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

from linnaeus import load  # noqa: E402
from linnaeus.training.recipe import read_recipe  # noqa: E402
from linnaeus.training.team import Team  # noqa: E402

PROGRAM = Path(__file__).with_name("learn_in_team.py")
TWO = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
LONGEST_S = 400


def ran(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONGEST_S)


def learnt(*arguments: object) -> dict:
    done = ran(*arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
def test_two_processes_have_the_validation_curve_of_one() -> None:
    one, two = learnt(PROGRAM), learnt(*TWO, PROGRAM)
    assert (one["processes"], two["processes"]) == (1, 2)
    for name, curve in one["curves"].items():
        assert np.allclose(curve, two["curves"][name], rtol=1e-4), name


def test_shares_are_all_there_is_and_of_about_one_size() -> None:
    shares = [list(range(10))[Team(rank, 4).share(10)] for rank in range(4)]
    assert [place for share in shares for place in share] == list(range(10))
    assert {len(share) for share in shares} == {2, 3}


@pytest.mark.slow
def test_two_processes_on_the_command_line_leave_one_run(tmp_path: Path) -> None:
    out = tmp_path / "run"
    train = ("-m", "linnaeus", "train", "digits", "--model", "small_cnn", "--budget", "3s")
    done = ran(*TWO, *train, "--out", out)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Bundle:") == 1
    assert done.stderr.count("Network: small_cnn") == 1
    assert read_recipe(out / "recipe.json").network.paces
    assert len(load(out / "bundle").classes) == 10
