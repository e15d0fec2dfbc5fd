"""A server under measurement: started as a user would, watched from outside, ended with SIGTERM."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from _http_load import Address, Caller
from _measuring import linnaeus

STARTS_WITHIN_S = 120.0


@dataclass(frozen=True)
class Served:
    """A server that answers at `address`."""

    process: subprocess.Popen[bytes]
    address: Address

    @property
    def url(self) -> str:
        return "http://{}:{}".format(*self.address)

    def memory_mb(self) -> float:
        """What the server and its workers have in memory, shared pages counted once."""
        server = psutil.Process(self.process.pid)
        mine = 0.0
        for one in (server, *server.children(recursive=True)):
            try:
                mine += one.memory_full_info().pss / 1e6
            except psutil.NoSuchProcess:
                continue
        return mine

    def workers(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    def metric(self, line: str) -> float:
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=30) as answer:
            for told in answer.read().decode().splitlines():
                if told.startswith(f"{line} "):
                    return float(told.rpartition(" ")[2])
        return 0.0

    def answered(self) -> dict[int, int]:
        """How many requests were answered with each status."""
        found = dict[int, int]()
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=30) as answer:
            for told in answer.read().decode().splitlines():
                if match := re.fullmatch(r'linnaeus_requests_total\{.*status="(\d+)"\} (.*)', told):
                    status = int(match[1])
                    found[status] = found.get(status, 0) + int(float(match[2]))
        return dict(sorted(found.items()))

    async def send_json(self, method: str, path: str, value: object) -> tuple[int, Any]:
        """(status, JSON) of a request in whose answer a server may take its time."""
        body = json.dumps(value).encode()
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        heard = await Caller(self.address).ask(head.encode() + body)
        return heard.status, json.loads(heard.body or b"null")


@contextmanager
def served(*arguments: str | Path) -> Iterator[Served]:
    """`linnaeus serve ARGUMENTS` on a free port."""
    command = [linnaeus(), "serve", *map(str, arguments), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    told = process.stdout.readline().decode()
    if " on http" not in told:
        sys.exit(f"{' '.join(command)} ended with {process.wait()}")
    host, port = told.split()[-1].removeprefix("http://").split(":")
    with _ended(process):
        yield Served(process, (host, int(port)))


@contextmanager
def started(
    command: Sequence[str | Path], address: Address, request: bytes, aside: Path | None
) -> Iterator[Served]:
    """Another server, once it answers `request` at `address`; `aside` holds what it may need."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = environment_with(aside)
    process = subprocess.Popen(
        [*map(str, command)], env=environment, start_new_session=True, **quiet
    )
    try:
        until = time.monotonic() + STARTS_WITHIN_S
        while asyncio.run(Caller(address).ask(request)).status != 200:
            if process.poll() is not None or time.monotonic() > until:
                sys.exit(f"{' '.join(map(str, command))} does not answer")
            time.sleep(0.2)
        yield Served(process, address)
    finally:
        of_it = psutil.Process(process.pid).children(recursive=True)
        for one in (process, *of_it):  # some leave their workers behind otherwise
            with suppress(ProcessLookupError, psutil.NoSuchProcess):
                one.kill()
        process.wait()


def environment_with(aside: Path | None) -> dict[str, str]:
    """This process's variables, with the packages in `aside` to be found first."""
    if aside is None:
        return dict(os.environ)
    path = [
        str(aside.resolve()),
        *([os.environ["PYTHONPATH"]] if "PYTHONPATH" in os.environ else []),
    ]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path)}


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
