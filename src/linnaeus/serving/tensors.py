"""Requests and answers of the Open Inference Protocol, version 2, as tensors in JSON.

Two kinds of input: `images`, BYTES (n), files of pictures in base64; and `pixels`, UINT8
(n, height, width, 3), RGB, of any height and width. Read inside a worker: JSON from strangers can
be as slow and as large as pictures.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from linnaeus.serving.answers import (
    PICTURE_S,
    Opened,
    Told,
    answer_all,
    check_promises,
    told,
)
from linnaeus.serving.asked import Asked, Promises
from linnaeus.serving.claimed import more_than_claimed
from linnaeus.serving.confinement import allow_processor_time
from linnaeus.serving.problems import Problem, not_understood

__all__ = ["InferRequest", "InferResponse", "OutputTensor", "infer"]


Count = Annotated[int, Field(ge=1)]

MOST_OUTPUTS = 7
"""As many as there are: each that is named is written out, and some ten thousand fit a request."""


NOT_THERE = (
    'Ask for it with "parameters": sets for set, max_error for withheld. A server that looks for'
    " changed pictures (--changed-above) gives moved and changed."
)


class Files(BaseModel):
    """Files of pictures, in base64."""

    model_config = ConfigDict(extra="forbid")

    name: Literal["images"]
    shape: Annotated[list[Count], Field(min_length=1, max_length=1)]
    datatype: Literal["BYTES"]
    parameters: dict[str, Any] = Field(default_factory=dict)
    data: Annotated[list[str], Field(min_length=1)]


class Pixels(BaseModel):
    """Pictures as (n, height, width, 3) uint8 RGB, flat in row-major order or nested."""

    model_config = ConfigDict(extra="forbid")

    name: Literal["pixels"]
    shape: Annotated[list[Count], Field(min_length=4, max_length=4)]
    datatype: Literal["UINT8"]
    parameters: dict[str, Any] = Field(default_factory=dict)
    data: Annotated[list[Any], Field(min_length=1)]


Input = Annotated[Files | Pixels, Field(discriminator="name")]


class OutputAsked(BaseModel):
    """An output that the caller wants; all are given where none is named."""

    model_config = ConfigDict(extra="forbid")

    name: Literal["probabilities", "label", "unknown", "moved", "changed", "set", "withheld"]
    parameters: dict[str, Any] = Field(default_factory=dict)


class InferRequest(BaseModel):
    """A request of the protocol. `parameters` are those of `/predict`: sets, max_error, …"""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(max_length=256)] | None = None
    parameters: Promises = Promises()
    inputs: Annotated[list[Input], Field(min_length=1, max_length=1)]
    outputs: Annotated[list[OutputAsked], Field(max_length=MOST_OUTPUTS)] = []


class OutputTensor(BaseModel):
    """An output: `data` flat in row-major order."""

    name: str
    shape: list[int]
    datatype: str
    data: list[Any]


class InferResponse(BaseModel):
    """An answer of the protocol."""

    model_name: str
    model_version: str
    id: str | None = None
    parameters: dict[str, Any]
    outputs: list[OutputTensor]


def infer(model: Opened, body: bytes, most: int, until: float) -> bytes:
    """The JSON that answers the JSON `body`, of the `most` pictures that it was taken for at most,
    by the time `until`.

    Raises Problem, and LinnaeusError for what the bundle cannot say.
    """
    allow_processor_time(PICTURE_S)
    request = _understood(body)
    asked = Asked(**request.parameters.model_dump())
    check_promises(model.classifier, asked)
    pictures = _pictures(request.inputs[0], most)
    answers = answer_all(model.classifier, pictures, [None] * len(pictures), until)
    return _said(model, request, told(model.classifier, pictures, answers, asked))


def _understood(body: bytes) -> InferRequest:
    try:
        return InferRequest.model_validate_json(body)
    except ValidationError as error:
        raise not_understood(error, "See /v2/models/NAME for what is taken.") from None


def _pictures(tensor: Files | Pixels, most: int) -> Sequence[bytes | NDArray[np.uint8]]:
    if tensor.shape[0] > most:
        raise more_than_claimed(most)
    return _files(tensor) if isinstance(tensor, Files) else list(_pixels(tensor))


def _files(tensor: Files) -> list[bytes]:
    if len(tensor.data) != tensor.shape[0]:
        raise _other_shape(tensor, len(tensor.data))
    try:
        return [base64.b64decode(one, validate=True) for one in tensor.data]
    except ValueError:
        raise Problem(
            "not-valid", "images: the data have to be texts in base64, one for each picture."
        ) from None


def _pixels(tensor: Pixels) -> NDArray[np.uint8]:
    """(n, height, width, 3) uint8."""
    try:
        values = np.asarray(tensor.data)
    except ValueError:
        raise Problem("not-valid", "pixels: the lists differ in length. Give them flat.") from None
    if values.dtype.kind not in "iu" or values.min() < 0 or values.max() > 255:
        raise Problem("not-valid", "pixels: the data have to be whole numbers from 0 to 255.")
    if values.size != np.prod(tensor.shape, dtype=object) or tensor.shape[3] != 3:
        raise _other_shape(tensor, values.size)
    return values.astype(np.uint8).reshape(tensor.shape)


def _other_shape(tensor: Files | Pixels, count: int) -> Problem:
    return Problem(
        "not-valid",
        f"{tensor.name}: {count:,} values do not fill the shape {tensor.shape}. Pictures are"
        " (n, height, width, 3), files of pictures (n).",
    )


def _said(model: Opened, request: InferRequest, answered: Told) -> bytes:
    outputs = _outputs(answered)
    wanted: list[str] = [one.name for one in request.outputs] or list(outputs)
    missing = [name for name in wanted if name not in outputs]
    if missing:
        raise Problem("not-valid", f'The output "{missing[0]}" is not there. {NOT_THERE}')
    said = {
        "model_name": model.name,
        "model_version": model.version,
        "id": request.id,
        "parameters": {
            "digest": model.digest,
            "squeeze": model.classifier.squeezer,
            "remarks": list(answered.remarks),
        },
        "outputs": [{"name": name, **outputs[name]} for name in wanted],
    }
    return json.dumps(said, ensure_ascii=False, allow_nan=False).encode("utf-8", "backslashreplace")


def _outputs(answered: Told) -> dict[str, dict[str, Any]]:
    predictions, promised = answered.predictions, answered.promised
    labels = [one.label for one in predictions]
    outputs = {
        "probabilities": _tensor("FP32", predictions.probabilities),
        "label": {"datatype": "BYTES", "shape": [len(labels)], "data": labels},
        "unknown": _tensor("BOOL", predictions.unknown),
    }
    if predictions.moved is not None:
        outputs["moved"] = _tensor("FP64", predictions.moved.distances)
        outputs["changed"] = _tensor("BOOL", predictions.changed)
    if promised.inside is not None:
        outputs["set"] = _tensor("BOOL", promised.inside)
    if promised.given is not None:
        outputs["withheld"] = _tensor("BOOL", ~promised.given & ~predictions.unknown)
    return outputs


def _tensor(datatype: str, values: NDArray[Any]) -> dict[str, Any]:
    return {"datatype": datatype, "shape": list(values.shape), "data": values.ravel().tolist()}
