"""Stand-ins for Kaggle and the Hugging Face hub, which speak to the real clients of both."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

COMMITS = ("1" * 40, "2" * 40)
"""The commits of every repository of the hub, the newest last."""

LARGE_BYTES = 2000
"""Files from this size on are stored as large ones, with a SHA-256."""


@dataclass
class Host:
    """Data sets, {"owner/name": {path: content}}, and the requests so far ("POST …").

    `status`: what every request is answered with, where it is not 0. `cut_after`: bytes of a body
    after which the connection breaks, one an answer. `forged`: whether other files come than those
    that are listed.
    """

    sets: Mapping[str, Mapping[str, bytes]]
    address: str = ""
    status: int = 0
    cut_after: list[int] = field(default_factory=list)
    forged: bool = False
    requests: list[str] = field(default_factory=list)

    def environment(self, home: Path) -> dict[str, str]:
        """The variables under which a process meets this host and no other, with data in `home`."""
        ours = ("HF_", "HUGGINGFACE", "LINNAEUS", "KAGGLE", "HTTP", "NO_PROXY", "ALL_PROXY")
        inherited = {k: v for k, v in os.environ.items() if not k.upper().startswith(ours)}
        return {
            **inherited,
            "LINNAEUS_DATA": str(home),
            "HOME": str(home.parent),
            "USERPROFILE": str(home.parent),
            "HF_ENDPOINT": self.address,
            "HF_HOME": str(home.parent / "hf"),
            "HF_HUB_DISABLE_XET": "1",
            # Kaggle's client knows a few addresses only: we stand as a proxy before one of them.
            "KAGGLE_API_ENVIRONMENT": "LOCALHOST",
            "http_proxy": self.address,
            "no_proxy": "127.0.0.1",
        }


@contextmanager
def hosting(sets: Mapping[str, Mapping[str, bytes]], of: str) -> Iterator[Host]:
    """Serve `sets` as "kaggle" or as "hf" does, while the block runs."""
    host = Host(sets)
    answers = {"kaggle": _Kaggle, "hf": _Hub}[of]
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Answers", (answers,), {"host": host}))
    server.daemon_threads = True
    host.address = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Answers(BaseHTTPRequestHandler):
    host: Host
    protocol_version = "HTTP/1.1"

    def answer(self, status: int, body: bytes, headers: Mapping[str, str], *, head: bool) -> None:
        begin = 0
        if found := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")):
            begin, status = int(found[1]), 206
            headers = {**headers, "Content-Range": f"bytes {begin}-{len(body) - 1}/{len(body)}"}
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body) - begin), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if head:
            return
        body = body[begin:]
        if len(body) > LARGE_BYTES and self.host.cut_after:
            body = body[: self.host.cut_after.pop(0)]
            self.close_connection = True
        self.wfile.write(body)

    def note(self) -> str:
        """Keep the request in mind; its path without address and query."""
        path = re.sub(r"^http://[^/]+", "", self.path).partition("?")[0]
        self.host.requests.append(f"{self.command} {path} {self.headers.get('Range', '')}".strip())
        return path

    def log_message(self, format: str, *args: object) -> None:
        """Keep the output of the tests clean."""


class _Kaggle(_Answers):
    """What Kaggle's API and its storage say; the newest version of every data set is 3."""

    def do_POST(self) -> None:
        path = self.note()
        asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        name = f"{asked.get('ownerSlug')}/{asked.get('datasetSlug')}"
        version = asked.get("datasetVersionNumber", "")
        if self.host.status or name not in self.host.sets:
            return self._say({"code": self.host.status or 404, "message": "no"})
        if path.endswith("/GetDataset"):
            return self._say({"ref": name, "currentVersionNumber": 3})
        self.send_response(302)
        self.send_header("Location", f"http://storage.example/{name}/{version}.zip")
        self.send_header("Content-Length", "0")
        return self.end_headers()

    def do_GET(self) -> None:
        owner, name, _ = self.note().strip("/").split("/")
        archive = zipped(self.host.sets[f"{owner}/{name}"])
        digest = base64.b64encode(hashlib.md5(archive, usedforsecurity=False).digest()).decode()
        body = archive[:-1] + b"?" if self.host.forged else archive
        headers = {
            "Accept-Ranges": "bytes",
            "Content-Type": "application/zip",
            "x-goog-hash": f"crc32c=AAAAAA==,md5={digest}",
        }
        self.answer(200, body, headers, head=False)

    def _say(self, value: Mapping[str, object]) -> None:
        body, code = json.dumps(value).encode(), int(str(value.get("code", 200)))
        self.answer(code, body, {"Content-Type": "application/json"}, head=False)


class _Hub(_Answers):
    """What the Hugging Face hub says of data sets."""

    def do_GET(self) -> None:
        self._tell(head=False)

    def do_HEAD(self) -> None:
        self._tell(head=True)

    def _tell(self, *, head: bool) -> None:
        parts = self.note().strip("/").split("/")
        api = parts[0] == "api"
        owner, name, verb, *rest = [*parts[2 if api else 1 :], "", "", "", ""]
        files = self.host.sets.get(f"{owner}/{name}")
        commit = rest[0] if verb and rest[0] not in ("", "main") else COMMITS[-1]
        known = [c for c in COMMITS if c == commit]
        if self.host.status:
            self.answer(self.host.status, b"", {}, head=head)
        elif files is None:
            # The hub does not tell the anonymous whether a repository is missing or private.
            self.answer(401, b"", {"X-Error-Code": "RepoNotFound"}, head=head)
        elif not known:
            self.answer(404, b"", {"X-Error-Code": "RevisionNotFound"}, head=head)
        elif api and verb == "tree":
            self._json([_listed(path, content) for path, content in files.items()], head)
        elif api:
            siblings = [{"rfilename": path} for path in files]
            self._json({"id": f"{owner}/{name}", "sha": commit, "siblings": siblings}, head)
        else:
            content = files["/".join(part for part in rest[1:] if part)]
            listed = _listed("", content)
            etag = listed["lfs"]["oid"] if "lfs" in listed else listed["oid"]  # type: ignore[index]
            headers = {"ETag": f'"{etag}"', "X-Repo-Commit": commit, "Accept-Ranges": "bytes"}
            if self.host.forged:
                content = bytes(len(content))
            self.answer(200, content, headers, head=head)

    def _json(self, value: object, head: bool) -> None:
        headers = {"Content-Type": "application/json"}
        self.answer(200, json.dumps(value).encode(), headers, head=head)


def _listed(path: str, content: bytes) -> dict[str, object]:
    """A file as the hub lists it: Git's own digest, and SHA-256 of large ones."""
    blob = b"blob %d\0" % len(content) + content
    oid = hashlib.sha1(blob, usedforsecurity=False).hexdigest()
    listed: dict[str, object] = {"type": "file", "path": path, "size": len(content), "oid": oid}
    if len(content) >= LARGE_BYTES:
        sha256 = hashlib.sha256(content).hexdigest()
        listed["lfs"] = {"oid": sha256, "size": len(content), "pointerSize": 132}
    return listed


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip archive of `files`, the same bytes each time."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        for path, content in files.items():
            written.writestr(zipfile.ZipInfo(path), content)
    return archive.getvalue()
