"""What a route needs before its work: a caller who may use it, and what the headers ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Security
from fastapi.security import APIKeyHeader, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from linnaeus.serving.keys import Scope
from linnaeus.serving.service import Service

__all__ = ["DeadlineMs", "needs"]

DeadlineMs = Annotated[
    int | None,
    Header(
        alias="X-Deadline-Ms",
        ge=1,
        le=600_000,
        description="How many milliseconds an answer is worth waiting for.",
    ),
]

BEARER = HTTPBearer(auto_error=False, description="A key made by `linnaeus serve-keys add`.")
HEADER = APIKeyHeader(name="X-Api-Key", auto_error=False, description="The same, bare.")


def needs(service: Service, scope: Scope) -> Any:
    """The dependency of routes that a caller may use whose key allows `scope`."""
    return Depends(
        _with_key(service, scope) if service.callers.need_keys else _open(service, scope)
    )


def _with_key(service: Service, scope: Scope) -> Callable[..., Any]:
    async def admitted(
        request: Request,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)],
        header: Annotated[str | None, Security(HEADER)],
    ) -> None:
        _admit(service, request, scope, bearer.credentials if bearer else header)

    return admitted


def _open(service: Service, scope: Scope) -> Callable[..., Any]:
    async def admitted(request: Request) -> None:
        _admit(service, request, scope, None)

    return admitted


def _admit(service: Service, request: Request, scope: Scope, key: str | None) -> None:
    address = request.client.host if request.client else ""
    request.state.caller = service.callers.admit(key, address, scope)
