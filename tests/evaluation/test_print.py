"""A page on paper: whole though nobody can unfold it, and tables beside their headings."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from answers import random_answers

from linnaeus.evaluation.facts import RunFacts
from linnaeus.evaluation.metrics import measure
from linnaeus.evaluation.report import write_report

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = Path("/usr/bin/chromium")
TEMPLATES = [
    file
    for folder in sorted(Path(str(resources.files("linnaeus"))).glob("*/templates"))
    for file in sorted(folder.glob("*.j2"))
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium; skips where there is none."""
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        yield chromium
        chromium.close()


def sheets(browser: Browser, page: Path) -> list[str]:
    """The words on each sheet of paper, without JavaScript; skips where nothing can read a PDF."""
    if not shutil.which("pdftotext"):
        pytest.skip("no pdftotext to read the paper with")
    context = browser.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.goto(page.as_uri())
    printed = page.with_suffix(".pdf")
    opened.pdf(path=printed, format="A4")
    context.close()
    text = subprocess.run(
        ["pdftotext", "-layout", printed, "-"], capture_output=True, check=True, text=True
    ).stdout
    return [re.sub(r"\s+", " ", sheet) for sheet in text.split("\f")]


def report(folder: Path, facts: RunFacts, classes: int) -> Path:
    """The page of a report on so many classes."""
    answers = random_answers(0, 40 * classes, classes, skill=2.0)
    counts = {split: [9] * classes for split in ("train", "validation", "test")}
    facts = replace(facts, data=replace(facts.data, classes=answers.classes, counts=counts))
    metrics = measure(answers, resamples=100)
    return write_report(
        folder / "report", facts, answers, metrics, validation=None, picture_of=lambda _: None
    )


def test_what_is_folded_on_the_screen_is_on_paper(
    tmp_path: Path, full_facts: RunFacts, browser: Browser
) -> None:
    paper = " ".join(sheets(browser, report(tmp_path, full_facts, 30)))
    for folded in (
        "Cohen’s kappa",
        "broken.jpg: the file is empty",
        "copy.jpg: the same pixels as first.jpg",
        "said answers on average right",
        "budget_s",
    ):
        assert folded in paper, folded


@pytest.mark.parametrize("classes", [6, 7, 10, 11, 12, 13])
def test_a_table_is_on_the_sheet_of_its_heading(
    tmp_path: Path, full_facts: RunFacts, browser: Browser, classes: int
) -> None:
    found = sheets(browser, report(tmp_path, full_facts, classes))
    for heading, first in (
        ("Class by class", "recognised"),
        ("Where it fails", "true ↓"),
        ("The mistakes it was surest of", "taken for"),
        ("How they were divided", "class 0 9 9 9"),
    ):
        (sheet,) = [one for one in found if f" {heading} " in f" {one} "]
        assert first in sheet[sheet.index(heading) :], heading


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda file: file.name)
def test_every_page_prints_by_the_house_style_and_waits_for_no_picture(template: Path) -> None:
    """A picture that loads when it comes into view is an empty frame on paper."""
    text = template.read_text("utf-8")
    assert "loading=" not in text
    assert "<style>" not in text or '{% include "report.css" %}' in text
