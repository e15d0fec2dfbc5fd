"""What bundle.json says: one frozen record with a schema version, all that a bundle needs to run.

The bundle is a folder of plain files (no pickle: files from elsewhere are data, not programs):

    bundle.json          this record
    model.onnx           the graph: `pixels` (n, height, width, 3) uint8 RGB in, or `described`
                         (n, …), what the record's description makes of them;
                         `logits` (n, classes) and `features` (n, d) float32 out
    weights.safetensors  the network's weights under their names, for training further; empty
                         where there is no network, and all that was learnt is in the graph
    golden.safetensors   a few inputs with the answers they must give
    trained_on.safetensors   digests of the pictures it must never be tested on
    held_out.safetensors     how its answers to held-out pictures fared: what promises rest on
    unknown.safetensors      what tells it that a picture shows none of its classes
    MODEL_CARD.md        what it is for, what it was trained on, how good it is, its limits
    manifest.json        the SHA-256 of each of the above

An ensemble has no graph and no weights of its own: its members are whole bundles in the folders
members/00, members/01, …, and `combination` says how their answers become one.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator

from linnaeus.bundle.calibration import Calibration
from linnaeus.bundle.combination import Combination
from linnaeus.bundle.strict import NewerSchema, Strict, read_strict
from linnaeus.bundle.views import Views
from linnaeus.errors import BundleError
from linnaeus.features.description import Description
from linnaeus.images.preprocess import Preprocessing

__all__ = [
    "CARD_FILE",
    "GOLDEN_FILE",
    "GRAPH_FILE",
    "RECORD_FILE",
    "SCHEMA_VERSION",
    "WEIGHTS_FILE",
    "BundleRecord",
    "Calibration",
    "Engine",
    "Precision",
    "Serving",
    "Task",
    "Threshold",
    "coarsest",
    "read_record",
]

SCHEMA_VERSION: Literal[1] = 1
RECORD_FILE = "bundle.json"
GRAPH_FILE = "model.onnx"
WEIGHTS_FILE = "weights.safetensors"
GOLDEN_FILE = "golden.safetensors"
CARD_FILE = "MODEL_CARD.md"

Engine = Literal["openvino", "onnxruntime"]
Precision = Literal["float32", "bfloat16", "int8"]
"""What is computed in: for "int8" the graph itself says which of its layers, all others float32."""
Task = Literal["single", "multi"]


class Serving(Strict):
    """The runtime and precision that every figure of the report was measured with, and why.

    `test_time_augmentation`: the views of a picture that an answer is the mean over.
    """

    engine: Engine
    engine_version: str
    precision: Precision
    why: str
    test_time_augmentation: Views = "none"


class Threshold(Strict):
    """The probability from which on a label is given, and why that one: a clause."""

    value: float = Field(gt=0, lt=1)
    why: str


class BundleRecord(Strict):
    """All that a bundle needs to answer, and where it comes from.

    `description`: what the graph takes in place of pixels; None: the pixels.
    `task`: "single" where a picture has one label, "multi" where it may have several or none; then
    `thresholds` has one for each class, in their order.
    `combination`: how the answers of an ensemble's members become one; None where one network
    answers. `preprocessing` is then that of the member with the largest input.
    `created` is UTC in ISO 8601. `data` and `model` are facts for people and tools (name,
    fingerprint, architecture, parameters…); nothing in them changes an answer.
    """

    schema_version: Literal[1] = SCHEMA_VERSION
    linnaeus_version: str
    created: str
    classes: tuple[str, ...] = Field(min_length=2)
    preprocessing: Preprocessing
    description: Description | None = None
    serving: Serving
    calibration: Calibration = Calibration()
    task: Task = "single"
    thresholds: tuple[Threshold, ...] = ()
    combination: Combination | None = None
    model: dict[str, Any] = Field(default_factory=dict)
    data: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _of_the_same_classes(self) -> BundleRecord:
        if len(self.thresholds) != (len(self.classes) if self.task == "multi" else 0):
            raise ValueError("a bundle of several labels needs one threshold for each class")
        if self.calibration.classes not in (None, len(self.classes)):
            raise ValueError("the calibration has to be of as many classes as the bundle")
        return self

    @model_validator(mode="after")
    def _one_bias_a_class(self) -> BundleRecord:
        combination = self.combination
        stacked = combination is not None and combination.method == "stack"
        if combination and stacked and len(combination.bias) != len(self.classes):
            raise ValueError("a stacked ensemble needs one bias for each class")
        return self

    def probabilities(self, logits: ArrayLike) -> NDArray[np.float32]:
        """(..., classes) float32 in [0, 1]; they sum to 1 where a picture has one label."""
        return self.calibration.probabilities(logits, several=self.task == "multi")

    def cuts(self) -> NDArray[np.float32] | None:
        """The thresholds as (classes,) float32; None where a picture has one label."""
        if self.task == "single":
            return None
        return np.array([threshold.value for threshold in self.thresholds], np.float32)


def coarsest(precisions: Iterable[str]) -> Precision:
    """The one of `precisions` whose answers differ most between machines."""
    given = set(precisions)
    return next(one for one in reversed(get_args(Precision)) if one in given)


def read_record(folder: Path) -> BundleRecord:
    """Read `folder`/bundle.json. Raises BundleError where it is absent, damaged or too new."""
    file = folder / RECORD_FILE
    try:
        return read_strict(BundleRecord, file, SCHEMA_VERSION)
    except (FileNotFoundError, NotADirectoryError):
        raise BundleError(
            "there is no bundle here",
            where=str(folder),
            mend="Name the folder that holds bundle.json (a run keeps it under RUN/bundle).",
        ) from None
    except NewerSchema as newer:
        raise BundleError(
            f"the bundle has schema version {newer.version}, and this Linnaeus reads"
            f" {SCHEMA_VERSION}",
            where=str(file),
            mend="Update Linnaeus, or make the bundle with this version.",
        ) from None
    except (OSError, ValueError) as error:
        raise _damaged(file, str(error)) from None


def _damaged(file: Path, reason: str) -> BundleError:
    mend = "Copy the bundle again from where it was made."
    return BundleError(f"it cannot be understood ({reason})", where=str(file), mend=mend)
