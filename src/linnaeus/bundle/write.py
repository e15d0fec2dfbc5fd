"""Making a bundle: calibrated, checked against its golden inputs, and written whole or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.answer import Answer
from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.ensemble import Ensemble
from linnaeus.bundle.golden import GOLDEN_IMAGES, write_golden
from linnaeus.bundle.network import OneNetwork
from linnaeus.bundle.record import (
    CARD_FILE,
    GRAPH_FILE,
    RECORD_FILE,
    WEIGHTS_FILE,
    BundleRecord,
    Precision,
    read_record,
)
from linnaeus.bundle.runtime import Session
from linnaeus.bundle.unknown import Unknown, write_unknown
from linnaeus.files import whole_folder, write_json, write_whole
from linnaeus.manifest import copy_listed, write_manifest

__all__ = ["Draft", "bundle_being_made", "ensemble_being_made"]


@dataclass(frozen=True)
class Draft:
    """A bundle being made: its classifier already answers, and only the model card is missing.

    `golden` (k, height, width, 3) uint8 are the golden pictures, `golden_answers` its answers to
    them, by precision.
    """

    classifier: Classifier
    folder: Path
    golden: NDArray[np.uint8]
    golden_answers: Mapping[str, list[Answer]]

    def with_unknown(self, unknown: Unknown) -> Draft:
        """Keep `unknown`, with what it says of the golden pictures; the classifier then knows."""
        strangeness = {
            precision: unknown.strangeness_of(
                [
                    replace(one, sketch=unknown.sketch(one.features, pixels))
                    for one, pixels in zip(answers, self.golden, strict=True)
                ]
            )
            for precision, answers in self.golden_answers.items()
        }
        whole = unknown.with_golden(strangeness)
        write_unknown(self.folder, whole)
        return replace(self, classifier=self.classifier.knowing(whole))

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
        pixels = golden[:GOLDEN_IMAGES]
        answers = _golden_answers(record, graph, pixels)
        _keep_golden(aside, pixels, answers)
        yield Draft(Classifier(record, OneNetwork(record, graph)), aside, pixels, answers)
        write_manifest(aside)


@contextmanager
def ensemble_being_made(
    folder: Path, record: BundleRecord, members: Sequence[Path], golden: NDArray[np.uint8]
) -> Iterator[Draft]:
    """Write a bundle of bundles at `folder`; it appears there, whole, when the block succeeds.

    `members`: the folders of whole bundles, in the order of the record's combination; they are
    copied as they are, so that each can be taken out again. `golden` (k, height, width, 3) uint8
    are pictures at the size of the record's preprocessing.

    Raises WriteError when `folder` exists already or cannot be written, BundleError where a member
    is not as it was made.
    """
    assert record.combination is not None
    with whole_folder(folder) as aside:
        for member, source in zip(record.combination.members, members, strict=True):
            copy_listed(source, aside / member.folder)
        write_json(aside / RECORD_FILE, record.model_dump(mode="json"))
        classifier = _ensemble(aside, record, exact=False)
        pixels = golden[:GOLDEN_IMAGES]
        answers = _golden_answers_of_ensemble(aside, record, classifier, pixels)
        _keep_golden(aside, pixels, answers)
        yield Draft(classifier, aside, pixels, answers)
        write_manifest(aside)


def _ensemble(folder: Path, record: BundleRecord, *, exact: bool) -> Classifier:
    """The ensemble in `folder`; with `exact` all its members answer in float32."""
    assert record.combination is not None
    members = []
    for member in record.combination.members:
        of_member = read_record(folder / member.folder)
        if exact:
            serving = of_member.serving.model_copy(update={"precision": "float32"})
            of_member = of_member.model_copy(update={"serving": serving})
        network = OneNetwork(of_member, folder / member.folder / GRAPH_FILE)
        members.append(Classifier(of_member, network))
    return Classifier(record, Ensemble(members, record))


def _golden_answers_of_ensemble(
    aside: Path, record: BundleRecord, classifier: Classifier, pixels: NDArray[np.uint8]
) -> dict[str, list[Answer]]:
    answering = {classifier.precision: classifier}
    if "float32" not in answering:
        answering["float32"] = _ensemble(aside, record, exact=True)
    return {precision: one.predict_pixels(pixels) for precision, one in answering.items()}


def _golden_answers(
    record: BundleRecord, graph: bytes, pixels: NDArray[np.uint8]
) -> dict[str, list[Answer]]:
    """The answers to `pixels` in the precision that serves, and in float32 that serves anywhere.

    A graph of whole numbers answers in int8, on whatever machine.
    """
    serving = record.serving
    answers: dict[str, list[Answer]] = {}
    anywhere: Precision = "int8" if serving.precision == "int8" else "float32"
    for precision in sorted({anywhere, serving.precision}):
        views = serving.test_time_augmentation
        session = Session(graph, serving.engine, precision, views, record.description)
        answers[precision] = [
            Answer(record.probabilities(logits), logits, features)
            for logits, features in zip(*session.run(pixels), strict=True)
        ]
    return answers


def _keep_golden(
    aside: Path, pixels: NDArray[np.uint8], answers: Mapping[str, list[Answer]]
) -> None:
    probabilities = {
        precision: np.stack([answer.probabilities for answer in each])
        for precision, each in answers.items()
    }
    write_golden(aside, pixels, probabilities)
