"""Where a classifier looks, over many pictures of a class, and what that suggests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.in_100 import number
from linnaeus.explanation.enlarging import smoothed
from linnaeus.wilson import wilson

__all__ = ["Places", "places_of"]

Maps = NDArray[np.float32]

GRID = 4  # cells a side: a corner is a sixteenth of the picture
NAMES = (
    ("top left", "top", "top", "top right"),
    ("left", "middle", "middle", "right"),
    ("left", "middle", "middle", "right"),
    ("bottom left", "bottom", "bottom", "bottom right"),
)
LEAST_PICTURES = 10
SUSPECT = 0.4
"""Share of pictures whose map is largest in one same cell at the border, from which on that is
told: by chance it is a sixteenth, and objects that fill the picture rarely reach a third."""


@dataclass(frozen=True)
class Places:
    """Where the answers for pictures of `name` come from.

    `pictures` are those whose map is larger in one place than in another; `flat` counts the others,
    which point nowhere and are left out. `mean` (h, w) float32 is the mean of the maps, each from
    0 to 1; 0 where all are flat, as all that follows. `at_border`: the share of pictures whose map
    is largest in the outer ring of cells, which is three quarters of the area. `cell`: the one cell
    (row, column of 4 × 4) where most maps are largest, `in_cell` their share with its 95 % interval
    (Wilson), and `suspicious` whether that needs a look.
    """

    name: str
    pictures: int
    mean: Maps
    at_border: float
    cell: tuple[int, int]
    in_cell: float
    interval: tuple[float, float]
    suspicious: bool
    flat: int = 0

    @property
    def cell_name(self) -> str:
        """The cell in words, such as "top left"; "nowhere" where all maps are flat."""
        return NAMES[self.cell[0]][self.cell[1]] if self.pictures else "nowhere"

    @property
    def sentence(self) -> str:
        """What was seen, and what it suggests."""
        if not self.pictures:
            return f"Of {self.name} no map points anywhere: nothing in its pictures speaks for it."
        if not self.flat:
            return self._seen
        one = self.flat == 1
        return (
            f"{self._seen} The {'map' if one else 'maps'} of {number(self.flat, 'picture')} more"
            f" {'points' if one else 'point'} nowhere, and {'is' if one else 'are'} not counted."
        )

    @property
    def _seen(self) -> str:
        share = f"{100 * self.in_cell:.0f} %"
        if self.suspicious:
            corner = " corner" if " " in self.cell_name else " edge"
            return (
                f"The answers for {self.name} come from the {self.cell_name}{corner} in {share} of"
                f" {self.pictures:,} pictures: look there for a mark, a stamp or a border that only"
                " this class has, which a picture from elsewhere will lack."
            )
        if self.pictures < LEAST_PICTURES:
            return (
                f"Of {self.name} there {'is' if self.pictures == 1 else 'are'}"
                f" {number(self.pictures, 'picture')} here: too few to say whether its answers come"
                f" from one place, which takes {LEAST_PICTURES}."
            )
        seen = (
            f"the {self.cell_name}, has {share} of {self.pictures:,} pictures, and the border"
            f" {100 * self.at_border:.0f} %."
        )
        if self.in_cell >= SUSPECT:
            return f"The answers for {self.name} mostly come from one place inside: {seen}"
        return f"The answers for {self.name} come from no one place: the commonest, {seen}"


def places_of(maps: Maps, names: Sequence[str]) -> list[Places]:
    """Where the `maps` (n, h, w) of pictures that are called `names` (n,) are largest, by name."""
    given = np.array(names)
    return [
        _places(str(name), maps[given == name])
        for name in sorted(set(names))
        if (given == name).sum() > 0
    ]


def _places(name: str, maps: Maps) -> Places:
    positive = np.maximum(maps, 0)
    flat = positive.max(axis=(1, 2)) == positive.min(axis=(1, 2))
    pointing = positive[~flat]
    if not len(pointing):
        nothing = np.zeros(maps.shape[1:], np.float32)
        return Places(name, 0, nothing, 0.0, (0, 0), 0.0, (0.0, 1.0), False, len(maps))
    height, width = maps.shape[1:]
    tops = [np.unravel_index(int(smoothed(one).argmax()), one.shape) for one in pointing]
    rows = np.array([int(y) * GRID // height for y, _ in tops])
    columns = np.array([int(x) * GRID // width for _, x in tops])
    counts = np.zeros((GRID, GRID), np.int64)
    np.add.at(counts, (rows, columns), 1)
    row, column = (int(at) for at in np.unravel_index(int(counts.argmax()), counts.shape))
    most, total = int(counts[row, column]), len(pointing)
    inside = counts[1:-1, 1:-1].sum()
    at_edge = row in (0, GRID - 1) or column in (0, GRID - 1)
    return Places(
        name=name,
        pictures=total,
        mean=(pointing / pointing.max(axis=(1, 2), keepdims=True)).mean(axis=0).astype(np.float32),
        at_border=float((total - inside) / total),
        cell=(row, column),
        in_cell=most / total,
        interval=wilson(most / total, total),
        suspicious=at_edge and total >= LEAST_PICTURES and most / total >= SUSPECT,
        flat=int(flat.sum()),
    )
