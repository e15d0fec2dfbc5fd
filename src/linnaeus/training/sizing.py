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
from linnaeus.models.catalogue import SMALL_CNN, least_side_px
from linnaeus.models.classical.names import classical_name
from linnaeus.models.weights import Backbone
from linnaeus.training.recipe import Recipe

__all__ = ["LEAST_SIDE_PX", "choose_preprocessing", "sampled_sizes"]

SAMPLE = 300
"""Headers looked at: the median of so many is within a few per cent of the true one."""

LEAST_SIDE_PX = 128
"""Below this a frozen network's last maps are too few pixels to say much; one that is tuned learns
to do with fewer."""

SCRATCH_SIDE_PX = 96
"""The side that a network from scratch learns large pictures at."""

LEAST_SCRATCH_SIDE_PX = 8

CLASSICAL_SIDES_PX = {
    "hog": (16, 96),
    "lbp": (16, 192),
    "colour-histogram": (8, 96),
    "sift": (64, 192),
    "raw": (8, 32),
}
"""The sides that features are taken at: they are made for detail of a few pixels, and of raw ones
a few thousand are as many as a classifier can use."""

WIDEST_ASPECT = 2.0
MULTIPLE_PX = 16
FINER_MULTIPLE_PX = 8  # below `LEAST_SIDE_PX`, where 16 is a large step


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
    sizes: Sequence[tuple[int, int]],
    recipe: Recipe,
    backbone: Backbone | None,
    *,
    least_px: int = LEAST_SIDE_PX,
) -> Preprocessing:
    """How pictures of `sizes` (width, height) become the input of `backbone` or, without, of the
    recipe's network.

    The input has the median picture's proportions and no more pixels than it (nothing is gained
    by enlarging), within what the network is used to: for a `backbone` at least the area of
    `least_px` by `least_px`.
    """
    if recipe.image_size_px is not None:
        height, width = recipe.image_size_px
    elif backbone is not None:
        height, width = _fitting(sizes, LEAST_SIDE_PX, backbone.side_px, MULTIPLE_PX)
        if least_px < LEAST_SIDE_PX:
            smaller = _fitting(sizes, least_px, backbone.side_px, FINER_MULTIPLE_PX)
            if math.prod(smaller) < LEAST_SIDE_PX**2:
                height, width = smaller
    elif (classical := classical_name(recipe.model)) and not classical.of_network:
        least_px, most_px = CLASSICAL_SIDES_PX[classical.features]
        height, width = _fitting(sizes, least_px, most_px, 1)
    else:
        height, width = _fitting_scratch(sizes, recipe.model)
    fit = "stretch" if recipe.fit == "auto" else recipe.fit
    return Preprocessing(
        height_px=height,
        width_px=width,
        fit=fit,
        max_pixels=recipe.max_pixels,
        reduced_scale=True,
    )


def _fitting_scratch(sizes: Sequence[tuple[int, int]], model: str) -> tuple[int, int]:
    """(height, width) for a network from scratch; "auto" is small_cnn."""
    least_px, multiple_px = least_side_px(SMALL_CNN if model == "auto" else model)
    least_px = max(least_px, LEAST_SCRATCH_SIDE_PX)
    return _fitting(sizes, least_px, SCRATCH_SIDE_PX, multiple_px, shortest_px=least_px)


def _fitting(
    sizes: Sequence[tuple[int, int]],
    least_px: int,
    most_px: int,
    multiple_px: int,
    shortest_px: int = LEAST_SCRATCH_SIDE_PX,
) -> tuple[int, int]:
    """(height, width) with the median's area, between the squares of `least_px` and `most_px`.

    Sides are multiples of `multiple_px`, and none is below `shortest_px`.
    """
    widths, heights = np.array(sizes, np.float64).T
    aspect = float(np.median(widths / heights))
    aspect = min(max(aspect, 1 / WIDEST_ASPECT), WIDEST_ASPECT)
    area = float(np.median(widths * heights))
    area = min(max(area, least_px**2), most_px**2)
    height = math.sqrt(area / aspect)
    sides = (round(side / multiple_px) * multiple_px for side in (height, height * aspect))
    height_px, width_px = (max(shortest_px, side) for side in sides)
    return height_px, width_px
