"""Who calls, what they may do, and how often."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from linnaeus.errors import LinnaeusError
from linnaeus.serving.keys import KeyRing, Scope, read_keys
from linnaeus.serving.problems import Problem

__all__ = ["Callers", "Rate"]

CHECK_EVERY_S = 1.0
"""How often the file of keys is looked at for changes."""

MOST_CALLERS = 10_000
"""Callers whose rates are remembered; of more, those that called longest ago are forgotten."""

HOW = "Send it as `Authorization: Bearer KEY`."


class Callers:
    """What callers may do. Without `file` everyone may do everything, as on one's own machine."""

    def __init__(
        self, file: Path | None, rate: float | None, warn: Callable[[str], None] = print
    ) -> None:
        self._file = file
        self._warn = warn
        self._rate = None if rate is None else Rate(rate)
        self._stamp = self._stamped()
        self._ring = None if file is None else KeyRing(read_keys(file))
        self._looked = time.monotonic()

    @property
    def need_keys(self) -> bool:
        """Whether a caller has to bring a key."""
        return self._ring is not None

    def admit(self, presented: str | None, address: str, scope: Scope) -> str:
        """Who it is that wants to do what `scope` allows.

        Raises Problem: no key (401), one that does not allow it (403), or too many requests (429).
        """
        name = self._allowed(presented, scope) if self._ring is not None else _network(address)
        if self._rate is not None and (wait_s := self._rate.wait_s(name)) > 0:
            raise Problem(
                "too-many-requests",
                f"More than {self._rate.each_s:g} requests a second came from you. Wait"
                f" {wait_s:.1f} s.",
                headers={"retry-after": str(math.ceil(wait_s))},
            )
        return name

    def _allowed(self, presented: str | None, scope: Scope) -> str:
        if presented is None:
            raise _unknown(f"This needs a key. {HOW}")
        self._look_again()
        assert self._ring is not None
        key = self._ring.holder(presented)
        if key is None:
            raise _unknown("This key is not known here. Ask for one that is.")
        if scope not in key.scopes:
            allowed = ", ".join(key.scopes)
            detail = f'This key allows {allowed}, and this needs "{scope}". Ask for another key.'
            raise Problem("not-allowed", detail)
        return key.name

    def _look_again(self) -> None:
        """Read the keys again where their file has changed; a broken one changes nothing."""
        now = time.monotonic()
        if self._file is None or now - self._looked < CHECK_EVERY_S:
            return
        self._looked = now
        if (stamp := self._stamped()) == self._stamp:
            return
        self._stamp = stamp
        try:
            self._ring = KeyRing(read_keys(self._file))
        except LinnaeusError as error:
            self._warn(f"The keys stay as they were: {error}")

    def _stamped(self) -> tuple[int, int, int]:
        """What differs once the file has been written again."""
        try:
            told = self._file.stat() if self._file else None
        except OSError:
            return 0, 0, 0
        return (told.st_mtime_ns, told.st_size, told.st_ino) if told else (0, 0, 0)


@dataclass
class _Bucket:
    """Requests that a caller may make at once, as of a time."""

    left: float
    at: float


class Rate:
    """At most `each_s` requests a second of each caller, and a second's worth at once."""

    def __init__(self, each_s: float) -> None:
        self.each_s = each_s
        self._most = max(1.0, each_s)
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def wait_s(self, caller: str) -> float:
        """How long `caller` has to wait; 0 where the request may be made, which it then was."""
        now = time.monotonic()
        bucket = self._buckets.pop(caller, None) or _Bucket(self._most, now)
        bucket.left = min(self._most, bucket.left + (now - bucket.at) * self.each_s)
        bucket.at = now
        self._buckets[caller] = bucket
        if len(self._buckets) > MOST_CALLERS:
            self._buckets.popitem(last=False)
        if bucket.left < 1:
            return (1 - bucket.left) / self.each_s
        bucket.left -= 1
        return 0.0


@lru_cache(MOST_CALLERS)
def _network(address: str) -> str:
    """Whose address it is: of IPv6, what one customer of a provider has is one caller."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if ip.version == 4:
        return address
    return str(ipaddress.ip_network((ip, 64), strict=False))


def _unknown(detail: str) -> Problem:
    return Problem("key-needed", detail, headers={"www-authenticate": "Bearer"})
