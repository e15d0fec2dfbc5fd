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

from linnaeus.bundle.classifier import Picture
from linnaeus.serving.answers import (
    PICTURE_S,
    Opened,
    Told,
    answer_all,
    check_promises,
    told,
)
from linnaeus.serving.asked import Asked
from linnaeus.serving.confinement import allow_processor_time
from linnaeus.serving.images_sent import too_many_images
from linnaeus.serving.problems import Problem

__all__ = ["InferRequest", "InferResponse", "OutputTensor", "Tensor", "infer"]

OUTPUTS = ("probabilities", "label", "unknown", "set", "withheld")


class Tensor(BaseModel):
    """An input: `data` flat in row-major order, or nested as `shape` is."""

    model_config = ConfigDict(extra="forbid")

    name: Literal["images", "pixels"]
    shape: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1, max_length=4)]
    datatype: Literal["BYTES", "UINT8"]
    parameters: dict[str, Any] = Field(default_factory=dict)
    data: list[Any]


class OutputAsked(BaseModel):
    """An output that the caller wants; all are given where none is named."""

    model_config = ConfigDict(extra="forbid")

    name: Literal["probabilities", "label", "unknown", "set", "withheld"]
    parameters: dict[str, Any] = Field(default_factory=dict)


class InferRequest(BaseModel):
    """A request of the protocol. `parameters` are those of `/predict`: sets, max_error, …"""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(max_length=256)] | None = None
    parameters: Asked = Asked()
    inputs: Annotated[list[Tensor], Field(min_length=1, max_length=1)]
    outputs: list[OutputAsked] = Field(default_factory=list)


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
    """The JSON that answers the JSON `body`, of at most `most` pictures, by the time `until`.

    Raises Problem, and LinnaeusError for what the bundle cannot say.
    """
    allow_processor_time(PICTURE_S)
    request = _understood(body)
    asked = request.parameters
    check_promises(model.classifier, asked)
    pictures = _pictures(request.inputs[0], most)
    answers = answer_all(model.classifier, pictures, [None] * len(pictures), until)
    return _said(model, request, told(model.classifier, answers, asked))


def _understood(body: bytes) -> InferRequest:
    try:
        request = InferRequest.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        kind = "malformed" if first["type"] == "json_invalid" else "not-valid"
        place = ".".join(map(str, first["loc"]))
        raise Problem(
            kind, f"{place}: {first['msg']}. See /v2/models/NAME for what is taken.".lstrip(": ")
        ) from None
    if request.parameters.unreadable == "keep" or request.parameters.top is not None:
        raise Problem(
            "not-valid", 'A tensor has no place for "unreadable" or "top": use POST /predict.'
        )
    return request


def _pictures(tensor: Tensor, most: int) -> Sequence[Picture]:
    wanted = {"images": ("BYTES", 1), "pixels": ("UINT8", 4)}[tensor.name]
    if (tensor.datatype, len(tensor.shape)) != wanted:
        raise Problem(
            "not-valid",
            f"{tensor.name}: it has to be {wanted[0]} with a shape of {wanted[1]} numbers.",
        )
    if tensor.shape[0] > most:
        raise too_many_images(most)
    if 0 in tensor.shape:
        raise Problem("no-image", "The tensor holds no picture. Give a shape without zeros.")
    return _files(tensor) if tensor.name == "images" else list(_pixels(tensor))


def _files(tensor: Tensor) -> list[bytes]:
    if len(tensor.data) != tensor.shape[0]:
        raise _other_shape(tensor, len(tensor.data))
    try:
        return [base64.b64decode(one, validate=True) for one in tensor.data]
    except (ValueError, TypeError):
        raise Problem(
            "not-valid", "images: the data have to be texts in base64, one for each picture."
        ) from None


def _pixels(tensor: Tensor) -> NDArray[np.uint8]:
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


def _other_shape(tensor: Tensor, count: int) -> Problem:
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
        mend = 'Ask for it with "parameters": sets for set, max_error for withheld.'
        raise Problem("not-valid", f'The output "{missing[0]}" is not there. {mend}')
    said = {
        "model_name": model.name,
        "model_version": model.version,
        "id": request.id,
        "parameters": {"digest": model.digest, "remarks": list(answered.remarks)},
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
    if promised.inside is not None:
        outputs["set"] = _tensor("BOOL", promised.inside)
    if promised.given is not None:
        outputs["withheld"] = _tensor("BOOL", ~promised.given & ~predictions.unknown)
    return outputs


def _tensor(datatype: str, values: NDArray[Any]) -> dict[str, Any]:
    return {"datatype": datatype, "shape": list(values.shape), "data": values.ravel().tolist()}
