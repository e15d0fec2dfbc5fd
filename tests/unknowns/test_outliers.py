"""Outliers are made of the user's pictures, and tell which score is best."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from linnaeus.data.pixels import ArrayRows
from linnaeus.unknowns.fit import KnownPictures, area, fit_unknown
from linnaeus.unknowns.outliers import KINDS, OUTLIERS_A_KIND, outlier, outliers_from


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(2, 3), (8, 8), (45, 31)])
def test_outliers_have_the_size_and_depend_on_their_place_alone(
    kind: str, size: tuple[int, int]
) -> None:
    random = np.random.default_rng(0)
    one, other = random.integers(0, 256, (2, *size, 3), np.uint8)
    made = [outlier(kind, one, other, 0, place) for place in (3, 3, 4)]
    assert all((m.shape, m.dtype) == (one.shape, np.uint8) for m in made)
    assert (made[0] == made[1]).all()


def test_every_kind_breaks_the_picture(photo_pixels: NDArray[np.uint8]) -> None:
    for kind in KINDS:
        made = outlier(kind, photo_pixels[0], photo_pixels[-1], 0, 0)
        apart = np.abs(made.astype(float) - photo_pixels[0]).mean()
        assert apart > 5, kind


def test_there_are_as_many_of_each_kind_however_few_pictures(
    photo_pixels: NDArray[np.uint8],
) -> None:
    labels = np.repeat(np.arange(6), 2)
    made = {
        kind: list(some) for kind, some in outliers_from(ArrayRows(photo_pixels), labels, 0).items()
    }
    assert set(made) == set(KINDS)
    assert {len(some) for some in made.values()} == {OUTLIERS_A_KIND}
    again = outliers_from(ArrayRows(photo_pixels), labels, 0)
    assert all((np.stack(made[kind]) == np.stack(list(some))).all() for kind, some in again.items())
    one_class = outliers_from(ArrayRows(photo_pixels), np.zeros(12, np.int64), 0)
    assert len(list(one_class["blend"])) == OUTLIERS_A_KIND


def test_the_area_is_how_often_the_unknown_is_the_stranger() -> None:
    assert area(np.array([1.0, 2.0, 3.0]), np.array([2.5, 0.0])) == pytest.approx((2 + 0) / 6)
    assert area(np.array([1.0, 1.0]), np.array([1.0])) == pytest.approx(0.5)


class Answer:
    """A classifier of two classes that sees a picture's mean colour."""

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        self.features = np.concatenate([pixels.mean(axis=(0, 1)), [1, 2, 3]]).astype(np.float32)
        self.logits = np.array([self.features[0], 255 - self.features[0]], np.float32) / 50


def answers(pictures: Sequence[NDArray[np.uint8]]) -> list[Answer]:
    return [Answer(pixels) for pixels in pictures]


def test_what_tells_the_outliers_best_is_taken_and_all_that_was_tried_is_told() -> None:
    random = np.random.default_rng(3)
    labels = np.arange(120) % 2
    smooth = np.clip(
        random.normal(120, 3, (120, 8, 8, 3)) + 40 * labels[:, None, None, None], 0, 255
    )
    known = smooth.astype(np.uint8)
    noise = random.integers(0, 256, (40, 8, 8, 3), np.uint8)  # another look, much the same mean

    def fitted(seed: int) -> np.ndarray:
        done = fit_unknown(
            answers,
            KnownPictures(known[:60], labels[:60]),
            KnownPictures(known[60:], labels[60:]),
            np.arange(60),
            {"noise": noise},
            classes=2,
            seed=seed,
        )
        assert done.tried[0].areas["noise"] > 0.99
        assert [one.mean for one in done.tried] == sorted(
            (one.mean for one in done.tried), reverse=True
        )
        assert done.unknown.scores == done.tried[0].scores
        return done.unknown.held_out

    assert (fitted(0) == fitted(0)).all()


def test_answers_at_hand_are_not_asked_for_and_change_nothing() -> None:
    random = np.random.default_rng(4)
    train, held_out, noise = random.integers(0, 256, (3, 40, 8, 8, 3), np.uint8)
    asked: list[int] = []

    def noted(pictures: Sequence[NDArray[np.uint8]]) -> list[Answer]:
        asked.extend(int(pixels[0, 0, 0]) for pixels in pictures)
        return answers(pictures)

    def fitted(places: range) -> NDArray[np.float32]:
        labels = np.arange(40) % 2
        known = [
            KnownPictures(some, labels, {place: Answer(some[place]) for place in places})
            for some in (train, held_out)
        ]
        outliers = {"noise": noise}
        done = fit_unknown(noted, *known, np.arange(40), outliers, classes=2, seed=0)
        return done.unknown.held_out

    anew = fitted(range(0))
    asked.clear()
    assert (fitted(range(3, 20)) == anew).all()
    remaining = np.concatenate([np.delete(s, range(3, 20), axis=0) for s in (train, held_out)])
    assert asked == np.concatenate([remaining, noise])[:, 0, 0, 0].tolist()
