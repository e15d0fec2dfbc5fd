"""Making a bundle: calibrated, checked against its golden inputs, and written whole or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.golden import GOLDEN_IMAGES, write_golden
from linnaeus.bundle.record import (
    CARD_FILE,
    GRAPH_FILE,
    RECORD_FILE,
    WEIGHTS_FILE,
    BundleRecord,
)
from linnaeus.bundle.runtime import Session
from linnaeus.files import whole_folder, write_json, write_manifest, write_whole

__all__ = ["Draft", "bundle_being_made"]


@dataclass(frozen=True)
class Draft:
    """A bundle being made: its classifier already answers, and only the model card is missing."""

    classifier: Classifier
    folder: Path

    def write_card(self, text: str) -> None:
        """Add the model card, whose figures are those of `classifier`."""
        write_whole(self.folder / CARD_FILE, text)


@contextmanager
def bundle_being_made(
    folder: Path,
    record: BundleRecord,
    graph: bytes,
    save_weights: Callable[[Path], None],
    golden: NDArray[np.uint8],
) -> Iterator[Draft]:
    """Write a bundle at `folder`; it appears there, whole, when the block succeeds.

    `graph` is the ONNX file. `save_weights(path)` writes the safetensors file. `golden`
    (k, height, width, 3) uint8 are pictures to keep with their answers (the first few are taken).

    Raises WriteError when `folder` exists already or cannot be written.
    """
    with whole_folder(folder) as aside:
        write_whole(aside / GRAPH_FILE, graph)
        save_weights(aside / WEIGHTS_FILE)
        write_json(aside / RECORD_FILE, record.model_dump(mode="json"))
        _keep_golden(aside, record, graph, golden[:GOLDEN_IMAGES])
        draft = Draft(Classifier(record, graph), aside)
        yield draft
        write_manifest(aside)


def _keep_golden(
    aside: Path, record: BundleRecord, graph: bytes, pixels: NDArray[np.uint8]
) -> None:
    serving = record.serving
    answers: dict[str, NDArray[np.float32]] = {}
    for precision in sorted({"float32", serving.precision}):
        views = serving.test_time_augmentation
        session = Session(graph, serving.engine, precision, views, record.description)
        answers[precision] = record.probabilities(session.run(pixels)[0])
    write_golden(aside, pixels, answers)
