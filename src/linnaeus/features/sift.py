"""SIFT descriptors (Lowe, 2004) on a grid of places, to be counted as words."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge, Gt
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from linnaeus.errors import MissingError
from linnaeus.features.grey import grey

__all__ = ["NUMBERS", "Sift", "opencv_version", "require_opencv"]

NUMBERS = 128  # of a descriptor


class Sift(BaseModel):
    """A descriptor of the gradients around each place of a grid, in several sizes.

    Places are `step_px` apart. A descriptor of size s covers 6 s px a side, upright.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["sift"] = "sift"
    version: Literal[1] = 1
    step_px: Annotated[int, Ge(1)] = 8
    sizes_px: tuple[Annotated[float, Gt(0)], ...] = (3.0, 5.0)

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(n, places, 128) for pictures (n, height, width, 3) uint8 RGB.

        Raises MissingError where OpenCV is not installed.
        """
        require_opencv()
        places = _key_points(self.places(*pixels.shape[1:3]), self.sizes_px)
        described = [_sift().compute(one, places)[1] for one in grey(pixels)]
        return np.stack(described).astype(np.uint8)

    def places(self, height_px: int, width_px: int) -> tuple[tuple[int, int], ...]:
        """(row, column) of each place in a picture of that size, the grid in its middle."""
        rows, columns = (_spread(side, self.step_px) for side in (height_px, width_px))
        return tuple((row, column) for row in rows for column in columns)


def require_opencv() -> None:
    """Raise MissingError where OpenCV, which computes SIFT, is not installed."""
    try:
        import cv2  # noqa: F401
    except ImportError:
        raise MissingError(
            "SIFT features need OpenCV, which this installation does not have",
            mend='Install it with: pip install "linnaeus[classical]"',
        ) from None


def opencv_version() -> str:
    """The version of OpenCV. Raises MissingError where it is not installed."""
    require_opencv()
    import cv2

    return str(cv2.__version__)


def _spread(side_px: int, step_px: int) -> range:
    """Places `step_px` apart, as far from both ends."""
    return range((side_px - 1) % step_px // 2, side_px, step_px)


@cache
def _sift() -> Any:
    import cv2

    return cv2.SIFT.create()


@cache
def _key_points(places: tuple[tuple[int, int], ...], sizes_px: tuple[float, ...]) -> list[Any]:
    import cv2

    upright = 0.0
    return [
        cv2.KeyPoint(float(column), float(row), size, upright)
        for size in sizes_px
        for row, column in places
    ]
