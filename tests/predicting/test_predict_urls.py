"""Pictures behind addresses: public ones only, at the address that was checked, within limits."""

from __future__ import annotations

import ipaddress
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import linnaeus
from linnaeus.bundle.under_way import Slow, UnderWay
from linnaeus.data.in_threads import processors
from linnaeus.errors import UnreadableImage, UsageError
from linnaeus.predicting.asked import Answering, Asked
from linnaeus.predicting.named import AT_ONCE
from linnaeus.predicting.picture import Picture, Source
from linnaeus.predicting.predict_all import Collected, predict_all
from linnaeus.predicting.urls import Fetching, is_public
from linnaeus.progress import Quiet

if TYPE_CHECKING:
    from linnaeus.training.run import Run

HOST = "pictures.test"
BODY = b"the bytes of a picture"


class Answers(BaseHTTPRequestHandler):
    """A server that does what the path says."""

    def do_GET(self) -> None:
        if self.path == "/moved.jpg":
            self.send_response(302)
            self.send_header("Location", "https://127.0.0.1/secret")
            self.end_headers()
        elif self.path == "/a.jpg":
            self._send(BODY, len(BODY))
        elif self.path == "/odd.jpg":
            self._send(BODY, "²")
        elif self.path == "/short.jpg":
            self._send(BODY, 2 * len(BODY))
        elif self.path == "/unsaid.jpg":
            self._send(b"x" * 5000, None)
        elif self.path == "/drips.jpg":
            self._send(b"", 1000)
            for _ in range(100):
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(0.05)
        else:
            self.send_error(404, "Not here")

    def _send(self, body: bytes, length: int | str | None) -> None:
        self.send_response(200)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for `HOST` that signs itself, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not here to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    subject = f"-subj /CN={HOST} -addext subjectAltName=DNS:{HOST}"
    subprocess.run(
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
        f" {subject} -keyout key.pem -out cert.pem".split(),
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture(scope="module")
def port(certificate: tuple[Path, Path]) -> Iterator[int]:
    """The port of a server on this machine that speaks TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture
def fetch(certificate: tuple[Path, Path]) -> Callable[..., Fetching]:
    """A Fetching that trusts the certificate, may reach this machine, and finds `HOST` here."""

    def made(**others: object) -> Fetching:
        context = ssl.create_default_context(cafile=str(certificate[0]))
        here = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]
        usual = {"allowed": lambda _: True, "context": context, "resolve": lambda *_, **__: here}
        return Fetching(**{**usual, **others})  # type: ignore[arg-type]

    return made


@pytest.mark.parametrize(
    "address",
    "127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 0.0.0.0 100.64.0.1 224.0.0.1"
    " 255.255.255.255 192.0.2.1 198.18.0.1 240.0.0.1 ::1 :: fe80::1 fc00::1 ff02::1 2001:db8::1"
    " fec0::1"
    " ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::7f00:1 2002:7f00:1::".split(),
)
def test_what_is_not_public_is_refused(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    shown = f"[{address}]" if ":" in address else address
    with pytest.raises(UnreadableImage, match="no public address"):
        Fetching()(f"https://{shown}/a.jpg")


@pytest.mark.parametrize("address", ["93.184.215.14", "8.8.8.8", "2606:4700::1111"])
def test_what_is_public_is_not(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


def test_a_name_of_this_machine_is_refused_and_so_is_one_with_a_single_private_address() -> None:
    with pytest.raises(UnreadableImage, match="no public address"):
        Fetching()("https://localhost/a.jpg")
    found = [(0, 0, 0, "", (text, 443)) for text in ("93.184.215.14", "10.0.0.1")]
    with pytest.raises(UnreadableImage, match=r"is 10\.0\.0\.1"):
        Fetching(resolve=lambda *_, **__: found)("https://example.org/a.jpg")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://example.org/a.jpg", "only addresses that begin with https"),
        ("https://me:secret@example.org/a.jpg", "must not hold a name or password"),
        ("https:///a.jpg", "needs a host"),
        ("https://example.org/a b.jpg", "written as %20"),
        ("https://example.org:99999/", "no web address"),
    ],
)
def test_what_is_no_address_to_fetch_is_refused_before_anything_is_asked(
    url: str, told: str
) -> None:
    with pytest.raises(UnreadableImage, match=told):
        Fetching(resolve=lambda *_, **__: pytest.fail("it was looked up"))(url)


def test_the_bytes_come_from_the_address_that_was_checked(
    fetch: Callable[..., Fetching], port: int
) -> None:
    asked: list[str] = []

    def resolve(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)  # a second time it would be another place
        where = "127.0.0.1" if len(asked) == 1 else "127.9.9.9"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (where, port))]

    assert fetch(resolve=resolve)(f"https://{HOST}:{port}/a.jpg") == BODY
    assert asked == [HOST]


def test_a_length_that_is_no_number_is_not_gone_by(
    fetch: Callable[..., Fetching], port: int
) -> None:
    assert fetch()(f"https://{HOST}:{port}/odd.jpg") == BODY


def test_a_certificate_for_another_name_or_of_a_stranger_is_refused(
    fetch: Callable[..., Fetching], port: int
) -> None:
    with pytest.raises(UnreadableImage, match="certificate is not good"):
        fetch()(f"https://other.test:{port}/a.jpg")
    with pytest.raises(UnreadableImage, match="certificate is not good"):
        fetch(context=None)(f"https://{HOST}:{port}/a.jpg")


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("moved.jpg", "redirects are not followed"),
        ("gone.jpg", "answered with 404 Not here"),
        ("short.jpg", "broke off|IncompleteRead"),
        ("unsaid.jpg", "larger than the limit"),
        ("drips.jpg", "took more than"),
    ],
)
def test_what_does_not_come_whole_and_at_once_is_told(
    fetch: Callable[..., Fetching], port: int, path: str, told: str
) -> None:
    fetching = fetch(max_bytes=4000, whole_s=1.5)
    began_s = time.monotonic()
    with pytest.raises(UnreadableImage, match=told):
        fetching(f"https://{HOST}:{port}/{path}")
    assert time.monotonic() - began_s < 4.5


def test_predict_fetches_only_where_it_was_told_to(photo_run: Run, tmp_path: Path) -> None:
    url = "https://127.0.0.1/a.jpg"
    with pytest.raises(UsageError, match="Give --allow-url"):
        linnaeus.predict(photo_run.folder, url)
    (tmp_path / "list").write_text(f"{url}\n")
    unasked = linnaeus.predict(photo_run.folder, files_from=tmp_path / "list")
    assert "only where that is asked for" in unasked.answers[0].error
    asked = linnaeus.predict(photo_run.folder, [url], files_from=tmp_path / "list", allow_url=True)
    assert [one.error.partition("which")[2] for one in asked.answers] == [
        " is no public address"
    ] * 2
    assert asked.unread == 2


def test_downloads_do_not_wait_for_one_another_and_keep_their_order(
    photo_run: Run, photographs: dict[str, dict[str, bytes]]
) -> None:
    content = next(iter(photographs["glass"].values()))
    all_places = processors() + 4  # more than threads answer pictures
    met = threading.Barrier(all_places)
    places = threading.BoundedSemaphore(all_places)

    def come() -> bytes:
        met.wait(timeout=60)  # for the others that are on their way
        return content

    def be_gone() -> bytes:
        raise UnreadableImage("it is gone", where="there", mend="Look elsewhere.")

    names = [f"https://{HOST}/{number}.jpg" for number in range(3 * all_places + 1)]
    gives = [be_gone if name == names[2 * all_places] else come for name in names]
    pictures = [
        Picture(*each) for each in zip(names, (Slow(one, places) for one in gives), strict=True)
    ]
    kept = Collected()
    sources = [Source(lambda: iter(pictures))]
    predict_all(Answering(linnaeus.load(photo_run.folder), Asked()), sources, [kept], None, Quiet())
    assert [one.id for one in kept.answers] == names
    assert [one.id for one in kept.answers if one.error] == [names[2 * all_places]]


def test_no_more_addresses_are_asked_at_a_time_than_allowed(
    photo_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, most, lock = 0, 0, threading.Lock()

    def refuse(*_: object, **__: object) -> list[object]:
        nonlocal asked, most
        with lock:
            asked += 1
            most = max(most, asked)
        time.sleep(0.02)
        with lock:
            asked -= 1
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    urls = [f"https://{HOST}/{number}.jpg" for number in range(40)]
    answered = linnaeus.predict(photo_run.folder, urls, allow_url=True)
    assert [one.id for one in answered.answers] == urls
    assert answered.unread == 40
    assert 2 < most <= AT_ONCE


def test_whoever_stops_waits_for_no_download(photo_run: Run) -> None:
    never = threading.Event()
    begun = []

    def hang() -> bytes:
        begun.append(1)
        never.wait(60)
        return b""

    places = threading.BoundedSemaphore(AT_ONCE)

    def pictures() -> Iterator[tuple[int, UnderWay]]:
        for place in range(5):
            yield place, Slow(hang, places).begin()
        raise KeyboardInterrupt

    began_s = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            list(linnaeus.load(photo_run.folder).stream(pictures()))
        assert time.monotonic() - began_s < 30  # where each would have taken 60 s
        assert len(begun) == 5
        assert all(places.acquire(blocking=False) for _ in range(AT_ONCE))  # all were given back
    finally:
        never.set()
