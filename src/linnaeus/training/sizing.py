"""Which size pictures are brought to, from the sizes that they have and what will look at them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from linnaeus.data.dataset import Dataset
from linnaeus.errors import DataError, UnreadableImage
from linnaeus.images.decode import image_size
from linnaeus.images.preprocess import Preprocessing
from linnaeus.models.weights import Backbone
from linnaeus.training.recipe import Recipe

__all__ = ["choose_preprocessing", "sampled_sizes"]

SAMPLE = 300
"""Headers looked at: the median of so many is within a few per cent of the true one."""

LEAST_SIDE_PX = 128
"""Below this a pretrained network's last maps are too few pixels to say anything."""

SCRATCH_SIDE_PX = 96
"""The side that small_cnn learns large pictures at."""

LEAST_SCRATCH_SIDE_PX = 8
WIDEST_ASPECT = 2.0
MULTIPLE_PX = 16


def sampled_sizes(dataset: Dataset) -> list[tuple[int, int]]:
    """(width, height) of up to `SAMPLE` pictures, evenly spaced over the data set.

    Raises DataError where not a single one of them can be read and none of the others either.
    """
    evenly = range(0, len(dataset), math.ceil(len(dataset) / SAMPLE))
    others = (row for row in range(len(dataset)) if row not in evenly)
    sizes: list[tuple[int, int]] = []
    reasons: list[UnreadableImage] = []
    for row in itertools.chain(evenly, others):
        if sizes and row not in evenly:
            break
        try:
            path = dataset.paths[row]
            sizes.append(image_size(dataset.source.read(path), name=path))
        except UnreadableImage as error:
            reasons.append(error)
    if not sizes:
        raise DataError(
            f"none of the {len(dataset):,} pictures can be read; the first: {reasons[0].where},"
            f" {reasons[0].what}",
            where=dataset.name,
            mend="Save them as JPEG or PNG and try again.",
        )
    return sizes


def choose_preprocessing(
    sizes: Sequence[tuple[int, int]], recipe: Recipe, backbone: Backbone | None
) -> Preprocessing:
    """How pictures of `sizes` (width, height) become the input of `backbone`, or of small_cnn.

    The input has the median picture's proportions and no more pixels than it (nothing is gained
    by enlarging), within what the network is used to.
    """
    if recipe.image_size_px is not None:
        height, width = recipe.image_size_px
    elif backbone is not None:
        height, width = _fitting(sizes, LEAST_SIDE_PX, backbone.side_px, MULTIPLE_PX)
    else:
        height, width = _fitting(sizes, LEAST_SCRATCH_SIDE_PX, SCRATCH_SIDE_PX, 1)
    fit = "stretch" if recipe.fit == "auto" else recipe.fit
    return Preprocessing(
        height_px=height,
        width_px=width,
        fit=fit,
        max_pixels=recipe.max_pixels,
        reduced_scale=True,
    )


def _fitting(
    sizes: Sequence[tuple[int, int]], least_px: int, most_px: int, multiple_px: int
) -> tuple[int, int]:
    """(height, width) with the median's area, between the squares of the two sides given."""
    widths, heights = np.array(sizes, np.float64).T
    aspect = float(np.median(widths / heights))
    aspect = min(max(aspect, 1 / WIDEST_ASPECT), WIDEST_ASPECT)
    area = float(np.median(widths * heights))
    area = min(max(area, least_px**2), most_px**2)
    height = math.sqrt(area / aspect)
    return _rounded(height, multiple_px), _rounded(height * aspect, multiple_px)


def _rounded(side: float, multiple_px: int) -> int:
    return max(LEAST_SCRATCH_SIDE_PX, round(side / multiple_px) * multiple_px)
