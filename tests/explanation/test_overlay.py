"""A picture of a map says what has to be said of it on its face."""

from __future__ import annotations

import numpy as np

from linnaeus.explanation.overlay import beside, in_a_row


def test_what_is_said_of_a_map_stands_under_it() -> None:
    picture = np.full((16, 24, 3), 90, np.uint8)
    importance = np.linspace(0, 1, 16 * 24, dtype=np.float32).reshape(16, 24)
    plain = np.asarray(beside(picture, importance))
    said = np.asarray(beside(picture, importance, "grad-cam: not to be relied on"))
    assert np.array_equal(said[: len(plain)], plain)
    line = said[len(plain) :]
    assert len(line) > 0
    assert (line < 100).any()


def test_pictures_in_a_row_keep_their_pixels() -> None:
    one, other = np.full((200, 300, 3), 10, np.uint8), np.full((200, 300, 3), 200, np.uint8)
    row = np.asarray(in_a_row(one, other))
    assert row.shape[1] > 600
    assert np.array_equal(row[:, :300], one)
    assert np.array_equal(row[:, -300:], other)
