"""What is told of a training at each of its validations."""

from __future__ import annotations

import math

import torch

from linnaeus.progress import Event, Progress
from linnaeus.training.clock import Clock
from linnaeus.training.row import Row

__all__ = ["PassWatch"]

OF_THE_MACHINE = ("seconds", "pictures_a_second")
"""Of a row: what another run of the same training has otherwise."""


class PassWatch:
    """Tells `progress` each row of the history of `stage`, and measures how fast it came about."""

    def __init__(self, progress: Progress, stage: str, clock: Clock, device: str) -> None:
        self._progress = progress
        self._stage = stage
        self._clock = clock
        self._device = torch.device(device)
        self._pictures = 0
        self._since_s = clock.seconds()

    def go_on(self, pictures: int) -> None:
        """Go on after so many `pictures`, which another process has seen."""
        self._pictures, self._since_s = pictures, self._clock.seconds()

    def speed(self, pictures: int, now_s: float) -> float:
        """Pictures a second since the last row, where at `now_s` so many `pictures` were seen."""
        return (pictures - self._pictures) / max(now_s - self._since_s, 1e-9)

    def passed(self, row: Row, step: int, pictures: int) -> None:
        """Tell of `row`, taken after `step` steps, in which so many `pictures` were seen."""
        fields = {n: None if math.isnan(value) else value for n, value in row._asdict().items()}
        figures = {"pass": fields.pop("epoch"), "step": step}
        machine = {name: fields.pop(name) for name in OF_THE_MACHINE}
        if self._device.type == "cuda":
            machine["gpu_memory_bytes"] = torch.cuda.max_memory_allocated(self._device)
        self._progress.log(Event("pass", self._stage, figures | fields, machine))
        self._pictures, self._since_s = pictures, self._clock.seconds()
