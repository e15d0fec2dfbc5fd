"""The server's inside, without HTTP: models, workers, the queue between, and how all of it ends."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from prometheus_client.core import Metric
from starlette.types import Receive

from linnaeus.errors import BundleError, LinnaeusError
from linnaeus.serving.body import Held
from linnaeus.serving.callers import Callers
from linnaeus.serving.log import Log
from linnaeus.serving.metrics import Metrics, gauge, models_told
from linnaeus.serving.models import Model, Version, check_name
from linnaeus.serving.problems import Problem
from linnaeus.serving.queue import Job, Queue, busy
from linnaeus.serving.settings import Settings
from linnaeus.serving.snapshots import Snapshots
from linnaeus.serving.workers import MOST_IN_HAND, Crew, Wanted

__all__ = ["CallerGone", "Service"]


class CallerGone(Exception):
    """Whoever asked has hung up; there is nobody to answer."""


class Service:
    """Everything that routes need. Begun with `begin`, and ended with `drain` and `end`."""

    def __init__(self, settings: Settings, log: Log) -> None:
        self.settings = settings
        self.log = log
        self.metrics = Metrics(self._state)
        log.untold = self.metrics.untold.inc
        self.callers = Callers(
            settings.keys, settings.rate, lambda said: log.say("keys", said=said)
        )
        self.held = Held()
        self.models: dict[str, Model] = {}
        self.draining = False
        self.at_work = 0
        self._snapshots = Snapshots()
        self._queue = Queue(settings.queue)
        self._crew: Crew | None = None
        self._leaving: dict[Crew, asyncio.Task[None]] = {}
        self._changing = asyncio.Lock()

    async def begin(self, bundles: Sequence[tuple[str, Path]]) -> None:
        """Copy and open the (name, folder) of `bundles`. Raises LinnaeusError where that fails."""
        models: dict[str, Model] = {}
        for name, folder in bundles:
            models[name] = await self._with_new(models.get(name), name, folder, keep=True)
        await self._change(models)

    @property
    def ready(self) -> bool:
        """Whether a request would be answered now."""
        return not self.draining and self._crew is not None and self._crew.ready > 0

    def model(self, name: str | None, version: str | None = None) -> Model:
        """The model called `name`, or the only one. Raises Problem where there is none such."""
        if name is None:
            if len(self.models) != 1:
                named = ", ".join(sorted(self.models))
                detail = f"Several models are served. Name one with ?model=…: {named}."
                raise Problem("not-valid", detail)
            name = next(iter(self.models))
        model = self.models.get(name)
        if model is None:
            named = ", ".join(sorted(self.models))
            raise Problem("not-found", f'No model is called "{name}". Those here are: {named}.')
        if version is not None and version not in model.versions:
            numbers = ", ".join(model.versions)
            detail = f'"{name}" has no version {version}. Those here are: {numbers}.'
            raise Problem("not-found", detail)
        return model

    def check_room(self) -> None:
        """Raise Problem where a request would be refused anyway, before its body is read."""
        if self.draining:
            raise going_down()
        if self._queue.full:
            raise busy(self._queue.images)

    def until(self, deadline_ms: int | None) -> float:
        """The time (`time.monotonic`) until which a caller who comes now waits."""
        left_s = self.settings.deadline_s if deadline_ms is None else deadline_ms / 1000
        return time.monotonic() + left_s

    async def answer(self, job: Job, receive: Receive) -> bytes:
        """The JSON that answers `job`.

        Raises Problem, and CallerGone where `receive` says so; the job is then run no more, if it
        has not been begun.
        """
        self.check_room()
        self._queue.put(job)
        self._hand_over()
        waiting = asyncio.create_task(self._wait_for_end(receive, job))
        try:
            return await job.answer
        finally:
            waiting.cancel()

    def at_work_on(self, job: Job) -> bool:
        """Whether a worker has `job`, be its caller there or gone, or its model replaced."""
        return any(crew.has(job) for crew in self._crews)

    async def swap(self, name: str, folder: Path, *, new: bool = False) -> Model:
        """Serve the bundle in `folder` as the next version of the model `name`; or as a `new` one.

        Until it can answer, the one before does; then every answer is the new one's. Raises
        Problem where it cannot be served, where no model is called so and none shall be added, and
        where one is and one shall; nothing has changed then.
        """
        async with self._changing:
            self._check_new(name, new)
            try:
                check_name(name)
                model = await self._with_new(self.models.get(name), name, folder, keep=False)
                await self._change({**self.models, name: model})
            except LinnaeusError as error:
                self.metrics.swaps.labels("refused").inc()
                self.log.say("swap refused", model=name, said=str(error))
                kind = "broken-bundle" if isinstance(error, BundleError) else "not-valid"
                raise Problem(kind, f"{error} What served before goes on serving.") from None
        self._tell_change("added" if new else "swapped", self.models[name])
        return self.models[name]

    def _check_new(self, name: str, new: bool) -> None:
        """Raise Problem where a model would be added or replaced that was not meant."""
        if new and name in self.models:
            detail = f'A model is called "{name}" already. Leave "new" out to take its place.'
            raise Problem("conflict", detail)
        if not new and name not in self.models:
            named = ", ".join(sorted(self.models))
            detail = f'No model is called "{name}". Those here are: {named}. To add one, send'
            raise Problem("not-found", f'{detail} "new": true beside the path.')

    async def roll_back(self, name: str) -> Model:
        """Let the version of `name` serve that served before. Raises Problem if there is none."""
        async with self._changing:
            model = self.model(name)
            if model.before is None:
                detail = f'"{name}" has had one version only. Put another before rolling back.'
                raise Problem("conflict", detail)
            self.models[name] = model.rolled_back()
        self._tell_change("rolled back", self.models[name])
        return self.models[name]

    async def drain(self) -> None:
        """Take nothing new, and wait until all that was taken is answered, or time is up.

        What is not answered by then is refused, be it in the queue or in a worker's hand.
        """
        self.draining = True
        until = time.monotonic() + self.settings.drain_timeout_s
        while self.at_work and time.monotonic() < until:
            await asyncio.sleep(0.02)
        self._queue.refuse_all(going_down())
        for crew in self._crews if self.at_work else ():
            crew.kill()

    async def end(self) -> None:
        """End the workers, and forget the copies of the bundles."""
        for crew in self._crews:
            crew.kill()
        if self._crew is not None:
            await self._crew.end()
        await asyncio.gather(*self._leaving.values())
        self._snapshots.close()

    # As workers.Watcher

    def idle(self) -> None:
        """A worker has nothing to do."""
        self._hand_over()

    def lost(self, reason: str) -> None:
        """A worker has died."""
        self.metrics.lost.labels(reason.partition(":")[0]).inc()
        self.log.say("worker lost", reason=reason)

    def faulted(self, trace: str) -> None:
        """A worker met a fault of ours."""
        self.log.say("fault", said=trace)

    def _hand_over(self) -> None:
        """Give what waits to workers that have nothing to do, each its share of it."""
        if self._crew is None:
            return
        idle = self._crew.idle
        for place, worker in enumerate(idle):
            batch: list[tuple[Job, str]] = []
            while len(self._queue) and not batch:  # those of a version that is gone are refused
                share = math.ceil(self._queue.images / (len(idle) - place))
                most = MOST_IN_HAND - worker.images
                batch = list(self._resolved(self._queue.take(min(share, most))))
            if batch:
                self.metrics.batches.observe(sum(job.images for job, _ in batch))
                worker.give(batch)

    def _resolved(self, jobs: Iterable[Job]) -> Iterable[tuple[Job, str]]:
        """Each job with the version that answers it, as of now."""
        now = time.monotonic()
        for job in jobs:
            try:
                model = self.model(job.model, job.version)
            except Problem as problem:
                job.refuse(problem)
                continue
            version = job.version or model.serving
            self.metrics.waited.observe(now - job.arrived)
            self.metrics.images.labels(job.model, version).inc(job.images)
            yield job, version

    async def _wait_for_end(self, receive: Receive, job: Job) -> None:
        """Take the job back once its caller has hung up."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self._queue.drop(job)
        if not job.answer.done():
            job.answer.set_exception(CallerGone())

    async def _with_new(self, model: Model | None, name: str, folder: Path, keep: bool) -> Model:
        """The model with a version from `folder` that serves; `keep`: beside all the others."""
        copy = await asyncio.to_thread(self._snapshots.take, folder)
        last = 0 if model is None else max(map(int, model.versions))
        new = Version(str(last + 1), folder, copy)
        if model is None:
            return Model(name, {new.number: new}, serving=new.number)
        if keep:
            versions = {**model.versions, new.number: new}
            return Model(name, versions, serving=new.number, before=model.serving)
        return model.with_version(new)

    async def _change(self, models: dict[str, Model]) -> None:
        """Have a new crew open `models`, and let it answer from then on."""
        before = {one.copy for model in self.models.values() for one in model.versions.values()}
        after = {one.copy for model in models.values() for one in model.versions.values()}
        crew = Crew(_wanted(models, before, self.settings), self.settings.workers, self)
        try:
            facts = await crew.begin()
        except BaseException:
            self._drop(after - before)
            raise
        old, self._crew = self._crew, crew
        self.models = {name: model.with_facts(facts) for name, model in models.items()}
        if old is not None:
            self._leaving[old] = asyncio.create_task(self._see_off(old, before - after))
        self._hand_over()

    async def _see_off(self, crew: Crew, copies: Iterable[Path]) -> None:
        await crew.end()
        self._drop(copies)
        del self._leaving[crew]

    @property
    def _crews(self) -> list[Crew]:
        """The one that answers, and those that are through once they have answered what they have.

        What a worker is at takes its place and its processor whichever it is of.
        """
        return [*([self._crew] if self._crew is not None else []), *self._leaving]

    def _drop(self, copies: Iterable[Path]) -> None:
        for copy in copies:
            self._snapshots.drop(copy)

    def _tell_change(self, what: str, model: Model) -> None:
        self.metrics.swaps.labels(what).inc()
        digest = model.versions[model.serving].digest
        self.log.say(what, model=model.name, version=model.serving, digest=digest)

    def _state(self) -> Iterable[Metric]:
        """What is so now, for the metrics."""
        crew = self._crew
        yield gauge("ready", "Whether requests are answered.", float(self.ready))
        yield gauge("workers", "Workers that there should be.", self.settings.workers)
        yield gauge("workers_ready", "Workers that can answer.", crew.ready if crew else 0)
        yield gauge("queue_images", "Pictures that wait.", self._queue.images)
        yield gauge("queue_most", "Pictures that may wait.", self.settings.queue)
        yield gauge("in_hand", "Jobs that workers have.", sum(one.in_hand for one in self._crews))
        yield gauge("body_bytes", "Bytes of bodies in memory.", self.held.size_bytes)
        yield models_told(
            (model.name, one.number, one.digest, one.number == model.serving)
            for model in self.models.values()
            for one in model.versions.values()
        )


def going_down() -> Problem:
    """The refusal of a server that is ending."""
    detail = "The server is ending, and takes nothing new. Ask another, or come again later."
    return Problem("going-down", detail, headers={"connection": "close"})


def _wanted(models: dict[str, Model], before: Collection[Path], settings: Settings) -> list[Wanted]:
    """What a worker has to open, what was not open `before` first: if one is broken, it is that."""
    every = {"squeeze": settings.squeeze, "changed_above": settings.changed_above}
    versions = [(model, one) for model in models.values() for one in model.versions.values()]
    versions.sort(key=lambda pair: pair[1].copy in before)
    return [
        {"name": model.name, "version": one.number, "folder": str(one.copy), **every}
        for model, one in versions
    ]
