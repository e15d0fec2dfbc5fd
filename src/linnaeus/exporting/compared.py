"""Holding what was exported to the answers of the bundle, before it is called done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.golden import golden_answers
from linnaeus.data.dataset import Dataset
from linnaeus.errors import Shortfall, UnreadableImage
from linnaeus.exporting.source import Source
from linnaeus.randomness import generator

__all__ = ["MOST_PICTURES", "Answering", "Held", "held_to", "pictures_to_compare"]

Pixels = NDArray[np.uint8]
Probabilities = NDArray[np.float32]

Answering = Callable[[Pixels], Probabilities]
"""From pixels (k, height, width, 3) uint8 RGB of the network's size to (k, classes), as what was
exported answers."""

MOST_PICTURES = 100

TOLERANCE = 1e-3
"""Largest accepted difference of a probability where both compute in float32."""

LEAST_AGREEMENT = 0.98
"""Share of pictures with the same likeliest class where both compute in whole numbers, which each
runtime rounds in other places."""


@dataclass(frozen=True)
class Held:
    """How what was exported compares with the bundle on `pictures`.

    `agreement`: the share with the same likeliest class; `difference`: the largest of a
    probability.
    """

    pictures: int
    agreement: float
    difference: float

    @property
    def in_words(self) -> str:
        """As a sentence."""
        return (
            f"Held to the bundle on {self.pictures:,} pictures: the same class for"
            f" {100 * self.agreement:.1f} %, probabilities within {self.difference:.2g}."
        )

    def to_json(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "pictures": self.pictures,
            "agreement": self.agreement,
            "difference": self.difference,
        }


def pictures_to_compare(source: Source, dataset: Dataset | None, seed: int) -> Pixels:
    """The bundle's golden pictures, and drawn ones of `dataset`: at most a hundred.

    (k, height, width, 3) uint8 at the network's size. What cannot be read is passed over.
    """
    golden, _ = golden_answers(source.folder, source.classifier.precision)
    some = list(golden)
    if dataset is not None:
        how = source.record.preprocessing
        order = generator(seed, "pictures to compare").permutation(len(dataset))
        for row in order.tolist():
            if len(some) == MOST_PICTURES:
                break
            path = dataset.paths[row]
            try:
                some.append(how.read(dataset.source.read(path), name=path)[0])
            except UnreadableImage:
                continue
    return np.stack(some)


def held_to(source: Source, pixels: Pixels, answering: Answering, name: str) -> Held:
    """Compare what `answering` says of `pixels` with the bundle.

    Raises Shortfall where they differ by more than rounding explains.
    """
    expected = np.stack([one.probabilities for one in source.classifier.predict_pixels(pixels)])
    given = answering(pixels)
    if given.shape != expected.shape:
        raise Shortfall(
            f"it gives {given.shape} numbers where the bundle gives {expected.shape}", where=name
        )
    same = given.argmax(axis=1) == expected.argmax(axis=1)
    difference = float(np.abs(given - expected).max())
    held = Held(len(pixels), float(same.mean()), difference)
    alike = held.agreement == 1 and difference <= TOLERANCE
    if not (alike if source.exact else held.agreement >= LEAST_AGREEMENT):
        raise Shortfall(
            f"what was made answers otherwise than the bundle: the same class for"
            f" {100 * held.agreement:.1f} % of {held.pictures:,} pictures, probabilities within"
            f" {difference:.2g}",
            where=name,
            mend="Nothing was written. Report it with the versions that linnaeus doctor prints.",
        )
    return held
