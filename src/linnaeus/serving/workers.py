"""The processes that answer: a crew of them for one set of models, kept up to strength.

Jobs are handed over in batches of what waits, without waiting for more: a worker takes its share
of the queue at once, and answers it picture by picture. When one dies, those whose jobs it had are
told so, and another takes its place.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from linnaeus.data.in_threads import processors
from linnaeus.errors import BundleError
from linnaeus.serving.frames import Frames
from linnaeus.serving.problems import Problem
from linnaeus.serving.queue import Job
from linnaeus.serving.wire import frame

__all__ = ["MOST_IN_HAND", "Crew", "Watcher", "Worker", "Wanted"]

MOST_IN_HAND = 8
"""Pictures that a worker takes at once. It answers them singly, so more gains nothing but fewer
hand-overs (each costs less than a millisecond), and as many are refused when it is killed."""

NEARLY_IDLE = 1
"""Pictures in hand at which a worker gets its next batch: what it is at covers the time until that
is there. Without, workers waited for a third of the time on a busy machine."""

OPENING_S = 120.0
"""How long a worker may take to open its models. Seconds are usual, on a busy machine more."""

STUCK_S = 60.0
"""How long a worker may be at one job by the clock. Processor time is bounded more tightly, by
itself (`answers.PICTURE_S`); this is for what waits and computes nothing."""

PAUSES_S = (0.0, 0.1, 0.5, 2.0, 5.0)
"""Before the first, second, … attempt in a row to put another worker in the place of a lost one."""

OF_THE_PICTURE = {
    signal.SIGSEGV,
    signal.SIGBUS,
    signal.SIGFPE,
    signal.SIGILL,
    signal.SIGABRT,
    signal.SIGSYS,
}
"""What ends a process that a decoder has led astray."""

Wanted = dict[str, Any]
"""A model to open: its name, version and folder, and what is asked of all of its answers."""

Facts = list[dict[str, Any]]


class Watcher(Protocol):
    """Who is told of what happens to workers."""

    def idle(self) -> None:
        """One of them has nothing to do, or soon will."""

    def lost(self, reason: str) -> None:
        """One of them has died, of `reason`."""

    def faulted(self, trace: str) -> None:
        """One of them met a fault of ours, with the stack `trace`, and lives on."""


class Worker:
    """One process and its connection. `in_hand`: the jobs that it has, in order."""

    def __init__(self, process: Process, frames: Frames, watcher: Watcher) -> None:
        self.in_hand: dict[int, Job] = {}
        self._process = process
        self._frames = frames
        self._watcher = watcher
        self._watch: asyncio.TimerHandle | None = None
        self._stuck = False

    @classmethod
    async def start(cls, watcher: Watcher) -> Worker:
        """Start a process; it waits to hear what to open."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "linnaeus.serving.worker", str(theirs.fileno())),
                pass_fds=(theirs.fileno(),),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the server, which tells it when to end
                env=_environment(),
            )
        loop = asyncio.get_running_loop()
        frames = Frames(lambda said, payload: None)
        await loop.create_unix_connection(lambda: frames, sock=ours)
        return cls(process, frames, watcher)

    @property
    def images(self) -> int:
        """Pictures that it has in hand."""
        return sum(job.images for job in self.in_hand.values())

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    async def open(self, models: Sequence[Wanted], *, alone: bool) -> Facts:
        """Let it open `models`, for one processor if `alone`. Raises BundleError for a bad one."""
        opened: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._frames.heard = lambda said, payload: opened.set_result(said)
        self._frames.send(frame({"models": list(models), "alone": alone}))
        either = (opened, self._frames.ended)
        await asyncio.wait(either, timeout=OPENING_S, return_when=asyncio.FIRST_COMPLETED)
        if not opened.done():
            self.kill()
            code = await self._process.wait()
            what = f"the process that opens it was lost ({_in_words(code)})"
            mend = "Try again; if it happens again, make the bundle anew."
            raise BundleError(what, where=models[0]["name"], mend=mend)
        said = opened.result()
        if "refused" in said:
            await self.end()
            raise BundleError(said["what"], where=said["where"], mend=said["mend"])
        self._frames.heard = self._heard
        return list(said["ready"])

    def give(self, jobs: Sequence[tuple[Job, str]]) -> None:
        """Hand over `jobs`, each with the version that shall answer it."""
        for job, version in jobs:
            self.in_hand[job.number] = job
            told = {"id": job.number, "kind": job.kind, "model": job.model, "version": version}
            self._frames.send(frame({**told, "until": job.until, **job.said}, job.payload))
        self._watch_over()

    async def until_ended(self) -> str:
        """Wait until it ends; what it died of, or "" where it was told to end."""
        await self._frames.ended
        self.kill()
        code = await self._process.wait()
        self._frames.close()
        if self._watch is not None:
            self._watch.cancel()
        reason = "stuck" if self._stuck else _in_words(code)
        self._refuse_in_hand(code, reason)
        return "" if code == 0 else reason

    def kill(self) -> None:
        """End it at once."""
        with suppress(ProcessLookupError):
            self._process.kill()

    async def end(self) -> None:
        """Let it end once it has answered all that it has."""
        self._frames.no_more()
        await self._process.wait()
        self._frames.close()

    def _heard(self, said: dict[str, Any], payload: bytes) -> None:
        """Pass an answer on."""
        job = self.in_hand.pop(said.get("id", 0), None)
        if job is None:
            raise ValueError(said)  # it talks of what it was not given
        if "problem" in said:
            job.refuse(Problem(said["problem"], said["detail"], more=said["more"]))
            if said["fault"]:
                self._watcher.faulted(said["fault"])
        elif not job.answer.done():
            job.answer.set_result(payload)
        self._watch_over()
        if self.images <= NEARLY_IDLE:
            self._watcher.idle()

    def _watch_over(self) -> None:
        """Give it the time that one job may take."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        if self.in_hand:
            self._watch = asyncio.get_running_loop().call_later(STUCK_S, self._end_stuck)

    def _end_stuck(self) -> None:
        self._stuck = True
        self.kill()

    def _refuse_in_hand(self, code: int, reason: str) -> None:
        """Tell the callers of a worker that is lost: what it was at may be why."""
        jobs = list(self.in_hand.values())
        self.in_hand.clear()
        for place, job in enumerate(jobs):
            job.refuse(_blamed(code) if place == 0 and _of_the_picture(code) else _lost(reason))


class Crew:
    """Workers who all have the same `models` open, `strength` of them.

    A crew is begun, replaced by the next one when the models change, and ended once its workers
    have answered what they have in hand.
    """

    def __init__(self, models: Sequence[Wanted], strength: int, watcher: Watcher) -> None:
        self._models = models
        self._strength = strength
        self._watcher = watcher
        self._workers: dict[Worker, asyncio.Task[None]] = {}
        self._places: set[asyncio.Task[None]] = set()
        self._ending = False

    async def begin(self) -> Facts:
        """Start all workers at once, of which the first opens the models before all others: what a
        bundle breaks, it breaks once. Returns what it says of the models.

        Raises BundleError where a model cannot be opened; then none is left.
        """
        starting = (Worker.start(self._watcher) for _ in range(self._strength))
        begun = await asyncio.gather(*starting, return_exceptions=True)
        started = [one for one in begun if isinstance(one, Worker)]
        try:
            for one in begun:
                if isinstance(one, BaseException):
                    raise one
            first, *others = started
            facts = await self._open(first)
            await asyncio.gather(*map(self._open, others))
        except BaseException:
            self.kill()
            for worker in started:
                worker.kill()
            await asyncio.gather(*(worker.until_ended() for worker in started))
            await self.end()
            raise
        return facts

    @property
    def ready(self) -> int:
        """How many workers can answer."""
        return len(self._workers)

    @property
    def strength(self) -> int:
        """How many there should be."""
        return self._strength

    @property
    def idle(self) -> list[Worker]:
        """Workers with nothing to do, and then those who soon will have nothing."""
        some = [worker for worker in self._workers if worker.images <= NEARLY_IDLE]
        return sorted(some, key=lambda worker: worker.images)

    @property
    def in_hand(self) -> int:
        """Jobs that workers have."""
        return sum(len(worker.in_hand) for worker in self._workers)

    def has(self, job: Job) -> bool:
        """Whether a worker has `job`, be its caller there or gone."""
        return any(job.number in worker.in_hand for worker in self._workers)

    async def end(self) -> None:
        """Let every worker end once it has answered what it has."""
        self._ending = True
        for place in self._places:
            place.cancel()
        await asyncio.gather(*(worker.end() for worker in list(self._workers)))
        await asyncio.gather(*self._workers.values(), *self._places, return_exceptions=True)

    def kill(self) -> None:
        """End every worker at once."""
        self._ending = True
        for place in self._places:
            place.cancel()
        for worker in self._workers:
            worker.kill()

    async def _add(self) -> Facts:
        """Start one more worker, and let it answer as soon as it can."""
        return await self._open(await Worker.start(self._watcher))

    async def _open(self, worker: Worker) -> Facts:
        """Have `worker` open the models, and let it answer from then on."""
        try:
            facts = await worker.open(self._models, alone=1 < processors() <= self._strength)
        except BaseException:
            worker.kill()
            raise
        if self._ending:
            await worker.end()
            return facts
        self._workers[worker] = asyncio.create_task(self._work(worker))
        self._watcher.idle()
        return facts

    async def _work(self, worker: Worker) -> None:
        """See one worker through its life; have it replaced if that ends too soon."""
        reason = await worker.until_ended()
        self._workers.pop(worker, None)
        if self._ending:
            return
        self._watcher.lost(reason or "ended")
        place = asyncio.create_task(self._replace())
        self._places.add(place)
        place.add_done_callback(self._places.discard)

    async def _replace(self) -> None:
        """Put another worker in the place of a lost one, however often that takes."""
        for attempt in range(sys.maxsize):
            await asyncio.sleep(PAUSES_S[min(attempt, len(PAUSES_S) - 1)])
            try:
                await self._add()
            except (BundleError, OSError) as error:
                self._watcher.lost(f"opening failed: {error}")
                continue
            return


def _environment() -> dict[str, str]:
    """This process's, with the package to be found where it is found here."""
    here = str(Path(__file__).parents[2])
    given = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([here, *([given] if given else [])])}


def _in_words(code: int) -> str:
    """How a process ended: the name of a signal, or its code."""
    if code >= 0:
        return f"code {code}"
    with suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"


def _of_the_picture(code: int) -> bool:
    return code < 0 and -code in {*OF_THE_PICTURE, signal.SIGPROF}


def _blamed(code: int) -> Problem:
    if -code == signal.SIGPROF:
        return Problem(
            "image-too-slow",
            "A picture took longer than any of its size should. Save it anew as JPEG or PNG.",
        )
    detail = "A picture broke the decoder, which was stopped. Save it anew as JPEG or PNG."
    return Problem("image-breaks-decoder", detail)


def _lost(reason: str) -> Problem:
    detail = f"The process that had this in hand has ended ({reason}). Send it again."
    return Problem("worker-lost", detail)
