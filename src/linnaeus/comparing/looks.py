"""What the pictures of each class look like, for why a class is hard: some of them, described."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from linnaeus.auditing.features import audit_features
from linnaeus.auditing.sampling import evenly_by_class
from linnaeus.comparing.study import Study
from linnaeus.data.dataset import Dataset
from linnaeus.data.scan import scan
from linnaeus.evaluation.hardness import Looks, looks_of
from linnaeus.files import write_whole
from linnaeus.progress import Progress

__all__ = ["looks_at"]

MOST_PICTURES = 1000
"""Described, evenly by class: a class's spread is then known to a few per cent, in some seconds."""


def looks_at(dataset: Dataset, name: str, study: Study, progress: Progress) -> Looks:
    """The looks of the classes of `dataset`, by outlines, colours and texture.

    Kept in the study for a second start.
    """
    file = study.folder / "looks" / f"{name}.safetensors"
    if file.exists() and (kept := _kept(file.read_bytes(), dataset)) is not None:
        return kept
    chosen = evenly_by_class(dataset.labels, MOST_PICTURES)
    looked = scan(dataset, chosen, workers=study.asked.workers, progress=progress, room=None)
    places = chosen[looked.readable & (dataset.labels[chosen] >= 0)]
    features = audit_features(dataset, looked, places=places, progress=progress)
    labels = dataset.labels[features.rows]
    looks = looks_of(np.asarray(features.values), labels, len(dataset.classes), features.how)
    told = {"fingerprint": dataset.fingerprint, "how": looks.how}
    tensors: dict[str, NDArray[Any]] = {
        "told": np.frombuffer(json.dumps(told).encode(), np.uint8),
        "spread": looks.spread,
        "nearer": looks.nearer,
    }
    write_whole(file, bytes(save(tensors)))
    return looks


def _kept(content: bytes, dataset: Dataset) -> Looks | None:
    """What an earlier start found of these very pictures; None where that is of others."""
    tensors = load(content)
    told = json.loads(tensors["told"].tobytes())
    if told["fingerprint"] != dataset.fingerprint:
        return None
    return Looks(tensors["spread"], tensors["nearer"], told["how"])
