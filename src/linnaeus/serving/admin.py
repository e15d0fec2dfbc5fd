"""`/admin`: which models are served, putting another in a model's place, and rolling that back."""

from __future__ import annotations

from pathlib import Path as File
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from linnaeus.bundle.load import bundle_folder
from linnaeus.serving.admission import needs
from linnaeus.serving.documented import refusals
from linnaeus.serving.models import Model
from linnaeus.serving.problems import Problem, not_understood
from linnaeus.serving.service import Service

__all__ = ["admin_router"]

ModelName = Annotated[str, Path(max_length=64, description="The model's name.")]


class Put(BaseModel):
    """Which bundle shall serve: its folder, or its run's, below the server's --models-root."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"path": "leaves-2"}})

    path: Annotated[str, Field(min_length=1, max_length=4096)]
    new: Annotated[
        bool,
        Field(
            strict=True,
            description="Whether the name is that of a model to be added. Without it a name that"
            " is not served is refused, so that none is added by a slip.",
        ),
    ] = False


PUT_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Put"}}},
    }
}


class VersionTold(BaseModel):
    """A version that can answer."""

    version: str
    digest: str
    path: str


class ModelServed(BaseModel):
    """A model: the version that serves, the one that a rollback would bring back, and all."""

    name: str
    serving: str
    before: str | None
    versions: list[VersionTold]


class Served(BaseModel):
    """All models."""

    models: list[ModelServed]


def admin_router(service: Service) -> APIRouter:
    """The routes, carried out by `service`."""
    router = APIRouter(prefix="/admin", tags=["admin"], dependencies=[needs(service, "admin")])
    told = refusals("not-found", "not-valid", "key-needed", "too-many-requests", "conflict")

    @router.get("/models", responses=told, summary="Which models are served")
    async def models() -> Served:
        return Served(models=[_told(model) for model in service.models.values()])

    @router.put(
        "/models/{name}",
        responses=told | refusals("not-found", "not-valid", "broken-bundle", "key-needed"),
        openapi_extra=PUT_BODY,
        summary="Put another bundle in a model's place, without losing an answer, or add a model",
    )
    async def put(request: Request, name: ModelName) -> ModelServed:
        wanted = _understood(await request.body())
        folder = _below(service, wanted.path)
        return _told(await service.swap(name, folder, new=wanted.new))

    @router.post(
        "/models/{name}/rollback",
        responses=told,
        summary="Let the version serve that served before",
    )
    async def rollback(name: ModelName) -> ModelServed:
        return _told(await service.roll_back(name))

    return router


def _understood(body: bytes) -> Put:
    try:
        return Put.model_validate_json(body)
    except ValidationError as error:
        raise not_understood(error, 'Send {"path": "FOLDER"}, or with "new": true.') from None


def _below(service: Service, path: str) -> File:
    """The folder that `path` names below --models-root. Raises Problem for any other."""
    root = service.settings.models_root
    if root is None:
        detail = "Models cannot be changed. Start the server with --models-root FOLDER for that."
        raise Problem("not-allowed", detail)
    whole = root.resolve()
    try:
        folder = (whole / path).resolve()
        holds = bundle_folder(folder).resolve()  # a run's bundle/ may be a link as well
        inside, there = holds.is_relative_to(whole), folder.is_dir()
    except (OSError, ValueError, RuntimeError):  # names with a null, too long, or in circles
        inside, there = True, False
    if not inside:
        raise Problem("not-allowed", "The path leads out of --models-root. Name one below it.")
    if not there:
        raise Problem("not-found", "There is no such folder below --models-root. Check the path.")
    return folder


def _told(model: Model) -> ModelServed:
    versions = [
        VersionTold(version=one.number, digest=one.digest, path=str(one.came_from))
        for one in model.versions.values()
    ]
    return ModelServed(
        name=model.name, serving=model.serving, before=model.before, versions=versions
    )
