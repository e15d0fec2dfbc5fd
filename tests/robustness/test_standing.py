"""What is found of a run's bundle is kept with the run, and put side by side."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

pytest.importorskip("torch")

import linnaeus
from linnaeus.cli.runs import show
from linnaeus.training.run import Run


@pytest.fixture(scope="module")
def stood(digits_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of which all three were measured, on next to no pictures."""
    run = shutil.copytree(digits_run.folder, tmp_path_factory.mktemp("stood") / "run")
    others = linnaeus.load_dataset("digits").subset(range(1, 300, 3))
    linnaeus.stress(run, others, limit=12)
    linnaeus.attack(run, others, eps="24/255", attacks=["strong"], limit=12)
    linnaeus.certify(run / "bundle", others, draws=60, limit=12)
    return run


@pytest.mark.slow
def test_good_corrupted_and_attacked_pictures_stand_side_by_side(
    stood: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stress, attack, certify = (
        json.loads((stood / "robustness" / f"{kind}.json").read_text("utf-8"))
        for kind in ("stress", "attack", "certify")
    )
    standing = linnaeus.show_run(stood).standing
    assert [*standing] == ["good", "corrupted", "moved", "attacked", "proven"]
    corrupted = standing["corrupted"].right
    assert corrupted.value == pytest.approx(1 - stress["mean_corruption_error"])
    assert corrupted.low < corrupted.value < corrupted.high
    assert standing["attacked"].right.value == attack["robust"]["value"]
    assert standing["attacked"].pictures == 12
    at_noise = next(row for row in certify["by_radius"] if row["radius"] == 0.25)
    assert standing["proven"].right.value == at_noise["certified"]["value"]
    show(str(stood))
    told = capsys.readouterr().out
    assert "attacked pictures" in told
    assert str(stood / "robustness" / "index.html") in told
    page = (stood / "robustness" / "index.html").read_text("utf-8")
    assert page.count('class="card ') == 5
    assert "not measured" not in page


def test_what_was_not_measured_is_named(digits_run: Run, tmp_path: Path) -> None:
    run = shutil.copytree(digits_run.folder, tmp_path / "run")
    others = linnaeus.load_dataset("digits").subset(range(1, 300, 3))
    linnaeus.stress(run, others, kinds=["fog"], limit=5)
    linnaeus.attack(run, others, attacks=["fgsm"], limit=5)
    assert not (run / "robustness").exists()  # these were no full tests
    linnaeus.certify(run, others, draws=20, limit=5)
    page = (run / "robustness" / "index.html").read_text("utf-8")
    assert "Attacked pictures: not measured" in page
    assert "linnaeus attack run DATA" in page


def test_a_bundle_of_no_run_keeps_nothing(digits_run: Run, tmp_path: Path) -> None:
    bundle = shutil.copytree(digits_run.bundle, tmp_path / "bundle")
    others = linnaeus.load_dataset("digits").subset(range(1, 300, 3))
    linnaeus.certify(bundle, others, draws=20, limit=5)
    assert [one.name for one in tmp_path.iterdir()] == ["bundle"]
