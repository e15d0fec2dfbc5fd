"""Predictions as arrays and as a table; softmax; and the memory of what was trained on."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.special import softmax as scipy_softmax

from linnaeus.bundle.predictions import Prediction, Predictions
from linnaeus.bundle.seen import read_seen, was_seen, write_seen
from linnaeus.bundle.softmax import softmax
from linnaeus.bundle.table import write_csv

logits_rows = arrays(np.float32, (3, 5), elements=st.floats(-100, 100, width=32))


@pytest.fixture
def predictions() -> Predictions:
    """Three answers, the second of them to a picture that could not be read."""
    third = np.float32(1) / np.float32(3)
    return Predictions(
        ids=("a.jpg", 'odd, "name"\n.jpg', "c.gif"),
        classes=("cat", "dög"),
        probabilities=np.array([[third, 1 - third], [np.nan] * 2, [0.9, 0.1]], np.float32),
        labels=np.array([0, 1, -1]),
        row_errors={1: "the file is empty"},
        row_notes={2: ("only the first frame of several was taken", "turned")},
    )


def test_each_has_its_likeliest_class(predictions: Predictions) -> None:
    first, second, third = predictions
    assert (first.label, third.label) == ("dög", "cat")
    assert third.confidence == pytest.approx(0.9)
    assert isinstance(first, Prediction)
    assert (second.label, second.error) == ("", "the file is empty")
    assert np.isnan(second.confidence)
    assert predictions.decisions.tolist() == [1, -1, 0]
    assert len(predictions) == 3


def test_the_table_keeps_every_row_and_every_bit(tmp_path: Path, predictions: Predictions) -> None:
    write_csv(tmp_path / "out.csv", predictions)
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == list(predictions.ids)
    assert [row["label"] for row in rows] == ["cat", "dög", ""]
    assert [row["prediction"] for row in rows] == ["dög", "", "cat"]
    assert [row["error"] for row in rows] == ["", "the file is empty", ""]
    assert rows[1]["p:cat"] == rows[1]["confidence"] == ""
    assert "first frame" in rows[2]["notes"]
    read = np.array([[row["p:cat"], row["p:dög"]] for row in (rows[0], rows[2])]).astype(np.float32)
    assert np.array_equal(read, predictions.probabilities[[0, 2]])


@given(logits_rows, st.floats(0.05, 20))
def test_softmax_agrees_with_scipy(logits: NDArray[np.float32], temperature: float) -> None:
    expected = scipy_softmax(logits.astype(np.float64) / temperature, axis=1)
    given_back = softmax(logits, temperature)
    assert given_back.dtype == np.float32
    assert np.abs(given_back - expected).max() < 1e-6
    assert np.abs(given_back.sum(axis=1) - 1).max() < 1e-6


def test_softmax_survives_large_numbers_and_keeps_nan() -> None:
    assert softmax([[3e38, -3e38]]).tolist() == [[1.0, 0.0]]
    assert np.isnan(softmax([[np.nan, 0.0]])).all()
    with pytest.raises(ValueError, match="temperature"):
        softmax([[0.0, 1.0]], 0.0)


digests = st.integers(0, 10**6).map(lambda n: hashlib.sha256(str(n).encode()).hexdigest())


@given(st.lists(digests, min_size=1, max_size=20), st.lists(digests, max_size=20))
def test_what_was_trained_on_is_known_again(
    tmp_path_factory: pytest.TempPathFactory, trained: list[str], asked: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("seen")
    write_seen(folder, trained)
    known = was_seen(read_seen(folder), [*trained, *asked])
    assert known[: len(trained)].all()
    assert known[len(trained) :].tolist() == [digest in trained for digest in asked]


def test_a_bundle_that_keeps_no_memory_has_seen_nothing(tmp_path: Path) -> None:
    seen = read_seen(tmp_path)
    assert not was_seen(seen, ["ab" * 32]).any()
