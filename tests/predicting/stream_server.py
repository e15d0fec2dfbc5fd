"""A camera as a stream: an RTSP server that plays an MPEG transport stream once, over one TCP
connection (RFC 2326, with RTP as of RFC 2250 interleaved)."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PACKET_BYTES = 188
PACKETS_AT_ONCE = 7
SDP = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=door\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
SDP += "m=video 0 RTP/AVP 33\r\na=control:track1\r\n"


@contextmanager
def streaming(transport_stream: Path, seconds: float) -> Iterator[str]:
    """The address of a stream that plays for about so long."""
    content = transport_stream.read_bytes()
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_serve, args=(server, content, seconds), daemon=True).start()
        yield f"rtsp://me:secret@127.0.0.1:{server.getsockname()[1]}/door"


def _serve(server: socket.socket, content: bytes, seconds: float) -> None:
    with suppress(OSError):
        while True:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                _converse(connection, content, seconds)


def _converse(connection: socket.socket, content: bytes, seconds: float) -> None:
    reader = connection.makefile("rb")
    while request := reader.readline().decode().split():
        headers = {}
        while line := reader.readline().decode().strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        verb, told, body = request[0], "", ""
        if verb == "OPTIONS":
            told = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
        elif verb == "DESCRIBE":
            told, body = "Content-Type: application/sdp\r\n", SDP
        elif verb == "SETUP":
            told = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
        head = f"RTSP/1.0 200 OK\r\nCSeq: {headers['cseq']}\r\nSession: 1\r\n{told}"
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        if verb == "PLAY":
            _play(connection, content, seconds)
            return


def _play(connection: socket.socket, content: bytes, seconds: float) -> None:
    size = PACKET_BYTES * PACKETS_AT_ONCE
    pieces = [content[start : start + size] for start in range(0, len(content), size)]
    for number, piece in enumerate(pieces):
        clock = int(90_000 * seconds * number / len(pieces))
        header = struct.pack(">BBHII", 0x80, 33, number & 0xFFFF, clock, 7)
        connection.sendall(struct.pack(">cBH", b"$", 0, 12 + len(piece)) + header + piece)
        time.sleep(seconds / len(pieces))
