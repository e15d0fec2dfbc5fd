"""Unknown pictures that the user has: a folder of anything that is none of the classes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnaeus.counted import are, counted
from linnaeus.data.layout import listed
from linnaeus.data.pictures_below import pictures_below
from linnaeus.errors import DataError, UnreadableImage
from linnaeus.images.preprocess import Preprocessing
from linnaeus.progress import Progress
from linnaeus.randomness import generator

__all__ = ["check_given", "given_pictures", "in_halves"]

FEWEST_GIVEN = 2
"""To choose on one and judge on the other."""


def check_given(folder: Path) -> tuple[Path, ...]:
    """The pictures in `folder` and below. Raises DataError where there are fewer than two."""
    if not folder.is_dir():
        raise DataError(
            "there is no such folder",
            where=f"--unknown {folder}",
            mend="Name a folder of pictures that show none of the classes.",
        )
    files = pictures_below(folder)
    if len(files) < FEWEST_GIVEN:
        raise DataError(
            "one picture cannot both choose and judge",
            where=f"--unknown {folder}",
            mend="Put more pictures there that show none of the classes; a hundred tell a lot.",
        )
    return files


def in_halves(files: Sequence[Path], seed: int) -> tuple[list[Path], list[Path]]:
    """Half of `files` to choose a score on, and the others to judge it, drawn from the seed."""
    order = generator(seed, "unknown pictures given").permutation(len(files))
    middle = len(files) // 2
    return [files[at] for at in order[:middle]], [files[at] for at in order[middle:]]


def given_pictures(
    files: Sequence[Path], preprocessing: Preprocessing, progress: Progress
) -> Iterator[NDArray[np.uint8]]:
    """The pictures in `files` as the network sees them, (height, width, 3) uint8, one by one.

    Those that cannot be read are left out, and told at the end. Raises DataError where none can.
    """
    unread: dict[str, str] = {}
    for file in files:
        try:
            yield preprocessing.read(file)[0]
        except UnreadableImage as error:
            unread[str(file)] = error.what
    if len(unread) == len(files):
        raise DataError(
            "not one of the unknown pictures can be read",
            where=listed(f"{name}: {why}" for name, why in unread.items()),
            mend="Give pictures in a usual format.",
        )
    if unread:
        named = listed(f"{name}: {why}" for name, why in unread.items())
        progress.warn(
            f"{counted(len(unread), 'unknown picture')} cannot be read and {are(len(unread))} left"
            f" out ({named})."
        )
