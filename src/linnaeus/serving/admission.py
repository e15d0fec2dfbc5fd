"""What a route needs before its work: a caller who may use it, and what the headers ask for."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from linnaeus.serving.keys import Scope
from linnaeus.serving.problems import Problem
from linnaeus.serving.service import Service

__all__ = ["ON_DEADLINES", "admit", "deadline_ms", "key_of", "needs"]

LONGEST_DEADLINE_MS = 600_000
DEADLINE = re.compile("0*([1-9][0-9]{0,5})")
"""So many digits at most: thousands of them are no number to Python, nor hundreds a time."""

ON_DEADLINES = (
    "The header X-Deadline-Ms says how many milliseconds an answer is worth waiting for. Where they"
    " pass in the queue, the request is refused (504) and not run."
)
"""A part of a route's description, not a parameter: programs that try parameters out at their
limits would learn that one millisecond is over before anything can be done."""

BEARER = HTTPBearer(auto_error=False, description="A key made by `linnaeus serve-keys add`.")
HEADER = APIKeyHeader(name="X-Api-Key", auto_error=False, description="The same, bare.")


def deadline_ms(request: Request) -> int | None:
    """How long the caller waits, where it says so. Raises Problem for what is no such time."""
    said = request.headers.get("x-deadline-ms")
    if said is None:
        return None
    number = DEADLINE.fullmatch(said)
    if number is None or int(number[1]) > LONGEST_DEADLINE_MS:
        detail = f"X-Deadline-Ms: give whole milliseconds from 1 to {LONGEST_DEADLINE_MS}."
        raise Problem("not-valid", detail)
    return int(number[1])


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
        admit(service, request, scope, bearer.credentials if bearer else header)

    return admitted


def _open(service: Service, scope: Scope) -> Callable[..., Any]:
    async def admitted(request: Request) -> None:
        admit(service, request, scope, None)

    return admitted


def key_of(request: Request) -> str | None:
    """The key that came with `request`, in either header."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else request.headers.get("x-api-key")


def admit(service: Service, request: Request, scope: Scope, key: str | None) -> None:
    """Let the caller of `request` do what `scope` allows. Raises Problem where it may not."""
    address = request.client.host if request.client else ""
    request.state.caller = service.callers.admit(key, address, scope)
