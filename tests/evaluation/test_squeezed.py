"""What squeezing costs on pictures that nobody changed, and how many of them are called changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import linnaeus
from linnaeus.errors import UsageError
from linnaeus.evaluation.called_unknown import called_unknown

if TYPE_CHECKING:
    from linnaeus.training.run import Run

pytest.importorskip("sklearn")

ABOVE = 0.2


def test_squeezed_answers_are_judged_beside_those_without(digits_run: Run, tmp_path: Path) -> None:
    others = linnaeus.load_dataset("digits").subset(range(1, 400, 3))
    judged = linnaeus.evaluate(
        digits_run.bundle,
        others,
        squeeze="median",
        changed_above=ABOVE,
        against=digits_run.bundle,
        out=tmp_path / "judged",
    )
    plain = linnaeus.load(digits_run.bundle)
    files = [others.source.read(path) for path in judged.predictions.ids]
    squeezing = plain.squeezing("median").detecting(ABOVE).predict(files)
    right = (squeezing.decisions == judged.predictions.labels).mean()
    assert judged.metrics.accuracy.value == pytest.approx(right)
    paired = judged.compared.paired
    assert paired is not None
    assert paired.names == (f"{digits_run.bundle} --squeeze median", str(digits_run.bundle))
    assert np.array_equal(paired.others.decisions, plain.predict(files).decisions)

    moved = sorted(one.moved for one in squeezing)
    twentieth = moved[-max(1, (len(moved) + 1) // 20)]
    (told,) = [one for one in judged.remarks if "are called changed above 0.2" in one]
    suits = float(told.rpartition("--changed-above ")[2].rstrip("."))
    assert twentieth <= suits < twentieth + 1e-4  # rounded up to what people type
    assert any("Every picture is squeezed first" in one for one in judged.remarks)
    (told,) = [one for one in judged.remarks if "are called unknown" in one]
    unknown = 100 * squeezing.unknown.mean()
    assert unknown > 20, "digits are 8 px wide, and a median of 2 px takes most of that"
    assert told.startswith(f"Behind --squeeze median, {unknown:.0f} in 100 of these pictures")
    assert called_unknown(judged.predictions, None) == ()
    page = (tmp_path / "judged/report/index.html").read_text("utf-8")
    assert "--squeeze median --changed-above 0.2" in page
    assert "rest on answers to pictures as they are, and these were squeezed." in page


def test_a_table_of_answers_cannot_be_squeezed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--squeeze has no meaning"):
        linnaeus.evaluate(predictions=tmp_path / "a.csv", squeeze="bits")
