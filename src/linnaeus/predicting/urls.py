"""Pictures behind public https addresses, fetched a few at a time and only where that was allowed.

Whoever can choose an address must not reach what only this machine can: an address is resolved
once, every result has to be public, and the connection goes to the very one that was checked, so
that a name that is resolved to another place a moment later gains nothing. Certificates are checked
for the name. Redirects are not followed, and proxies not asked, since both would choose anew.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from linnaeus.errors import UnreadableImage
from linnaeus.version import __version__

__all__ = ["Fetching", "is_public"]

MAX_BYTES = 50_000_000
"""More is no picture of 40 megapixels that a camera or a program for pictures has written."""

SILENT_S = 10.0
"""For the connection, and for each piece that comes: a server silent for so long is gone."""

WHOLE_S = 60.0
"""For one picture in all: 50 MB at 7 megabits a second."""

CHUNK_BYTES = 1 << 16
HTTPS_PORT = 443
NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""Addresses of IPv6 whose last 32 bits are one of IPv4."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(address: Address) -> bool:
    """Whether an address is of the public internet, and of one machine there.

    What embeds an address of IPv4 is judged by that too.

    >>> is_public(ipaddress.ip_address("93.184.215.14")), is_public(ipaddress.ip_address("::1"))
    (True, False)
    """
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.is_site_local:
        return False  # fec0::/10, private until 2004, and global to `is_global`
    return all(is_public(one) for one in _embedded(address))


def _embedded(address: Address) -> list[Address]:
    if isinstance(address, ipaddress.IPv4Address):
        return []
    found: list[Address] = [a for a in (address.ipv4_mapped, address.sixtofour) if a is not None]
    found += address.teredo or ()
    if address in NAT64:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return found


class Fetching:
    """Gives the bytes behind an address, within limits of size and time.

    `allowed` says which resolved addresses may be asked, `context` whose certificates are trusted;
    by default public ones, and those that this machine trusts. Safe to use from several threads.
    """

    def __init__(
        self,
        allowed: Callable[[Address], bool] = is_public,
        context: ssl.SSLContext | None = None,
        resolve: Callable[..., list[tuple[object, ...]]] | None = None,
        whole_s: float = WHOLE_S,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._allowed = allowed
        self._context = context or ssl.create_default_context()
        self._resolve = resolve or socket.getaddrinfo
        self._whole_s = whole_s
        self._max_bytes = max_bytes

    def __call__(self, url: str) -> bytes:
        """The bytes at `url`. Raises UnreadableImage with the reason where they cannot be had."""
        host, port, target = _parts(url)
        with _reasons(url):
            address = self._address_of(url, host, port)
            with self._connected(host, port, address) as connection:
                return self._body(url, connection, target)

    def _address_of(self, url: str, host: str, port: int) -> str:
        """The address to connect to; all that the name stands for have to be allowed."""
        found = self._resolve(host, port, type=socket.SOCK_STREAM)
        addresses = [str(one[4][0]) for one in found]  # type: ignore[index]
        for text in addresses:
            if not self._allowed(ipaddress.ip_address(text.partition("%")[0])):
                raise _refused(url, f"{host} is {text}, which is no public address")
        return addresses[0]

    @contextmanager
    def _connected(
        self, host: str, port: int, address: str
    ) -> Iterator[http.client.HTTPSConnection]:
        end_s = time.monotonic() + self._whole_s
        plain = socket.create_connection((address, port), min(SILENT_S, self._whole_s))
        try:
            secure = self._context.wrap_socket(
                plain, server_hostname=host, do_handshake_on_connect=False
            )
        except BaseException:
            plain.close()
            raise
        # A server that drips never falls silent: the whole time is kept from outside.
        left_s = max(0.0, end_s - time.monotonic())
        timer = threading.Timer(left_s, _cut, [secure])
        timer.daemon = True
        timer.start()
        connection = http.client.HTTPSConnection(host, port)
        connection.sock = secure
        connection.auto_open = 0  # never by the name, which may have come to mean another place
        try:
            secure.do_handshake()
            yield connection
        finally:
            timer.cancel()
            connection.close()
            if time.monotonic() >= end_s:  # whatever was read or raised, it was cut off
                raise TimeoutError(f"it took more than {self._whole_s:g} s")

    def _body(self, url: str, connection: http.client.HTTPSConnection, target: str) -> bytes:
        headers = {"User-Agent": f"linnaeus/{__version__}", "Accept-Encoding": "identity"}
        connection.request("GET", target, headers=headers)
        answer = connection.getresponse()
        if 300 <= answer.status < 400:
            where = answer.headers.get("Location", "elsewhere")
            raise _refused(url, f"it leads on to {where[:200]}, and redirects are not followed")
        if answer.status != 200:
            raise _refused(url, f"the server answered with {answer.status} {answer.reason}")
        length = answer.headers.get("Content-Length", "")
        if length.isdecimal() and int(length) > self._max_bytes:
            raise self._too_large(url)
        content = bytearray()
        while chunk := answer.read(CHUNK_BYTES):
            content += chunk
            if len(content) > self._max_bytes:
                raise self._too_large(url)
        if length.isdecimal() and len(content) < int(length):
            raise _refused(url, "the connection broke off")
        return bytes(content)

    def _too_large(self, url: str) -> UnreadableImage:
        return _refused(url, f"it is larger than the limit of {self._max_bytes / 1e6:g} MB")


def _parts(url: str) -> tuple[str, int, str]:
    """Host, port, and path with query. Raises UnreadableImage for what is no https address."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or HTTPS_PORT
        host = host.encode("idna").decode() if not host.isascii() else host
    except ValueError:
        raise _refused(url, "this is no web address") from None
    if parts.scheme.lower() != "https":
        raise _refused(url, "only addresses that begin with https:// are fetched")
    if not host or parts.username or parts.password:
        raise _refused(url, "an address needs a host, and must not hold a name or password")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not target.isascii() or any(sign <= " " or sign == "\x7f" for sign in target):
        raise _refused(url, "signs stand in it that have to be written as %20 and the like")
    return host, port, target


@contextmanager
def _reasons(url: str) -> Iterator[None]:
    """What can happen to a connection, as a clause for people."""
    try:
        yield
    except UnreadableImage:
        raise
    except ssl.SSLCertVerificationError as error:
        raise _refused(url, f"its certificate is not good: {error.verify_message}") from None
    except socket.gaierror:
        raise _refused(url, "its host cannot be found") from None
    except TimeoutError as error:
        silent = f"nothing came for {SILENT_S:g} s"
        told = str(error) if str(error).startswith("it took") else silent
        raise _refused(url, told) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise _refused(url, f"the connection failed ({reason})") from None


def _refused(url: str, what: str) -> UnreadableImage:
    return UnreadableImage(what, where=url, mend="Check the address, or download it yourself.")


def _cut(secure: ssl.SSLSocket) -> None:
    """End a connection that another thread waits for."""
    with suppress(OSError):
        socket.socket.shutdown(secure, socket.SHUT_RDWR)
