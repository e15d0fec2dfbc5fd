"""What is known of a data set that has a name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from linnaeus.data.dataset import Dataset
from linnaeus.data.fetching.remote import Remote
from linnaeus.data.store import Store
from linnaeus.errors import DataError

__all__ = ["Known", "Reader", "not_as_published"]

Reader = Callable[[str, Store], Dataset]
"""From a data set's name and its files, as its publisher laid them out, to the data set."""


@dataclass(frozen=True)
class Known:
    """A data set with a name.

    `what` it shows, in a few words; `pictures` and `classes` as published; `download_mb`: about how
    much there is to download, in millions of bytes, 0 where that is not known; `licence`: as its
    publisher states it.
    It comes from `files`, from `kaggle` ("owner/name@version"), with the download of another data
    set (`beside`, its name), or with a package that is installed (none of them).
    """

    what: str
    pictures: int
    classes: int
    licence: str
    read: Reader
    download_mb: float = 0.0
    files: tuple[Remote, ...] = ()
    kaggle: str = ""
    beside: str = ""

    @property
    def built_in(self) -> bool:
        """Whether there is nothing to download."""
        return not (self.files or self.kaggle or self.beside)


def not_as_published(name: str, what: str, place: str = "") -> DataError:
    """The error for files of `name` that are not laid out as their publisher's are."""
    return DataError(
        what,
        where=place or name,
        mend=f"Give the files of {name} as they were published, or fetch them:"
        f" linnaeus data fetch {name}",
    )
