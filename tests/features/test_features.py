"""Descriptions of pictures: scikit-image's and OpenCV's own numbers, whatever the batch."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from pictures import drawn
from PIL import Image
from pydantic import TypeAdapter
from skimage.feature import hog, local_binary_pattern

from linnaeus.features.colour_histogram import ColourHistogram
from linnaeus.features.description import Description
from linnaeus.features.grey import grey
from linnaeus.features.hog import Hog
from linnaeus.features.lbp import Lbp, patterns
from linnaeus.features.raw import Raw
from linnaeus.features.sift import Sift

EVERY = (Hog(cell_px=4, colours=True), Lbp(), ColourHistogram(), Sift(), Raw())


@pytest.mark.parametrize(
    ("cell_px", "orientations", "height_px", "width_px"), [(4, 9, 32, 32), (5, 6, 37, 48)]
)
def test_hog_is_scikit_image_s(
    cell_px: int, orientations: int, height_px: int, width_px: int
) -> None:
    pixels = drawn(6, height_px, width_px)
    ours = Hog(cell_px=cell_px, orientations=orientations)(pixels)
    theirs = [
        hog(
            one,
            orientations=orientations,
            pixels_per_cell=(cell_px, cell_px),
            cells_per_block=(2, 2),
            block_norm="L2-Hys",
            channel_axis=-1,
        )
        for one in pixels
    ]
    assert ours.dtype == np.float32
    assert np.abs(ours - np.stack(theirs)).max() < 1e-6


def test_hog_with_colours_adds_each_cell_s_mean() -> None:
    pixels = drawn(3, 33, 40)
    plain, coloured = Hog(cell_px=8)(pixels), Hog(cell_px=8, colours=True)(pixels)
    assert np.array_equal(coloured[:, : plain.shape[1]], plain)
    means = coloured[:, plain.shape[1] :].reshape(3, 4, 5, 3)
    assert np.allclose(means[2, 3, 1], pixels[2, 24:32, 8:16].mean(axis=(0, 1)) / 255)


@pytest.mark.parametrize("radius_px", [1, 2, 3])
def test_local_patterns_are_scikit_image_s(radius_px: int) -> None:
    levels = grey(drawn(4, 40, 33))
    theirs = [local_binary_pattern(one, 8, radius_px, "nri_uniform") for one in levels]
    assert np.array_equal(patterns(levels, radius_px), np.stack(theirs).astype(np.intp))


def test_local_patterns_are_counted_in_parts() -> None:
    flat = np.full((1, 8, 8, 3), 70, np.uint8)
    shares = Lbp(grid=2, radii_px=(1,))(flat).reshape(4, 59) ** 2
    assert np.allclose(shares.sum(axis=1), 1)
    all_as_bright = 57  # of the 4 × 4 pixels of a part, those that do not touch the black around
    assert np.allclose(shares[:, all_as_bright], 9 / 16)


def test_a_colour_histogram_is_numpy_s() -> None:
    pixels = drawn(1, 20, 30)
    first, *_ = np.split(ColourHistogram(bins=4)(pixels)[0], [64])
    counts, _ = np.histogramdd(pixels.reshape(-1, 3), bins=4, range=[(0, 256)] * 3)
    assert np.allclose(first**2, counts.ravel() / 600, atol=1e-6)


def test_quarters_have_their_own_colours() -> None:
    pixels = np.zeros((1, 10, 10, 3), np.uint8)
    pixels[:, 5:, :5] = 255
    quarters = ColourHistogram(bins=4)(pixels)[0, 64:].reshape(4, 8)
    black, white = 0, 7
    assert quarters[[0, 1, 3], black].tolist() == [1, 1, 1]
    assert quarters[2, white] == 1


def test_grey_is_pillow_s() -> None:
    pixels = drawn(1, 64, 64)
    theirs = np.asarray(Image.fromarray(pixels[0]).convert("L"), np.int64)
    assert np.abs(grey(pixels)[0] - theirs).max() <= 1  # Pillow rounds its weights to 16 bits


def test_sift_is_opencv_s_at_each_place() -> None:
    description = Sift(step_px=16, sizes_px=(4.0,))
    pixels = drawn(2, 48, 64)
    described = description(pixels)
    places = description.places(48, 64)
    assert described.shape == (2, len(places), 128)
    row, column = places[5]
    point = cv2.KeyPoint(float(column), float(row), 4.0, 0.0)
    _, theirs = cv2.SIFT.create().compute(grey(pixels)[1], [point])
    assert np.array_equal(described[1, 5], theirs[0].astype(np.uint8))


@pytest.mark.parametrize("description", EVERY, ids=lambda one: one.kind)
def test_the_batch_changes_no_bit(description: Description) -> None:
    pixels = drawn(9, 40, 48)
    together = description(pixels)
    alone = np.concatenate([description(one[None]) for one in pixels])
    assert np.array_equal(together, alone)


@pytest.mark.parametrize("description", EVERY, ids=lambda one: one.kind)
def test_a_record_comes_back_as_the_same_description(description: Description) -> None:
    read = TypeAdapter(Description).validate_json(description.model_dump_json())
    assert read == description
    pixels = drawn(1, 32, 32)
    assert np.array_equal(read(pixels), description(pixels))
