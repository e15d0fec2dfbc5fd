"""Answerer: from a picture to what a bundle says of it, by its network and all that is computed
from what the network gives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.answer import NO_SKETCH, Answer
from linnaeus.bundle.changed import moved_by
from linnaeus.bundle.given import check_picture
from linnaeus.bundle.network import Answering, Inputs
from linnaeus.bundle.record import BundleRecord
from linnaeus.bundle.squeezers import SQUEEZERS, SqueezerName, squeezed
from linnaeus.bundle.streaming import Picture
from linnaeus.bundle.unknown import Unknown
from linnaeus.errors import UnreadableImage

__all__ = ["Answerer", "Decoded"]

Decoded = tuple[Inputs, tuple[str, ...]]
"""What the network sees of a picture, and notes on how it was decoded."""


@dataclass(frozen=True, eq=False)
class Answerer:
    """Answers pictures as `record` says, by `network`: one picture, or some together.

    `unknown`: what tells that a picture shows none of the classes; None: nothing does. `squeezer`:
    what makes a picture poorer before it is answered; None: nothing does. `changed_above`: above
    which distance a picture is called changed; None: nobody looks how far squeezing moves answers.
    """

    record: BundleRecord
    network: Answering
    unknown: Unknown | None = None
    squeezer: SqueezerName | None = None
    changed_above: float | None = None

    def side_by_side(self, callers: int) -> Answerer:
        """The same for `callers` threads at a time. Raises BundleError where it cannot be opened
        again."""
        return replace(self, network=self.network.side_by_side(callers))

    def read(self, source: Picture) -> Decoded | UnreadableImage:
        """What the network sees of a picture, with notes; or why it cannot be read.

        Raises UsageError for what is no picture at all.
        """
        try:
            given = source() if callable(source) else source
            check_picture(given, "the picture")
            return self.network.read(given)
        except UnreadableImage as error:
            return error

    def answer(self, decoded: Decoded | UnreadableImage) -> Answer:
        """The answer to what `read` gave."""
        if isinstance(decoded, UnreadableImage):
            return self._unread(decoded)
        return self.answers([decoded])[0]

    def answers(self, decoded: Sequence[Decoded]) -> list[Answer]:
        """The answers to pictures: the network's one by one, all else together, since for one
        picture NumPy's calls take longer than what they compute."""
        if not decoded:
            return []
        seen = [squeezed(inputs, self.squeezer) for inputs, _ in decoded]
        outputs = [self.network.answer(inputs) for inputs in seen]
        logits, features = (np.array(each) for each in zip(*outputs, strict=True))
        probabilities = self.record.probabilities(logits)
        sketches = [NO_SKETCH] * len(decoded)
        if self.unknown is not None:
            shown = np.array([inputs[self.network.shown] for inputs in seen])
            sketches = list(self.unknown.sketch(features, shown))
        moved = self._moved([inputs for inputs, _ in decoded], probabilities)
        notes = [notes for _, notes in decoded]
        said = zip(probabilities, logits, features, notes, strict=True)
        apart = zip(sketches, moved.tolist(), strict=True)
        return [
            Answer(*one, sketch=sketch, moved=far)
            for one, (sketch, far) in zip(said, apart, strict=True)
        ]

    def from_sources(
        self, sources: Iterable[Picture]
    ) -> list[tuple[Decoded | UnreadableImage, Answer]]:
        """What is seen of each picture, and the answer to it, as `Streaming` wants it."""
        decoded = [self.read(source) for source in sources]
        read = [one for one in decoded if not isinstance(one, UnreadableImage)]
        answers = iter(self.answers(read))
        return [
            (one, self._unread(one) if isinstance(one, UnreadableImage) else next(answers))
            for one in decoded
        ]

    def from_fitted(self, pixels: Iterable[NDArray[np.uint8]]) -> list[tuple[Decoded, Answer]]:
        """The same of pictures (height_px, width_px, 3) uint8 RGB that are of the model's size."""
        decoded: list[Decoded] = [(self.network.fitted(one), ()) for one in pixels]
        return list(zip(decoded, self.answers(decoded), strict=True))

    def _unread(self, error: UnreadableImage) -> Answer:
        """The answer to a picture that cannot be read, for the reason in `error`."""
        return replace(self._silence, error=error.what, mend=error.mend)

    def _moved(
        self, pictures: Sequence[Inputs], answered: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """(n,) by how much squeezing moves the probabilities of `pictures`, of which those behind
        the squeezer in use were `answered`; NaN where nobody looks."""
        if self.changed_above is None:
            return np.full(len(pictures), np.nan, np.float32)
        said = {self.squeezer: answered}
        for one in (None, *SQUEEZERS):
            if one not in said:
                logits = [self.network.answer(squeezed(inputs, one))[0] for inputs in pictures]
                said[one] = self.record.probabilities(np.array(logits))
        return moved_by(said[None], [said[one] for one in SQUEEZERS])

    @cached_property
    def _silence(self) -> Answer:
        """An answer of the usual shapes that says nothing: all NaN."""
        size = (self.record.preprocessing.height_px, self.record.preprocessing.width_px)
        ((_, black),) = self.from_fitted([np.zeros((*size, 3), np.uint8)])
        return Answer(
            np.full_like(black.probabilities, np.nan),
            np.full_like(black.logits, np.nan),
            np.full_like(black.features, np.nan),
            sketch=np.full_like(black.sketch, np.nan),
        )
