"""The learning-rate range test on real digits: what it suggests is learnt with, and it is drawn."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

import linnaeus  # noqa: E402
from command_line import linnaeus as typed  # noqa: E402
from linnaeus.errors import DataError, UsageError, WriteError  # noqa: E402
from linnaeus.training.lr_find import suggested_place  # noqa: E402


def test_a_rate_is_suggested_from_where_the_loss_falls(
    some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    out = tmp_path / "rates"
    found = linnaeus.lr_find(some_digits, out=out, settings=["network.optimiser=sgd"])
    rates, smoothed = np.array(found.rates), np.array(found.smoothed)
    assert np.all(np.diff(rates) > 0)
    # Between the rate at which nothing is learnt yet and the one at which it is learnt no longer.
    assert rates[0] < found.suggested < rates[smoothed.argmin()]
    assert found.planned == 0.05
    assert found.settings == (f"--set network.learning_rate={found.suggested:.2g}",)

    written = json.loads((out / "lr-find.json").read_text())
    assert written["suggested"] == found.suggested
    assert written["losses"] == list(found.losses)
    drawn = (out / "lr-find.svg").read_text()
    assert ElementTree.fromstring(drawn).tag.endswith("svg")
    assert f"suggested: {found.suggested:.2g}" in drawn
    assert all(0 <= float(x) <= 680 for x in re.findall(r'cx="([^"]*)"', drawn))
    with pytest.raises(WriteError):
        linnaeus.lr_find(some_digits, out=out)


def test_the_command_that_is_told_trains_what_was_tried(tmp_path: Path) -> None:
    asked = ("--set", "network.optimiser=sgd", "--set", "network.learning_rate=0.01", "--seed", "3")
    tried = typed("lr-find", "digits", *asked, "--image-size", "8", cwd=tmp_path)
    assert tried.code == 0, tried.err
    told = re.search(r"linnaeus train (.*) --set network.learning_rate=\S+$", tried.out, re.M)
    assert told is not None, tried.out
    assert told[1] == (
        "digits --model small_cnn --image-size 8 --seed 3 --set network.optimiser=sgd"
    )


def test_the_command_that_is_told_reads_the_same_columns(
    some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    lines = ["file,what,who"]
    for row in range(0, len(some_digits), 6):
        (tmp_path / f"{row}.pgm").write_bytes(some_digits.source.read(some_digits.paths[row]))
        lines.append(f"{row}.pgm,{some_digits.labels[row]},{row}")
    (tmp_path / "some.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    columns = ("--image-column", "file", "--group-column", "who", "--label-column", "what")
    tried = typed("lr-find", "some.csv", *columns, "--set", "model=small_cnn", cwd=tmp_path)
    assert tried.code == 0, tried.err
    told = re.search(r"linnaeus train (.*?) --set network.learning_rate=", tried.out)
    assert told is not None, tried.out
    assert told[1] == f"some.csv --model small_cnn {' '.join(columns)}"


def test_what_a_training_would_refuse_is_refused(some_digits: linnaeus.Dataset) -> None:
    with pytest.raises(UsageError, match="no 40 parts of two pictures"):
        linnaeus.lr_find(some_digits, settings=["network.accumulate=40"])


def test_the_place_is_two_thirds_down_the_longest_fall() -> None:
    # The fall from place 2 to place 8; the one before it is shorter.
    curve = [1.0, 0.9, 5.0, 4.5, 4.0, 3.5, 3.0, 2.5, 2.0, 8.0]
    assert suggested_place(curve) == 6
    # A bump in a fall does not end it.
    assert suggested_place([5.0, 4.0, 4.5, 3.0, 2.0, 1.0]) == 3


def test_a_network_that_learns_at_no_rate_is_told_of(some_digits: linnaeus.Dataset) -> None:
    hopeless = ["network.optimiser=sgd", "network.learning_rate=1e9"]
    with pytest.raises(DataError, match="fell at none of the learning rates"):
        linnaeus.lr_find(some_digits, settings=hopeless)


def test_frozen_features_have_no_rate(
    some_digits: linnaeus.Dataset, shared_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from linnaeus.models.weights import find_weights

    monkeypatch.setenv("LINNAEUS_WEIGHTS", str(shared_weights))
    name = next(iter(find_weights(())), None)
    if name is None:
        pytest.skip("no pretrained network is found")
    with pytest.raises(UsageError, match="has no learning rate"):
        linnaeus.lr_find(some_digits, model=name)


def test_a_classical_model_learns_at_no_rate(some_digits: linnaeus.Dataset) -> None:
    with pytest.raises(UsageError, match="learns at no rate"):
        linnaeus.lr_find(some_digits, model="hog+svm")
