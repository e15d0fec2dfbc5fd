"""What a caller is told of a fault of ours."""

from __future__ import annotations

import asyncio
import errno
import io
import json
import os
from asyncio.subprocess import Process
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi")

from linnaeus.serving.app import make_app
from linnaeus.serving.log import Log
from linnaeus.serving.models import Model, Version, named_bundles
from linnaeus.serving.service import Service
from linnaeus.serving.settings import Settings
from linnaeus.serving.workers import Crew


def test_a_fault_is_told_like_any_refusal_and_its_trace_is_in_the_log() -> None:
    written = io.StringIO()
    log = Log(written)
    start, body = asyncio.run(_answers_of_a_model_without_facts(log))
    log.close()
    headers, told = dict(start["headers"]), json.loads(body["body"])
    assert start["status"] == 500
    assert headers[b"content-type"] == b"application/problem+json"
    assert told["type"] == "urn:linnaeus:problem:internal"
    assert told["request_id"].encode() == headers[b"x-request-id"]
    fault = next(line for line in map(json.loads, written.getvalue().splitlines()))
    assert (fault["event"], fault["request_id"]) == ("fault", told["request_id"])
    assert "KeyError" in fault["said"]


async def _answers_of_a_model_without_facts(log: Log) -> list[Any]:
    """What is sent for `GET /models` where one is served of which no worker has told anything."""
    service = Service(Settings(), log)
    told_nothing = Version("1", Path("here"), Path("there"))
    service.models["half"] = Model("half", {"1": told_nothing}, serving="1")
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/models", "query_string": b""}
    more = {"headers": [], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2), "state": {}}
    await make_app(service)({**scope, **more}, receive, send)
    await service.end()
    return sent


def test_no_process_is_left_where_another_cannot_be_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start, started = asyncio.create_subprocess_exec, []

    async def start_one_only(*command: Any, **options: Any) -> Process:
        if started:
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        started.append(None)
        started[0] = await start(*command, **options)
        return started[0]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", start_one_only)

    async def begin() -> None:
        log = Log(io.StringIO())
        service = Service(Settings(), log)
        with pytest.raises(BlockingIOError):
            await Crew([], 3, service).begin()
        await service.end()
        log.close()

    asyncio.run(begin())
    assert started[0].returncode is not None  # 255 where something else was told of its end first
    with pytest.raises(ProcessLookupError):
        os.kill(started[0].pid, 0)


def test_a_model_is_called_as_its_folder_in_plain_letters() -> None:
    ((name, folder),) = named_bundles(["runs/Müll aus Łódź/bundle"])
    assert (name, folder) == ("Mull-aus-odz", Path("runs/Müll aus Łódź/bundle"))
