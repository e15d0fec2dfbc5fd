"""Where a server listens: the address bound before any work, and whether others can reach it."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket

from linnaeus.errors import UsageError

__all__ = ["bound", "is_loopback", "url_of"]

BACKLOG = 512
"""Connections that the system lets wait to be accepted."""


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens on `host` and `port`; 0 is any that is free.

    Raises UsageError where the address is taken, is not this machine's, or may not be had.
    """
    try:
        family, kind, protocol, _, address = _resolved(host, port)[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _refused(host, port, error) from None
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise _refused(host, port, error) from None
    listening.setblocking(False)
    return listening


def is_loopback(host: str) -> bool:
    """Whether `host` can be reached from this machine alone. Raises UsageError as `bound` does."""
    try:
        found = _resolved(host, 0)
    except OSError as error:
        raise _refused(host, 0, error) from None
    return all(ipaddress.ip_address(address[0]).is_loopback for *_, address in found)


def url_of(listening: socket.socket) -> str:
    """Where a caller on this machine finds it."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _resolved(host: str, port: int) -> list[tuple[int, int, int, str, tuple[str, int]]]:
    flags = socket.AI_PASSIVE
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return [(*one[:4], one[4]) for one in found]


def _refused(host: str, port: int, error: OSError) -> UsageError:
    where = f"{host}:{port}"
    if error.errno == errno.EADDRINUSE:
        what, mend = "another program listens there already", "Give another --port; 0 finds one."
    elif error.errno == errno.EACCES:
        what, mend = "this user may not listen there", "Give a --port of 1024 or more."
    elif error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        what, mend = "this is no address of this machine", "Give another --host, or leave it out."
    else:
        reason = os.strerror(error.errno) if error.errno else str(error)
        what, mend = f"nothing can listen there ({reason})", "Give another --host or --port."
    return UsageError(what, where=where, mend=mend)
