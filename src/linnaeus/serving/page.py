"""The page at `/`, on which a picture is dropped and answered: files that stand beside the code.

Nothing on it comes from another host, and the browser is told to let nothing: no script stands in
the page itself, so that a name of a class or a file can never become one.
"""

from __future__ import annotations

from importlib import resources

from fastapi import APIRouter, Response

from linnaeus.serving.problems import Problem
from linnaeus.serving.service import Service

__all__ = ["page_router"]

KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:;"
    " media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)

READ = ["GET", "HEAD"]

HEADERS = {
    "content-security-policy": POLICY,
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",  # a newer server's page is never mixed with an older one's
}


def page_router(service: Service) -> APIRouter:
    """The routes of the page. They need no key: the page asks for one, and tells nothing before."""
    router = APIRouter(include_in_schema=False)
    folder = resources.files("linnaeus.serving") / "web"
    files = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}

    @router.api_route("/", methods=READ)
    async def page() -> Response:
        return _sent("index.html", files["index.html"])

    @router.api_route("/page/{name}", methods=READ)
    async def part(name: str) -> Response:
        if name not in files or name == "index.html":
            raise Problem("not-found", "The page has no such part. It is at the address / itself.")
        return _sent(name, files[name])

    return router


def _sent(name: str, content: bytes) -> Response:
    kind = KINDS[name[name.rindex(".") :]]
    return Response(content, headers={**HEADERS, "content-type": kind})
