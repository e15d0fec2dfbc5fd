"""What the server and its workers say to each other: frames of a JSON object and raw bytes.

JSON, not pickle: a worker decodes pictures from strangers, and what it says is read as data.
A frame is two lengths (4 bytes each, big-endian), the JSON object, and the payload.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Callable
from typing import Any, cast

__all__ = ["Frame", "Frames", "frame", "receive_from"]

LENGTHS = struct.Struct("!II")

LONGEST_ANSWER = 1 << 26
"""No worker has more to say: twenty pictures of ten thousand classes are 6 MB of JSON."""

Frame = tuple[dict[str, Any], bytes]


def frame(said: dict[str, Any], payload: bytes = b"") -> bytes:
    """The bytes of a frame."""
    text = json.dumps(said, separators=(",", ":")).encode("ascii")
    return b"".join((LENGTHS.pack(len(text), len(payload)), text, payload))


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


def receive_from(connection: socket.socket) -> Frame | None:
    """The next frame, waiting for it; None at the end."""
    head = _exactly(connection, LENGTHS.size)
    if head is None:
        return None
    text, payload = LENGTHS.unpack(head)
    whole = _exactly(connection, text + payload)
    return None if whole is None else (json.loads(whole[:text]), bytes(whole[text:]))


def _exactly(connection: socket.socket, size: int) -> bytearray | None:
    whole = bytearray(size)
    view = memoryview(whole)
    while view:
        taken = connection.recv_into(view)
        if not taken:
            return None
        view = view[taken:]
    return whole
