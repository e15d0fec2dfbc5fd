"""Where the features of a classical model come from: a description, or a frozen network."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.record import Engine
from linnaeus.data.pixels import PixelRows
from linnaeus.features.description import Description
from linnaeus.features.sift import NUMBERS, Sift, opencv_version, require_opencv
from linnaeus.models.classical.feature_graphs import described_graph, words_graph
from linnaeus.progress import Progress
from linnaeus.training.classical.describing import describe
from linnaeus.training.classical.words import regions, vocabulary
from linnaeus.training.kept_work import KeptWork
from linnaeus.training.known_features import KnownFeatures, known_or_new
from linnaeus.training.probe import Probe

__all__ = ["Described", "Frozen", "Looking", "Source"]

Rows = NDArray[np.int64]
Features = NDArray[np.float32]


@dataclass(frozen=True)
class Looking:
    """How pictures are looked at: `pixels` by row, with `digests` of what decides them.

    `late` and `stop` say when the time is over, and when somebody ended it.
    """

    pixels: PixelRows
    digests: Sequence[str]
    kept: KeptWork | None
    stop: Callable[[], bool]
    late: Callable[[], bool]
    progress: Progress
    workers: int | None = None


class Source(Protocol):
    """Something that features come from.

    `parts`: the widths of parts that count alike, or None where numbers keep their proportions.
    """

    @property
    def description(self) -> Description | None:
        """What the graph takes in place of pixels."""

    @property
    def parts(self) -> Sequence[int] | None:
        """The widths of parts that count alike; None: all numbers keep their proportions."""

    @property
    def graph(self) -> bytes:
        """The ONNX file that gives the features."""

    def features(self, rows: Rows, looking: Looking, at_least: int) -> Features:
        """(k, d) features of the first k `rows`, of `at_least` so many."""


class Described:
    """Features that a description gives; of SIFT, counts of words made from the rows `train`."""

    def __init__(
        self, description: Description, looking: Looking, train: Rows, words: int, seed: int
    ) -> None:
        self.description: Description = description
        self._words = isinstance(description, Sift)
        if isinstance(description, Sift):
            require_opencv()
            self.graph = _graph_of_words(description, looking, train, words, seed)
        else:
            self.graph = described_graph(_width(description, looking.pixels))

    @property
    def parts(self) -> Sequence[int] | None:
        return None

    def features(self, rows: Rows, looking: Looking, at_least: int) -> Features:
        def compute(unknown: Rows, least: int) -> Features:
            return describe(
                self.description,
                self.graph if self._words else None,
                looking.pixels,
                unknown,
                at_least=least,
                stop=looking.stop,
                late=looking.late,
                progress=looking.progress,
                workers=looking.workers,
            )

        def tell(count: int) -> None:
            looking.progress.say(f"The features of {count:,} pictures are known.")

        return known_or_new(self._known(looking), rows, compute, at_least=at_least, tell=tell)

    def _known(self, looking: Looking) -> KnownFeatures | None:
        if looking.kept is None:
            return None
        key = [self.description.model_dump_json(), hashlib.sha256(self.graph).hexdigest()]
        if self._words:
            key += [version("onnxruntime"), opencv_version()]
        return KnownFeatures(looking.kept, looking.digests, "described", *key)


class Frozen:
    """Features of a frozen pretrained network, computed by `engine`."""

    description: Description | None = None

    def __init__(self, probe: Probe, engine: Engine) -> None:
        self._probe = probe
        self._engine = engine
        self.graph = probe.graph

    @property
    def parts(self) -> Sequence[int] | None:
        return self._probe.parts

    def features(self, rows: Rows, looking: Looking, at_least: int) -> Features:
        return self._probe.embed(
            looking.pixels,
            rows,
            at_least=at_least,
            engine=self._engine,
            progress=looking.progress,
            stop=looking.stop,
            late=looking.late,
            digests=looking.digests,
        )


def _width(description: Description, pixels: PixelRows) -> int:
    """How many numbers describe a picture of the size of `pixels`."""
    width: int = description(np.zeros((1, *pixels.shape[1:]), np.uint8)).shape[1]
    return width


def _graph_of_words(
    description: Sift, looking: Looking, train: Rows, words: int, seed: int
) -> bytes:
    """The graph that counts words, whose vocabulary an earlier run may have made."""
    _, height, width, _ = looking.pixels.shape
    pictures = hashlib.sha256(json.dumps([looking.digests[row] for row in train]).encode())
    versions = (opencv_version(), np.__version__)
    key = ("words", description.model_dump_json(), *versions, words, seed, pictures.hexdigest())
    kept = None if looking.kept is None else looking.kept.get(*key)
    if kept is not None:
        found = np.frombuffer(kept, np.float32).reshape(-1, NUMBERS)
    else:
        with looking.progress.stage("Making a vocabulary"):
            found = vocabulary(description, looking.pixels, train, words, seed)
        if looking.kept is not None:
            looking.kept.keep(found.tobytes(), *key)
    return words_graph(found, regions(description, height, width))
