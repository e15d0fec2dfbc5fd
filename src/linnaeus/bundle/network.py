"""One network that answers for a bundle: its graph in a session, behind its own preprocessing."""

from __future__ import annotations

from copy import copy
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.record import BundleRecord
from linnaeus.bundle.runtime import Outputs, Session, serving_here
from linnaeus.images.decode import ImageSource

__all__ = ["Answering", "Inputs", "OneNetwork", "Served"]

Inputs = tuple[NDArray[np.uint8], ...]
"""A picture as what answers takes it: (height_px, width_px, 3) uint8 RGB for each network."""


class Served(Protocol):
    """How answers are come by on this machine."""

    @property
    def engine(self) -> str:
        """The runtime that answers; parted by commas where there are several."""

    @property
    def precision(self) -> str:
        """The precision that it answers in; of several networks the coarsest."""

    @property
    def notices(self) -> tuple[str, ...]:
        """What whoever uses it should see, as sentences."""


class Answering(Served, Protocol):
    """What answers for a bundle: one network, or several together."""

    @property
    def shown(self) -> int:
        """Which of the inputs is of the size that the bundle's own record says."""

    def read(self, source: ImageSource) -> tuple[Inputs, tuple[str, ...]]:
        """The inputs, and what was done beyond plain decoding. Raises UnreadableImage."""

    def fitted(self, pixels: NDArray[np.uint8]) -> Inputs:
        """The inputs of a picture that is decoded already, (h, w, 3) uint8 RGB."""

    def answer(self, inputs: Inputs) -> Outputs:
        """(logits (classes,) float32, features (d,) float32); callers beyond its number wait."""

    def side_by_side(self, callers: int) -> Answering:
        """The same for several callers at a time. Raises BundleError where it cannot be opened."""


class OneNetwork:
    """The network whose ONNX file is `graph`, served as `record` says or as this machine can.

    Raises BundleError where the runtime refuses the graph.
    """

    def __init__(self, record: BundleRecord, graph: Path | bytes) -> None:
        engine, precision, notice = serving_here(record.serving)
        self._preprocessing = record.preprocessing
        views = record.serving.test_time_augmentation
        self._session = Session(graph, engine, precision, views, record.description)
        self.shown = 0  # the only one
        self.engine: str = engine
        self.precision: str = precision
        self.notices: tuple[str, ...] = (notice,) if notice else ()

    def read(self, source: ImageSource) -> tuple[Inputs, tuple[str, ...]]:
        """As `Answering` says."""
        pixels, picture = self._preprocessing.read(source)
        return (pixels,), picture.notes

    def fitted(self, pixels: NDArray[np.uint8]) -> Inputs:
        """As `Answering` says."""
        return (self._preprocessing(pixels),)

    def answer(self, inputs: Inputs) -> Outputs:
        """As `Answering` says."""
        (pixels,) = inputs
        return self._session.run_one(np.ascontiguousarray(pixels))

    def side_by_side(self, callers: int) -> OneNetwork:
        """As `Answering` says."""
        other = copy(self)
        other._session = self._session.side_by_side(callers)
        return other
