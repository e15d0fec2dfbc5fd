"""The HTTP face of a service: its routes behind the front door."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp

from linnaeus.serving.admin import Put, admin_router
from linnaeus.serving.admission import needs
from linnaeus.serving.documented import document, refusals
from linnaeus.serving.explain import explain_router
from linnaeus.serving.front import HUNG_UP, Direct, Front
from linnaeus.serving.metrics import MEDIA_TYPE
from linnaeus.serving.open_inference import open_inference_router
from linnaeus.serving.page import page_router
from linnaeus.serving.predict import predict_handler, predict_router
from linnaeus.serving.problems import Problem
from linnaeus.serving.served import served_router
from linnaeus.serving.service import CallerGone, Service
from linnaeus.serving.tensors import InferRequest
from linnaeus.version import __version__

__all__ = ["make_app"]

ROUTERS = (
    page_router,
    predict_router,
    explain_router,
    served_router,
    open_inference_router,
    admin_router,
)
"""What is served: functions from a Service to an APIRouter."""


def make_app(service: Service) -> ASGIApp:
    """The application, for `service` to answer."""
    app = FastAPI(
        title="Linnaeus",
        version=__version__,
        summary="What pictures show, and how sure that is.",
        docs_url=None,  # its page would load scripts from another host
        redoc_url=None,
        redirect_slashes=False,
    )
    for router in (*ROUTERS, _metrics_router):
        app.include_router(router(service))
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(HTTPException, _not_here)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(CallerGone, _gone)
    app.add_exception_handler(Exception, _fault)
    document(app, InferRequest, Put)
    app.state.service = service
    direct = Direct("/predict", "predict", predict_handler(service), service)
    return Front(app, service, {direct.path: direct})


def _metrics_router(service: Service) -> APIRouter:
    router = APIRouter(tags=["metrics"], dependencies=[needs(service, "metrics")])

    @router.head("/metrics", include_in_schema=False)
    @router.get(
        "/metrics",
        responses={
            200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
            **refusals("key-needed", "too-many-requests"),
        },
        response_class=Response,
        summary="What the server counts, for Prometheus",
    )
    async def metrics() -> Response:
        return Response(service.metrics.text(), headers={"content-type": MEDIA_TYPE})

    return router


async def _problem(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)
    request.state.problem = problem.kind
    body = problem.body(request.state.request_id)
    return Response(body, problem.status, problem.all_headers())


async def _not_valid(request: Request, error: Exception) -> Response:
    """What FastAPI's own checks refuse, in a sentence."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    kind = "malformed" if first["type"] == "json_invalid" else "not-valid"
    place = ".".join(str(part) for part in first["loc"][1:])
    said = f"{place}: {first['msg']}" if place else str(first["msg"])
    more = "" if len(error.errors()) == 1 else f" ({len(error.errors())} such faults.)"
    return await _problem(request, Problem(kind, f"{said}. See /openapi.json.{more}"))


async def _not_here(request: Request, error: Exception) -> Response:
    """No such route, or not with this method."""
    assert isinstance(error, HTTPException)
    path = request.scope["path"][:80]  # not of its URL: of an odd header Host there is none
    said = {
        404: f'There is nothing at "{path}". /openapi.json lists what there is.',
        405: f'{request.method} is not done at "{path}". The header Allow says what is.',
    }
    kind = {404: "not-found", 405: "wrong-method"}.get(error.status_code, "malformed")
    headers = dict(error.headers or {})
    detail = said.get(error.status_code, f"{error.detail}. See /openapi.json.")
    return await _problem(request, Problem(kind, detail, headers=headers))


async def _fault(request: Request, error: Exception) -> Response:
    """Left to the front door, which tells all faults alike; FastAPI would answer in bare text."""
    raise error


async def _gone(request: Request, error: Exception) -> Response:
    """Nobody is there to be answered; the log and the counters are told."""
    service: Service = request.app.state.service
    service.metrics.gone.inc()
    request.state.gone = True
    return Response(status_code=HUNG_UP)
