"""Counts are told as one says them."""

from __future__ import annotations

import pytest

from linnaeus.counted import are, counted, pictures, were


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (0, "0 pictures are"),
        (1, "1 picture is"),
        (2, "2 pictures are"),
        (12_000, "12,000 pictures are"),
    ],
)
def test_one_is_told_as_one(count: int, told: str) -> None:
    assert f"{pictures(count)} {are(count)}" == told


def test_other_words_have_their_own_plural() -> None:
    assert counted(1, "class", "classes") == "1 class"
    assert counted(3, "class", "classes") == "3 classes"
    assert (were(1), were(0)) == ("was", "were")
