"""Watched: a Progress whose events others hear too, with what the machine tells of the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from linnaeus.progress import Event, Progress, Stage
from linnaeus.watching.energy import Energy, EnergyMeter
from linnaeus.watching.memory import peak_memory_bytes
from linnaeus.watching.spent import Spent

__all__ = ["Watched", "Watcher"]

LOST = "what was spent before a break was not told"
"""Why the whole is not told, where this process tells its part."""


class Watcher(Protocol):
    """One that hears the events of a training. It never ends the training: what fails, it tells."""

    def hear(self, event: Event) -> None:
        """Take an event, in microseconds or, where it writes a file, a millisecond."""

    def close(self) -> None:
        """Hear nothing more; what was heard is to be where it belongs."""


class Watched:
    """Tells everything to `progress`, and the events to `watchers` too.

    Each event gets the time, the peak memory of this process and the energy so far, by `meter`.
    `before`: the last event of an earlier process whose run goes on here, if it told any.
    """

    def __init__(
        self,
        progress: Progress,
        watchers: Sequence[Watcher],
        meter: EnergyMeter,
        before: Event | None = None,
    ) -> None:
        self._meter = meter
        self._goes_on = before is not None
        self._progress = progress
        self._watchers = watchers
        told = {} if before is None else before.machine
        self._energy_before = _energy(told) if told else Energy(0.0, 0.0)
        self._memory_bytes = _whole(told.get("memory_bytes"))
        self._gpu_memory_bytes = _whole(told.get("gpu_memory_bytes"))

    def begin(self, event: Event, gpus: Sequence[str]) -> None:
        """Tell that learning begins, on GPUs of these UUIDs; not again where a run goes on."""
        self._meter.count_gpus(gpus)
        if not self._goes_on:
            self.log(event)

    def say(self, sentence: str) -> None:
        """Tell the user one sentence that stays."""
        self._progress.say(sentence)

    def warn(self, sentence: str) -> None:
        """Tell the user one sentence that asks for attention."""
        self._progress.warn(sentence)

    def stage(self, name: str, total: float | None = None) -> AbstractContextManager[Stage]:
        """Open a stage of `total` units."""
        return self._progress.stage(name, total)

    def log(self, event: Event) -> None:
        """Tell an event to all."""
        self._gpu_memory_bytes = _most(
            self._gpu_memory_bytes, _whole(event.machine.get("gpu_memory_bytes"))
        )
        spent = self.spent()
        measured = {
            "memory_bytes": spent.peak_memory_bytes,
            "gpu_memory_bytes": spent.gpu_peak_memory_bytes,
            "processor_energy_j": spent.processor_energy_j,
            "gpu_energy_j": spent.gpu_energy_j,
        }
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        whole = replace(event, machine={"at": at, **event.machine, **measured})
        self._progress.log(whole)
        for watcher in self._watchers:
            watcher.hear(whole)

    def spent(self) -> Spent:
        """What the run has taken of the machine so far."""
        self._memory_bytes = _most(self._memory_bytes, peak_memory_bytes())
        energy = self._meter.read().plus(self._energy_before)
        return Spent(
            self._memory_bytes,
            self._gpu_memory_bytes,
            energy.processor_energy_j,
            energy.gpu_energy_j,
            "" if energy.processor_energy_j is not None else self._meter.untold or LOST,
        )


def _energy(told: Mapping[str, object]) -> Energy:
    both = (told.get(name) for name in ("processor_energy_j", "gpu_energy_j"))
    return Energy(*(float(one) if isinstance(one, int | float) else None for one in both))


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _most(*values: int | None) -> int | None:
    """The largest of those that are known."""
    return max((value for value in values if value is not None), default=None)
