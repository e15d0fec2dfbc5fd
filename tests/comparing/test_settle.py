"""A study's budget: paces are measured by trying, and passes are settled once."""

from __future__ import annotations

from pathlib import Path

import pytest

from linnaeus.comparing.folds import saved_folds
from linnaeus.comparing.jobs import jobs_of
from linnaeus.comparing.passes import LEAST_PASSES
from linnaeus.comparing.sets import DataSet
from linnaeus.comparing.settle import learns_in_passes, settle_passes
from linnaeus.comparing.study import Asked, Study, opened_study
from linnaeus.comparing.workplace import Workplace
from linnaeus.progress import Quiet

pytest.importorskip("torch")
pytest.importorskip("sklearn")

DIGITS = DataSet(name="digits", data="digits")


class Heard(Quiet):
    """Keeps what is said and warned of."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def say(self, sentence: str) -> None:
        self.sentences.append(sentence)

    warn = say


def begun(folder: Path, budget_s: float) -> Study:
    asked = Asked(sets=(DIGITS,), models=("mlp-8",), folds=2, budget_s=budget_s, curves=False)
    study = opened_study(folder, asked)
    saved_folds(study, "digits", DIGITS.load(), Quiet())
    return study


def test_what_learns_in_passes_is_known_by_its_name() -> None:
    assert learns_in_passes("mlp-8", ())
    assert learns_in_passes("cnn-tiny", ())
    assert not learns_in_passes("hog+svm", ())


@pytest.mark.slow
def test_a_budget_too_small_is_told_and_settled_once(tmp_path: Path) -> None:
    study, heard = begun(tmp_path / "study", 1e-3), Heard()
    with Workplace() as place:
        settle_passes(study, {"mlp-8"}, [], place, heard)
    assert study.passes() == {"digits": {"mlp-8": LEAST_PASSES}}
    assert any("too small" in sentence for sentence in heard.sentences)
    assert {job.epochs for job in jobs_of(study)} == {LEAST_PASSES}
    with Workplace() as nobody_asked:
        settle_passes(study, {"mlp-8"}, [], nobody_asked, heard)
    assert study.passes() == {"digits": {"mlp-8": LEAST_PASSES}}


def test_a_pace_is_that_of_the_usual_training(tmp_path: Path) -> None:
    """900 digits of 8 px in half of the folds, 810 to learn from: 3,000 × 8 / 810 are 30 passes."""
    from linnaeus.comparing.pace import pace_of

    pace = pace_of(next(jobs_of(begun(tmp_path / "study", 60.0))))
    assert 0 < pace["pass_s"] < 60
    assert 29 <= pace["passes"] <= 31
