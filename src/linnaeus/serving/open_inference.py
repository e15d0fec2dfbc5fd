"""The Open Inference Protocol, version 2: health, what is served, and answers as tensors."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel

from linnaeus.serving.admission import ON_DEADLINES, deadline_ms, needs
from linnaeus.serving.claimed import images_claimed
from linnaeus.serving.documented import refusals
from linnaeus.serving.models import Model
from linnaeus.serving.problems import Problem
from linnaeus.serving.queue import Job
from linnaeus.serving.service import Service, going_down
from linnaeus.serving.tensors import InferResponse
from linnaeus.version import __version__

__all__ = ["open_inference_router"]

EXTENSIONS = ("model_versions",)
LONGEST = 64

ModelName = Annotated[str, Path(max_length=LONGEST, description="The model's name.")]
VersionNumber = Annotated[str, Path(max_length=LONGEST, description="Its version.")]

ONE_PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGOI6rEBAAJmASNey/6AAAAAAElFTkSuQmCC"
)
"""A green picture of one pixel, as PNG in base64."""

INFER_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/InferRequest"},
                "example": {
                    "id": "1",
                    "inputs": [
                        {
                            "name": "images",
                            "shape": [1],
                            "datatype": "BYTES",
                            "data": [ONE_PIXEL],
                        }
                    ],
                },
            }
        },
    },
}


class Live(BaseModel):
    """The process answers."""

    live: bool


class Ready(BaseModel):
    """Requests are answered."""

    ready: bool


class ModelReady(Ready):
    """The same, of one model."""

    name: str


class ServerTold(BaseModel):
    """What this server is."""

    name: str
    version: str
    extensions: list[str]


class TensorTold(BaseModel):
    """A tensor that a model takes or gives; -1 is any number."""

    name: str
    datatype: str
    shape: list[int]


class ModelTold(BaseModel):
    """What a model takes and gives; `parameters` are facts of its bundle."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorTold]
    outputs: list[TensorTold]
    parameters: dict[str, Any]


def open_inference_router(service: Service) -> APIRouter:
    """The routes, answered by `service`."""
    router = APIRouter(tags=["open inference protocol"])
    router.include_router(_health(service))
    router.include_router(_served(service), dependencies=[needs(service, "predict")])
    router.include_router(_infer(service), dependencies=[needs(service, "predict")])
    return router


def _health(service: Service) -> APIRouter:
    router = APIRouter(prefix="/v2")

    @router.head("/health/live", include_in_schema=False)
    @router.get("/health/live", responses=refusals(), summary="Whether the process answers")
    async def live() -> Live:
        return Live(live=True)

    @router.head("/health/ready", include_in_schema=False)
    @router.get(
        "/health/ready", responses=refusals("not-ready"), summary="Whether requests are answered"
    )
    async def ready() -> Ready:
        _check_ready(service)
        return Ready(ready=True)

    return router


def _served(service: Service) -> APIRouter:
    router = APIRouter(prefix="/v2")

    @router.get("", responses=refusals("key-needed"), summary="What this server is")
    async def server() -> ServerTold:
        return ServerTold(name="linnaeus", version=__version__, extensions=list(EXTENSIONS))

    told = refusals("not-found", "not-valid", "key-needed", "too-many-requests", "not-ready")

    @router.get("/models/{name}/versions/{version}/ready", responses=told)
    @router.get("/models/{name}/ready", responses=told, summary="Whether a model answers")
    async def model_ready(name: ModelName, version: VersionNumber | None = None) -> ModelReady:
        model = service.model(name, version)
        _check_ready(service)
        return ModelReady(name=model.name, ready=True)

    @router.get("/models/{name}/versions/{version}", responses=told)
    @router.get("/models/{name}", responses=told, summary="What a model takes and gives")
    async def model(name: ModelName, version: VersionNumber | None = None) -> ModelTold:
        return _told(service.model(name, version), version)

    return router


def _infer(service: Service) -> APIRouter:
    router = APIRouter(prefix="/v2")
    told = refusals("too-many-requests", "key-needed", at_work=True)

    async def answered(request: Request, name: str, version: str | None) -> Response:
        until = service.until(deadline_ms(request))
        model = service.model(name, version)
        kind = request.headers.get("content-type", "application/json").partition(";")[0].strip()
        if kind.lower() != "application/json":
            detail = f"{kind[:80]} is not read here. Send application/json, or use POST /predict."
            raise Problem("unsupported-type", detail)
        if request.query_params:
            detail = 'A query is not read here. Give what it asks for in the body, as "parameters".'
            raise Problem("not-valid", detail)
        if "inference-header-content-length" in request.headers:
            raise Problem("unsupported-type", "Binary tensors are not read. Send them as JSON.")
        body = await request.body()
        images = images_claimed(body, service.settings.max_images)
        request.state.images = images
        job = Job("infer", model.name, version, body, {"most": images}, until, images=images)
        answer = await service.answer(job, request.receive)
        return Response(answer, media_type="application/json")

    @router.post(
        "/models/{name}/infer",
        response_model=InferResponse,
        responses=told,
        openapi_extra=INFER_BODY,
        summary="Say what pictures show, as tensors",
        description=ON_DEADLINES,
    )
    async def infer(request: Request, name: ModelName) -> Response:
        return await answered(request, name, None)

    @router.post(
        "/models/{name}/versions/{version}/infer",
        response_model=InferResponse,
        responses=told,
        openapi_extra=INFER_BODY,
        summary="The same, of one version",
        description=ON_DEADLINES,
    )
    async def infer_version(request: Request, name: ModelName, version: VersionNumber) -> Response:
        return await answered(request, name, version)

    return router


def _check_ready(service: Service) -> None:
    if service.draining:
        raise going_down()
    if not service.ready:
        raise Problem("not-ready", "No worker is ready yet. Ask again in a second.")


def _told(model: Model, version: str | None) -> ModelTold:
    facts = model.versions[version or model.serving].facts
    classes = len(facts["classes"])
    detected = (
        TensorTold(name="moved", datatype="FP64", shape=[-1]),
        TensorTold(name="changed", datatype="BOOL", shape=[-1]),
    )
    return ModelTold(
        name=model.name,
        versions=list(model.versions),
        platform=f"linnaeus_{facts['engine'].replace(',', '_')}",
        inputs=[
            TensorTold(name="images", datatype="BYTES", shape=[-1]),
            TensorTold(name="pixels", datatype="UINT8", shape=[-1, -1, -1, 3]),
        ],
        outputs=[
            TensorTold(name="probabilities", datatype="FP32", shape=[-1, classes]),
            TensorTold(name="label", datatype="BYTES", shape=[-1]),
            TensorTold(name="unknown", datatype="BOOL", shape=[-1]),
            *(detected if facts["changed_above"] is not None else ()),
        ],
        parameters={**facts, "serving": model.serving},
    )
