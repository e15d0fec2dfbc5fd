"""Where a classifier looks over many pictures is told for what it is."""

from __future__ import annotations

import numpy as np
import pytest

from linnaeus.explanation.places import Places, places_of


def maps_with_peaks(peaks: list[tuple[int, int]]) -> np.ndarray:
    """(n, 32, 32) float32 that are largest at the `peaks`."""
    maps = np.zeros((len(peaks), 32, 32), np.float32)
    for one, (row, column) in zip(maps, peaks, strict=True):
        one[row - 2 : row + 3, column - 2 : column + 3] = 1
    return maps


def the_place(peaks: list[tuple[int, int]]) -> Places:
    (found,) = places_of(maps_with_peaks(peaks), ["a"] * len(peaks))
    return found


SPREAD = [(4, 4), (4, 28), (28, 4), (28, 28), (12, 12), (20, 20), (12, 20), (20, 12)]


@pytest.mark.parametrize(
    ("peaks", "suspicious", "told"),
    [
        ([(4, 4)] * 12, True, "come from the top left corner in 100 % of 12 pictures: look there"),
        ([(4, 4)] * 9, False, "there are 9 pictures here: too few"),
        ([(4, 4)], False, "there is 1 picture here: too few"),
        ([(12, 12)] * 12, False, "mostly come from one place inside: the middle, has 100 % of 12"),
        (SPREAD * 2, False, "come from no one place: the commonest, the"),
    ],
)
def test_a_corner_a_few_the_middle_and_everywhere(
    peaks: list[tuple[int, int]], suspicious: bool, told: str
) -> None:
    found = the_place(peaks)
    assert found.suspicious == suspicious
    assert told in found.sentence


def test_the_border_is_counted() -> None:
    assert the_place(SPREAD).at_border == 0.5
