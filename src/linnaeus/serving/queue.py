"""What waits to be answered: bounded, first come first served, and nothing kept for nobody."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from linnaeus.serving.answers import too_late
from linnaeus.serving.problems import Problem

__all__ = ["Job", "Queue"]

NUMBERS = itertools.count(1)


@dataclass(eq=False)
class Job:
    """One request on its way to a worker.

    `kind`: what is asked of the worker, one of `worker.KINDS`. `payload`: the bytes that it needs,
    and `said` what it has to know beside them. `until`: the time (`time.monotonic`) after which
    nobody waits. `images`: how many pictures it counts for. `answer`: the JSON, or a Problem.
    """

    kind: str
    model: str
    version: str | None
    payload: bytes
    said: Mapping[str, Any]
    until: float
    images: int = 1
    number: int = field(default_factory=lambda: next(NUMBERS))
    arrived: float = field(default_factory=time.monotonic)
    answer: asyncio.Future[bytes] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def refuse(self, problem: Problem) -> None:
        """Tell the caller, unless it was told something already or is gone."""
        if not self.answer.done():
            self.answer.set_exception(problem)


class Queue:
    """Jobs that wait, of at most `most` pictures together.

    A job leaves it for a worker, or when its time is over (504), or when its caller has gone. Its
    time can be over with a worker too: then its caller is told so, and it is not begun. The one
    exception to `most`: a job finds room in an empty queue however many pictures it has.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: dict[int, Job] = {}
        self.images = 0

    @property
    def full(self) -> bool:
        """Whether there is no room for another picture."""
        return self.images >= self._most

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, job: Job) -> None:
        """Let `job` wait. Raises Problem where there is no room for it."""
        if self._waiting and self.images + job.images > self._most:
            raise busy(self.images)
        left_s = max(0.0, job.until - time.monotonic())
        timer = asyncio.get_running_loop().call_later(left_s, self._over, job)
        job.answer.add_done_callback(lambda answer: timer.cancel())
        self._waiting[job.number] = job
        self.images += job.images

    def take(self, images: int) -> list[Job]:
        """The jobs that waited longest, of about so many pictures; one at least if any waits."""
        taken: list[Job] = []
        while self._waiting and images > 0:
            job = next(iter(self._waiting.values()))
            self.drop(job)
            taken.append(job)
            images -= job.images
        return taken

    def drop(self, job: Job) -> bool:
        """Let `job` wait no longer; whether it did."""
        if self._waiting.pop(job.number, None) is None:
            return False
        self.images -= job.images
        return True

    def refuse_all(self, problem: Problem) -> None:
        """Send everyone away who waits."""
        for job in self.take(self.images + 1):
            job.refuse(problem)

    def _over(self, job: Job) -> None:
        self.drop(job)
        job.refuse(too_late())


def busy(images: int) -> Problem:
    """The refusal of a request for which there is no room."""
    return Problem(
        "busy", f"{images} pictures are waiting already, and no more may. Come again in a second."
    )
