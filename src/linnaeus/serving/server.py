"""Running a server from its first byte to its last: bind, open, answer, drain, end."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
import uvloop

from linnaeus.errors import Terminated, UsageError
from linnaeus.serving.address import bound, is_loopback, url_of
from linnaeus.serving.app import make_app
from linnaeus.serving.confinement import bound_server, settle
from linnaeus.serving.connection import Connection
from linnaeus.serving.log import Log
from linnaeus.serving.models import named_bundles
from linnaeus.serving.service import Service
from linnaeus.serving.settings import Settings

__all__ = ["run_server"]

SIGNALS = (signal.SIGTERM, signal.SIGINT)

CLOSING_S = 2
"""For what is still being sent when everything has been answered."""

KEEP_ALIVE_S = 30
"""How long a connection may rest between two requests: longer than proxies and clients pause."""


def run_server(
    bundles: Sequence[str | Path], settings: Settings, say: Callable[[str], None]
) -> None:
    """Serve `bundles` until a signal ends it; `say` is told the address once it answers.

    Raises UsageError, BundleError and others before it answers; Terminated after SIGTERM,
    KeyboardInterrupt after SIGINT.
    """
    settings.check()
    bound_server()
    named = named_bundles(bundles)
    if settings.keys is None and not is_loopback(settings.host):
        raise UsageError(
            "others could reach the server, and no keys are asked for",
            where=f"--host {settings.host}",
            mend="Make a key with `linnaeus serve-keys add NAME`, and give the file with --keys.",
        )
    log = Log()
    log.listen_to_libraries()
    with bound(settings.host, settings.port) as listening:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                signum = runner.run(_serve(named, settings, listening, log, say))
        finally:
            log.close()
    if signum == signal.SIGTERM:
        raise Terminated
    raise KeyboardInterrupt


async def _serve(
    bundles: Sequence[tuple[str, Path]],
    settings: Settings,
    listening: socket.socket,
    log: Log,
    say: Callable[[str], None],
) -> int:
    """Serve until a signal comes; which one."""
    service = Service(settings, log)
    try:
        with _told_signals() as signalled:
            if not await _first(service.begin(bundles), signalled):
                return signalled.result()
            server = _Server(_config(service))
            serving = asyncio.create_task(server.serve([listening]))
            while not server.started and not serving.done():
                await asyncio.sleep(0.01)
            settle()
            _tell(service, log, say, url_of(listening))
            signum = await signalled
            log.say("draining", signal=signal.Signals(signum).name)
            await service.drain()
            server.should_exit = True
            await serving
            log.say("ended")
            return signum
    finally:
        await service.end()


async def _first(work: Coroutine[Any, Any, None], signalled: asyncio.Future[int]) -> bool:
    """Do `work`, unless a signal comes first; whether it was done."""
    task = asyncio.create_task(work)
    await asyncio.wait((task, signalled), return_when=asyncio.FIRST_COMPLETED)
    if not task.done():
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return False
    await task
    return True


def _tell(service: Service, log: Log, say: Callable[[str], None], url: str) -> None:
    """Say what is served, and where."""
    for model in service.models.values():
        for one in model.versions.values():
            told = {"model": model.name, "version": one.number, "digest": one.digest}
            log.say("model", **told, serving=one.number == model.serving, path=str(one.came_from))
            for notice in one.facts["notices"]:
                log.say("notice", **told, said=notice)
    log.say("serving", url=url, workers=service.settings.workers)
    say(f"Serving {', '.join(service.models)} on {url}")
    sys.stdout.flush()  # whoever waits for it at the other end of a pipe has to see it now


class _Server(uvicorn.Server):
    """uvicorn's, with the signals left to whoever runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(service: Service) -> uvicorn.Config:
    return uvicorn.Config(
        make_app(service),
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # whoever calls could say that it is someone else
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=CLOSING_S,
    )


@contextmanager
def _told_signals() -> Iterator[asyncio.Future[int]]:
    """A future that is the first signal that comes; a second one ends the process at once."""
    loop = asyncio.get_running_loop()
    signalled: asyncio.Future[int] = loop.create_future()

    def told(signum: int) -> None:
        if signalled.done():
            raise SystemExit(128 + signum)
        signalled.set_result(signum)

    for signum in SIGNALS:
        loop.add_signal_handler(signum, told, signum)
    try:
        yield signalled
    finally:
        for signum in SIGNALS:
            loop.remove_signal_handler(signum)
