"""What a finished training leaves in a study: a small record, and its answers beside it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors.numpy import load, save

from linnaeus.bundle.predictions import Predictions
from linnaeus.comparing.jobs import Job
from linnaeus.files import read_json, sha256_of, write_json, write_whole
from linnaeus.models.weights import Backbone, digest_of_weights
from linnaeus.version import __version__

__all__ = [
    "Costs",
    "Record",
    "kept_record",
    "read_answers",
    "weights_told",
    "what_decides",
    "write_record",
]


class Costs(BaseModel):
    """What a training cost and what came of it costs to use. Not repeated to the bit.

    `learning_s`: to learn, with features that were not kept from before. `all_s`: with reading,
    exporting and judging. `answer_s`: from the bytes of one picture to its answer, the median.
    `peak_bytes`: the most memory of the process; None where the machine does not tell.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    learning_s: float
    all_s: float
    answer_s: float
    size_bytes: int
    peak_bytes: int | None


class Record(BaseModel):
    """One finished training.

    `decided_by`: all that its answers depend on. `answers_sha256`: of the file of answers.
    `scores`: of the figures "accuracy", "macro_f1" and "log_loss" on its test pictures.
    `costs` alone differ from one time to the next.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    decided_by: dict[str, Any]
    answers_sha256: str
    train_pictures: int
    test_pictures: int
    scores: dict[str, float]
    parameters: int
    input_size: tuple[int, int]
    recipe: dict[str, Any]
    remarks: tuple[str, ...]
    costs: Costs


def what_decides(job: Job, fingerprint: str, split_sha256: str, pretrained: str) -> dict[str, Any]:
    """All that a training's answers depend on, as plain JSON values.

    `pretrained`: the weights that it starts from, as `weights_told` has them; "" from scratch.
    """
    return {
        "linnaeus_version": __version__,
        "data": fingerprint,
        "split": split_sha256,
        "model": job.model,
        "pretrained": pretrained,
        "fold": job.fold,
        "share": job.share,
        "preset": job.preset,
        "seed": job.seed,
        "epochs": job.epochs,
    }


def weights_told(backbone: Backbone | None) -> str:
    """The weights that a training starts from: their name, and a digest of all that they are."""
    return "" if backbone is None else f"{backbone.name} {digest_of_weights(backbone)}"


def write_record(file: Path, record: Record, answers: Predictions) -> None:
    """Write the answers, then the record that vouches for them; both whole or not at all."""
    content = _packed(answers)
    digest = hashlib.sha256(content).hexdigest()
    write_whole(file.with_suffix(".safetensors"), content)
    told = record.model_copy(update={"answers_sha256": digest})
    write_json(file, told.model_dump(mode="json"))


def kept_record(file: Path, decided_by: dict[str, Any]) -> Record | None:
    """The record of an earlier start; None where there is none, it is damaged or of another
    training."""
    try:
        record = Record.model_validate(read_json(file))
        if sha256_of(file.with_suffix(".safetensors")) != record.answers_sha256:
            return None
    except (OSError, ValueError, ValidationError):
        return None
    return record if record.decided_by == decided_by else None


def read_answers(file: Path, classes: tuple[str, ...]) -> Predictions:
    """The answers beside the record `file`, of pictures in the order of the data set."""
    tensors = load(file.with_suffix(".safetensors").read_bytes())
    ids: list[str] = json.loads(tensors["ids"].tobytes())
    return Predictions(tuple(ids), classes, tensors["probabilities"], tensors["labels"])


def _packed(answers: Predictions) -> bytes:
    names = json.dumps(list(answers.ids)).encode()
    tensors: dict[str, NDArray[Any]] = {
        "ids": np.frombuffer(names, np.uint8),
        "labels": answers.labels,
        "probabilities": np.ascontiguousarray(answers.probabilities),
    }
    return bytes(save(tensors))
