"""From the pictures of one request to the JSON that answers it, inside a worker.

Each picture is answered alone, as the library does, so the answer has the same bits as there.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.answer import Answer
from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.given import digest_of
from linnaeus.bundle.predictions import Predictions
from linnaeus.bundle.promises import Promised
from linnaeus.bundle.streaming import Picture
from linnaeus.bundle.table import likeliest
from linnaeus.errors import UnreadableImage
from linnaeus.serving.asked import Asked
from linnaeus.serving.confinement import allow_processor_time
from linnaeus.serving.problems import Problem

__all__ = [
    "NETWORK_S",
    "PICTURE_S",
    "Opened",
    "Told",
    "answer_all",
    "check_promises",
    "predict",
    "told",
]

PICTURE_S = 4
"""Processor seconds that it may take to read one picture. Those of 40 million pixels, the largest
that are read, take from 0.1 (JPEG at a reduced scale) to 1.7 (JPEG 2000); a file that was made to
take longer ends here."""

NETWORK_S = 40
"""Processor seconds that a network may take for a picture, however large it is and however slow the
machine: that depends on the bundle, and not on what callers send."""


@dataclass(frozen=True)
class Opened:
    """A model that is open in this process. `digest`: SHA-256 of its bundle's manifest."""

    name: str
    version: str
    digest: str
    classifier: Classifier

    def told(self) -> dict[str, str | None]:
        """Which model an answer is of, and behind which squeezer."""
        return {
            "name": self.name,
            "version": self.version,
            "digest": self.digest,
            "squeeze": self.classifier.squeezer,
        }


@dataclass(frozen=True, eq=False)
class Told:
    """Answers to the pictures of one request, with all that was asked of them."""

    predictions: Predictions
    promised: Promised
    remarks: tuple[str, ...]


def predict(
    model: Opened,
    pictures: Sequence[bytes],
    names: Sequence[str | None],
    asked: Asked,
    until: float,
) -> bytes:
    """The JSON that answers `pictures`.

    `names`: of their files, where known. `until`: the time (`time.monotonic`) after which nobody
    waits any more. Raises Problem, and LinnaeusError for what the bundle cannot say.
    """
    check_promises(model.classifier, asked)
    keep = asked.unreadable == "keep"
    answers = answer_all(model.classifier, pictures, names, until, keep=keep)
    answered = told(model.classifier, pictures, answers, asked)
    rows = [_row(answered, place, name, asked.top) for place, name in enumerate(names)]
    said = {"model": model.told(), "predictions": rows, "remarks": answered.remarks}
    return json.dumps(said, ensure_ascii=False, allow_nan=False).encode("utf-8", "backslashreplace")


def check_promises(classifier: Classifier, asked: Asked) -> None:
    """Refuse, before the work, to say what the bundle cannot: raises LinnaeusError."""
    if asked.sets is not None or asked.max_error is not None:
        _ = classifier.held_out
    if asked.unknown_rate:
        _ = classifier.unknown


def answer_all(
    classifier: Classifier,
    pictures: Sequence[Picture],
    names: Sequence[str | None],
    until: float,
    *,
    keep: bool = False,
) -> list[Answer]:
    """Answer `pictures` one after the other.

    Raises Problem once nobody waits any more, and for pictures that cannot be read, unless `keep`:
    then they have answers that say why.
    """
    answers, unread = [], []
    for place, (picture, name) in enumerate(zip(pictures, names, strict=True)):
        if time.monotonic() > until:
            raise too_late()
        allow_processor_time(PICTURE_S)
        read = classifier.read(picture)
        if isinstance(read, UnreadableImage):
            unread.append(_Unread(place, name, read))
        if keep or not unread:  # else there will be no answer, only the reasons
            allow_processor_time(NETWORK_S)
            answers.append(classifier.answer(read).without_features())
    if unread and not keep:
        raise _unreadable(unread, len(pictures))
    return answers


def told(
    classifier: Classifier,
    pictures: Sequence[bytes | NDArray[np.uint8]],
    answers: Sequence[Answer],
    asked: Asked,
) -> Told:
    """Put `answers` to `pictures` together, with label sets and silence where these are asked for.

    A place in a request tells no picture from that of another request, so the chance in label sets
    is drawn from what the pictures hold.
    """
    ids = [str(place) for place in range(len(answers))]
    drawn_from = None if asked.sets is None else [digest_of(one) for one in pictures]
    rate = asked.unknown_rate
    predictions = classifier.gather(ids, answers, unknown_rate=rate, drawn_from=drawn_from)
    promised = Promised()
    if asked.sets is not None or asked.max_error is not None:
        promised = classifier.promise(
            predictions,
            coverage=asked.sets,
            method=asked.sets_method or "lac",
            max_error=asked.max_error,
        )
    return Told(predictions, promised, (*classifier.remarks(predictions), *promised.remarks))


def too_late() -> Problem:
    """The refusal of a request whose caller waits no more."""
    return Problem(
        "too-late",
        "The time for an answer passed before it was there. Allow more with X-Deadline-Ms, or come"
        " again when there is less to do.",
    )


class _Unread(NamedTuple):
    """A picture that cannot be read: its place in the request, its name, and why."""

    image: int
    name: str | None
    error: UnreadableImage

    def told(self) -> dict[str, Any]:
        said = f"{self.error.what}. {self.error.mend}"
        return {"image": self.image, "name": self.name, "detail": said}


def _unreadable(unread: Sequence[_Unread], count: int) -> Problem:
    """The refusal of a request of `count` pictures, which names each that cannot be read."""
    first = unread[0]
    which = f"Picture {first.image}" if count > 1 else "The picture"
    more = f" ({len(unread)} of {count} cannot be read.)" if len(unread) > 1 else ""
    detail = f"{which}: {first.told()['detail']}{more}"
    huge = all(one.error.fault == "huge" for one in unread)
    kind = "too-many-pixels" if huge else "unreadable-image"
    return Problem(kind, detail, more={"images": [one.told() for one in unread]})


def _row(answered: Told, place: int, name: str | None, top: int | None) -> dict[str, Any]:
    """What is said of one picture."""
    predictions, promised = answered.predictions, answered.promised
    one = predictions[place]
    if one.error:
        return {"image": place, "name": name, "error": one.error}
    row: dict[str, Any] = {
        "image": place,
        "name": name,
        "label": one.label,
        "confidence": _number(one.confidence),
        "unknown": one.unknown,
        "familiarity": _number(one.familiarity),
        "probabilities": _probabilities(predictions, place, top),
        "notes": one.notes,
    }
    if predictions.moved is not None:
        row |= {"moved": one.moved, "changed": one.changed}
    if predictions.thresholds is not None:
        row["labels"] = one.labels
    if promised.inside is not None:
        row["set"] = promised.labels(place, predictions.classes)
    if promised.given is not None:
        row["withheld"] = promised.withheld(place) and not one.unknown
    return row


def _probabilities(predictions: Predictions, place: int, top: int | None) -> dict[str, float]:
    """Class by class, or of the `top` likeliest, likeliest first; exact as float32 is."""
    row = predictions.probabilities[place]
    if top is None:
        return dict(zip(predictions.classes, row.tolist(), strict=True))
    return {name: float(p) for name, p in likeliest(row, predictions.classes, top)}


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
