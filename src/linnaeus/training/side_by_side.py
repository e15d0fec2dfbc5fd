"""Parts of a batch through one network at the same time, each on a thread of its own.

PyTorch shares out every layer among its threads, which then wait for each other. Where layers are
small, as in networks made for telephones, that wait is a good part of the time; a thread that
takes some of the pictures through all of the layers has to wait but twice a step. It also reads all
weights and adds up gradients of its own, which costs more than it brings where layers are few and
large: on two threads a dense network took twice as long so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from linnaeus.training.precision import autocast

__all__ = ["LEAST_PICTURES", "SideBySide"]

LEAST_PICTURES = 4
"""In a part: fewer are not worth a thread."""

TRIED = 2  # pictures


class SideBySide:
    """Asks `network`, which learns, for logits: pictures in as many parts as PyTorch has threads.

    Only of a network that answers to each picture by itself, without chance, and keeps nothing of
    it; all others, and batches too small to give each thread a part, go through as they are.
    `precision`: of `precision.autocast`, on a processor.
    """

    def __init__(self, network: nn.Module, precision: str) -> None:
        self._network = network
        self._precision = precision
        self._suits: bool | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._threads = 0

    def __call__(self, views: Tensor) -> Tensor:
        """Logits (n, classes) for `views` (n, h, w, 3), which no gradient goes on to."""
        parts = torch.get_num_threads()
        if parts < 2 or len(views) < parts * LEAST_PICTURES or not self._suited(views):
            return self._answer(views)
        learning = [p for p in self._network.parameters() if p.requires_grad]
        logits: Tensor = _Parted.apply(self, views.tensor_split(parts), *learning)
        return logits

    def each(self, work: Callable[..., Any], *parts: Sequence[Any]) -> list[Any]:
        """What `work` gives for each of the parts, in their order. Raises what it raises."""
        threads, count = torch.get_num_threads(), len(parts[0])
        if self._pool is None or count > self._threads:
            self._pool, self._threads = ThreadPoolExecutor(count, "part"), count

        def alone(*part: Any) -> Any:
            torch.set_num_threads(1)
            return work(*part)

        begun = [self._pool.submit(alone, *part) for part in zip(*parts, strict=True)]
        try:
            wait(begun)  # for all of them, also where one fails: what they hold is wanted then
            return [one.result() for one in begun]
        finally:
            torch.set_num_threads(threads)

    def _answer(self, views: Tensor) -> Tensor:
        with autocast(self._precision, "cpu"):
            logits: Tensor = self._network(views)
        return logits

    @torch.no_grad()
    def _suited(self, views: Tensor) -> bool:
        """Whether pictures may be parted: found out once, by what a few of them leave behind."""
        if self._suits is None:
            modules = list(self._network.modules())
            together = any(isinstance(m, _NormBase) and m.training for m in modules)
            chance, kept = torch.get_rng_state(), [b.clone() for b in self._network.buffers()]
            self._suits = not together
            if self._suits:
                self._answer(views[:TRIED])
                same = map(torch.equal, kept, self._network.buffers())
                self._suits = torch.equal(chance, torch.get_rng_state()) and all(same)
                torch.set_rng_state(chance)
        return self._suits


class _Parted(torch.autograd.Function):
    """Logits of all parts, whose gradients are found part by part and added up in their order."""

    @staticmethod
    def forward(ctx: Any, side: SideBySide, parts: Sequence[Tensor], *learning: Tensor) -> Tensor:
        ctx.side, ctx.learning = side, learning
        ctx.given = side.each(side._answer, parts)
        return torch.cat([given.detach() for given in ctx.given])

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Any:
        def found(given: Tensor, slope: Tensor) -> tuple[Tensor | None, ...]:
            slopes: tuple[Tensor | None, ...] = torch.autograd.grad(
                given, ctx.learning, slope, allow_unused=True
            )
            return slopes

        parts = torch.split(slopes[0], [len(given) for given in ctx.given])
        of_parts = ctx.side.each(found, ctx.given, parts)
        return None, None, *map(_added, zip(*of_parts, strict=True))


def _added(slopes: Sequence[Tensor | None]) -> Tensor | None:
    there = [slope for slope in slopes if slope is not None]
    total = there[0] if there else None
    for slope in there[1:]:
        assert total is not None
        total += slope
    return total
