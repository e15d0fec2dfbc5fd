"""Several classifiers that answer as one, each behind its own preprocessing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.network import Inputs, Served
from linnaeus.bundle.record import BundleRecord, coarsest
from linnaeus.bundle.runtime import Outputs
from linnaeus.images.decode import ImageSource

__all__ = ["Ensemble"]


class HasAnswer(Protocol):
    """An answer of a member, as far as the others' need to be joined with it."""

    @property
    def probabilities(self) -> NDArray[np.float32]:
        """(classes,) float32."""

    @property
    def features(self) -> NDArray[np.float32]:
        """(d,) float32."""


class Joining(Served, Protocol):
    """A classifier as a member."""

    @property
    def record(self) -> BundleRecord:
        """What its bundle says of itself."""

    def predict_pixels(self, pixels: Sequence[NDArray[np.uint8]]) -> Sequence[HasAnswer]:
        """Answers to pictures of its own size."""

    def side_by_side(self, callers: int) -> Joining:
        """The same for several callers at a time."""


class Ensemble:
    """The `members` of a bundle, in the order of its `combination`, which makes one answer of all.

    A picture is decoded once for each way in which members want it, so that each sees the very
    pixels that it would see alone. Features are those of all members, one after the other, each of
    unit length, so that none has more say in what is near or strange.

    `record`: of the ensemble's bundle, whose preprocessing is that of a member.
    """

    def __init__(self, members: Sequence[Joining], record: BundleRecord) -> None:
        assert record.combination is not None
        self._members = members
        self._record = record
        self._combination = record.combination
        self._ways = [member.record.preprocessing for member in members]
        self.shown = self._ways.index(record.preprocessing)
        self.engine = ", ".join(sorted({member.engine for member in members}))
        self.precision = coarsest([member.precision for member in members])
        told = [notice for member in members for notice in member.notices]
        self.notices: tuple[str, ...] = tuple(dict.fromkeys(told))

    def read(self, source: ImageSource) -> tuple[Inputs, tuple[str, ...]]:
        """As `network.Answering` says."""
        read = {way: way.read(source) for way in dict.fromkeys(self._ways)}
        notes = [note for _, picture in read.values() for note in picture.notes]
        return tuple(read[way][0] for way in self._ways), tuple(dict.fromkeys(notes))

    def fitted(self, pixels: NDArray[np.uint8]) -> Inputs:
        """As `network.Answering` says."""
        return tuple(way(pixels) for way in self._ways)

    def answer(self, inputs: Inputs) -> Outputs:
        """As `network.Answering` says."""
        answers = [
            member.predict_pixels([pixels])[0]
            for member, pixels in zip(self._members, inputs, strict=True)
        ]
        logits = self._combination.logits([answer.probabilities for answer in answers])
        return logits, np.concatenate([_of_unit_length(answer.features) for answer in answers])

    def side_by_side(self, callers: int) -> Ensemble:
        """As `network.Answering` says."""
        members = [member.side_by_side(callers) for member in self._members]
        return Ensemble(members, self._record)


def _of_unit_length(features: NDArray[np.float32]) -> NDArray[np.float32]:
    units: NDArray[np.float32] = features / max(float(np.sqrt(features @ features)), 1e-12)
    return units
