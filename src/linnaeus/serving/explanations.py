"""From one picture to the JSON that tells where its answer comes from, inside a worker.

By hiding parts of the picture and asking the bundle again, hundreds of times: no network is looked
into, so that no PyTorch is needed. The maps are those of `linnaeus explain`.
"""

from __future__ import annotations

import json
import time
from base64 import b64encode
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, ConfigDict

from linnaeus.bundle.classifier import Classifier
from linnaeus.evaluation.picture_uri import image_bytes
from linnaeus.explanation.hiding import Answer, cover_for, occlusion, superpixel_permutation
from linnaeus.explanation.overlay import coloured
from linnaeus.explanation.segments import segments_of
from linnaeus.explanation.surrogates import kernel_shap, lime
from linnaeus.serving.answers import NETWORK_S, Opened, answer_all
from linnaeus.serving.asked import ExplainMethod
from linnaeus.serving.confinement import allow_processor_time
from linnaeus.serving.documented import ServedModel
from linnaeus.serving.problems import Problem

__all__ = ["Explained", "explain"]

LONGEST_S = 45.0
"""How long an explanation may take, whatever its caller would wait for: less than a worker may be
at one job (`workers.STUCK_S`)."""

NAMED_AT_MOST = 12

TOO_LONG = (
    "The explanation takes longer than there was time for. Allow more with X-Deadline-Ms, up to"
    f" {LONGEST_S:.0f} s, or give method=superpixels, which asks the network least."
)


class ExplanationMap(BaseModel):
    """How much each place speaks for the class.

    `png`: a grey PNG file in base64, at the size that the network sees; 255 stands for `largest`
    and all beyond, 0 for what speaks not at all for the class, or against it. `box`: where it lies
    on the picture, (left, top, right, bottom) in shares of its width and height.
    """

    png: str
    largest: float
    box: tuple[float, float, float, float]


class ExplanationTold(BaseModel):
    """Why one picture is answered as it is: the likeliest `label` with its `confidence`, and the
    `map` by `method` of what speaks for the class `explained`."""

    name: str | None
    label: str
    confidence: float
    explained: str
    method: ExplainMethod
    map: ExplanationMap


class Explained(BaseModel):
    """The answer to a request for an explanation."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "model": {
                    "name": "leaves",
                    "version": "1",
                    "digest": "9f86d081884c7d65…",
                    "squeeze": None,
                },
                "explanation": {
                    "name": "leaf.jpg",
                    "label": "oak",
                    "confidence": 0.9371,
                    "explained": "oak",
                    "method": "occlusion",
                    "map": {"png": "iVBORw0KGgo…", "largest": 0.31, "box": [0, 0, 1, 1]},
                },
            }
        }
    )

    model: ServedModel
    explanation: ExplanationTold


def explain(
    model: Opened,
    picture: bytes,
    name: str | None,
    method: ExplainMethod,
    class_name: str | None,
    until: float,
) -> bytes:
    """The JSON that explains what `model` says of `picture`, a file called `name`.

    `class_name`: the class to explain, None for the likeliest. `until`: as of `answers.predict`.
    Raises Problem where the picture cannot be read, the class is none, or it takes too long.
    """
    classifier = model.classifier.detecting(None)  # which would ask three times each time
    until = min(until, time.monotonic() + LONGEST_S)
    (said,) = answer_all(classifier, [picture], [name], until)
    of = said.likeliest if class_name is None else _place(classifier, class_name)
    preprocessing = classifier.record.preprocessing
    pixels, decoded = preprocessing.read(picture)
    importance = _importance(_bounded(classifier, until), pixels, of, method)
    told = ExplanationTold(
        name=name,
        label=classifier.classes[said.likeliest],
        confidence=float(said.probabilities[said.likeliest]),
        explained=classifier.classes[of],
        method=method,
        map=_map(importance, preprocessing.place(decoded.size_px)),
    )
    answer: dict[str, Any] = {"model": model.told(), "explanation": told.model_dump()}
    return json.dumps(answer, ensure_ascii=False, allow_nan=False).encode(
        "utf-8", "backslashreplace"
    )


def _place(classifier: Classifier, name: str) -> int:
    if name in classifier.classes:
        return classifier.classes.index(name)
    some = ", ".join(classifier.classes[:NAMED_AT_MOST])
    more = ", …" if len(classifier.classes) > NAMED_AT_MOST else ""
    raise Problem("not-valid", f'There is no class "{name[:80]}". Give one of {some}{more}.')


def _bounded(classifier: Classifier, until: float) -> Answer:
    """Probabilities (n, classes) of pictures, one after the other, until nobody waits any more."""

    def one(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        if time.monotonic() > until:
            raise Problem("too-late", TOO_LONG)
        allow_processor_time(NETWORK_S)
        return classifier.predict_pixels([pixels])[0].probabilities

    return lambda pictures: np.stack([one(pixels) for pixels in pictures])


def _importance(
    answer: Answer, pixels: NDArray[np.uint8], of: int, method: ExplainMethod
) -> NDArray[np.float32]:
    """(h, w) how much each place of `pixels` speaks for the class `of`, as `linnaeus explain`."""
    cover = cover_for(pixels)
    if method == "occlusion":
        return occlusion(answer, pixels, of, cover)
    segments = segments_of(pixels)
    if method == "superpixels":
        return superpixel_permutation(answer, pixels, of, cover, segments)
    surrogate = {"lime": lime, "kernel-shap": kernel_shap}[method]
    return surrogate(answer, pixels, of, cover, segments)


def _map(importance: NDArray[np.float32], box: tuple[float, float, float, float]) -> ExplanationMap:
    _, strength, (_, largest) = coloured(importance)
    grey = Image.fromarray((strength * 255).round().astype(np.uint8))
    return ExplanationMap(
        png=b64encode(image_bytes(grey, "PNG")).decode(), largest=largest, box=box
    )
