"""A server as users start it, and a caller of it that hides nothing."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

PATIENCE_S = 60.0
BOUNDARY = "a-boundary"


@dataclass(frozen=True)
class Answer:
    """What came back: `json` where it is that."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def kind(self) -> str:
        """The last part of a problem's type."""
        assert self.headers["content-type"] == "application/problem+json", self
        return str(self.json["type"].rpartition(":")[2])


@dataclass(frozen=True)
class Running:
    """A server that runs. `log`: where its standard error goes."""

    process: subprocess.Popen[str]
    url: str
    log: Path

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        assert parts.hostname and parts.port
        return parts.hostname, parts.port

    def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        connection = http.client.HTTPConnection(*self.address, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            told = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, told, response.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.call("GET", path, headers=headers)

    def predict(self, *pictures: bytes, query: str = "", **headers: str) -> Answer:
        """Send `pictures` as a form."""
        body, kind = form([("images", f"{n}.png", one) for n, one in enumerate(pictures)])
        return self.call("POST", f"/predict{query}", body, {"content-type": kind, **headers})

    def send_json(self, method: str, path: str, value: object) -> Answer:
        headers = {"content-type": "application/json"}
        return self.call(method, path, json.dumps(value).encode(), headers)

    def metric(self, line: str) -> float:
        """The value of one line of /metrics; 0 where it is not there yet."""
        for told in self.get("/metrics").body.decode().splitlines():
            if told.startswith(f"{line} "):
                return float(told.rpartition(" ")[2])
        return 0.0

    def workers(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    @contextmanager
    def standing_still(self) -> Iterator[list[psutil.Process]]:
        """Its workers stopped, as on a machine that has too much to do."""
        workers = self.workers()
        for one in workers:
            one.suspend()
        try:
            yield workers
        finally:
            for one in workers:
                if one.is_running():
                    one.resume()

    def wait_until(self, true: Any) -> None:
        """Wait until `true()` is."""
        until = time.monotonic() + PATIENCE_S
        while not true():
            assert time.monotonic() < until, self.log.read_text()[-2000:]
            time.sleep(0.02)


def form(parts: Sequence[tuple[str, str | None, bytes]]) -> tuple[bytes, str]:
    """(body, content type) of a form of (name, file name, content)."""
    chunks = []
    for name, file, content in parts:
        named = f'; filename="{file}"' if file is not None else ""
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
        chunks += [head.encode(), content, b"\r\n"]
    chunks.append(f"--{BOUNDARY}--\r\n".encode())
    return b"".join(chunks), f"multipart/form-data; boundary={BOUNDARY}"


@contextmanager
def running(folder: Path, *arguments: str | Path) -> Iterator[Running]:
    """Start `linnaeus serve` with `arguments`, and end it when the block does."""
    log = folder / "log.jsonl"
    run = "from linnaeus.cli.main import main; main()"
    command = [sys.executable, "-c", run, "serve", *map(str, arguments), "--port", "0"]
    with log.open("w") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
    try:
        assert process.stdout
        told = process.stdout.readline()
        assert " on http" in told, log.read_text()
        yield Running(process, told.split()[-1], log)
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGTERM)
        process.wait(PATIENCE_S)
        assert process.stdout
        process.stdout.close()
