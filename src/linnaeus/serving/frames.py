"""The server's end of what it and a worker say to each other. Workers, who start often, load no
asyncio."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, cast

from linnaeus.serving.wire import LENGTHS, Frame

__all__ = ["Frames"]

LONGEST_ANSWER = 1 << 26
"""No worker has more to say: twenty pictures of ten thousand classes are 6 MB of JSON."""


class Frames(asyncio.Protocol):
    """The server's end of a connection: calls `heard` with each frame that comes.

    `ended` is done when no more will come, or when what comes is no frame.
    """

    def __init__(self, heard: Callable[[dict[str, Any], bytes], None]) -> None:
        self.heard = heard
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._come = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As asyncio calls it."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name

    def data_received(self, data: bytes) -> None:
        """As asyncio calls it."""
        self._come += data
        try:
            while whole := self._next():
                self.heard(*whole)
        except ValueError:
            self._end()

    def eof_received(self) -> None:
        """As asyncio calls it."""
        self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        """As asyncio calls it."""
        self._end()

    def send(self, content: bytes) -> None:
        """Send what `frame` made; nothing where nobody is there to hear it."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(content)

    def no_more(self) -> None:
        """Say that nothing more will be sent."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write_eof()

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()

    def _next(self) -> Frame | None:
        """The first frame that has come whole. Raises ValueError for what is none."""
        if len(self._come) < LENGTHS.size:
            return None
        text, payload = LENGTHS.unpack_from(self._come)
        if text + payload > LONGEST_ANSWER:
            raise ValueError(text + payload)
        end = LENGTHS.size + text + payload
        if len(self._come) < end:
            return None
        start = LENGTHS.size + text
        said = json.loads(self._come[LENGTHS.size : start])
        content = bytes(self._come[start:end])
        del self._come[:end]
        return said, content

    def _end(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)
