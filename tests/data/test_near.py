"""Near copies of real photographs are found, whatever was done to them, and others are not."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from linnaeus.data.near import near_duplicates, near_pairs
from linnaeus.data.thumbnails import thumbnail

Photographs = dict[str, dict[str, bytes]]
Alter = Callable[[Image.Image], Image.Image]


def saved_anew(image: Image.Image) -> Image.Image:
    content = io.BytesIO()
    image.save(content, "JPEG", quality=60)
    return Image.open(content).convert("RGB")


def cut(left: float, top: float, right: float, bottom: float) -> Alter:
    def of(image: Image.Image) -> Image.Image:
        width, height = image.size
        edges = left * width, top * height, (1 - right) * width, (1 - bottom) * height
        return image.crop(tuple(round(edge) for edge in edges))  # type: ignore[arg-type]

    return of


def shaded(factor: float, shift: float) -> Alter:
    return lambda image: image.point(lambda value: min(255, max(0, value * factor + shift)))


ALTERATIONS: dict[str, Alter] = {
    "exact": lambda image: image,
    "quality": saved_anew,
    "smaller": lambda image: image.resize((image.width // 2, image.height // 2)),
    "larger": lambda image: image.resize((image.width * 3 // 2, image.height * 3 // 2)),
    "all edges": cut(0.05, 0.05, 0.05, 0.05),
    "left edge": cut(0.05, 0, 0, 0),
    "lower edge": cut(0, 0, 0, 0.05),
    "uneven": cut(0.04, 0.01, 0, 0.03),
    "darker": shaded(0.7, 0),
    "brighter": shaded(1.3, 0),
    "lowered": shaded(1, -40),
    "raised": shaded(1, 40),
    "cut and saved": lambda image: saved_anew(cut(0.05, 0.05, 0.05, 0.05)(image)),
}


@pytest.fixture(scope="module")
def pictures(photographs: Photographs) -> list[Image.Image]:
    """Four photographs of each class."""
    return [
        Image.open(io.BytesIO(content)).convert("RGB")
        for of_class in photographs.values()
        for content in list(of_class.values())[:4]
    ]


def thumbnails(pictures: list[Image.Image]) -> NDArray[np.uint8]:
    return np.stack([thumbnail(np.asarray(picture)) for picture in pictures])


def found(pictures: list[Image.Image], *, mirrored: bool = False) -> set[tuple[int, ...]]:
    readable = np.ones(len(pictures), bool)
    near = near_duplicates(thumbnails(pictures), readable, mirrored=mirrored)
    return {tuple(pair) for pair in near.pairs.tolist()}


def test_different_photographs_are_no_copies(pictures: list[Image.Image]) -> None:
    assert found(pictures) == set()


@pytest.mark.parametrize("alteration", ALTERATIONS)
def test_altered_photographs_are_found_and_nothing_else(
    pictures: list[Image.Image], alteration: str
) -> None:
    copies = [ALTERATIONS[alteration](picture) for picture in pictures]
    pairs = {(row, row + len(pictures)) for row in range(len(pictures))}
    got = found([*pictures, *copies])
    assert got <= pairs
    assert len(pairs - got) <= 2


def test_mirrored_photographs_are_found_on_request(pictures: list[Image.Image]) -> None:
    turned = [cut(0.05, 0, 0, 0)(ImageOps.mirror(picture)) for picture in pictures]
    pairs = {(row, row + len(pictures)) for row in range(len(pictures))}
    assert found([*pictures, *turned]) == set()
    got = found([*pictures, *turned], mirrored=True)
    assert got <= pairs
    assert len(pairs - got) <= 2


def test_blank_and_unreadable_pictures_have_no_copies(pictures: list[Image.Image]) -> None:
    few = thumbnails([pictures[0], pictures[0], pictures[1], pictures[1]])
    few = np.concatenate([few, np.full((3, 32, 32), 255, np.uint8)])
    readable = np.array([True, True, True, False, True, True, True])
    assert near_duplicates(few, readable).pairs.tolist() == [[0, 1]]


@pytest.mark.parametrize("count", [0, 1])
def test_few_pictures_have_no_copies(pictures: list[Image.Image], count: int) -> None:
    near = near_duplicates(thumbnails(pictures)[:count], np.ones(count, bool))
    assert near.pairs.shape == (0, 2)
    assert near.likeness.shape == (0,)


def test_every_near_pair_of_hashes_is_found() -> None:
    draw = np.random.default_rng(5)
    hashes = draw.integers(0, 1 << 64, (600, 1), np.uint64)
    for row in range(300, 600):
        bits = draw.choice(64, draw.integers(0, 11), replace=False).astype(np.uint64)
        hashes[row] = hashes[row - 300] ^ np.bitwise_or.reduce(
            np.uint64(1) << bits, initial=np.uint64(0)
        )
    distance = np.array([[bin(int(a ^ b)).count("1") for a in hashes[:, 0]] for b in hashes[:, 0]])
    expected = np.argwhere(np.triu(distance <= 7, 1))
    assert len(expected) > 150
    assert near_pairs(hashes, 7).pairs.tolist() == expected.tolist()


def test_thousands_of_equal_hashes_are_paired_with_the_first() -> None:
    pairs = near_pairs(np.full((3000, 1), 77, np.uint64), 7).pairs
    assert len(pairs) < 4000
    assert set(pairs[:, 1].tolist()) == set(range(1, 3000))
    assert {0, *range(1, 16)} >= set(pairs[:, 0].tolist())


@pytest.mark.slow
def test_hashes_of_which_pairs_may_be_missing_are_told() -> None:
    draw = np.random.default_rng(5)
    far_apart = draw.integers(0, 1 << 64, (500, 1), np.uint64)
    assert not near_pairs(far_apart, 7).crowded.any()
    middle = sum(1 << (16 * band + bit) for band in range(4) for bit in range(5))
    some_bits = draw.integers(0, 1 << 64, (5000, 1), np.uint64) & np.uint64(middle)
    together = near_pairs(np.concatenate([far_apart, some_bits]), 7)
    assert not together.crowded[:500].any()
    assert together.crowded[500:].mean() > 0.9


def test_pictures_too_much_alike_to_compare_all_are_told_of_and_one_copied_often_is_not() -> None:
    draw = np.random.default_rng(5)
    one = draw.integers(60, 200, (1, 32, 32), np.uint8)
    slow = np.repeat(np.repeat(draw.integers(20, 230, (40, 8, 8), np.uint8), 4, 1), 4, 2)
    copies = np.concatenate([slow, np.repeat(one, 60, axis=0)])
    assert near_duplicates(copies, np.ones(100, bool)).remarks == ()
    alike = np.repeat(one, 60, axis=0)
    alike[np.arange(60), np.arange(60) // 32, np.arange(60) % 32] += 1
    found = near_duplicates(np.concatenate([slow, alike]), np.ones(100, bool))
    assert found.crowded == 60
    assert found.remarks[0].startswith("60 pictures are at first sight like so many others")
