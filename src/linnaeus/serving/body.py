"""A request's body within limits: so many bytes, counted as they come, and no standing still."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.types import Message, Receive

from linnaeus.serving.problems import Problem

__all__ = ["Body", "Held"]

GRACE_S = 10.0
LEAST_BYTES_A_SECOND = 20_000
"""How fast a body has to come after `GRACE_S`, on the whole: a telephone with a poor connection
does. What drips is no picture on its way, but a connection that somebody wants to keep."""

MOST_HELD_BYTES = 512_000_000
"""Of bodies in memory at once, those that wait for their answer included."""


@dataclass
class Held:
    """Bytes of bodies that are in memory, of all requests."""

    size_bytes: int = 0


class Body:
    """A request's `receive`, which raises Problem where the body is too large or too slow."""

    def __init__(
        self, receive: Receive, said_bytes: int | None, most_bytes: int, still_s: float, held: Held
    ) -> None:
        self.size_bytes = 0
        self._receive = receive
        self._said_bytes = said_bytes
        self._most_bytes = most_bytes
        self._still_s = still_s
        self._held = held
        self._began: float | None = None
        self._whole = False

    async def receive(self) -> Message:
        """The next message, as ASGI has it."""
        if self._whole:
            return await self._receive()  # only that the caller is gone can follow
        if self._said_bytes is not None and self._said_bytes > self._most_bytes:
            raise self._too_large()
        message = await self._in_time()
        self._take(len(message.get("body", b"")))
        self._whole = not message.get("more_body", False)
        return message

    def release(self) -> None:
        """Say that the body is in memory no more."""
        self._held.size_bytes -= self.size_bytes

    async def _in_time(self) -> Message:
        now = asyncio.get_running_loop().time()
        self._began = self._began or now
        at_least = self._began + GRACE_S + self.size_bytes / LEAST_BYTES_A_SECOND
        try:
            async with asyncio.timeout_at(min(now + self._still_s, at_least)):
                return await self._receive()
        except TimeoutError:
            raise Problem(
                "slow-body",
                f"No more of the body came within {self._still_s:g} s, or it came more slowly than"
                f" {LEAST_BYTES_A_SECOND // 1000} kB a second. Send it over a faster connection.",
                headers={"connection": "close"},
            ) from None

    def _take(self, size: int) -> None:
        self.size_bytes += size
        self._held.size_bytes += size
        if self.size_bytes > self._most_bytes:
            raise self._too_large()
        if self._held.size_bytes > MOST_HELD_BYTES:
            raise Problem("busy", "Too much is being sent at once. Come again in a second.")

    def _too_large(self) -> Problem:
        return Problem(
            "body-too-large",
            f"A body may have at most {self._most_bytes / 1e6:g} MB. Send fewer pictures at once,"
            " or smaller ones.",
        )
