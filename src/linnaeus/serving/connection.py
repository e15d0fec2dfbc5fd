"""One connection, with limits that hold before there is a request: slow, large or broken heads.

uvicorn's own protocol waits for ever for a first byte, for the end of a head and for a caller to
take its answer, takes trailers without end, and loses the body of a request that offers HTTP/2.
This closes the first, refuses the second, reads the third, and closes what is left of a body that
nobody reads.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
import sys

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from linnaeus.serving.body import LEAST_BYTES_A_SECOND
from linnaeus.serving.problems import MEDIA_TYPE, Problem

__all__ = ["Connection"]

HEAD_S = 10.0
"""How long a head may take to come, from the connection or from the first byte of the next one."""

LEFTOVER_S = 5.0
"""How long a caller may go on sending a body after the answer to it: enough for most to notice."""

UNTAKEN_S = 10.0
"""How long an answer may lie here of which less than `LEAST_BYTES_A_SECOND` was taken meanwhile: a
caller is held to the speed with which a body has to come. What the system's own buffers take, some
hundred kB, counts as taken; of them it says nothing."""

MOST_HEAD_BYTES = 1 << 16
MOST_CONNECTIONS = 1000

AT_ONCE = struct.pack("ii", 1, 0)  # (on, seconds to linger)


LOGGER = logging.getLogger(__name__)


class _HeadTooLarge(Exception):
    """Tells the parser to go no further."""


class Connection(HttpToolsProtocol):
    """What uvicorn calls with the bytes of one connection."""

    _closing: asyncio.TimerHandle | None = None
    _looking: asyncio.TimerHandle | None = None
    _in_head = True
    _head_bytes = 0
    _whole = True
    _received = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            detail = f"{MOST_CONNECTIONS} connections are open, and no more may. Come again soon."
            self._refuse(Problem("busy", detail))
        else:
            self._close_in(HEAD_S)

    def connection_lost(self, exc: Exception | None) -> None:
        self._keep()
        self._look_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._head_bytes += len(data)
        self._received = data
        super().data_received(data)
        if self._head_bytes > MOST_HEAD_BYTES and (self._in_head or not self._whole):
            self.send_400_response("")
        elif self._closing is None and self._answered_all():
            self._close_in(HEAD_S)  # for empty lines, say: uvicorn has forgotten its own time-out

    def _answered_all(self) -> bool:
        return self._whole and self.cycle is not None and self.cycle.response_complete

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._whole = True, False
        self._close_in(HEAD_S)

    def on_headers_complete(self) -> None:
        if sum(len(name) + len(value) for name, value in self.headers) > MOST_HEAD_BYTES:
            raise _HeadTooLarge
        if self.parser.should_upgrade():
            return
        super().on_headers_complete()  # raises where the address is none: still of the head
        self._in_head, self._head_bytes = False, 0
        self._keep()

    def on_body(self, body: bytes) -> None:
        self._head_bytes = 0  # so that what grows is the head, or trailers
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return
        self._whole, self._head_bytes = True, 0
        if self.cycle.response_complete:
            self._keep()
        super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._look_later()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look_later()
        if not self._whole and not self._in_head and not self.transport.is_closing():
            self._close_in(LEFTOVER_S)

    def _unsupported_upgrade_warning(self) -> None:
        """Read a request anew as if it offered no other protocol, which a server may pass over.

        uvicorn calls it, once the parser has stopped after the head: what follows would not be
        HTTP/1.1, had the offer been taken. Java's client offers HTTP/2 with its first request.
        """
        stopped = sys.exc_info()[1]
        assert isinstance(stopped, httptools.HttpParserUpgrade)
        kept = [(name, value) for name, value in self.headers if name != b"upgrade"]
        if len(kept) == len(self.headers):  # CONNECT, which is for proxies
            self.send_400_response("")
            return
        lines = [b"%s %s HTTP/1.1" % (self.parser.get_method(), self.url)]
        lines += [b"%s: %s" % header for header in kept]
        rest = self._received[stopped.args[0] :]
        self.parser = httptools.HttpRequestParser(self)
        super().data_received(b"\r\n".join([*lines, b"", rest]))

    def send_400_response(self, msg: str) -> None:
        if self.transport.is_closing():
            return
        if self._head_bytes > MOST_HEAD_BYTES:
            most = MOST_HEAD_BYTES >> 10
            detail = f"The headers are larger than {most} KiB. Send fewer or shorter ones."
            self._refuse(Problem("headers-too-large", detail))
        else:
            detail = "This is no request of HTTP/1.1. Check the address and the program that sends."
            self._refuse(Problem("malformed", detail))

    def _refuse(self, problem: Problem) -> None:
        """Say why, and hang up."""
        body = problem.body("")
        head = [
            STATUS_LINE[problem.status],
            f"content-type: {MEDIA_TYPE}\r\n".encode(),
            f"content-length: {len(body)}\r\n".encode(),
            b"connection: close\r\n\r\n",
        ]
        if self._in_head or not self.cycle.response_started:
            self.transport.write(b"".join([*head, body]))
            self._look_later()
        self.transport.close()

    def _close_in(self, seconds: float) -> None:
        self._keep()
        self._closing = self.loop.call_later(seconds, self.transport.close)

    def _look_later(self) -> None:
        """Look in a while whether the caller has taken what is being sent."""
        self._look_no_more()
        if left := self.transport.get_write_buffer_size():
            self._looking = self.loop.call_later(UNTAKEN_S, self._look, left)

    def _look(self, before: int) -> None:
        left = self.transport.get_write_buffer_size()
        if left and before - left < UNTAKEN_S * LEAST_BYTES_A_SECOND:
            LOGGER.warning("An answer was not taken by its caller, who is cut off: %d bytes.", left)
            self._cut_off()
        else:
            self._look_later()

    def _cut_off(self) -> None:
        """Hang up at once. Closing would wait until all is taken, here and then in the system."""
        whole = self.transport.get_extra_info("socket")
        whole.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self.transport.abort()

    def _look_no_more(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None

    def _keep(self) -> None:
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None
