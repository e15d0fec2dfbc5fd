"""Traits: what is known of pictures beside their labels, told by a table or measured of pixels."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.dataset import Column, Dataset
from linnaeus.data.scan import Scan
from linnaeus.errors import UsageError

__all__ = ["MEASURED", "Trait", "check_columns", "measured_traits", "told_traits", "traits_of"]

MEASURED = {
    "shorter side": ("small", "large"),
    "aspect": ("tall", "wide"),
    "brightness": ("dark", "bright"),
    "contrast": ("flat", "rich in contrast"),
    "sharpness": ("blurred", "sharp"),
    "file format": ("", ""),
}
"""What is measured of every picture, and what its lowest and highest values are called.

Shorter side in pixels; aspect: width by height; brightness and contrast: mean and standard
deviation of the grey values, 0 to 255; sharpness: see `data.sharpness`.
"""


@dataclass(frozen=True, eq=False)
class Trait:
    """One thing known of n pictures. `measured`: of their pixels, not told by a table."""

    name: str
    values: Column
    measured: bool = False

    def at(self, rows: NDArray[np.int64]) -> Trait:
        """The trait of the pictures at `rows`."""
        return Trait(self.name, self.values[rows], self.measured)


def traits_of(
    dataset: Dataset, rows: NDArray[np.int64], looked: Scan, places: NDArray[np.int64]
) -> tuple[Trait, ...]:
    """What is known of the pictures at `rows`, which stand at `places` of the scan `looked`."""
    told = told_traits({name: values[rows] for name, values in dataset.metadata.items()})
    return (*told, *measured_traits(looked, places, dataset.metadata))


def told_traits(metadata: Mapping[str, Column]) -> tuple[Trait, ...]:
    """The columns of a table, {name: (n,)}, as traits."""
    return tuple(Trait(name, values) for name, values in metadata.items())


def measured_traits(
    looked: Scan, places: NDArray[np.int64], taken: Iterable[str] = ()
) -> tuple[Trait, ...]:
    """What a scan measured of the pictures at `places` in it.

    A name in `taken` is a column's of the user's: the measure is called "NAME (measured)" then.
    """
    columns = _measures(looked, places)
    used = set(taken)
    return tuple(
        Trait(f"{name} (measured)" if name in used else name, values, measured=True)
        for name, values in columns.items()
    )


def check_columns(names: Iterable[str], known: Sequence[str], option: str, where: str) -> None:
    """Raise UsageError, naming the `option`, at the first of `names` that is not `known`."""
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            present = ", ".join(f"'{one}'" for one in known)
            raise UsageError(
                f"{where} has no column '{name}' beside those of images, labels and groups",
                where=option,
                mend=f"Did you mean '{near[0]}'?" if near else f"There are {present or 'none'}.",
            )


def _measures(looked: Scan, places: NDArray[np.int64]) -> dict[str, Column]:
    sizes = looked.sizes_px[places].astype(np.float64)
    measures = looked.measures[places]
    unread = ~looked.readable[places]
    width, height = sizes[:, 0], sizes[:, 1]
    sharpness = measures["sharpness"].astype(np.float64)
    numbers = {
        "shorter side": sizes.min(axis=1),
        "aspect": np.divide(width, height, out=np.ones_like(width), where=height > 0),
        "brightness": measures["brightness"].astype(np.float64),
        "contrast": measures["contrast"].astype(np.float64),
        "sharpness": np.where(sharpness > 0, sharpness, np.nan),  # 0: nothing can be said
    }
    for values in numbers.values():
        values[unread] = np.nan
    formats = np.array([looked.formats[place] for place in places.tolist()], np.str_)
    return {**numbers, "file format": formats}
