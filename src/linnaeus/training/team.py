"""The processes that learn together: torchrun starts them, each learns from a share of every batch.

Process 0 leads: it alone writes files and looks at the clock, and the others do as it does. All
have the same weights at every step, those that one process would have from the same batches.
"""

from __future__ import annotations

import gc
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from linnaeus.errors import UsageError

if TYPE_CHECKING:
    from torch import nn

__all__ = ["ALONE", "Team", "joined_team", "leads_here"]

LONGEST_WAIT = timedelta(days=1)  # for process 0, which judges and reports while the others wait

Result = TypeVar("Result")


@dataclass(frozen=True)
class Team:
    """This process among the `size` ones that learn together. `local_rank`: on its machine."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0

    @property
    def leads(self) -> bool:
        """Whether this is process 0."""
        return self.rank == 0

    def share(self, count: int) -> slice:
        """Which of `count` things in a row are this process's: as many as others', or one more."""
        return slice(self.rank * count // self.size, (self.rank + 1) * count // self.size)

    def as_led(self, *numbers: int) -> list[int]:
        """The `numbers` that process 0 gave, on each of them."""
        if self.size == 1:
            return list(numbers)
        import torch

        told = torch.tensor(numbers, dtype=torch.int64)
        torch.distributed.broadcast(told, 0)
        return list(map(int, told.tolist()))

    def led(self, work: Callable[[], Result]) -> Result:
        """What `work` gave process 0, which alone does it while the others wait."""
        if self.size == 1:
            return work()
        import torch

        told: list[Any] = [work() if self.leads else None]
        torch.distributed.broadcast_object_list(told, 0)
        result: Result = told[0]
        return result

    @contextmanager
    def leader_first(self) -> Iterator[None]:
        """Let process 0 do what is inside before the others, who then find what it has kept."""
        if not self.leads:
            self._meet()
        yield
        if self.leads:
            self._meet()

    def total(self, *numbers: float) -> list[float]:
        """The sums of `numbers` over all processes."""
        if self.size == 1:
            return list(numbers)
        import torch

        sums = torch.tensor(numbers, dtype=torch.float64)
        torch.distributed.all_reduce(sums)
        return list(map(float, sums.tolist()))

    def parallel(self, network: nn.Module) -> nn.Module:
        """`network`, whose gradients after going backwards are the mean of all processes'."""
        if self.size == 1:
            return network
        from torch.nn.parallel import DistributedDataParallel

        with warnings.catch_warnings():  # of the word that takes its place, which is too new
            warnings.simplefilter("ignore", FutureWarning)
            return DistributedDataParallel(network, broadcast_buffers=False)

    def quietly(self, network: nn.Module) -> AbstractContextManager[None]:
        """A context in which gradients of a `parallel` network only add up, in this process."""
        if self.size == 1:
            return nullcontext()
        quiet: AbstractContextManager[None] = network.no_sync()  # type: ignore[operator]
        return quiet

    def shared_statistics(self) -> AbstractContextManager[object]:
        """A context in which batches are normalised by the statistics of all processes' shares."""
        if self.size == 1:
            return nullcontext()
        from linnaeus.training.shared_statistics import SharedStatistics

        return SharedStatistics()

    def device(self, device: str) -> str:
        """This process's own GPU, where `device` is any."""
        if self.size == 1 or device == "cpu":
            return device
        if device != "cuda":
            raise UsageError(
                f"several processes cannot all learn on {device}",
                where="--device",
                mend="Give --device cuda or cpu, or start one process.",
            )
        return f"cuda:{self.local_rank}"

    def _meet(self) -> None:
        if self.size > 1:
            import torch

            torch.distributed.barrier()


ALONE = Team()


def leads_here() -> bool:
    """Whether this process is the one that speaks and writes: the only one, or process 0."""
    return _started_by_torchrun().leads


@contextmanager
def joined_team() -> Iterator[Team]:
    """Inside, the processes that torchrun started with this one can speak to each other."""
    team = _started_by_torchrun()
    if team.size == 1:
        yield team
        return
    import torch

    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    torch.distributed.init_process_group(backend, timeout=LONGEST_WAIT)
    try:
        yield team
        torch.distributed.barrier()  # one that leaves while another still listens may abort that
    finally:
        torch.distributed.destroy_process_group()
        gc.collect()  # wrapped networks hold threads, which abort a process that ends with them


def _started_by_torchrun() -> Team:
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK")
    if "MASTER_ADDR" not in os.environ or any(name not in os.environ for name in names):
        return ALONE
    return Team(*(int(os.environ[name]) for name in names))
