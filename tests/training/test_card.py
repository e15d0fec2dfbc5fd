"""The model card shows every name letter by letter, and tells what the bundle carries."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from linnaeus.bundle.calibration import Calibration
from linnaeus.bundle.predictions import Predictions
from linnaeus.evaluation.facts import BundleFacts, DataFacts, ModelFacts, RunFacts
from linnaeus.evaluation.metrics import measure
from linnaeus.training.card import model_card

markdown_it = pytest.importorskip("markdown_it")

CALIBRATION = Calibration(method="temperature", temperature=1.25)
UNCALIBRATED = Calibration(why="there was no validation to do it on")
LABELS: NDArray[np.int64] = np.array([0, 0, 0, 1, 1, 2])
ODD = ("<b>&name<i>", "a|b | c", "_so_ *it* [is](javascript:1) `x` ~~y~~")


def facts_of(classes: tuple[str, ...], validation: int = 6) -> RunFacts:
    """Facts of a small run whose texts all hold the name of its first class."""
    return RunFacts(
        title=f"{classes[0]} and more",
        created="2026-01-02",
        linnaeus_version="0.1.0",
        data=DataFacts(
            name=f"{classes[0]}.zip",
            fingerprint="ab" * 32,
            images=24,
            classes=classes,
            counts={"train": [4, 4, 4], "validation": [validation, 0, 0], "test": [3, 2, 1]},
            pictures={"train": 12, "validation": validation, "test": 6},
            audit=(f"“{classes[0]}” holds one file twice.",),
        ),
        model=ModelFacts("small_cnn", "No pretrained network was at hand.", (48, 64), 123_456),
        bundle=BundleFacts("onnxruntime 1.20", "float32", "asked for", CALIBRATION, 2_345_678),
    )


def card_of(facts: RunFacts) -> str:
    """The card of `facts` where the last class is never answered."""
    said = np.eye(3, dtype=np.float32)[[0, 0, 1, 1, 0, 0]]
    ids = tuple(f"{i}.jpg" for i in range(6))
    answers = Predictions(ids, facts.data.classes, said * 0.7 + 0.1, LABELS)
    return model_card(facts, measure(answers, resamples=100))


class Shown(HTMLParser):
    """What a browser shows of a page: its tags, its text, and the cells of each table row."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.rows: list[int] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append(0)
        elif tag in {"td", "th"}:
            self.rows[-1] += 1

    def handle_data(self, data: str) -> None:
        self.text += data


def shown(card: str) -> Shown:
    renderer = markdown_it.MarkdownIt("commonmark", {"html": True})
    return Shown(renderer.enable(["table", "strikethrough"]).render(card))


PLAIN_TAGS = shown(card_of(facts_of(("cat", "dog", "cow")))).tags


def test_odd_class_names_stand_in_the_card_as_they_are() -> None:
    page = shown(card_of(facts_of(ODD)))
    assert page.tags == PLAIN_TAGS
    assert page.rows == [3] * 7
    assert all(name in page.text for name in ODD)
    assert page.text.count(ODD[0]) >= 6  # title, words, use, data, audit, table


@given(name=st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1))
def test_any_class_name_stands_in_the_card_as_it_is(name: str) -> None:
    page = shown(card_of(facts_of((name, f"{name}2", f"{name}3"))))
    assert page.tags == PLAIN_TAGS
    assert page.rows == [3] * 7
    assert f"accuracy of always answering {name}" in page.text


def test_a_name_of_two_lines_begins_no_heading() -> None:
    page = shown(card_of(facts_of(("cat\n\n# Warranty\n- none", "dog", "cow"))))
    assert page.tags == PLAIN_TAGS
    assert "cat # Warranty - none" in page.text


def test_file_names_stay_readable_in_the_source() -> None:
    assert "small_cnn" in card_of(facts_of(("cat", "dog", "cow")))


@pytest.mark.parametrize(
    ("validation", "shown_pictures"),
    [(6, "4 pictures of the validation"), (1, "1 picture of the validation")],
)
def test_the_card_says_that_pictures_go_along(validation: int, shown_pictures: str) -> None:
    card = card_of(facts_of(("cat", "dog", "cow"), validation))
    assert f"`golden.safetensors` holds {shown_pictures} split" in card
    assert "`trained_on.safetensors` holds a digest of each picture" in card


def test_without_validation_the_card_claims_no_calibration() -> None:
    facts = facts_of(("cat", "dog", "cow"), validation=0)
    assert facts.bundle is not None
    card = card_of(replace(facts, bundle=replace(facts.bundle, calibration=UNCALIBRATED)))
    assert "the network's own, not calibrated: there was no validation to do it on" in card
    assert "temperature" not in card
    assert "holds 4 pictures of the train split" in card


def test_with_validation_the_card_tells_the_temperature() -> None:
    card = card_of(facts_of(("cat", "dog", "cow")))
    assert "calibrated by a temperature of 1.250, fitted on validation" in card
