"""Features of every picture for the audit: appearance, and a frozen backbone where one is at hand.

The backbone is computed by the graph and the runtime that training uses, so what the audit sees is
what a head would learn from. Nothing is downloaded.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from linnaeus.auditing.appearance import APPEARANCE_PARTS, appearance
from linnaeus.data.dataset import Dataset
from linnaeus.data.in_threads import in_threads
from linnaeus.data.memory import roomy_pixels
from linnaeus.data.scan import Scan
from linnaeus.errors import MissingError
from linnaeus.images.preprocess import Preprocessing
from linnaeus.progress import Progress, Quiet
from linnaeus.training.recipe import Recipe
from linnaeus.training.sizing import choose_preprocessing

if TYPE_CHECKING:
    from linnaeus.models.weights import Backbone

__all__ = ["Features", "audit_features", "demand_scikit_image"]

CHUNK = 256
"""Rows standardised at a time, which bounds the memory, and pictures that time is guessed from."""

SMALLEST_DEVIATION = 1e-3
"""Of the largest in its part: a feature that hardly varies is not blown up to unit deviation."""

SLOW_S = 60
"""What takes longer is announced, so that it can be done without."""

FOR_BACKBONES = ("torch", "timm", "onnx", "onnxscript")

Embed = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Features:
    """What every readable picture of a data set is like, as numbers that can be compared.

    `values`: (n, d) float32, standardised; each part of them has the same variance, and all
    together 1, so the mean squared distance of two pictures is 2. In a temporary file when large.
    `rows`: (n,) int64, the rows of the data set that they describe, ascending.
    `how`: what they were made with, as a phrase for a sentence.
    """

    values: NDArray[np.float32]
    rows: NDArray[np.int64]
    how: str

    def __len__(self) -> int:
        return len(self.rows)


def audit_features(
    dataset: Dataset,
    looked: Scan,
    backbone: Backbone | None = None,
    *,
    places: NDArray[np.int64] | None = None,
    if_slow: str = "",
    progress: Progress | None = None,
    workers: int | None = None,
) -> Features:
    """Describe each picture of `dataset` that `looked`, a scan of all of it, could read.

    `places`: rows, ascending and readable, where only those are wanted. `if_slow`: what to tell,
    after the first few hundred, where all will take more than a minute.

    With a `backbone` its pooled stages join the picture's appearance, which is described in any
    case; where packages for it are missing, a warning says so and appearance is all. Every picture
    is read once more, at the size that the backbone (or a small network) would see. The same data
    give the same features, whatever the number of `workers`, the threads that read.

    Raises MissingError where scikit-image is not installed, or the weights are damaged;
    UnreadableImage where a file can no longer be read.
    """
    demand_scikit_image()
    told = progress or Quiet()
    backbone = _usable(backbone, told)
    sizes = [(int(width), int(height)) for width, height in looked.sizes_px[looked.readable]]
    rows = looked.indices[looked.readable] if places is None else places
    preprocessing = choose_preprocessing(
        sizes or [(1, 1)], Recipe(max_pixels=looked.most_pixels), backbone
    )
    embed, widths = _embedding(backbone, preprocessing, told)
    parts = (*APPEARANCE_PARTS, *widths)
    values = roomy_pixels((len(rows), 4 * sum(parts))).view(np.float32)
    described = _described(dataset, rows, preprocessing, workers)
    begun = time.monotonic()
    with told.stage("Computing features", len(rows)) as stage:
        for place, (pixels, looks) in enumerate(described):
            values[place] = np.concatenate([looks, embed(pixels)])
            stage.advance()
            if place + 1 == CHUNK:
                _announce((time.monotonic() - begun) * len(rows) / CHUNK, len(rows), if_slow, told)
    _standardise(values, parts)
    return Features(values, rows, _how(backbone))


def demand_scikit_image() -> None:
    """Raise MissingError where scikit-image is not installed."""
    if importlib.util.find_spec("skimage") is None:
        raise MissingError(
            "features of pictures need scikit-image, which this installation does not have",
            mend='Install it with: pip install "linnaeus[train]"',
        )


def _announce(seconds: float, count: int, if_slow: str, progress: Progress) -> None:
    if if_slow and seconds > SLOW_S:
        minutes = round(seconds / 60)
        takes = f"about {minutes} minute{'s' * (minutes > 1)}"
        progress.say(f"Describing {count:,} pictures takes {takes} on this machine. {if_slow}")


def _usable(backbone: Backbone | None, progress: Progress) -> Backbone | None:
    """`backbone`, unless packages that it needs are missing."""
    missing = [name for name in FOR_BACKBONES if importlib.util.find_spec(name) is None]
    if backbone is None or not missing:
        return backbone
    progress.warn(
        f"{backbone.name} needs {', '.join(missing)}, which this installation does not have;"
        ' outlines, colours and texture must do. Install with: pip install "linnaeus[train]".'
    )
    return None


def _how(backbone: Backbone | None) -> str:
    plain = "outlines (HOG), colours and texture"
    return f"{backbone.name} with {plain}" if backbone else plain


def _embedding(
    backbone: Backbone | None, preprocessing: Preprocessing, progress: Progress
) -> tuple[Embed, Sequence[int]]:
    """From pixels to the backbone's features (none without one), and the widths of their parts."""
    if backbone is None:
        return lambda pixels: np.zeros(0, np.float32), ()
    from linnaeus.bundle.runtime import Session, best_engine
    from linnaeus.models.backbones import load_backbone
    from linnaeus.training.probe import Probe

    with progress.stage(f"Preparing {backbone.name}"):
        probe = Probe(backbone, load_backbone(backbone), preprocessing)
        session = Session(probe.graph, best_engine(), "float32")
    return lambda pixels: session.run_one(np.ascontiguousarray(pixels))[1], probe.parts


def _described(
    dataset: Dataset,
    rows: NDArray[np.int64],
    preprocessing: Preprocessing,
    workers: int | None,
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
    """(pixels, appearance) of the pictures at `rows`, in order, a few chunks ahead."""

    def describe(place: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        path = dataset.paths[rows[place]]
        pixels, _ = preprocessing.read(dataset.source.read(path), name=path)
        return pixels, appearance(pixels)

    with closing(in_threads(describe, len(rows), workers)) as chunks:
        for chunk in chunks:
            yield from chunk


def _standardise(values: NDArray[np.float32], parts: Sequence[int]) -> None:
    """Bring `values` (n, d), in place, to mean 0, equal variance of every part, and 1 in all."""
    if not len(values):
        return
    chunks = [slice(first, first + CHUNK) for first in range(0, len(values), CHUNK)]
    shift = np.zeros(values.shape[1])
    for chunk in chunks:
        shift += values[chunk].sum(axis=0, dtype=np.float64) / len(values)
    variance = np.zeros(values.shape[1])
    for chunk in chunks:
        variance += np.square(values[chunk] - shift).sum(axis=0) / len(values)
    scale = _scale(np.sqrt(variance), parts)
    for chunk in chunks:
        values[chunk] = (values[chunk] - shift) * scale


def _scale(deviation: NDArray[np.float64], parts: Sequence[int]) -> NDArray[np.float64]:
    scales = []
    for part in np.split(deviation, np.cumsum(parts)[:-1]):
        floor = max(SMALLEST_DEVIATION * float(part.max()), float(np.finfo(np.float32).tiny))
        scales.append(1 / (np.maximum(part, floor) * np.sqrt(len(part) * len(parts))))
    return np.concatenate(scales)
