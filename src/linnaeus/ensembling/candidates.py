"""Bundles that are to become the members of an ensemble: opened, checked, and put in order.

Whatever order they are named in, they come in the same one, so that nothing depends on it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.load import bundle_folder, load
from linnaeus.bundle.record import GRAPH_FILE, BundleRecord
from linnaeus.bundle.seen import SeenFiles, read_seen_files
from linnaeus.data.dataset import natural_key
from linnaeus.errors import BundleError, UsageError
from linnaeus.files import sha256_of

__all__ = ["ON_ONE_SPLIT", "Candidate", "opened"]

ON_ONE_SPLIT = (
    "Train all members on one split: save it with `linnaeus data split DATA --out split.csv`, and"
    " train each with --split split.csv."
)
NAMED_CLASSES = 3


@dataclass(frozen=True, eq=False)
class Candidate:
    """A bundle that can be a member.

    `files`: which files it learned from and which it held out. `digest`: of all that its answers
    come from, and not of when it was made. `name`: unlike any other candidate's, for people.
    """

    folder: Path
    classifier: Classifier
    files: SeenFiles
    digest: str
    name: str

    @property
    def record(self) -> BundleRecord:
        """What its bundle.json says."""
        return self.classifier.record


def opened(bundles: Sequence[Path]) -> list[Candidate]:
    """Open `bundles`, folders of bundles or of the runs that hold them, and check them together.

    Raises UsageError for fewer than two or one that is named twice, and BundleError for one that
    is broken, and for those that cannot answer together: several labels a picture, other classes,
    other data, or nothing held out.
    """
    folders = [bundle_folder(bundle) for bundle in bundles]
    if len(folders) < 2:
        raise UsageError(
            "an ensemble needs two bundles or more",
            where="ensemble",
            mend="Name them one after the other.",
        )
    candidates = sorted(map(_candidate, folders), key=lambda one: (one.name, one.digest))
    for one, other in pairwise(sorted(candidates, key=lambda one: one.digest)):
        if one.digest == other.digest:
            _refuse_twice(one, other)
    for candidate in candidates[1:]:
        _check_beside(candidate, candidates[0])
    return _named_apart(candidates)


def _candidate(folder: Path) -> Candidate:
    classifier = load(folder).knowing(None)  # together, they are not asked for what is unknown
    record, files = classifier.record, read_seen_files(folder)
    if record.combination is not None:
        raise _unfit(
            folder,
            "it is an ensemble itself, which was fitted to the pictures that have to weigh it",
            f"Name its members: they are whole bundles under {folder / 'members'}.",
        )
    if record.task == "multi":
        raise _unfit(
            folder,
            "it gives each picture any number of labels, and an ensemble gives each one label",
            "Name bundles of one label a picture.",
        )
    if files is None:
        raise _unfit(
            folder,
            "it does not say which pictures it held out, so nothing honest could weigh it",
            "Train it again with this version of Linnaeus.",
        )
    if not len(files.held_out):
        raise _unfit(
            folder,
            "it held out no pictures, so nothing honest could weigh it",
            "Train it again with --val above 0.",
        )
    name = str(record.model.get("name", "")) or folder.name
    return Candidate(folder, classifier, files, _digest(folder, record), name)


def _digest(folder: Path, record: BundleRecord) -> str:
    graph = sha256_of(folder / GRAPH_FILE)
    how = record.preprocessing.model_dump_json() + record.serving.test_time_augmentation
    return hashlib.sha256(f"{graph} {how}".encode()).hexdigest()


def _refuse_twice(one: Candidate, other: Candidate) -> None:
    same = one.folder.resolve() == other.folder.resolve()
    raise UsageError(
        "it is named twice" if same else f"it is the same bundle as {other.folder}",
        where=str(one.folder),
        mend="Name each bundle once: its weight is chosen anyway.",
    )


def _check_beside(candidate: Candidate, other: Candidate) -> None:
    """Raise BundleError where the two were not taught the same classes from the same data."""
    ours, theirs = candidate.record.classes, other.record.classes
    if set(ours) != set(theirs):
        apart = sorted(set(ours) ^ set(theirs))
        named = ", ".join(f"'{name}'" for name in apart[:NAMED_CLASSES])
        more = f" and {len(apart) - NAMED_CLASSES} more" if len(apart) > NAMED_CLASSES else ""
        raise _unfit(
            candidate.folder,
            f"its classes are not those of {other.folder}: only one of the two knows {named}{more}",
            "Train all members on the same classes.",
        )
    if ours != theirs:
        raise _unfit(
            candidate.folder,
            f"it has the classes of {other.folder} in another order",
            "Train all members on the same data.",
        )
    if candidate.record.data.get("fingerprint") != other.record.data.get("fingerprint"):
        raise _unfit(
            candidate.folder,
            f"it was trained on other pictures or labels than {other.folder}, so that no picture is"
            " known to be new to both",
            "Train all members on the same data.",
        )


def _named_apart(candidates: list[Candidate]) -> list[Candidate]:
    """The candidates with names of which no two are alike, in their order."""
    names = [candidate.name for candidate in candidates]
    folders = [_called(candidate.folder) for candidate in candidates]
    longer = [
        f"{name} ({folder})" if names.count(name) > 1 else name
        for name, folder in zip(names, folders, strict=True)
    ]
    named = [
        replace(one, name=f"{name}, {one.digest[:6]}" if longer.count(name) > 1 else name)
        for one, name in zip(candidates, longer, strict=True)
    ]
    return sorted(named, key=lambda one: natural_key(one.name))


def _called(folder: Path) -> str:
    """The name of a bundle's folder, or where that says nothing of the run that holds it."""
    place = folder.resolve()
    return place.parent.name if place.name == "bundle" else place.name


def _unfit(folder: Path, what: str, mend: str) -> BundleError:
    return BundleError(what, where=str(folder), mend=mend)
