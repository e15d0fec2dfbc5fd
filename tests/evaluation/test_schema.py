"""metrics.json and docs/reference/metrics.md say the same, field by field."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from answers import random_answers, random_labels

from linnaeus.bundle.held_out import HeldOut
from linnaeus.bundle.predictions import Predictions
from linnaeus.evaluation.compared import Compared, Wanted, compare
from linnaeus.evaluation.contest import pair
from linnaeus.evaluation.costs import Costs
from linnaeus.evaluation.cross_validation import cross_validated
from linnaeus.evaluation.explained import ExplainedAnswer, ExplainedAnswers
from linnaeus.evaluation.facts import DataFacts, RunFacts
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.further import Asked
from linnaeus.evaluation.label_metrics import measure_labels
from linnaeus.evaluation.metrics import measure
from linnaeus.evaluation.promises import kept_promises
from linnaeus.evaluation.report import write_report
from linnaeus.evaluation.traits import told_traits
from linnaeus.evaluation.under_attack import UnderAttack
from linnaeus.evaluation.unknowns import KindTold, UnknownTold

if TYPE_CHECKING:
    from linnaeus.training.run import Run

PAGE = Path(__file__).parents[2] / "docs/reference/metrics.md"
PAGE_OF_LABELS = PAGE.with_name("metrics-of-labels.md")
FIGURE = {"value", "low", "high"}


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_figure(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == FIGURE
        and all(map(_is_number, value.values()))
        and value["low"] <= value["value"] <= value["high"]
    )


def _list_of(kind: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(kind, value))


TYPES: dict[str, Callable[[Any], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "text": lambda value: isinstance(value, str),
    "texts": _list_of(lambda value: isinstance(value, str)),
    "number": _is_number,
    "whole": _is_whole,
    "wholes": _list_of(_is_whole),
    "rows": _list_of(_list_of(_is_whole)),
    "figure": _is_figure,
    "mapping": lambda value: isinstance(value, dict),
    "object": lambda value: isinstance(value, dict),
    "objects": _list_of(lambda value: isinstance(value, dict)),
}


@pytest.fixture(scope="module")
def documented() -> dict[str, str]:
    """The type of each documented field, by its path."""
    return _documented(PAGE)


def _documented(page: Path) -> dict[str, str]:
    rows = re.findall(r"^\| `([a-z_0-9.\[\]]+)` \| ([a-z ]+) \|", page.read_text("utf-8"), re.M)
    assert len(rows) == len(dict(rows)), "a field is documented twice"
    return dict(rows)


def test_what_is_written_of_several_labels_is_documented_and_the_other_way_round(
    tmp_path: Path, full_facts: RunFacts
) -> None:
    test = random_labels(0, 200, 8)
    write_report(
        tmp_path / "report",
        full_facts,
        test,
        measure_labels(test, resamples=100),
        validation=measure_labels(random_labels(1, 80, 8), resamples=100),
        picture_of=lambda _: None,
    )
    document, types = _read(tmp_path / "report"), _documented(PAGE_OF_LABELS)
    found = list(_fields({"test": document["test"]}, "", types))
    assert {path for path, _ in found} == set(types)
    for path, value in found:
        assert any(TYPES[kind](value) for kind in types[path].split(" or ")), (path, value)
    validated = _fields({"validation": document["validation"]}, "", types)
    assert {path for path, _ in validated} == set(types)


@pytest.fixture
def written(tmp_path: Path, full_facts: RunFacts) -> dict[str, Any]:
    """The metrics.json of a report in which everything is there."""
    test, validation = random_answers(0, 320, 8), random_answers(1, 80, 8)
    held_out = HeldOut.of(validation.ids, validation.probabilities, validation.labels)
    write_report(
        tmp_path / "report",
        full_facts,
        test,
        measure(test, groups=[i // 2 for i in range(320)]),
        validation=measure(validation),
        promises=kept_promises(test, held_out),
        compared=_compared(test),
        unknown=_unknown_told(),
        explained=_explained(),
        attacked=UnderAttack("a defence", 9, 0.03, *[Figure(0.5, 0.4, 0.6)] * 3),
        picture_of=lambda _: None,
    )
    return _read(tmp_path / "report")


def _compared(test: Predictions) -> Compared:
    """Slices, groups and another classifier, so that no field is empty."""
    site = told_traits({"site": np.array(list("ab") * (len(test) // 2))})
    folds = cross_validated(test, np.arange(len(test)) % 4, ("a", "b", "c", "d"))
    both = pair(test, test, ("a", "b"))
    return compare(test, site, Wanted(fairness=("site",)), paired=both, crossed=folds)


def _unknown_told() -> UnknownTold:
    share, area = Figure(0.1, 0.05, 0.2), Figure(0.95, 0.9, 0.98)
    made = KindTold("all", 60, area, share)
    return UnknownTold(
        scores=("energy", "appearance"),
        rate=0.05,
        held_out=80,
        known=320,
        false_alarms=share,
        broken=False,
        made=made,
        kinds=(KindTold("noise", 60, area, share),),
        given=KindTold("given", 10, area, share),
        tried=((("energy", "appearance"), 0.95), (("softmax",), 0.7)),
    )


def _explained() -> ExplainedAnswers:
    one = ExplainedAnswer("a.png", "a", "b", 0.9, "data:,", "data:,", tiny=True)
    figure = Figure(0.2, 0.1, 0.3)
    return ExplainedAnswers("grad-cam", "body", (one,), (one,), figure, True, "They do.")


def _read(report: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((report / "metrics.json").read_text("utf-8"))
    return document


def _fields(value: Any, path: str, types: dict[str, str]) -> Iterator[tuple[str, Any]]:
    """The path and value of all that is in a document, except inside figures and mappings.

    `validation` goes by the fields of `test`. A path that is not documented is followed down.
    """
    kind = types.get(path, "")
    if path and (kind or not isinstance(value, dict)):
        yield path, value
    if "figure" in kind or "mapping" in kind:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            below = f"{path}.{key}" if path else key
            if path == "validation":
                below = f"test.{key}"
            yield from _fields(inner, below, types)
    if "objects" in kind:
        for entry in value:
            for key, inner in entry.items():
                yield from _fields(inner, f"{path}[].{key}", types)


def test_every_written_field_is_documented_and_the_other_way_round(
    documented: dict[str, str], written: dict[str, Any]
) -> None:
    """Some are of two classes only."""
    asked = Asked(prevalence=0.1, sensitivity=0.9, costs=Costs(10, 1))
    two = measure(random_answers(3, 40, 2), asked=asked).to_json()
    of_two = list(_fields({"test": two}, "", documented))
    assert {path for path, _ in [*_fields(written, "", documented), *of_two]} == set(documented)
    for path, value in of_two:
        assert any(TYPES[kind](value) for kind in documented[path].split(" or ")), (path, value)


def test_every_value_is_of_its_documented_type(
    documented: dict[str, str], written: dict[str, Any]
) -> None:
    for path, value in _fields(written, "", documented):
        assert any(TYPES[kind](value) for kind in documented[path].split(" or ")), (path, value)


def test_a_real_run_writes_what_is_documented(documented: dict[str, str], digits_run: Run) -> None:
    found = list(_fields(_read(digits_run.folder / "report"), "", documented))
    assert {path for path, _ in found} <= set(documented)
    for path, value in found:
        assert any(TYPES[kind](value) for kind in documented[path].split(" or ")), (path, value)


def test_what_was_not_part_of_the_run_is_null(
    tmp_path: Path, documented: dict[str, str], full_facts: RunFacts
) -> None:
    few = random_answers(2, 30, 3)
    facts = RunFacts("three", "2026-01-02", "0.1.0", DataFacts("three", "00", 30, few.classes))
    write_report(
        tmp_path / "r", facts, few, measure(few), validation=None, picture_of=lambda _: None
    )
    bare = _read(tmp_path / "r")
    assert {bare[part] for part in ("model", "training", "bundle", "validation", "promises")} == {
        None
    }
    assert bare["test"]["top_5_accuracy"] is None
    for path, value in _fields(bare, "", documented):
        assert any(TYPES[kind](value) for kind in documented[path].split(" or ")), (path, value)


def test_the_bins_documented_are_the_bins_written(written: dict[str, Any]) -> None:
    assert written["schema_version"] == 1
    assert len(written["test"]["reliability"]) == 15
    assert sum(b["images"] for b in written["test"]["reliability"]) == written["test"]["images"]


def test_a_row_of_numbers_stands_on_one_line(tmp_path: Path, full_facts: RunFacts) -> None:
    """A matrix of 100 classes is then 100 lines that a person can compare."""
    answers = random_answers(0, 50, 8)
    write_report(
        tmp_path / "r",
        full_facts,
        answers,
        measure(answers),
        validation=None,
        picture_of=lambda _: None,
    )
    text = (tmp_path / "r/metrics.json").read_text("utf-8")
    rows = json.loads(text)["test"]["confusion_matrix"]["counts"]
    assert all(json.dumps(row) in text for row in rows)
