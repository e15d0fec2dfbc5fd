"""The most confident mistakes as pictures, small enough to stand inside a page."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image

from linnaeus.bundle.predictions import UNKNOWN_LABEL, Predictions

__all__ = ["Mistake", "confident_mistakes"]

SHOWN = 12
THUMBNAIL_PX = 224  # shown at half of that: sharp on a dense screen
TINY_PX = 64  # below, a picture is kept exactly and its pixels are shown as squares
THUMBNAIL_BYTES = 40_000
JPEG_QUALITIES = (82, 60, 35)


@dataclass(frozen=True)
class Mistake:
    """One wrong answer; `picture` is a data URI, empty where the picture is not at hand."""

    id: str
    true: str
    said: str
    confidence: float
    picture: str
    tiny: bool


def confident_mistakes(
    predictions: Predictions, picture_of: Callable[[str], Image.Image | None]
) -> tuple[Mistake, ...]:
    """The up to 12 wrong answers of highest confidence, most confident first."""
    answers = predictions.decisions
    wrong = (answers != predictions.labels) & (predictions.labels != UNKNOWN_LABEL) & (answers >= 0)
    confidence = np.where(wrong, np.nan_to_num(predictions.probabilities).max(axis=1), -1.0)
    order = np.argsort(-confidence, kind="stable")[: min(SHOWN, int(wrong.sum()))]
    return tuple(
        _mistake(predictions, int(at), int(answers[at]), float(confidence[at]), picture_of)
        for at in order
    )


def _mistake(
    predictions: Predictions,
    at: int,
    answer: int,
    confidence: float,
    picture_of: Callable[[str], Image.Image | None],
) -> Mistake:
    picture = picture_of(predictions.ids[at])
    tiny = picture is not None and max(picture.size) < TINY_PX
    return Mistake(
        predictions.ids[at],
        predictions.classes[int(predictions.labels[at])],
        predictions.classes[answer],
        confidence,
        "" if picture is None else _data_uri(picture, tiny),
        tiny,
    )


def _data_uri(picture: Image.Image, tiny: bool) -> str:
    image = picture.convert("RGB")
    if tiny:
        return _encoded("png", _saved(image, "PNG"))
    image.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.LANCZOS)
    for quality in JPEG_QUALITIES:
        content = _saved(image, "JPEG", quality)
        if len(content) <= THUMBNAIL_BYTES:
            break
    return _encoded("jpeg", content)


def _saved(image: Image.Image, kind: str, quality: int = 0) -> bytes:
    content = BytesIO()
    options = {"quality": quality} if quality else {}
    image.save(content, kind, **options)
    return content.getvalue()


def _encoded(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{b64encode(content).decode()}"
