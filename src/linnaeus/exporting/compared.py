"""Holding what was exported to the answers of the bundle, before it is called done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.golden import golden_answers
from linnaeus.data.dataset import Dataset
from linnaeus.errors import Shortfall, UnreadableImage
from linnaeus.exporting.source import Source
from linnaeus.randomness import generator

__all__ = ["PICTURES", "Answering", "Held", "Pictures", "held_to", "pictures_to_compare"]

Pixels = NDArray[np.uint8]
Probabilities = NDArray[np.float32]

Answering = Callable[[Pixels], Probabilities]
"""From pixels (k, height, width, 3) uint8 RGB of the network's size to (k, classes), as what was
exported answers."""

PICTURES = 100
"""That both answer. Where there are fewer, the rest are variations of those."""

TOLERANCE = 1e-3
"""Largest accepted difference of a probability where both compute in float32."""

LEAST_AGREEMENT = 0.98
"""Share of pictures with the same likeliest class where both compute in whole numbers, which each
runtime rounds in other places."""


@dataclass(frozen=True)
class Pictures:
    """What both answer: `pixels` (k, height, width, 3) uint8 RGB at the network's size.

    The last `variations` of them are made of the others.
    """

    pixels: Pixels
    variations: int


@dataclass(frozen=True)
class Held:
    """How what was exported compares with the bundle on `pictures`, the last of them `variations`.

    `agreement`: the share with the same likeliest class; `difference`: the largest of a
    probability.
    """

    pictures: int
    variations: int
    agreement: float
    difference: float

    @property
    def in_words(self) -> str:
        """As a sentence."""
        whole = self.pictures - self.variations
        made = f" ({self.variations} are variations of the other {whole})" * bool(self.variations)
        return (
            f"Held to the bundle on {self.pictures:,} pictures{made}: the same class for"
            f" {100 * self.agreement:.1f} %, probabilities within {self.difference:.2g}."
        )

    def to_json(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def pictures_to_compare(source: Source, dataset: Dataset | None, seed: int) -> Pictures:
    """The bundle's golden pictures, drawn ones of `dataset`, and variations up to a hundred.

    What cannot be read is passed over.
    """
    golden, _ = golden_answers(source.folder, source.classifier.precision)
    some = list(golden[:PICTURES])
    if dataset is not None:
        how = source.record.preprocessing
        order = generator(seed, "pictures to compare").permutation(len(dataset))
        for row in order.tolist():
            if len(some) == PICTURES:
                break
            path = dataset.paths[row]
            try:
                some.append(how.read(dataset.source.read(path), name=path)[0])
            except UnreadableImage:
                continue
    missing = PICTURES - len(some)
    made = [_variation(some[one % len(some)], seed, one) for one in range(missing)]
    return Pictures(np.stack([*some, *made]), missing)


def _variation(picture: Pixels, seed: int, place: int) -> Pixels:
    """`picture` (height, width, 3) moved by up to an eighth, mirrored or not, and lit otherwise."""
    random = generator(seed, "variations to compare", place)
    sides = picture.shape[:2]
    room = [side // 8 for side in sides]
    wide = np.pad(picture, [(one, one) for one in room] + [(0, 0)], mode="symmetric")
    top, left = (int(random.integers(2 * one + 1)) for one in room)
    moved = wide[top : top + sides[0], left : left + sides[1]][:, :: random.choice([1, -1])]
    lit = (moved.astype(np.float32) - 128) * random.uniform(0.8, 1.25) + 128
    lit += random.uniform(-20, 20)
    return np.ascontiguousarray(lit.round().clip(0, 255).astype(np.uint8))


def held_to(source: Source, pictures: Pictures, answering: Answering, name: str) -> Held:
    """Compare what `answering` says of `pictures` with the bundle.

    Raises Shortfall where they differ by more than rounding explains.
    """
    answers = source.classifier.predict_pixels(pictures.pixels)
    expected = np.stack([one.probabilities for one in answers])
    given = answering(pictures.pixels)
    if given.shape != expected.shape:
        raise Shortfall(
            f"it gives {given.shape} numbers where the bundle gives {expected.shape}", where=name
        )
    same = given.argmax(axis=1) == expected.argmax(axis=1)
    difference = float(np.abs(given - expected).max())
    held = Held(len(given), pictures.variations, float(same.mean()), difference)
    alike = held.agreement == 1 and difference <= TOLERANCE
    close = held.agreement >= LEAST_AGREEMENT and np.isfinite(difference)
    if not (alike if source.exact else close):
        raise Shortfall(
            f"what was made answers otherwise than the bundle: the same class for"
            f" {100 * held.agreement:.1f} % of {held.pictures:,} pictures, probabilities within"
            f" {difference:.2g}",
            where=name,
            mend="Nothing was written. Report it with the versions that linnaeus doctor prints.",
        )
    return held
