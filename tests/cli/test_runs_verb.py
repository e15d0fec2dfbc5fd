"""`linnaeus runs`, as a user calls it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

from linnaeus.training.run import Run


def linnaeus(cwd: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    code = "from linnaeus.cli.main import main; main()"
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(
        command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def test_a_real_run_is_listed_shown_and_compared(digits_run: Run, tmp_path: Path) -> None:
    listed = linnaeus(tmp_path, "runs", "--in", digits_run.folder.parent)
    assert listed.returncode == 0, listed.stderr
    (line,) = [row for row in listed.stdout.splitlines() if row.startswith("run ")]
    assert "finished" in line
    assert "small_cnn" in line
    accuracy = digits_run.metrics.to_json()["accuracy"]
    interval = f"{100 * accuracy['low']:.1f} to {100 * accuracy['high']:.1f}"
    assert f"accuracy {100 * accuracy['value']:.1f} % ({interval})" in line
    shown = linnaeus(tmp_path, "runs", "show", digits_run.folder)
    assert shown.returncode == 0, shown.stderr
    assert "digits, " in shown.stdout
    assert "balanced accuracy" in shown.stdout
    assert "stage scratch" in shown.stdout
    assert "training" in shown.stdout
    compared = linnaeus(tmp_path, "runs", "compare", digits_run.folder, digits_run.folder)
    assert compared.returncode == 0, compared.stderr


def test_a_list_is_json_for_programs(digits_run: Run, tmp_path: Path) -> None:
    done = linnaeus(tmp_path, "runs", "--in", digits_run.folder.parent, "--json")
    (run,) = json.loads(done.stdout)
    assert run["state"] == "finished"
    assert run["figures"]["accuracy"] == digits_run.metrics.to_json()["accuracy"]


def test_where_there_are_none_it_says_so(tmp_path: Path) -> None:
    done = linnaeus(tmp_path, "runs")
    assert (done.returncode, done.stdout) == (0, "There are no runs in runs.\n")


def test_a_run_is_removed_only_where_somebody_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "one"
    folder.mkdir(parents=True)
    (folder / "begun.json").write_text('{"begun": "2026-01-03T00:00:00+00:00", "data": "x"}')
    asked = linnaeus(tmp_path, "runs", "rm", "one")
    assert asked.returncode == 2
    assert "Say so with --yes" in asked.stderr
    assert folder.exists()
    done = linnaeus(tmp_path, "runs", "rm", "one", "--yes")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Removed runs/one (stopped, ")
    assert not folder.exists()
