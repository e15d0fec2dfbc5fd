"""Pictures sorted into folders by what they are said to show."""

from __future__ import annotations

import io
import itertools
import os
import posixpath
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from linnaeus.bundle.predictions import NONE_OF_THEM, UNKNOWN_WORD, Prediction
from linnaeus.data.folder_names import file_name, folder_name
from linnaeus.data.suffixes import suffix_of
from linnaeus.errors import UnreadableImage, UsageError, WriteError
from linnaeus.files import write_new
from linnaeus.images.decode import IMAGE_SUFFIXES
from linnaeus.predicting.asked import Answered
from linnaeus.predicting.picture import Picture

__all__ = ["CHANGED", "UNREADABLE", "WITHHELD", "Sorting"]

CHANGED = "changed"
UNREADABLE = "unreadable"
WITHHELD = "withheld"


class Sorting:
    """Copies pictures to FOLDER/LABEL, or links to them; what stands there is never overwritten.

    A picture with several labels goes to the folder of each. "unknown", "withheld", "unreadable",
    "none of the classes" and, where it is `detecting` them, "changed" are folders too. A name that
    is taken is numbered (x-2.jpg); where the same bytes, or the same link, stand under it, that is
    the picture already, and counted in `there_already`. `gone`: pictures that were answered, and
    whose file was gone when it was to be copied.

    Raises UsageError where a class has the name of one of these folders.
    """

    def __init__(
        self,
        folder: Path,
        classes: Sequence[str],
        *,
        link: bool = False,
        detecting: bool = False,
    ) -> None:
        self.folder = folder
        self.there_already = 0
        self.gone: list[str] = []
        self._link = link
        own = {UNKNOWN_WORD, WITHHELD, UNREADABLE, NONE_OF_THEM, *([CHANGED] if detecting else [])}
        if mixed := [name for name in classes if name.lower() in own]:
            raise UsageError(
                f"a class is called '{mixed[0]}', as the folder is of pictures that get no class",
                where="--sort-into",
                mend="Write a table with --out instead, and sort by that.",
            )
        differing = len({name.lower() for name in classes}) < len(classes)
        self._folders = {name: folder_name(name, marked=differing) for name in classes}

    def add(self, answered: Answered) -> None:
        """Put some more pictures where they belong. Raises WriteError."""
        for place, (picture, one) in enumerate(
            zip(answered.pictures, answered.predictions, strict=True)
        ):
            for name in _folders_of(one, answered.promised.withheld(place)):
                there = self._put(picture, self.folder / self._folders.get(name, name))
                if not there and not one.error:  # of others their row says why
                    self.gone.append(picture.name)

    def _put(self, picture: Picture, folder: Path) -> bool:
        """Whether it stands there now; not where its bytes cannot be had."""
        if self._link:
            return self._put_link(picture, folder)
        content = _bytes_of(picture)
        if content is None:
            return False
        name = _named(picture, content)
        for place in _numbered(folder / name):
            if not os.path.lexists(place) and write_new(place, content):  # asking costs less
                return True
            if _holds(place, content):
                self.there_already += 1
                return True
        raise AssertionError("numbers do not end")

    def _put_link(self, picture: Picture, folder: Path) -> bool:
        if not isinstance(picture.source, Path):  # an address in a list, which was not fetched
            return False
        target = picture.source.absolute()
        for place in _numbered(folder / file_name(target.name)):
            if place.is_symlink() and place.readlink() == target:
                self.there_already += 1
                return True
            try:
                folder.mkdir(parents=True, exist_ok=True)
                place.symlink_to(target)
            except FileExistsError:
                continue
            except ValueError:  # a name with a null in it, which no file has
                return False
            except OSError as error:
                raise WriteError(
                    f"no link could be made ({error.strerror or error})",
                    where=str(place),
                    mend="Leave --link out: then pictures are copied.",
                ) from None
            return True
        raise AssertionError("numbers do not end")


def _folders_of(one: Prediction, withheld: bool) -> Sequence[str]:
    if one.error:
        return (UNREADABLE,)
    if one.unknown:
        return (UNKNOWN_WORD,)
    if one.changed:
        return (CHANGED,)
    return (WITHHELD,) if withheld else one.labels or (NONE_OF_THEM,)


def _bytes_of(picture: Picture) -> bytes | None:
    """The bytes of the picture's file; None where they cannot be had. Frames become PNG files."""
    source = picture.source
    try:
        if isinstance(source, Path):
            return source.read_bytes()
        if isinstance(source, np.ndarray):
            file = io.BytesIO()
            Image.fromarray(source).save(file, "PNG")
            return file.getvalue()
        return source() if callable(source) else source
    except (OSError, ValueError, UnreadableImage):  # a name with a null is a wrong value
        return None


def _named(picture: Picture, content: bytes) -> str:
    """The last part of the picture's name, with the ending of a picture."""
    name = posixpath.basename(picture.name.replace("\\", "/")) or "picture"
    if isinstance(picture.source, Path):
        return file_name(name)
    known = posixpath.splitext(name)[1].lower() in IMAGE_SUFFIXES
    return file_name(name if known else name + suffix_of(content))


def _numbered(place: Path) -> Iterator[Path]:
    """x.jpg, x-2.jpg, x-3.jpg, …"""
    yield place
    for number in itertools.count(2):
        yield place.with_stem(f"{place.stem}-{number}")


def _holds(place: Path, content: bytes) -> bool:
    try:
        return place.stat().st_size == len(content) and place.read_bytes() == content
    except OSError:
        return False
