"""Callers of an HTTP server, cheap enough to share two cores with it: raw bytes out, status in."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

LONGEST_S = 120.0

Address = tuple[str, int]


@dataclass(frozen=True)
class Heard:
    """One answer: when the request was due, how long it took from then, and what came.

    `status` 0: none came, or the connection broke.
    """

    due_s: float
    took_s: float
    status: int
    body: bytes = b""


@dataclass
class Load:
    """What came of many requests."""

    heard: list[Heard] = field(default_factory=list)
    wall_s: float = 0.0

    def count(self, *statuses: int) -> int:
        return sum(one.status in statuses for one in self.heard)

    def rate(self, *statuses: int) -> float:
        """Answers a second with one of `statuses`."""
        return self.count(*statuses) / self.wall_s

    def percentile_ms(self, percent: float, *statuses: int) -> float:
        took = [one.took_s for one in self.heard if one.status in statuses]
        return float(np.percentile(took, percent) * 1000) if took else float("nan")

    def statuses(self) -> dict[int, int]:
        found = sorted({one.status for one in self.heard})
        return {status: self.count(status) for status in found}


def post(address: Address, path: str, body: bytes, *headers: str) -> bytes:
    """The bytes of a request."""
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {address[0]}:{address[1]}",
        f"Content-Length: {len(body)}",
        *(headers or ("Content-Type: image/jpeg",)),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Caller:
    """A connection that is opened when needed and kept."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, request: bytes, due_s: float | None = None) -> Heard:
        """Send `request`; never raises, and never waits longer than `LONGEST_S`."""
        began = time.perf_counter() if due_s is None else due_s
        try:
            async with asyncio.timeout(LONGEST_S):
                status, body = await self._exchange(request)
        except (OSError, EOFError, ValueError, TimeoutError):
            self.close()
            status, body = 0, b""
        return Heard(began, time.perf_counter() - began, status, body)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None

    async def _exchange(self, request: bytes) -> tuple[int, bytes]:
        if self._reader is None or self._writer is None or self._reader.at_eof():
            self._reader, self._writer = await asyncio.open_connection(*self._address)
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        lines = head.split(b"\r\n")
        told = dict(line.split(b": ", 1) for line in lines[1:] if b": " in line)
        body = await self._body(told)
        if told.get(b"connection") == b"close":
            self.close()
        return int(lines[0].split(b" ")[1]), body

    async def _body(self, told: dict[bytes, bytes]) -> bytes:
        assert self._reader is not None
        if told.get(b"transfer-encoding") != b"chunked":
            return await self._reader.readexactly(int(told.get(b"content-length", b"0")))
        parts = []
        while size := int((await self._reader.readline()).strip(), 16):
            parts.append(await self._reader.readexactly(size))
            await self._reader.readline()
        await self._reader.readline()
        return b"".join(parts)


async def closed_loop(
    address: Address, requests: Sequence[bytes], callers: int, seconds: float
) -> Load:
    """`callers` who each ask again as soon as they are answered, for `seconds`."""
    load, turn = Load(), itertools.count()
    began = time.perf_counter()

    async def ask_on() -> None:
        caller = Caller(address)
        while time.perf_counter() - began < seconds:
            load.heard.append(await caller.ask(requests[next(turn) % len(requests)]))
        caller.close()

    await asyncio.gather(*(ask_on() for _ in range(callers)))
    load.wall_s = time.perf_counter() - began
    return load


async def open_loop(
    address: Address,
    requests: Sequence[bytes],
    each_s: float,
    seconds: float,
    watch: Callable[[], None] = lambda: None,
) -> Load:
    """`each_s` requests a second at random times (a Poisson process), whatever the server does.

    Times count from when a request was due, so that a server which stalls is not let off the
    requests that nobody could send meanwhile. `watch` is called once a second.
    """
    gaps = np.random.default_rng(0).exponential(1 / each_s, int(each_s * seconds * 1.2) + 10)
    due = np.cumsum(gaps)
    due = due[due < seconds]
    load, idle = Load(), list[Caller]()
    began = time.perf_counter()

    async def ask(request: bytes, at: float) -> None:
        caller = idle.pop() if idle else Caller(address)
        load.heard.append(await caller.ask(request, began + at))
        idle.append(caller)

    async def look() -> None:
        while True:
            watch()
            await asyncio.sleep(1)

    looking = asyncio.create_task(look())
    asked = set[asyncio.Task[None]]()
    for place, at in enumerate(due):
        if (wait := began + at - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        task = asyncio.create_task(ask(requests[place % len(requests)], float(at)))
        asked.add(task)
        task.add_done_callback(asked.discard)
    while asked:
        await asyncio.wait(set(asked))
    load.wall_s = time.perf_counter() - began
    looking.cancel()
    for caller in idle:
        caller.close()
    return load
