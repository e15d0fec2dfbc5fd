"""Unknown pictures that the user has: a folder of anything that is none of the classes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.seen import was_seen
from linnaeus.counted import are, counted, pictures
from linnaeus.data.layout import listed
from linnaeus.data.pictures_below import pictures_below
from linnaeus.data.scan import pixel_digest
from linnaeus.errors import DataError, UnreadableImage
from linnaeus.images.preprocess import Preprocessing
from linnaeus.progress import Progress
from linnaeus.randomness import generator

__all__ = ["Strangers", "check_given", "given_pictures", "in_halves", "strangers_among"]

FEWEST_GIVEN = 2
"""To choose on one and judge on the other."""

MOST_KNOWN = 0.5
"""Share of the pictures given that may be known ones: with more it is not the folder meant."""


@dataclass(frozen=True)
class Strangers:
    """The `files` given that are no known pictures; `remarks`: a sentence on those left out."""

    files: tuple[Path, ...] = ()
    remarks: tuple[str, ...] = ()


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


def strangers_among(
    files: Sequence[Path], known: NDArray[np.uint64], which: str, preprocessing: Preprocessing
) -> Strangers:
    """Those of `files` whose pixels are not among the `known` ones, by their `short_digests`.

    `which`: what the known pictures are, a clause, for the user. Digests are of pixels decoded by
    `preprocessing`, as those of a bundle are. Raises DataError where more than half are known.
    """
    if not files:
        return Strangers()
    digests = [_digest(file, preprocessing) for file in files]
    old = was_seen(known, digests) & (np.array(digests) != "")
    count = int(old.sum())
    if not count:
        return Strangers(tuple(files))
    kept = tuple(file for file, is_old in zip(files, old, strict=True) if not is_old)
    told = f"{count:,} of {pictures(len(files))} given as unknown {are(count)} {which}"
    named = listed(str(file) for file, is_old in zip(files, old, strict=True) if is_old)
    if count > MOST_KNOWN * len(files) or len(kept) < FEWEST_GIVEN:
        raise DataError(
            f"{told}, so how well unknown ones are told cannot be learnt from them",
            where="--unknown",
            mend="Name a folder of pictures that show none of the classes.",
        )
    return Strangers(kept, (f"{told}, and {are(count)} left out ({named}).",))


def _digest(file: Path, preprocessing: Preprocessing) -> str:
    """Of the pixels of a picture; empty where it cannot be read, which is told elsewhere."""
    try:
        return pixel_digest(preprocessing.decode(file).pixels)
    except UnreadableImage:
        return ""


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
