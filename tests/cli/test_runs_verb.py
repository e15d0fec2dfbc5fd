"""`linnaeus runs`, as a user calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from command_line import linnaeus

pytest.importorskip("torch")

from linnaeus.training.run import Run


def test_a_real_run_is_listed_shown_and_compared(digits_run: Run, tmp_path: Path) -> None:
    listed = linnaeus("runs", "--in", digits_run.folder.parent, cwd=tmp_path)
    assert listed.code == 0, listed.err
    (line,) = [row for row in listed.out.splitlines() if row.startswith("run ")]
    assert "finished" in line
    assert "small_cnn" in line
    accuracy = digits_run.metrics.to_json()["accuracy"]
    interval = f"{100 * accuracy['low']:.1f} to {100 * accuracy['high']:.1f}"
    assert f"accuracy {100 * accuracy['value']:.1f} % ({interval})" in line
    shown = linnaeus("runs", "show", digits_run.folder, cwd=tmp_path)
    assert shown.code == 0, shown.err
    assert "digits, " in shown.out
    assert "balanced accuracy" in shown.out
    assert "stage scratch" in shown.out
    assert "training" in shown.out
    compared = linnaeus("runs", "compare", digits_run.folder, digits_run.folder, cwd=tmp_path)
    assert compared.code == 0, compared.err


def test_a_list_is_json_for_programs(digits_run: Run, tmp_path: Path) -> None:
    done = linnaeus("runs", "--in", digits_run.folder.parent, "--json", cwd=tmp_path)
    (run,) = json.loads(done.out)
    assert run["state"] == "finished"
    assert run["figures"]["accuracy"] == digits_run.metrics.to_json()["accuracy"]


def test_where_there_are_none_it_says_so(tmp_path: Path) -> None:
    done = linnaeus("runs", cwd=tmp_path)
    assert (done.code, done.out) == (0, "There are no runs in runs.\n")


def test_a_run_is_removed_only_where_somebody_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "one"
    folder.mkdir(parents=True)
    (folder / "begun.json").write_text('{"begun": "2026-01-03T00:00:00+00:00", "data": "x"}')
    asked = linnaeus("runs", "rm", "one", cwd=tmp_path)
    assert asked.code == 2
    assert "Say so with --yes" in asked.err
    assert folder.exists()
    done = linnaeus("runs", "rm", "one", "--yes", cwd=tmp_path)
    assert done.code == 0, done.err
    assert done.out.startswith("Removed runs/one (stopped, ")
    assert not folder.exists()


def test_options_of_the_list_are_refused_before_a_subcommand(tmp_path: Path) -> None:
    """What would be passed over in silence could remove another run of the same name."""
    folders = [tmp_path / parent / "photos-1" for parent in ("runs", "archive")]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "begun.json").write_text('{"begun": "2026-01-03T00:00:00+00:00", "data": "x"}')
    done = linnaeus("runs", "--in", "archive", "rm", "photos-1", "--yes", cwd=tmp_path)
    assert done.code == 2
    assert "Give the run as archive/NAME." in done.err
    done = linnaeus("runs", "--json", "show", "photos-1", cwd=tmp_path)
    assert done.code == 2
    assert "Write `linnaeus runs show --json`." in done.err
    done = linnaeus("runs", "--json", "rm", "photos-1", "--yes", cwd=tmp_path)
    assert done.code == 2
    assert all(folder.exists() for folder in folders)
