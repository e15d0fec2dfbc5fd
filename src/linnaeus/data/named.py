"""Data sets by name: what names there are, whether one is on this machine, to fetch and to read it.

`NAME` is a data set of the catalogue, `NAME:PATH` its files as somebody has them at PATH already,
`kaggle:OWNER/NAME` and `hf:OWNER/NAME` are those of the two hosts.
"""

from __future__ import annotations

import zlib
from pathlib import Path

from linnaeus.data.catalogue.bare import BARE_SETS
from linnaeus.data.catalogue.cifar import CIFAR_SETS
from linnaeus.data.catalogue.digits import DIGITS
from linnaeus.data.catalogue.folders import FOLDER_SETS
from linnaeus.data.catalogue.idx import IDX_SETS
from linnaeus.data.catalogue.known import Known, not_as_published
from linnaeus.data.catalogue.lists import LIST_SETS
from linnaeus.data.catalogue.opened import open_files
from linnaeus.data.catalogue.pixels import PixelStore
from linnaeus.data.catalogue.sipakmed import SIPAKMED_SETS
from linnaeus.data.dataset import Dataset
from linnaeus.data.fetching.download import download
from linnaeus.data.fetching.hosted import Hosted
from linnaeus.data.fetching.keep import data_home, keep
from linnaeus.data.fetching.record import FILES, is_fetched, read_record
from linnaeus.data.fetching.remote import Remote
from linnaeus.data.fetching.unpack import fetch_plain
from linnaeus.errors import DataError, MissingError, UsageError
from linnaeus.progress import Progress, Quiet

__all__ = [
    "NAMED",
    "download_size",
    "fetch",
    "is_here",
    "is_named",
    "load_fetched",
    "load_named",
    "to_fetch",
]

UNLIKE_PUBLISHED = (LookupError, ValueError, OSError, EOFError, zlib.error)
"""What readers meet in files that somebody changed; whatever they foresee, they tell themselves."""

NAMED: dict[str, Known] = {
    "digits": DIGITS,
    **IDX_SETS,
    **CIFAR_SETS,
    **BARE_SETS,
    **FOLDER_SETS,
    **LIST_SETS,
    **SIPAKMED_SETS,
}
"""The catalogue, by name."""


def is_named(data: str) -> bool:
    """Whether `data` is a name of the catalogue, alone or with the path of its files."""
    return data.partition(":")[0] in NAMED


def load_named(data: str) -> Dataset:
    """The data set that the catalogue calls `data` (NAME, or NAME:PATH); no picture is opened.

    Files that were fetched are held to their digests, which reads them once; those at PATH are
    taken as they are. Raises MissingError where it is not on this machine or needs a package,
    DataError where files are missing, changed, or not laid out as published.
    """
    name, colon, path = data.partition(":")
    known = NAMED[name]
    if colon:
        return _read(name, _existing(data, name, path))
    if known.built_in:
        return known.read(name, PixelStore({}))
    place = _place(name)
    if not is_fetched(place):
        namesake = f" (or write ./{name} for what is called so here)" if Path(name).exists() else ""
        raise MissingError(
            f"this data set is not on this machine{namesake}",
            where=name,
            mend=f"Fetch it ({download_size(name)}): linnaeus data fetch {name}",
        )
    return load_fetched(name, place)


def load_fetched(name: str, place: Path) -> Dataset:
    """The data set `name` of the catalogue, from the folder that it was fetched to."""
    read_record(place)
    return _read(name, place / FILES)


def is_here(name: str) -> bool:
    """Whether a data set of the catalogue can be read without fetching it."""
    return NAMED[name].built_in or is_fetched(_place(name))


def download_size(name: str) -> str:
    """How much there is to download for a data set of the catalogue, in words."""
    download_mb = NAMED[NAMED[name].beside or name].download_mb
    if not download_mb:
        return "size not stated"
    return f"about {download_mb:,.0f} MB" if download_mb < 1000 else f"{download_mb / 1000:,.1f} GB"


def to_fetch(data: str) -> str:
    """What would have to be downloaded for `data`, as a person would say it; "" for nothing.

    Raises UsageError for a name of a host that cannot be one.
    """
    if data in NAMED:
        return "" if is_here(data) else f"{data}, {download_size(data)}"
    hosted = Hosted.named(data)
    return str(hosted) if hosted is not None and hosted.place() is None else ""


def fetch(data: str, to: Path | None = None, progress: Progress | None = None) -> Path:
    """Download the data set called `data`, and return its folder, which `load_dataset` reads too.

    It is kept where its name finds it, or in the new folder `to`. What is here already is checked
    and stays. A fetch that was broken off goes on. Raises UsageError for an unknown name,
    MissingError where it cannot be had, WriteError where the disk refuses.
    """
    progress = progress or Quiet()
    if data in NAMED:
        return _fetch_known(data, to, progress)
    if (hosted := Hosted.named(data)) is not None:
        return hosted.fetch(to, progress)
    raise UsageError(
        "there is no data set of this name",
        where=data,
        mend="`linnaeus data` lists the names; or write kaggle:OWNER/NAME or hf:OWNER/NAME.",
    )


def _fetch_known(name: str, to: Path | None, progress: Progress) -> Path:
    if NAMED[name].built_in:
        mend = "Use its name wherever data are asked for."
        raise UsageError("this data set needs no fetching", where=name, mend=mend)
    holder = NAMED[name].beside or name
    known = NAMED[holder]
    place = to or _place(name)
    if known.kaggle:
        hosted = Hosted.named(f"kaggle:{known.kaggle}")
        assert hosted is not None
        return hosted.fetch(place, progress, called=holder)

    def bring(remote: Remote, folder: Path) -> Path:
        return download(remote, folder, progress, wanted_by=f"{name}: {remote.name}")

    def fill(folder: Path) -> None:
        for remote in known.files:
            fetch_plain(remote, folder, progress, lambda one: bring(one, folder))

    keep(place, holder, tuple(remote.urls[0] for remote in known.files), fill, progress)
    return place


def _place(name: str) -> Path:
    """Where a data set of the catalogue is, or would be; one that comes beside another, with it."""
    return data_home() / (NAMED[name].beside or name)


def _read(name: str, place: Path) -> Dataset:
    """The data set from its files. Raises DataError where they do not read as published."""
    try:
        return NAMED[name].read(name, open_files(place))
    except UNLIKE_PUBLISHED as error:
        what = f"its files do not read as they were published ({type(error).__name__}: {error})"
        raise not_as_published(name, what, str(place)) from None


def _existing(data: str, name: str, path: str) -> Path:
    if not path:
        mend = f"Write {name}, or {name}:FOLDER."
        raise UsageError("no folder follows the name", where=data, mend=mend)
    place = Path(path).expanduser()
    if not place.exists():
        what = "there is no such file or folder"
        raise DataError(what, where=path, mend=f"Name the folder or archive that holds {name}.")
    if not is_fetched(place):
        return place
    read_record(place)
    return place / FILES
