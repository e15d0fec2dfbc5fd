"""Data sets of Kaggle and of the Hugging Face hub: `kaggle:owner/name@3`, `hf:owner/name@sha`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from linnaeus.data.fetching import hub, kaggle
from linnaeus.data.fetching.keep import data_home, keep
from linnaeus.data.fetching.record import is_fetched, read_record
from linnaeus.errors import MissingError, UsageError
from linnaeus.progress import Progress

__all__ = ["Hosted"]

KINDS = ("kaggle", "hf")
FORM = re.compile(r"(kaggle|hf):([\w.-]+)/([\w.-]+)(?:@([0-9a-f]{1,40}))?")
"""A version is a number, or the digits of a commit: branches and tags may be moved."""


@dataclass(frozen=True)
class Hosted:
    """A data set of `host` ("kaggle" or "hf"); `version` is "" where none is pinned."""

    host: str
    owner: str
    name: str
    version: str = ""

    @classmethod
    def named(cls, text: str) -> Hosted | None:
        """What `text` names; None where it begins otherwise. Raises UsageError for a bad name.

        >>> Hosted.named("kaggle:prasunroy/natural-images@1")
        Hosted(host='kaggle', owner='prasunroy', name='natural-images', version='1')
        >>> Hosted.named("photos")
        """
        if text.partition(":")[0] not in KINDS or ":" not in text:
            return None
        found = FORM.fullmatch(text)
        host, owner, name, version = found.groups(default="") if found else ("", "", "", "")
        relative = {owner, name} & {".", ".."}
        if not host or relative or (host == "kaggle" and version and not version.isdecimal()):
            raise UsageError(
                "this names no data set",
                where=text,
                mend="Write kaggle:OWNER/NAME or hf:OWNER/NAME, with a version if you like:"
                " kaggle:OWNER/NAME@3, hf:OWNER/NAME@COMMIT.",
            )
        return cls(host, owner, name, version)

    def __str__(self) -> str:
        version = f"@{self.version}" if self.version else ""
        return f"{self.host}:{self.owner}/{self.name}{version}"

    def place(self) -> Path | None:
        """Where it is on this machine, None where it is not; without a version, the last fetched.

        A version of a Hugging Face data set may be the beginning of a commit's digits.
        """
        above = data_home() / self.host / self.owner
        fetched = [p for p in above.glob(f"{self.name}@{self.version}*") if is_fetched(p)]
        if self.host == "kaggle" and self.version:
            fetched = [place for place in fetched if place.name == f"{self.name}@{self.version}"]
        return max(fetched, key=lambda p: read_record(p, check=False).fetched, default=None)

    def found(self) -> Path:
        """Where it is on this machine. Raises MissingError, saying how to fetch it."""
        place = self.place()
        if place is None:
            raise MissingError(
                "this data set is not on this machine",
                where=str(self),
                mend=f"Fetch it: linnaeus data fetch {self}",
            )
        return place

    def fetch(self, to: Path | None, progress: Progress, *, called: str = "") -> Path:
        """Download it to its place, or to the new folder `to`, and return where it is.

        What is pinned and here stays; without a version, the newest is asked for and told.
        `called`: the name for its record, its own where none is given. Raises MissingError where
        it cannot be had, and as `keep` does.
        """
        if to is None and self.version and (place := self.place()):
            read_record(place)
            return place
        host: ModuleType = kaggle if self.host == "kaggle" else hub
        repository = f"{self.owner}/{self.name}"
        pinned = replace(self, version=host.full_version(repository, self.version))
        if pinned != self:
            progress.say(f"{self} is {pinned}.")
        kept = data_home() / self.host / self.owner / f"{self.name}@{pinned.version}"
        keep(
            to or kept,
            called or str(pinned),
            (host.page_of(repository, pinned.version),),
            lambda folder: host.download(repository, pinned.version, folder, progress),
            progress,
        )
        return to or kept
