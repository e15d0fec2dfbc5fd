"""`POST /explain`: a picture in, and out a map of where in it the answer comes from."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response

from linnaeus.serving.admission import ON_DEADLINES, deadline_ms, needs
from linnaeus.serving.asked import ExplainedOf, asked_in, query_documented
from linnaeus.serving.documented import IMAGES_BODY, refusals
from linnaeus.serving.explanations import Explained
from linnaeus.serving.images_sent import images_sent
from linnaeus.serving.problems import Problem
from linnaeus.serving.queue import Job
from linnaeus.serving.service import Service
from linnaeus.serving.workers import MOST_IN_HAND

__all__ = ["explain_router"]

LOOK_AGAIN_S = 0.05  # whether a worker is through with what nobody waits for


def explain_router(service: Service) -> APIRouter:
    """The route, answered by `service`."""
    router = APIRouter(tags=["explain"], dependencies=[needs(service, "explain")])
    room = Room(service)

    @router.post(
        "/explain",
        response_model=Explained,
        responses=refusals("too-many-requests", at_work=True),
        openapi_extra={**IMAGES_BODY, "parameters": query_documented(ExplainedOf)},
        summary="Show where in a picture the answer comes from",
        description=f"One picture at a time. {ON_DEADLINES}",
    )
    async def explain(request: Request) -> Response:
        until = service.until(deadline_ms(request))
        asked = asked_in(request.query_params, ExplainedOf)
        model = service.model(asked.model, asked.version)
        kind = request.headers.get("content-type", "")
        (sent,) = images_sent(await request.body(), kind, 1)
        request.state.images = 1
        said = {"name": sent.name, "method": asked.method, "class_name": asked.class_name}
        # It asks the network hundreds of times, so it takes the room of a worker's whole batch.
        job = Job(
            "explain", model.name, asked.version, sent.content, said, until, images=MOST_IN_HAND
        )
        room.take()
        try:
            answer = await service.answer(job, request.receive)
        finally:
            room.give_back(job)
        return Response(answer, media_type="application/json")

    return router


class Room:
    """For so many explanations at once that one of two or more workers is left to answer.

    A worker cannot be stopped within one, so that of a caller who has gone keeps its place.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._most = max(1, service.settings.workers - 1)
        self._taken = 0
        self._leaving: set[asyncio.Task[None]] = set()

    def take(self) -> None:
        """Take a place. Raises Problem where there is none."""
        if self._taken == self._most:
            most = f"As many explanations are being made as may be at once ({self._most})."
            detail = f"{most} Come again in some seconds; answers go on meanwhile."
            raise Problem("busy", detail)
        self._taken += 1

    def give_back(self, job: Job) -> None:
        """Let the place of `job` go, once no worker has it any more."""
        if not self._service.at_work_on(job):
            self._taken -= 1
            return
        leaving = asyncio.create_task(self._wait_for(job))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)

    async def _wait_for(self, job: Job) -> None:
        while self._service.at_work_on(job):
            await asyncio.sleep(LOOK_AGAIN_S)
        self._taken -= 1
