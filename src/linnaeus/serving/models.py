"""Which models are served, in which versions, and how one takes another's place.

A bundle is copied when it is taken in: what is served is that copy, whatever becomes of the folder.
The version that served before stays open, so that a rollback loses nothing and takes no time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unicodedata import combining, normalize

from linnaeus.errors import UsageError

__all__ = ["Model", "Models", "Version", "named_bundles"]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
HOW_NAMED = "Give letters, digits, dots, dashes and underscores, at most 64: NAME=FOLDER."


@dataclass(frozen=True)
class Version:
    """One version of a model: where its bundle came from, and the copy that is served.

    `facts`: what a worker that opened it says of it.
    """

    number: str
    came_from: Path
    copy: Path
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 of the bundle's manifest, which lists those of its files."""
        return str(self.facts.get("digest", ""))


@dataclass(frozen=True)
class Model:
    """A model by name: all versions that can answer, the one that serves, and the one before it."""

    name: str
    versions: Mapping[str, Version]
    serving: str
    before: str | None = None

    def with_version(self, new: Version) -> Model:
        """The same, served by `new`; beside it only the version that served stays."""
        kept = {self.serving: self.versions[self.serving], new.number: new}
        return Model(self.name, kept, serving=new.number, before=self.serving)

    def rolled_back(self) -> Model:
        """The same, served by the version before; a second rollback undoes the first."""
        assert self.before is not None
        return Model(self.name, self.versions, serving=self.before, before=self.serving)

    def with_facts(self, facts: Iterable[Mapping[str, Any]]) -> Model:
        """The same, with what a worker says of each version."""
        told = {one["version"]: one for one in facts if one["name"] == self.name}
        versions = {
            number: Version(number, one.came_from, one.copy, told[number])
            for number, one in self.versions.items()
        }
        return Model(self.name, versions, self.serving, self.before)


Models = Mapping[str, Model]


def named_bundles(given: Iterable[str | Path]) -> list[tuple[str, Path]]:
    """(name, folder) of each bundle as it was given: FOLDER, or NAME=FOLDER.

    Without a name it is that of the folder, or of the run whose bundle/ it is. A name that is given
    several times has several versions, the last of which serves.

    Raises UsageError for a name that cannot be one, or that two folders would share by chance.
    """
    found = [_named(str(one)) for one in given]
    if not found:
        raise UsageError("no bundle is named", where="BUNDLE", mend="Name one at least.")
    for name, _, chosen in found:
        alike = [folder for other, folder, _ in found if other == name]
        if len(alike) > 1 and not all(chosen for other, _, chosen in found if other == name):
            what = f'"{name}" would be the name of {alike[0]} and of {alike[1]}'
            mend = "Give names: a=FOLDER b=FOLDER, or twice the same for two versions of a model."
            raise UsageError(what, where="BUNDLE", mend=mend)
    return [(name, folder) for name, folder, _ in found]


def check_name(name: str) -> None:
    """Raise UsageError where `name` cannot be that of a model."""
    if not NAME.fullmatch(name):
        raise UsageError(f'"{name}" cannot be the name of a model', where="BUNDLE", mend=HOW_NAMED)


def _named(given: str) -> tuple[str, Path, bool]:
    """(name, folder, whether the name was given)."""
    before, sign, after = given.partition("=")
    if sign and not Path(given).exists():
        check_name(before)
        return before, Path(after), True
    folder = Path(given)
    whole = folder.resolve()
    name = whole.parent.name if whole.name == "bundle" else whole.name
    letters = "".join(sign for sign in normalize("NFKD", name) if not combining(sign))  # ü as u
    fitting = re.sub(r"[^A-Za-z0-9._-]+", "-", letters).strip("-._")[:64]
    check_name(fitting)
    return fitting, folder, False
