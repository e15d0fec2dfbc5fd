"""The bundle that is exported, answering in the precision of what is made of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.ensemble import Ensemble
from linnaeus.bundle.load import bundle_folder, load
from linnaeus.bundle.network import OneNetwork
from linnaeus.bundle.record import GRAPH_FILE, BundleRecord, read_record
from linnaeus.errors import BundleError
from linnaeus.exporting.dependencies import OF_EXTRAS
from linnaeus.features.sift import Sift

__all__ = ["Source", "opened"]


@dataclass(frozen=True, eq=False)
class Source:
    """A whole bundle in `folder`, and what answers as that is to which will be made of it."""

    folder: Path
    classifier: Classifier

    @property
    def record(self) -> BundleRecord:
        """What its bundle.json says."""
        return self.classifier.record

    @property
    def exact(self) -> bool:
        """Whether every runtime computes the same but for rounding: not in whole numbers."""
        return self.classifier.precision != "int8"

    @property
    def extras(self) -> tuple[str, ...]:
        """The extras of Linnaeus that answering takes: "classical" where SIFT is computed."""
        described = [one.description for one in _networks(self.folder, self.record)]
        return ("classical",) if any(isinstance(one, Sift) for one in described) else ()

    @property
    def packages(self) -> tuple[str, ...]:
        """The packages that those extras are."""
        return tuple(name for extra in self.extras for name in OF_EXTRAS[extra])

    def graph(self) -> bytes:
        """Its ONNX file. Raises BundleError where no graph takes a picture's pixels."""
        record = self.record
        if record.combination is not None:
            raise BundleError(
                "several classifiers answer together here, which no single graph does",
                where=str(self.folder),
                mend="Export it by --to docker, lambda or wheel, or one of its members, such as"
                f" {self.folder / record.combination.members[0].folder}.",
            )
        if record.description is not None:
            raise BundleError(
                f"its graph takes {record.description.kind} features, which only Linnaeus makes of"
                " pixels",
                where=str(self.folder),
                mend="Export it by --to docker, lambda or wheel.",
            )
        return (self.folder / GRAPH_FILE).read_bytes()


def opened(bundle: Path, *, served: bool = False) -> Source:
    """Open the bundle at `bundle`, as it is `served` here or in a precision of all machines.

    The latter is float32, or int8 of a graph in whole numbers. Raises BundleError as
    `bundle.load.load` does.
    """
    folder = bundle_folder(bundle)
    classifier = load(folder)
    if not served and "bfloat16" in _precisions(folder, classifier.record):
        return Source(folder, _in_float32(folder, classifier.record))
    return Source(folder, classifier.knowing(None))


def _in_float32(folder: Path, record: BundleRecord) -> Classifier:
    """What answers as `record` says, but in float32 where that is bfloat16."""
    if record.combination is not None:
        places = [folder / one.folder for one in record.combination.members]
        members = [_in_float32(one, read_record(one)) for one in places]
        return Classifier(record, Ensemble(members, record))
    if record.serving.precision == "bfloat16":
        serving = record.serving.model_copy(update={"precision": "float32"})
        record = record.model_copy(update={"serving": serving})
    return Classifier(record, OneNetwork(record, folder / GRAPH_FILE))


def _precisions(folder: Path, record: BundleRecord) -> set[str]:
    return {one.serving.precision for one in _networks(folder, record)}


def _networks(folder: Path, record: BundleRecord) -> Iterator[BundleRecord]:
    """The records of all that answer together; of one alone, its own."""
    if record.combination is None:
        yield record
        return
    for member in record.combination.members:
        place = folder / member.folder
        yield from _networks(place, read_record(place))
