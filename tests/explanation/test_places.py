"""Where a classifier looks over many pictures is told for what it is."""

from __future__ import annotations

import numpy as np
import pytest

from linnaeus.explanation.faithfulness import pointed_at
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


def test_flat_maps_point_nowhere_and_are_told() -> None:
    seen = maps_with_peaks([(12, 12)] * 10 + [(4, 4)] * 20)
    seen[10:20], seen[20:] = -1, 0.5
    seen[10:20, 16, 16] = -0.5  # nothing speaks for the class, one place the least against it
    (found,) = places_of(seen, ["a"] * 30)
    assert (found.cell_name, found.in_cell, found.pictures, found.flat) == ("middle", 1, 10, 20)
    assert found.sentence.endswith("maps of 20 pictures more point nowhere, and are not counted.")
    (none,) = places_of(seen[10:], ["a"] * 20)
    assert not none.suspicious
    assert none.sentence == "Of a no map points anywhere: nothing in its pictures speaks for it."
    assert not none.mean.any()


def test_a_flat_map_points_into_no_box() -> None:
    assert not pointed_at(np.zeros((8, 8), np.float32), [(0, 0, 4, 4)])
    assert pointed_at(maps_with_peaks([(4, 4)])[0], [(0, 0, 8, 8)])
