"""A web server of a few files, with what such servers do: ranges, validators, and failures."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class FileServer:
    """Files under `address`, and the requests so far ("GET /a.zip bytes=5-").

    `failures`: HTTP codes to answer with first, one a request. `cut_after`: bytes of a body after
    which the connection breaks, one a request (None: not). `ranges`: whether parts are given.
    `pace_s`: the pause after each 64 KB.
    """

    files: Mapping[str, bytes]
    address: str = ""
    failures: list[int] = field(default_factory=list)
    cut_after: list[int | None] = field(default_factory=list)
    ranges: bool = True
    validators: bool = True
    pace_s: float = 0.0
    requests: list[str] = field(default_factory=list)

    def url(self, name: str) -> str:
        return f"{self.address}/{name}"


@contextmanager
def serving(files: Mapping[str, bytes]) -> Iterator[FileServer]:
    """Serve `files`, {name: content}, while the block runs."""
    told = FileServer(files)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Answers", (_Answers,), {"told": told}))
    server.daemon_threads = True
    told.address = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Answers(BaseHTTPRequestHandler):
    told: FileServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        asked = self.headers.get("Range", "")
        self.told.requests.append(f"GET {self.path} {asked}".strip())
        content = self.told.files.get(self.path.lstrip("/"))
        if self.told.failures:
            return self._refuse(self.told.failures.pop(0))
        if content is None:
            return self._refuse(404)
        etag = f'"{hashlib.sha1(content, usedforsecurity=False).hexdigest()}"'
        begin = self._begin(asked, etag)
        if begin is not None and begin >= len(content):
            return self._refuse(416, ("Content-Range", f"bytes */{len(content)}"))
        self.send_response(200 if begin is None else 206)
        if begin is not None:
            span = f"bytes {begin}-{len(content) - 1}/{len(content)}"
            self.send_header("Content-Range", span)
        if self.told.validators:
            self.send_header("ETag", etag)
        self.send_header("Content-Length", str(len(content) - (begin or 0)))
        self.end_headers()
        return self._send(content[begin or 0 :])

    def _begin(self, asked: str, etag: str) -> int | None:
        """Where to begin; None for the whole, as If-Range demands of a file that was changed."""
        found = re.fullmatch(r"bytes=(\d+)-", asked)
        if not found or not self.told.ranges or self.headers.get("If-Range", etag) != etag:
            return None
        return int(found[1])

    def _send(self, body: bytes) -> None:
        cut = self.told.cut_after.pop(0) if self.told.cut_after else None
        if cut is not None:
            body = body[:cut]
            self.close_connection = True
        for place in range(0, len(body), 1 << 16):
            self.wfile.write(body[place : place + (1 << 16)])
            if self.told.pace_s:
                time.sleep(self.told.pace_s)

    def _refuse(self, code: int, *headers: tuple[str, str]) -> None:
        self.send_response(code)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Keep the output of the tests clean."""
