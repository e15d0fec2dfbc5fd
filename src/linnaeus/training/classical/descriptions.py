"""Which description a name of features means, for pictures of a given size."""

from __future__ import annotations

from linnaeus.errors import UsageError
from linnaeus.features.colour_histogram import ColourHistogram
from linnaeus.features.description import Description
from linnaeus.features.hog import Hog
from linnaeus.features.lbp import Lbp
from linnaeus.features.raw import Raw
from linnaeus.features.sift import Sift
from linnaeus.training.classical.plan import ClassicalPlan

__all__ = ["description_for"]

CELLS = 8
"""Of hog, along the shorter side: on CIFAR-10, cells of 4 px."""

LEAST_CELL_PX = 2


def description_for(features: str, plan: ClassicalPlan, side_px: tuple[int, int]) -> Description:
    """The description called `features`, for pictures of `side_px` (height, width).

    Raises UsageError where they are too small for what the plan asks.
    """
    if features == "hog":
        return _hog(plan, min(side_px))
    if features == "lbp":
        return Lbp(grid=min(plan.lbp_grid, *side_px))
    if features == "colour-histogram":
        return ColourHistogram(bins=plan.colour_bins)
    if features == "sift":
        return Sift(step_px=plan.sift_step_px)
    return Raw()


def _hog(plan: ClassicalPlan, side_px: int) -> Hog:
    cell_px = plan.hog_cell_px or max(LEAST_CELL_PX, side_px // CELLS)
    described = Hog(cell_px=cell_px, orientations=plan.hog_orientations, colours=plan.hog_colours)
    if side_px < cell_px * described.block_cells:
        raise UsageError(
            f"pictures of {side_px} px have no room for a block of cells of {cell_px} px",
            where="the recipe's classical.hog_cell_px",
            mend="Leave it out, or give a larger --image-size.",
        )
    return described
