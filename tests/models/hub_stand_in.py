"""A stand-in for the Hugging Face hub: repositories of timm's networks, served as the hub does."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """A hub at `endpoint`, and the requests that it has had ("GET /api/…")."""

    repositories: Mapping[str, Mapping[str, bytes]]
    endpoint: str = ""
    requests: list[str] = field(default_factory=list)
    breaks_off: bool = False

    def environment(self, home: Path) -> dict[str, str]:
        """The variables under which a process meets this hub, with an empty cache in `home`."""
        ours = ("HF_", "HUGGINGFACE", "LINNAEUS")
        inherited = {k: v for k, v in os.environ.items() if not k.upper().startswith(ours)}
        told = {"HF_ENDPOINT": self.endpoint, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1"}
        return {**inherited, **told, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


@contextmanager
def hub_with(repositories: Mapping[str, Mapping[str, bytes]]) -> Iterator[Hub]:
    """Serve `repositories`, {name under timm/: {file: content}}, while the block runs."""
    hub = Hub(repositories)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Answers", (_Answers,), {"hub": hub}))
    server.daemon_threads = True
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Answers(BaseHTTPRequestHandler):
    """What the hub says to the requests of huggingface_hub."""

    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        self.hub.requests.append(f"{self.command} {self.path}")
        parts = self.path.partition("?")[0].strip("/").split("/")
        if parts[:3] == ["api", "models", "timm"] and parts[3] in self.hub.repositories:
            self._say(json.dumps(self._about(parts[3], parts[4:])).encode(), with_body)
        elif parts[0] == "timm" and parts[-1] in self.hub.repositories.get(parts[1], {}):
            self._say(self.hub.repositories[parts[1]][parts[-1]], with_body, file=True)
        else:
            # The hub does not tell the anonymous whether a repository is missing or private.
            self.send_response(401)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("X-Error-Message", "Repository not found")
            self.send_header("Content-Length", "0")
            self.end_headers()

    def _about(self, name: str, asked: list[str]) -> object:
        files = self.hub.repositories[name]
        if asked[:1] == ["tree"]:
            return [
                {"type": "file", "path": path, "size": len(content), "oid": _etag(content)}
                for path, content in files.items()
            ]
        siblings = [{"rfilename": path} for path in files]
        return {"id": f"timm/{name}", "sha": COMMIT, "siblings": siblings}

    def _say(self, content: bytes, with_body: bool, *, file: bool = False) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        if file:
            self.send_header("ETag", f'"{_etag(content)}"')
            self.send_header("X-Repo-Commit", COMMIT)
        else:
            self.send_header("Content-Type", "application/json")
        self.end_headers()
        if with_body and file and self.hub.breaks_off:
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
        elif with_body:
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the output of the tests clean."""


def _etag(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()
