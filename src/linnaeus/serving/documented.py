"""What /openapi.json says beyond what the routes say themselves: problems, bodies and examples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from linnaeus.bundle.squeezers import SqueezerName
from linnaeus.serving.problems import KINDS, MEDIA_TYPE

if TYPE_CHECKING:
    from fastapi import FastAPI  # which workers, who say what is described here, have no use for

__all__ = ["IMAGES_BODY", "Prediction", "Predicted", "ServedModel", "document", "refusals"]

ANY_ROUTE = (
    "malformed",
    "not-allowed",
    "wrong-method",
    "slow-body",
    "body-too-large",
    "headers-too-large",
    "internal",
    "going-down",
)

AT_WORK = (
    "not-found",
    "no-image",
    "too-many-images",
    "unsupported-type",
    "not-valid",
    "unreadable-image",
    "busy",
    "too-late",
)

PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "error", "request_id"],
    "properties": {
        "type": {"type": "string", "enum": [f"urn:linnaeus:problem:{kind}" for kind in KINDS]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened, and how to mend it."},
        "error": {"type": "string", "description": "The same, for the Open Inference Protocol."},
        "request_id": {"type": "string"},
        "images": {
            "type": "array",
            "description": "The pictures that cannot be read, and why.",
            "items": {
                "type": "object",
                "properties": {
                    "image": {"type": "integer"},
                    "name": {"type": ["string", "null"]},
                    "detail": {"type": "string"},
                },
            },
        },
    },
    "example": {
        "type": "urn:linnaeus:problem:unreadable-image",
        "title": "A picture cannot be read",
        "status": 422,
        "detail": "The picture: the file is empty. Replace it or take it out.",
        "error": "The picture: the file is empty. Replace it or take it out.",
        "request_id": "5f0c2a9be1d34477",
        "images": [{"image": 0, "name": "leaf.jpg", "detail": "the file is empty. Replace it."}],
    },
}

BINARY = {"type": "string", "format": "binary"}
FORM = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        name: {"type": "array", "items": BINARY, "minItems": 1, "maxItems": 20}
        for name in ("images", "files")
    },
    "anyOf": [{"required": ["images"]}, {"required": ["files"]}],
}

IMAGES_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "Pictures as parts of a form, or the bytes of one picture.",
        "content": {
            "multipart/form-data": {"schema": FORM},
            "application/octet-stream": {"schema": BINARY},
            "image/*": {"schema": BINARY},
        },
    }
}


class ServedModel(BaseModel):
    """Which model an answer is of. `digest`: SHA-256 of the bundle's manifest. `squeeze`: what made
    the pictures poorer before they were answered; null where nothing does."""

    name: str
    version: str
    digest: str
    squeeze: SqueezerName | None = None


class Prediction(BaseModel):
    """What is said of one picture.

    `image`: its place in the request. `confidence` and `familiarity` are null where there is none:
    of what is unknown, and of bundles that cannot tell. `set` and `withheld` are there where `sets`
    and `max_error` were asked for, `labels` where a picture may have several, `moved` and `changed`
    where the server looks for pictures that were changed on purpose. `error` stands alone, for a
    picture that cannot be read.
    """

    model_config = ConfigDict(extra="forbid")

    image: int
    name: str | None
    label: str = ""
    confidence: float | None = None
    unknown: bool = False
    familiarity: float | None = None
    moved: float = 0.0
    changed: bool = False
    probabilities: dict[str, float] = {}
    notes: list[str] = []
    labels: list[str] = []
    set: list[str] = []
    withheld: bool = False
    error: str = ""


class Predicted(BaseModel):
    """The answer to a request: one prediction for each picture, in the order of the request.

    `remarks`: what to know of all of them, as sentences.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "model": {
                    "name": "leaves",
                    "version": "1",
                    "digest": "9f86d081884c7d65…",
                    "squeeze": None,
                },
                "predictions": [
                    {
                        "image": 0,
                        "name": "leaf.jpg",
                        "label": "oak",
                        "confidence": 0.9371,
                        "unknown": False,
                        "familiarity": 0.41,
                        "probabilities": {"beech": 0.0629, "oak": 0.9371},
                        "notes": ["turned upright by its EXIF orientation"],
                    }
                ],
                "remarks": [],
            }
        }
    )

    model: ServedModel
    predictions: list[Prediction]
    remarks: list[str]


def refusals(*kinds: str, at_work: bool = False) -> dict[int | str, dict[str, Any]]:
    """The responses of a route that can refuse with `kinds`, and with what any route can."""
    told: dict[int | str, dict[str, Any]] = {}
    for kind in (*ANY_ROUTE, *(AT_WORK if at_work else ()), *kinds):
        status = KINDS[kind].status
        before = f"{told[status]['description']}; " if status in told else ""
        told[status] = {
            "description": f"{before}{KINDS[kind].title}",
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    return told


def document(app: FastAPI, *bodies: type[BaseModel]) -> None:
    """Add to the description that `app` makes of itself: problems, and `bodies` read elsewhere."""
    made = app.openapi
    schemas: dict[str, Any] = {"Problem": PROBLEM}
    for body in bodies:
        schema = body.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= {**schema.pop("$defs", {}), body.__name__: schema}

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            made()["components"]["schemas"].update(schemas)
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]
