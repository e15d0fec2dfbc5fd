"""One exchange with a web server: ask for a file, or for the rest of it, and write what comes."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import BinaryIO, cast
from urllib.error import HTTPError, URLError
from urllib.request import Request, build_opener, getproxies

from linnaeus.errors import WriteError
from linnaeus.files import write_json
from linnaeus.progress import Progress, Stage
from linnaeus.version import __version__

__all__ = ["Broken", "Part", "Refused", "transfer"]

TIMEOUT_S = 30.0
"""For the connection, and for each piece that comes: a server silent for so long is gone."""

CHUNK_BYTES = 1 << 18
TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers of a server that may do better in a moment."""

OUT_OF_RANGE = 416
CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(?:(\d+)|\*)")


class Refused(Exception):
    """Why this server does not give the file, as a clause; asking again is no use."""


class Broken(Exception):
    """Why the file did not come this time, as a clause; asking again may do."""


class Part:
    """A file on its way: what has arrived, and what the server said that it is a part of."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.path = place.with_name(place.name + ".part")
        self._about = place.with_name(place.name + ".part.json")

    def size_bytes(self) -> int:
        """How much has arrived."""
        return self.path.stat().st_size if self.path.is_file() else 0

    def validator(self, url: str) -> str:
        """What tells the server at `url` which file the part is of; "" where nothing does."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            about = json.loads(self._about.read_text(encoding="utf-8"))
            if about["url"] == url:
                return str(about["validator"])
        return ""

    def begin(self, url: str, validator: str) -> None:
        """Drop what had arrived, and note what is coming."""
        self.forget()
        write_json(self._about, {"url": url, "validator": validator})

    def forget(self) -> None:
        """Drop what has arrived."""
        with _told_of_disk(self.place):
            self.path.unlink(missing_ok=True)
            self._about.unlink(missing_ok=True)

    def finish(self) -> Path:
        """Give the whole file its name, and return its path."""
        with _told_of_disk(self.place):
            self.path.replace(self.place)
            self._about.unlink(missing_ok=True)
        return self.place


def transfer(url: str, part: Part, progress: Progress) -> None:
    """Ask `url` for what `part` lacks, and append it.

    The file on the server must still be the one that the part is of (If-Range); else it comes
    whole. Raises Refused or Broken with the reason, and WriteError where the disk fails.
    """
    have = part.size_bytes()
    with _reasons(), _opened(url, part, have) as answer:
        if answer is None:
            return
        length = answer.headers.get("Content-Length")
        expected = int(length) if length and length.isdecimal() else None
        if _continues(answer, have):
            progress.say(f"Going on after the {have / 1e6:,.1f} MB that are here.")
        else:
            if have:
                progress.say("The server gives it whole only; beginning anew.")
            part.begin(url, _validator_of(answer))
            have = 0
        total = None if expected is None else have + expected
        with progress.stage(f"Downloading {part.place.name}", total) as stage:
            stage.advance(have)
            _receive(answer, part, stage, total)


@contextmanager
def _opened(url: str, part: Part, have: int) -> Iterator[HTTPResponse | None]:
    """The server's answer; None where it says that the part is whole already."""
    headers = {"User-Agent": f"linnaeus/{__version__}", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
        if validator := part.validator(url):
            headers["If-Range"] = validator
    request = Request(url, headers=headers)  # noqa: S310 - addresses are pinned, http(s) all
    try:
        answer = build_opener().open(request, timeout=TIMEOUT_S)
    except HTTPError as error:
        with error:
            if error.code == OUT_OF_RANGE and have:
                if _total(error.headers.get("Content-Range")) != have:
                    part.forget()
                    raise Broken("the part that is here is longer than the file") from None
                yield None
                return
        kind = Broken if error.code in TRANSIENT else Refused
        raise kind(f"HTTP {error.code} {error.reason}".strip()) from None
    with answer:
        yield cast("HTTPResponse", answer)


def _receive(answer: HTTPResponse, part: Part, stage: Stage, total: int | None) -> None:
    """Append what comes. Raises Broken where it does not come to `total` bytes in the end."""
    whole = "" if total is None else f" of {total / 1e6:,.1f}"
    have = part.size_bytes()
    with _told_of_disk(part.place):
        file = part.path.open("ab")
    with file:
        while chunk := answer.read(CHUNK_BYTES):
            _keep(file, chunk, part.place)
            have += len(chunk)
            stage.advance(len(chunk), f"{have / 1e6:,.1f}{whole} MB")
    if total is not None and have < total:
        raise Broken(f"the connection broke off after {have / 1e6:,.1f}{whole} MB")


def _keep(file: BinaryIO, chunk: bytes, place: Path) -> None:
    with _told_of_disk(place):
        file.write(chunk)
        file.flush()  # so that a kill loses nothing that came


def _continues(answer: HTTPResponse, have: int) -> bool:
    """Whether the answer goes on after the `have` bytes that are here. Raises Refused for others.

    A server that knows no ranges, or has another file by now, answers 200 with the whole.
    """
    if answer.status != 206:
        return False
    found = CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if not found or found[1] is None or int(found[1]) != have:
        raise Refused("it answered with another part of the file than was asked for")
    return True


def _validator_of(answer: HTTPResponse) -> str:
    """A strong ETag, else the date of change; "" where the server gives neither."""
    etag = str(answer.headers.get("ETag", ""))
    return etag if etag.startswith('"') else str(answer.headers.get("Last-Modified", ""))


def _total(content_range: str | None) -> int | None:
    found = CONTENT_RANGE.fullmatch(content_range or "")
    return int(found[2]) if found and found[2] else None


@contextmanager
def _reasons() -> Iterator[None]:
    """What can happen to a connection, as Broken or Refused with a clause for people."""
    try:
        yield
    except WriteError:
        raise
    except URLError as error:
        raise _reason(error.reason) from None
    except (OSError, HTTPException, ValueError) as error:
        raise _reason(error) from None


def _reason(error: object) -> Broken | Refused:
    if isinstance(error, TimeoutError):
        return Broken(f"nothing came for {TIMEOUT_S:.0f} s")
    if isinstance(error, ConnectionRefusedError):
        whom = "it, or the proxy on the way," if getproxies().keys() & {"http", "https"} else "it"
        return Refused(f"{whom} refuses connections")
    if isinstance(error, socket.gaierror):
        return Refused("its address cannot be found")
    if isinstance(error, ConnectionError | HTTPException):
        return Broken(f"the connection broke off ({error or type(error).__name__})")
    said = getattr(error, "strerror", None) or error
    return Refused(str(said).strip() or type(error).__name__)


@contextmanager
def _told_of_disk(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WriteError(
            f"the download could not be written ({error.strerror or error})",
            where=str(place),
            mend="Free some space or check the permissions, and run the command again: what"
            " arrived is kept.",
        ) from None
