"""The bundle that is exported, answering in the precision of what is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from linnaeus.bundle.classifier import Classifier, bundle_folder, load
from linnaeus.bundle.network import OneNetwork
from linnaeus.bundle.record import GRAPH_FILE, BundleRecord
from linnaeus.errors import BundleError

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

    def graph(self) -> bytes:
        """Its ONNX file. Raises BundleError where no graph takes a picture's pixels."""
        record = self.record
        if record.combination is not None:
            raise BundleError(
                "several classifiers answer together here, which no single graph does",
                where=str(self.folder),
                mend="Export one of its members, or all of them by --to docker, lambda or wheel.",
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
    `bundle.classifier.load` does.
    """
    folder = bundle_folder(bundle)
    classifier = load(folder)
    record = classifier.record
    if served or record.combination is not None or classifier.precision != "bfloat16":
        return Source(folder, classifier.knowing(None))
    serving = record.serving.model_copy(update={"precision": "float32"})
    exact = record.model_copy(update={"serving": serving})
    return Source(folder, Classifier(exact, OneNetwork(exact, folder / GRAPH_FILE)))
