"""`POST /predict`: pictures in, labels with probabilities out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request, Response

from linnaeus.serving.admission import ON_DEADLINES, deadline_ms, needs
from linnaeus.serving.asked import AskedOf, asked_in, query_documented
from linnaeus.serving.documented import IMAGES_BODY, Predicted, refusals
from linnaeus.serving.images_sent import images_sent
from linnaeus.serving.queue import Job
from linnaeus.serving.service import Service

__all__ = ["predict_handler", "predict_router"]

Handler = Callable[[Request], Awaitable[Response]]


def predict_router(service: Service) -> APIRouter:
    """The route as FastAPI knows and describes it; the front door calls its handler directly."""
    router = APIRouter(tags=["predict"], dependencies=[needs(service, "predict")])
    router.post(
        "/predict",
        response_model=Predicted,
        responses=refusals("too-many-requests", at_work=True),
        openapi_extra={**IMAGES_BODY, "parameters": query_documented(AskedOf)},
        summary="Say what pictures show, and how sure that is",
        description=ON_DEADLINES,
    )(predict_handler(service))
    return router


def predict_handler(service: Service) -> Handler:
    """The function from a request whose caller is admitted to its answer, by `service`."""

    async def predict(request: Request) -> Response:
        until = service.until(deadline_ms(request))
        asked = asked_in(request.query_params, AskedOf)
        model = service.model(asked.model, asked.version)
        kind = request.headers.get("content-type", "")
        sent = images_sent(await request.body(), kind, service.settings.max_images)
        request.state.images = len(sent)
        said = {
            "sizes": [len(one.content) for one in sent],
            "names": [one.name for one in sent],
            "asked": asked.model_dump(exclude={"model", "version"}, exclude_unset=True),
        }
        payload = sent[0].content if len(sent) == 1 else b"".join(one.content for one in sent)
        job = Job("predict", model.name, asked.version, payload, said, until, images=len(sent))
        answer = await service.answer(job, request.receive)
        return Response(answer, media_type="application/json")

    return predict
