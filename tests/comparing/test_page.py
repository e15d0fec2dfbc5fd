"""The page: whole by itself, with every part of the answer, and safe with any name."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from records_made import found, trained

from linnaeus.comparing.front_chart import front_chart
from linnaeus.comparing.page import comparison_page
from linnaeus.comparing.results import compared
from linnaeus.comparing.sets import DataSet
from linnaeus.comparing.study import Asked, opened_study

MODELS = ("strong", "weak", "gone")


def page(tmp_path: Path, names: tuple[str, ...] = ("leaves", "boards")) -> str:
    parts = {40: 0.5, 100: 0.6, 200: 0.65}
    sets = [
        found(
            name,
            trained("strong", 0.9, seed=1 + at, parts=parts),
            trained("weak", 0.6, seed=5 + at, parts=parts),
            gaps={"gone": "it ran out of memory"} if at else {},
        )
        for at, name in enumerate(names)
    ]
    asked = Asked(sets=tuple(DataSet(name=n, data="x") for n in names), models=MODELS)
    return comparison_page(opened_study(tmp_path / "study", asked), compared(sets))


class _Balance(HTMLParser):
    """Complains where tags are not closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("meta", "br", "path", "circle", "rect"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("li", "p", "tr", "td", "th", "dt", "dd"):
            while self.open and self.open[-1] != tag:
                self.open.pop()
        if self.open and self.open[-1] == tag:
            self.open.pop()


def test_it_tells_all_parts_and_needs_no_network(tmp_path: Path) -> None:
    text = page(tmp_path)
    for heading in (
        "Over all data sets",
        "Which differences are real",
        "What accuracy costs",
        "What more pictures would bring",
        "Why a class is hard",
        "Who knows a class best",
        "How it was measured",
    ):
        assert heading in text
    assert not re.search(r"(src|href)=\"(?!#|data:)", text)
    assert "url(" not in text
    assert "@import" not in text
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_it_names_the_gap(tmp_path: Path) -> None:
    text = page(tmp_path)
    assert "it ran out of memory" in text
    assert "failed: no figures here" in text


def test_its_tags_close(tmp_path: Path) -> None:
    balance = _Balance()
    balance.feed(page(tmp_path))
    assert balance.open == []


def test_a_name_cannot_break_it(tmp_path: Path) -> None:
    text = page(tmp_path, ("<script>alert(1)</script>", "a & b"))
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize(("first", "ratio"), [(0.3, 1.0), (0.95, 1.1), (0.21, 2.5), (1.2, 30.0)])
def test_an_axis_of_costs_has_marks_to_read_it_by(first: float, ratio: float) -> None:
    both = trained("one", 0.9, cost=first), trained("other", 0.6, seed=5, cost=first * ratio)
    drawn = front_chart(found("leaves", *both), "train_s", {"one": 0, "other": 1})
    marks = re.findall(r"<text[^>]*>([0-9.]+) s</text>", drawn)
    assert 2 <= len(marks) <= 4
    assert len(set(marks)) == len(marks)


def test_one_data_set_has_a_page_without_ranks(tmp_path: Path) -> None:
    text = page(tmp_path, ("leaves",))
    assert "Over all data sets" not in text
    assert "On leaves," in text
