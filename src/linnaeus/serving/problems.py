"""What a caller can be told instead of an answer: one table of kinds, each with its status.

Every refusal is `application/problem+json` (RFC 9457): `type`, `title`, `status`, and a `detail`
that says what happened and how to mend it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from linnaeus.errors import BundleError, LinnaeusError, UnreadableImage

__all__ = ["KINDS", "MEDIA_TYPE", "Kind", "Problem", "not_understood", "problem_of"]

MEDIA_TYPE = "application/problem+json"
NAMES = "urn:linnaeus:problem:"

RETRY_AFTER_S = 1
"""When to come again where the server has too much to do: a queue is worked off about so fast."""


@dataclass(frozen=True)
class Kind:
    """A kind of problem: its HTTP status and its title, the same for every case of it."""

    status: int
    title: str


KINDS = {
    "malformed": Kind(400, "The request cannot be understood"),
    "no-image": Kind(400, "The request holds no picture"),
    "key-needed": Kind(401, "A key is needed"),
    "not-allowed": Kind(403, "This is not allowed"),
    "not-found": Kind(404, "There is nothing here"),
    "wrong-method": Kind(405, "This is not done here"),
    "slow-body": Kind(408, "The body came too slowly"),
    "conflict": Kind(409, "This cannot be done now"),
    "body-too-large": Kind(413, "The body is too large"),
    "too-many-images": Kind(413, "There are too many pictures"),
    "too-many-pixels": Kind(413, "A picture has too many pixels"),
    "unsupported-type": Kind(415, "The body is of a type that is not read"),
    "not-valid": Kind(422, "Something asked for cannot be meant"),
    "unreadable-image": Kind(422, "A picture cannot be read"),
    "image-breaks-decoder": Kind(422, "A picture breaks the decoder"),
    "image-too-slow": Kind(422, "A picture takes too long"),
    "cannot-promise": Kind(422, "The bundle cannot say that"),
    "broken-bundle": Kind(422, "The bundle cannot be served"),
    "too-many-requests": Kind(429, "Too many requests"),
    "headers-too-large": Kind(431, "The headers are too large"),
    "internal": Kind(500, "A fault of Linnaeus itself"),
    "busy": Kind(503, "The server has too much to do"),
    "worker-lost": Kind(503, "The process at work on this has ended"),
    "going-down": Kind(503, "The server is ending"),
    "not-ready": Kind(503, "The server is not ready"),
    "too-late": Kind(504, "The time for an answer is over"),
}
"""All kinds, by the last part of their `type`."""


class Problem(Exception):
    """A refusal on its way to the caller.

    `detail`: sentences that say what happened and how to mend it. `more`: further members of the
    JSON object. `headers`: further headers of the response.
    """

    def __init__(
        self,
        kind: str,
        detail: str,
        *,
        more: Mapping[str, Any] = MappingProxyType({}),
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.kind = kind
        self.detail = detail
        self.more = more
        self.headers = headers
        super().__init__(kind, detail)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return KINDS[self.kind].status

    def body(self, request_id: str) -> bytes:
        """The JSON object, as bytes. `error` is where the Open Inference Protocol looks."""
        return json.dumps(
            {
                "type": NAMES + self.kind,
                "title": KINDS[self.kind].title,
                "status": self.status,
                "detail": self.detail,
                "error": self.detail,
                "request_id": request_id,
                **self.more,
            },
            ensure_ascii=False,
        ).encode("utf-8", "backslashreplace")

    def all_headers(self) -> dict[str, str]:
        """The headers that belong to it: when to come again, where that is worth it."""
        again = {"retry-after": str(RETRY_AFTER_S)} if self.status in (429, 503) else {}
        return {"content-type": MEDIA_TYPE, **again, **self.headers}


def not_understood(error: ValidationError, mend: str) -> Problem:
    """The refusal of what pydantic refuses, by the first of its reasons."""
    first = error.errors(include_url=False, include_input=False)[0]
    kind = "malformed" if first["type"] == "json_invalid" else "not-valid"
    place = "".join(f"{part}: " for part in [".".join(map(str, first["loc"]))] if part)
    return Problem(kind, f"{place}{first['msg']}. {mend}")


def problem_of(error: LinnaeusError) -> Problem:
    """What a caller is told of `error`: the one place where an error becomes a status."""
    detail = str(error)
    if isinstance(error, UnreadableImage):
        kind = "too-many-pixels" if error.fault == "huge" else "unreadable-image"
        return Problem(kind, detail)
    if isinstance(error, BundleError):
        return Problem("cannot-promise", detail)
    return Problem("not-valid", detail)
