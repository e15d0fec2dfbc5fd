"""What the server and its workers say to each other: frames of a JSON object and raw bytes.

JSON, not pickle: a worker decodes pictures from strangers, and what it says is read as data.
A frame is two lengths (4 bytes each, big-endian), the JSON object, and the payload.
"""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

__all__ = ["LENGTHS", "Frame", "frame", "receive_from"]

LENGTHS = struct.Struct("!II")

Frame = tuple[dict[str, Any], bytes]


def frame(said: dict[str, Any], payload: bytes = b"") -> bytes:
    """The bytes of a frame."""
    text = json.dumps(said, separators=(",", ":")).encode("ascii")
    return b"".join((LENGTHS.pack(len(text), len(payload)), text, payload))


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
