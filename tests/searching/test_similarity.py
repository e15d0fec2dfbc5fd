"""Similarity of features, against SciPy-free formulas written out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linnaeus.searching.similarity import Frame, Nearest, nearest


def drawn(seed: int, rows: int, columns: int = 7) -> np.ndarray:
    return np.random.default_rng(seed).gamma(2.0, 3.0, (rows, columns)).astype(np.float32)


@given(cuts=st.lists(st.integers(0, 50), max_size=4), seed=st.integers(0, 99))
def test_a_frame_is_the_same_however_its_features_are_parted(cuts: list[int], seed: int) -> None:
    features = drawn(seed, 50)
    frame = Frame.of(np.split(features, sorted(cuts)))
    assert frame.middle == pytest.approx(features.mean(axis=0), rel=1e-5)
    assert frame.scale == pytest.approx(1 / features.std(axis=0), rel=1e-4)


def test_a_feature_that_never_changes_counts_for_nothing() -> None:
    features = drawn(0, 20)
    with_constant = np.hstack([features, np.full((20, 1), 3, np.float32)])
    plain, more = nearest(features[:4], features, 5), nearest(with_constant[:4], with_constant, 5)
    assert (plain.places == more.places).all()
    assert more.similarities == pytest.approx(plain.similarities, abs=1e-6)


@given(seed=st.integers(0, 99), count=st.integers(1, 40), step=st.integers(1, 35))
def test_what_is_shown_in_parts_is_found_as_by_sorting_all(
    seed: int, count: int, step: int
) -> None:
    units = Frame.of([drawn(seed, 30)]).units(drawn(seed, 30))
    units[10] = units[20]  # equal ones, of which the earlier stands first
    found = Nearest(units[:3], count)
    for start in range(0, 30, step):
        found.show(units[start : start + step])
    cosines = units[:3] @ units.T
    for row in range(3):
        wanted = sorted(range(30), key=lambda place: (-cosines[row, place].round(5), place))
        assert found.places[row].tolist() == wanted[:count]
        assert found.places[row, 0] == row  # each is most like itself
        assert found.similarities[row, 0] == pytest.approx(1, abs=1e-5)
