"""Of a bundle that gives several labels, each is explained for itself."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

import linnaeus
from linnaeus.errors import UsageError
from linnaeus.training.run import Run


def test_a_label_is_explained_by_whether_it_is_given(pairs_run: Run, pairs_table: Path) -> None:
    files = sorted(pairs_table.parent.glob("00*.png"))
    classifier = linnaeus.load(pairs_run.bundle)
    cut = classifier.record.thresholds[1].value
    said = ["1" if "1" in one.labels else "not 1" for one in classifier.predict(files)]
    how = {"method": "occlusion", "cover": "grey"}  # blurred, so small a picture keeps its labels
    found = linnaeus.explain(pairs_run.bundle, files, class_name="1", **how)
    assert [one.label for one in found.explanations] == said
    assert set(said) == {"1", "not 1"}
    for one in found.explanations:
        if one.needed is not None:
            (without,) = classifier.predict_pixels([one.needed.without])
            assert one.needed.then == ("1" if without.probabilities[1] >= cut else "not 1")
            assert one.needed.then != one.label
    assert any(one.needed for one in found.explanations if one.label == "1")


def test_what_keeps_a_label_from_being_given_is_hidden_first(
    pairs_run: Run, pairs_table: Path
) -> None:
    files = sorted(pairs_table.parent.glob("0*.png"))[:24]
    found = linnaeus.explain(pairs_run.bundle, files, class_name="1", method="occlusion")
    changed = [one.needed for one in found.explanations if one.label == "not 1" and one.needed]
    assert all(one.then == "1" and one.share < 0.9 for one in changed)


def test_which_label_is_explained_has_to_be_said(pairs_run: Run, pairs_table: Path) -> None:
    with pytest.raises(UsageError, match="--class: this bundle gives a picture several labels"):
        linnaeus.explain(pairs_run.bundle, next(pairs_table.parent.glob("00*.png")))
