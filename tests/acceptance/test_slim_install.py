"""The install without extras: it predicts and serves, without torch, and stays small."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
import venv
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from linnaeus import Dataset
    from linnaeus.training.run import Run

ROOT = Path(__file__).parents[2]
MOST_BYTES = 450e6
LONGEST_S = 600

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a clean environment with this checkout and no extra."""
    place = tmp_path_factory.mktemp("slim") / "venv"
    venv.create(place, with_pip=True)
    python = place / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--retries=1"]
    done = subprocess.run(
        [*pip, "-c", ROOT / "constraints.txt", ROOT], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"pip cannot install here: {done.stderr.strip().splitlines()[-1]}")
    return python


@pytest.fixture
def digit(tmp_path: Path, some_digits: Dataset) -> Path:
    file = tmp_path / "digit.pgm"
    file.write_bytes(some_digits.source.read(some_digits.paths[3]))
    return file


def ran(python: Path, *arguments: object) -> str:
    """What `linnaeus ARGUMENTS` says there; nothing of this environment is seen by it."""
    done = subprocess.run(
        [python, "-m", "linnaeus", *map(str, arguments)],
        env=elsewhere(),
        cwd=python.parent,
        capture_output=True,
        text=True,
        check=True,
        timeout=LONGEST_S,
    )
    return done.stdout


def elsewhere() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def test_it_is_small_and_has_no_torch(python: Path) -> None:
    (packages,) = python.parents[1].rglob("site-packages")
    size = sum(file.stat().st_size for file in packages.rglob("*") if file.is_file())
    assert size <= MOST_BYTES
    there = {entry.name for entry in packages.iterdir()}
    assert not there & {"torch", "torchvision", "timm", "sklearn", "scipy", "matplotlib", "cv2"}
    assert {"numpy", "onnxruntime", "fastapi"} <= there


def test_it_predicts_and_serves_the_same(python: Path, digits_run: Run, digit: Path) -> None:
    name, label, confidence = ran(python, "predict", digits_run.folder, digit).split("\t")
    assert name == str(digit)
    table = digit.with_suffix(".jsonl")
    ran(python, "predict", digits_run.folder, digit, "--out", table)
    predicted = json.loads(table.read_text("utf-8"))
    assert (predicted["prediction"], f"{predicted['confidence']:.3f}") == (
        label,
        confidence.strip(),
    )
    with subprocess.Popen(
        [python, "-m", "linnaeus", "serve", digits_run.folder, "--port", "0", "--workers", "1"],
        env=elsewhere(),
        cwd=python.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        assert server.stdout is not None
        address = next(
            found[0] for line in server.stdout if (found := re.search(r"http://\S+:\d+", line))
        )
        request = urllib.request.Request(f"{address}/predict", digit.read_bytes())
        request.add_header("Content-Type", "application/octet-stream")
        with urllib.request.urlopen(request, timeout=60) as answer:
            served = json.loads(answer.read())
        server.send_signal(signal.SIGTERM)
        server.stdout.read()
    (answered,) = served["predictions"]
    numbers = [np.float32(list(one["probabilities"].values())) for one in (answered, predicted)]
    assert np.array_equal(*numbers)
