"""`GET /models`: which models answer, and what can be asked of them."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from linnaeus.bundle.squeezers import SqueezerName
from linnaeus.serving.admission import needs
from linnaeus.serving.documented import refusals
from linnaeus.serving.models import Model
from linnaeus.serving.service import Service

__all__ = ["served_router"]


class ServedTold(BaseModel):
    """A model, and the version of it that serves.

    `task`: "single" where a picture has one label, "multi" where it may have several. `promises`:
    whether `sets` and `max_error` can be asked for; `tells_unknown`: whether it calls pictures of
    something else unknown. `squeeze`: what makes pictures poorer first; `changed_above`: from when
    on one is called changed; null where nothing does, and where nobody looks.
    """

    name: str
    version: str
    digest: str
    classes: list[str]
    task: Literal["single", "multi"]
    promises: bool
    tells_unknown: bool
    squeeze: SqueezerName | None
    changed_above: float | None


class AllServed(BaseModel):
    """All models that can be asked."""

    models: list[ServedTold]


def served_router(service: Service) -> APIRouter:
    """The route, answered by `service`."""
    router = APIRouter(tags=["predict"], dependencies=[needs(service, "predict")])

    @router.get(
        "/models",
        responses=refusals("key-needed", "too-many-requests"),
        summary="Which models can be asked",
    )
    async def models() -> AllServed:
        return AllServed(models=[_told(model) for model in service.models.values()])

    return router


def _told(model: Model) -> ServedTold:
    facts = model.versions[model.serving].facts
    told = ServedTold(**{name: facts[name] for name in ServedTold.model_fields})
    promises = told.promises and told.task == "single"
    return told.model_copy(update={"promises": promises})
