"""Work on a CUDA GPU recorded once and replayed from then on: a CUDA graph.

A step of a small network is hundreds of short kernels, which the processor starts one by one more
slowly than the GPU does them. A replay starts all of them at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from linnaeus.training.memory_shortage import is_of_memory

__all__ = ["TIMES_BEFORE", "CannotBeRecordedError", "Recorded", "steps_to_try"]

TIMES_BEFORE = 3
"""How often work of a shape is done as usual first: what is set up only once, such as the momentum
of weights and the choice of kernels, must not be recorded."""

Shapes = tuple[torch.Size, torch.dtype, torch.Size, torch.dtype]
Work = Callable[[Tensor, Tensor], Tensor]


def steps_to_try(steps: int, device: str) -> int:
    """How many steps of a shape show their speed on `device`, where `steps` do on a processor: on a
    GPU as many after the one that is recorded."""
    return TIMES_BEFORE + 1 + steps if torch.device(device).type == "cuda" else steps


class CannotBeRecordedError(RuntimeError):
    """The work cannot be recorded: something in it waits for the GPU. Nothing of it was done."""


class Recording(NamedTuple):
    """A `graph`, the tensors that it reads, and the one that it leaves its answer in."""

    graph: torch.cuda.CUDAGraph
    views: Tensor
    targets: Tensor
    answer: Tensor


class Recorded:
    """Does work on `views` and `targets`, by replaying once it was done a few times on such shapes.

    All on the GPU that is the current one. Only the newest recording is kept: each holds the memory
    of a whole step, and pictures only grow while a network learns.
    """

    def __init__(self) -> None:
        self._done: dict[Shapes, int] = {}
        self._newest: tuple[Shapes, Recording] | None = None
        self._beside = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # not the usual one

    def do(self, work: Work, views: Tensor, targets: Tensor) -> Tensor:
        """What `work(views, targets)` gives.

        `work` must be the same each time: what changes from one time to the next has to stand in
        tensors on the GPU, which keep their place in memory, and nothing of it may wait for the
        GPU. Raises CannotBeRecordedError where something does.
        """
        shapes = (views.shape, views.dtype, targets.shape, targets.dtype)
        if self._newest is None or self._newest[0] != shapes:
            self._done[shapes] = self._done.get(shapes, 0) + 1
            if self._done[shapes] <= TIMES_BEFORE:
                return self._as_usual(work, views, targets)
            self._let_go()
            self._newest = shapes, self._record(work, views, targets)
        recording = self._newest[1]
        recording.views.copy_(views)
        recording.targets.copy_(targets)
        recording.graph.replay()
        return recording.answer.clone()

    def forget(self) -> None:
        """Record anew: tensors that the work changes are others from now on."""
        self._let_go()
        self._done.clear()

    def _let_go(self) -> None:
        torch.cuda.synchronize()  # no recording may go while it is replayed
        self._newest = None

    def _as_usual(self, work: Work, views: Tensor, targets: Tensor) -> Tensor:
        self._beside.wait_stream(torch.cuda.current_stream())
        try:
            with torch.cuda.stream(self._beside):
                return work(views, targets)
        finally:
            torch.cuda.current_stream().wait_stream(self._beside)

    def _record(self, work: Work, views: Tensor, targets: Tensor) -> Recording:
        graph = torch.cuda.CUDAGraph()
        read = views.clone(), targets.clone()
        try:
            with torch.cuda.graph(graph, stream=self._beside):
                answer = work(*read)
        except RuntimeError as error:
            if is_of_memory(error):
                raise
            raise CannotBeRecordedError(str(error)) from error
        return Recording(graph, *read, answer)
