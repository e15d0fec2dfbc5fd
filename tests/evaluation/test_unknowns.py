"""How unknown pictures are told is judged on fresh outliers, and told in the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

import linnaeus
from linnaeus.errors import DataError, UsageError
from linnaeus.evaluation.unknowns import unknown_told
from linnaeus.unknowns.outliers import KINDS, OUTLIERS_A_KIND

if TYPE_CHECKING:
    from linnaeus.training.run import Run


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty pictures of no digit, and a file that is no picture."""
    folder = tmp_path_factory.mktemp("strangers")
    random = np.random.default_rng(0)
    for place in range(20):
        Image.fromarray(random.integers(0, 256, (9, 9, 3), np.uint8)).save(folder / f"{place}.png")
    (folder / "broken.png").write_bytes(b"no picture")
    return folder


def test_figures_are_those_of_their_definitions(
    digits_run: Run, some_digits: linnaeus.Dataset
) -> None:
    classifier = digits_run.classifier()
    contents = [some_digits.source.read(some_digits.paths[row]) for row in range(100)]
    known = classifier.predict(contents)
    random = np.random.default_rng(1)
    noise = [random.integers(0, 256, (8, 8, 3), np.uint8) for _ in range(30)]
    told = unknown_told(classifier, known, {"noise": noise, "given": noise[:10]})
    strange = classifier.predict(noise)
    assert told is not None
    assert known.familiar is not None
    assert strange.familiar is not None
    labels = np.repeat([0, 1], [100, 30])
    both = np.concatenate([known.familiar.strangeness, strange.familiar.strangeness])
    assert told.made.area.value == pytest.approx(roc_auc_score(labels, both))
    assert told.made.called.value == pytest.approx(strange.unknown.mean())
    assert told.false_alarms.value == pytest.approx(known.unknown.mean())
    assert told.false_alarms.low < told.false_alarms.value <= told.false_alarms.high
    assert (told.known, told.made.pictures) == (100, 30)
    assert told.given is not None
    assert told.given.pictures == 10
    assert [kind.kind for kind in told.kinds] == ["noise"]


def test_outliers_of_one_picture_and_known_ones_of_one_group_are_taken_together(
    digits_run: Run, some_digits: linnaeus.Dataset
) -> None:
    classifier = digits_run.classifier()
    contents = [some_digits.source.read(some_digits.paths[row]) for row in range(6)]
    random = np.random.default_rng(1)
    noise = [random.integers(0, 256, (8, 8, 3), np.uint8) for _ in range(60)]
    # Of six pictures are ten outliers each, and the user's own are each their own.
    six = classifier.predict(contents)
    told = unknown_told(classifier, six, {"noise": noise, "given": noise})
    assert told is not None
    assert told.given is not None
    made, given = told.made.called, told.given.called
    assert made.value == given.value
    assert made.high - made.low > 1.5 * (given.high - given.low)
    assert told.made.area.low <= told.given.area.low
    contents = [some_digits.source.read(some_digits.paths[row]) for row in range(100)]
    hundred = classifier.predict(contents)
    alone = unknown_told(classifier, hundred, {"noise": noise})
    grouped = unknown_told(classifier, hundred, {"noise": noise}, groups=np.arange(100) // 20)
    one_group = unknown_told(classifier, hundred, {"noise": noise}, groups=np.zeros(100))
    assert one_group is not None
    for figure in (one_group.false_alarms, one_group.made.called, one_group.made.area):
        assert (figure.low, figure.high) == (0, 1)  # nothing is known of other groups
    assert alone is not None
    assert grouped is not None
    assert grouped.made.area.value == alone.made.area.value
    assert grouped.made.area.low < alone.made.area.low


def test_more_called_unknown_than_the_rate_is_called_broken_by_as_many_as_tell_it(
    digits_run: Run, some_digits: linnaeus.Dataset
) -> None:
    classifier = digits_run.classifier()
    contents = [some_digits.source.read(some_digits.paths[row]) for row in range(100)]
    random = np.random.default_rng(1)
    noise = [random.integers(0, 256, (8, 8, 3), np.uint8) for _ in range(100)]
    digits, strange = classifier.predict(contents), classifier.predict(noise)
    of_one_group = np.zeros(len(classifier.held_out))
    for known, groups, held_out_groups, broken in (
        (digits, None, None, False),
        (strange, None, None, True),
        (strange, np.zeros(100), None, False),
        (strange, None, of_one_group, False),
    ):
        told = unknown_told(
            classifier, known, {"noise": noise}, groups=groups, held_out_groups=held_out_groups
        )
        assert told is not None
        assert told.broken == broken


def test_a_run_tells_how_it_knows_what_it_does_not_know(digits_run: Run) -> None:
    figures = json.loads((digits_run.folder / "report" / "metrics.json").read_text("utf-8"))
    told = figures["unknown"]
    assert {kind["kind"] for kind in told["kinds"]} == set(KINDS)
    assert told["made"]["pictures"] == OUTLIERS_A_KIND * len(KINDS)
    assert told["known"] == figures["test"]["images"]
    assert told["rate"] == 0.05
    assert told["held_out"] == figures["validation"]["images"]
    assert told["tried"][0]["scores"] == told["scores"]
    assert told["given"] is None
    assert figures["bundle"]["tells_unknown"] is True
    page = (digits_run.folder / "report" / "index.html").read_text("utf-8")
    assert "How it knows what it does not know" in page
    card = (digits_run.bundle / "MODEL_CARD.md").read_text("utf-8")
    assert "What looks like none of them it calls" in card


def test_a_bundle_of_several_labels_tells_nothing_of_it(pairs_run: Run) -> None:
    figures = json.loads((pairs_run.folder / "report" / "metrics.json").read_text("utf-8"))
    assert figures["unknown"] is None
    assert figures["bundle"]["tells_unknown"] is False
    page = (pairs_run.folder / "report" / "index.html").read_text("utf-8")
    assert "How it knows what it does not know" not in page


def test_unknown_pictures_of_the_user_are_judged(
    digits_run: Run, some_digits: linnaeus.Dataset, strangers: Path, tmp_path: Path
) -> None:
    others = some_digits.subset(range(0, 599, 5))
    judged = linnaeus.evaluate(digits_run.folder, others, unknown=strangers, out=tmp_path / "out")
    assert judged.unknown is not None
    assert judged.unknown.given is not None
    assert judged.unknown.given.pictures == 20  # the broken one is left out
    assert judged.unknown.given.area.value > 0.9
    assert judged.unknown.tried == ()
    figures = json.loads((tmp_path / "out" / "report" / "metrics.json").read_text("utf-8"))
    assert figures["unknown"]["given"]["pictures"] == 20


def test_what_cannot_be_judged_is_refused(
    digits_run: Run,
    some_digits: linnaeus.Dataset,
    pairs_run: Run,
    pairs_table: Path,
    tmp_path: Path,
) -> None:
    with pytest.raises(DataError, match="there is no such folder"):
        linnaeus.evaluate(digits_run.folder, some_digits, unknown=tmp_path / "nowhere")
    with pytest.raises(DataError, match="no pictures are in this folder"):
        linnaeus.evaluate(digits_run.folder, some_digits, unknown=tmp_path)
    (tmp_path / "one").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "one" / "a.png")
    with pytest.raises(DataError, match="one picture cannot both choose and judge"):
        linnaeus.evaluate(digits_run.folder, some_digits, unknown=tmp_path / "one")
    with pytest.raises(UsageError, match="has no meaning"):
        linnaeus.evaluate(predictions=tmp_path / "table.csv", unknown=tmp_path / "one")
