"""The front door: what every request passes, whatever its route.

It gives each a number, lets its body in within limits, turns whatever goes wrong into a problem,
counts, and writes a line of the log.
"""

from __future__ import annotations

import ipaddress
import itertools
import re
import secrets
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from linnaeus.serving.admission import admit, key_of
from linnaeus.serving.body import Body
from linnaeus.serving.keys import Scope as KeyScope
from linnaeus.serving.problems import Problem
from linnaeus.serving.service import CallerGone, Service

__all__ = ["HUNG_UP", "Direct", "Front"]

THIS_SERVER = secrets.token_hex(4)
NUMBERS = itertools.count(1)
REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
WORK = re.compile(r"/predict|/explain|/v2/models/.+/infer")
"""Routes whose requests wait in the queue. Where it is full they are refused here, before anything
is done for them: refusing has to cost next to nothing when there is too much to do."""

SAID_ONCE = {
    *(b"host", b"origin", b"authorization", b"x-api-key"),
    *(b"content-type", b"content-encoding", b"x-deadline-ms", b"x-request-id"),
}
"""Of the headers that are gone by here, those of which there may be one."""

PLAIN = {b"content-encoding": b"identity", b"transfer-encoding": b"chunked"}

METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"}
LONGEST_PATH = 200
HUNG_UP = 499
"""What nginx writes for a caller who did not wait for the answer; nobody is sent it."""


@dataclass(frozen=True)
class Direct:
    """A handler that is called without FastAPI's detours, for callers whose key allows `scope`.

    These cost a quarter of a millisecond, which a small network answers a picture in a dozen of.
    """

    path: str
    scope: KeyScope
    handler: Callable[[Request], Awaitable[Response]]
    service: Service

    async def __call__(self, request: Request) -> Response:
        """The handler's answer to `request`. Raises Problem, or that the caller is gone."""
        admit(self.service, request, self.scope, key_of(request))
        return await self.handler(request)


class Front:
    """ASGI around ASGI. `direct`: handlers of POST by their paths, called without `app`."""

    def __init__(self, app: ASGIApp, service: Service, direct: Mapping[str, Direct]) -> None:
        self._app = app
        self._service = service
        self._direct = direct

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        began = time.monotonic()
        headers = dict(scope["headers"])
        body = self._body(headers, receive)
        answered = _Answered(send, _request_id(headers))
        scope["state"]["request_id"] = answered.request_id
        waited_for = not self._service.draining
        self._service.at_work += waited_for
        try:
            _check_once(scope["headers"])
            _check_host(scope["http_version"], headers)
            self._check_origin(headers)
            _check_encoding(headers)
            if scope["method"] == "POST" and WORK.fullmatch(scope["path"]):
                self._service.check_room()
            direct = self._direct.get(scope["path"]) if scope["method"] == "POST" else None
            if direct is None:
                await self._app(scope, body.receive, answered.send)
            else:
                scope["route"] = direct
                response = await direct(Request(scope, body.receive))
                await response(scope, body.receive, answered.send)
        except Problem as problem:
            await answered.refuse(problem)
        except (ClientDisconnect, CallerGone):
            self._service.metrics.gone.inc()
            scope["state"]["gone"] = True
        except Exception as error:
            self._tell_fault(answered.request_id, error)
            detail = f"Please report it, with the number {answered.request_id}."
            await answered.refuse(Problem("internal", detail))
        finally:
            self._service.at_work -= waited_for
            body.release()
            self._tell(scope, answered, body.size_bytes, time.monotonic() - began)

    def _body(self, headers: dict[bytes, bytes], receive: Receive) -> Body:
        said = headers.get(b"content-length", b"")
        settings = self._service.settings
        return Body(
            receive,
            int(said) if said.isdigit() else None,
            settings.max_body_bytes,
            settings.body_timeout_s,
            self._service.held,
        )

    def _check_origin(self, headers: dict[bytes, bytes]) -> None:
        """Without keys, keep out pages of other hosts that a browser here has open."""
        if self._service.callers.need_keys:
            return
        host = headers.get(b"host", b"").decode("latin-1")
        if host and not self._is_here(_host_name(f"//{host}")):
            detail = f'Without keys only this machine is answered, and "{host[:80]}" is not it. Use'
            raise Problem("not-allowed", f"{detail} 127.0.0.1, or start the server with --keys.")
        origin = headers.get(b"origin", b"").decode("latin-1")
        if origin and origin.partition("://")[2] != host:
            detail = (
                "A page of another host may not use a server without keys. Start it with --keys."
            )
            raise Problem("not-allowed", detail)

    def _is_here(self, name: str) -> bool:
        """Whether `name` is one of this machine's own, or the one that the server was given."""
        if name in ("localhost", self._service.settings.host.lower()):
            return True
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return False

    def _tell_fault(self, request_id: str, error: Exception) -> None:
        told = "".join(traceback.format_exception(error))
        self._service.log.say("fault", request_id=request_id, said=told)

    def _tell(self, scope: Scope, answered: _Answered, size_bytes: int, took_s: float) -> None:
        state: dict[str, Any] = scope["state"]
        status = HUNG_UP if state.get("gone") else answered.status
        route = getattr(scope.get("route"), "path", "other")
        method = scope["method"] if scope["method"] in METHODS else "other"
        metrics = self._service.metrics
        metrics.requests.labels(route, method, status).inc()
        metrics.seconds.labels(route).observe(took_s)
        if problem := state.get("problem") or answered.problem:
            metrics.problems.labels(problem).inc()
        self._service.log.say(
            "request",
            request_id=answered.request_id,
            caller=state.get("caller") or (scope["client"] or ("",))[0],
            method=method,
            path=scope["path"][:LONGEST_PATH],
            status=status,
            ms=round(took_s * 1000, 1),
            bytes=size_bytes,
            images=state.get("images"),
            problem=problem,
        )


class _Answered:
    """A request's `send`, which knows what was sent."""

    def __init__(self, send: Send, request_id: str) -> None:
        self.request_id = request_id
        self.status = 0
        self.problem: str | None = None
        self._send = send

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            numbered = (b"x-request-id", self.request_id.encode("ascii"))
            message = {**message, "headers": [*message["headers"], numbered]}
        await self._send(message)

    async def refuse(self, problem: Problem) -> None:
        """Say `problem`, unless an answer has begun."""
        self.problem = problem.kind
        if self.status:
            return
        body = problem.body(self.request_id)
        headers = {**problem.all_headers(), "content-length": str(len(body))}
        encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        start = {"type": "http.response.start", "status": problem.status, "headers": encoded}
        await self.send(start)
        await self.send({"type": "http.response.body", "body": body})


def _check_once(headers: Sequence[tuple[bytes, bytes]]) -> None:
    """Refuse two headers of a kind that says one thing: others may go by the other of the two."""
    names = [name for name, _ in headers if name in SAID_ONCE]
    if twice := next((name for name in names if names.count(name) > 1), None):
        detail = f'The header "{twice.decode("ascii")}" stands there twice. Send it once.'
        raise Problem("malformed", detail)


def _check_host(http_version: str, headers: dict[bytes, bytes]) -> None:
    """Refuse HTTP/1.1 without the header that RFC 9112 has servers insist on: what a proxy takes
    for another host would be answered here as well."""
    if http_version == "1.1" and b"host" not in headers:
        raise Problem("malformed", 'The header "host" is missing. Send it, as HTTP/1.1 asks for.')


def _check_encoding(headers: dict[bytes, bytes]) -> None:
    """Refuse compressed bodies: pictures are compressed already, and bombs come in such."""
    for name, plain in PLAIN.items():
        if (encoding := headers.get(name, plain).lower()) != plain:
            named = encoding[:40].decode("latin-1")
            detail = f'A body in "{named}" is not read. Send it as it is, uncompressed.'
            raise Problem("unsupported-type", detail)


def _request_id(headers: dict[bytes, bytes]) -> str:
    """The caller's own number for the request, or a new one."""
    given = headers.get(b"x-request-id", b"")
    if REQUEST_ID.fullmatch(given):
        return given.decode("ascii")
    return f"{THIS_SERVER}-{next(NUMBERS):x}"


def _host_name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
