"""The page in a real browser, 360 pixels wide: nothing breaks into letters, nothing sticks out.

No text lies over another either, however wide the window.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from answers import answers_of

from linnaeus.evaluation.compared import Compared
from linnaeus.evaluation.facts import RunFacts
from linnaeus.evaluation.fairness import fairness_of
from linnaeus.evaluation.metrics import measure
from linnaeus.evaluation.report import write_report
from linnaeus.evaluation.traits import Trait

playwright = pytest.importorskip("playwright.sync_api")

WIDTH_PX = 360
TWO_LINES_PX = 40  # of a cell's 15 px letters, with its padding
CLASSES = ("t-shirt", "longsleeve", "Donaudampfschifffahrt" * 9)
COUNTS = [[1234, 5, 6], [7, 1100, 9], [10, 11, 1300]]
WIDTHS_PX = (320, 390, 768, 1200)
COVERED = """() => {
    const lines = [], found = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
        if (!text.textContent.trim() || text.parentElement.closest("svg, script, style")) continue;
        const range = document.createRange(); range.selectNodeContents(text);
        for (const {left, top, right, bottom} of range.getClientRects())
            if (right > left + 1 && bottom > top + 1)
                lines.push([text, {left, top, right, bottom}]);
    }
    lines.sort((one, other) => one[1].top - other[1].top);
    lines.forEach(([above, a], at) => {
        for (const [below, b] of lines.slice(at + 1)) {
            if (b.top >= a.bottom - 3) break;
            const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
            if (above !== below && wide > 3 && high > 4)
                found.push(`${above.textContent} | ${below.textContent}`);
        }
    });
    return found; }"""
"""Which lines of text lie over others, by more than letters reach out of their line."""
CUT = """(selector) => [...document.querySelectorAll(selector)].filter(cell => {
    const text = document.createRange(); text.selectNodeContents(cell);
    const [inner, box] = [text, cell].map(one => one.getBoundingClientRect());
    return inner.width > box.width + 1 || inner.height > box.height + 1;
}).map(cell => cell.textContent)"""
"""Which cells do not show all of their text."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless Chromium: the one that is installed, or else playwright's own."""
    with playwright.sync_playwright() as started:
        try:
            browser = started.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
        except playwright.Error as reason:
            pytest.skip(f"no Chromium can be started: {str(reason).splitlines()[0]}")
        yield browser
        browser.close()


@pytest.fixture
def phone(chromium: Any, tmp_path: Path, full_facts: RunFacts) -> Iterator[Any]:
    """A report of three classes, one with a name of 189 letters, and four sites, on a phone."""
    answers = answers_of(COUNTS, CLASSES)
    counts = {"train": [5000] * 3, "validation": [1200] * 3, "test": [1245, 1116, 1321]}
    facts = replace(full_facts, data=replace(full_facts.data, classes=CLASSES, counts=counts))
    sites = Trait("site", np.array(list("ABCD"))[np.arange(len(answers.ids)) % 4])
    index = write_report(
        tmp_path / "report",
        facts,
        answers,
        measure(answers, resamples=100),
        validation=None,
        compared=Compared(fairness=(fairness_of(answers, sites),)),
        picture_of=lambda _: None,
    )
    page = chromium.new_page(viewport={"width": WIDTH_PX, "height": 700})
    page.goto(index.as_uri())
    yield page
    page.close()


def boxes(page: Any, selector: str) -> list[dict[str, float]]:
    found = [element.bounding_box() for element in page.query_selector_all(selector)]
    return [box for box in found if box]  # what is folded away has none


def test_the_page_is_no_wider_than_the_phone(phone: Any) -> None:
    assert phone.evaluate("document.documentElement.scrollWidth") == WIDTH_PX


@pytest.mark.parametrize("width_px", WIDTHS_PX)
def test_no_text_lies_over_another(phone: Any, width_px: int) -> None:
    phone.set_viewport_size({"width": width_px, "height": 900})
    phone.evaluate("document.querySelectorAll('details').forEach(folded => folded.open = true)")
    assert phone.query_selector_all("#fairness td.name")
    assert phone.evaluate(COVERED) == []


def test_numbers_and_their_heads_stay_in_one_line(phone: Any) -> None:
    """The row of the longest name is high, so what is measured is the text and not its cell.

    Where a figure stands above its interval, each of them has its line.
    """
    heights = phone.evaluate(
        """() => [...document.querySelectorAll("td.n, th.n")].map(cell => {
            const text = document.createRange(); text.selectNodeContents(cell);
            const below = [...cell.querySelectorAll("br, .interval")].filter(one =>
                one.matches("br") || getComputedStyle(one).display === "block");
            const lines = 1 + below.length;
            return text.getBoundingClientRect().height / lines; })"""
    )
    assert len(heights) > 20
    assert max(heights) < TWO_LINES_PX * 3 / 4


def test_an_ordinary_class_name_is_not_broken(phone: Any) -> None:
    rows = boxes(phone, ".confusion tbody th")
    assert len(rows) == 3
    names = phone.query_selector_all("tbody th bdi")
    ordinary = [name.bounding_box() for name in names if name.inner_text() == "longsleeve"]
    assert len(ordinary) == 4  # confusion matrix, class by class, by site, how they were divided
    assert max(box["height"] for box in ordinary) < TWO_LINES_PX


def test_a_very_long_name_leaves_room_for_the_matrix(phone: Any) -> None:
    assert max(box["width"] for box in boxes(phone, ".confusion th")) < WIDTH_PX / 2
    assert max(box["width"] for box in boxes(phone, "tbody th, td.name")) < WIDTH_PX / 2
    titles = [head.get_attribute("title") for head in phone.query_selector_all(".confusion th")]
    assert titles == [None, *CLASSES, *CLASSES]


def test_the_corner_of_the_confusion_matrix_is_read_whole(phone: Any) -> None:
    phone.set_viewport_size({"width": 1100, "height": 700})
    cut = phone.evaluate(
        """() => { const corner = document.querySelector(".confusion thead th");
            return corner.scrollWidth - corner.clientWidth; }"""
    )
    assert cut == 0


@pytest.mark.parametrize("width_px", WIDTHS_PX)
@pytest.mark.parametrize("others", [0, 12])
def test_classes_with_long_names_are_told_apart(
    chromium: Any, tmp_path: Path, full_facts: RunFacts, width_px: int, others: int
) -> None:
    kinds = ("glass", "metal", "paper")
    names = [f"Corynebacterium pseudotuberculosis biovar {kind}" for kind in kinds]
    names += ["métal ü_inner", *(f"class {at}" for at in range(others))]
    answers = answers_of((9 * np.eye(len(names), dtype=int) + 1).tolist(), names)
    data = replace(full_facts.data, classes=tuple(names), counts={"test": [9] * len(names)})
    index = write_report(
        tmp_path / "report",
        replace(full_facts, data=data),
        answers,
        measure(answers, resamples=100),
        validation=None,
        picture_of=lambda _: None,
    )
    page = chromium.new_page(viewport={"width": width_px, "height": 700})
    page.goto(index.as_uri())
    assert page.evaluate(CUT, ".confusion th") == []
    shown = [head.inner_text() for head in page.query_selector_all(".confusion tbody th")]
    assert shown == names
    page.close()


@pytest.mark.parametrize("width_px", (390, 1200))
def test_what_further_figures_are_is_read_without_scrolling(phone: Any, width_px: int) -> None:
    phone.set_viewport_size({"width": width_px, "height": 700})
    phone.evaluate("document.querySelectorAll('details').forEach(folded => folded.open = true)")
    table = "[aria-label='Further figures']"
    assert phone.evaluate(CUT, f"{table} th") == []
    wide = phone.evaluate(
        """(selector) => { const one = document.querySelector(selector);
            return one.scrollWidth - one.clientWidth; }""",
        table,
    )
    assert wide == 0
