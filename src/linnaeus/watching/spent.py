"""Spent: what a run took of the machine, as far as the machine tells it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Spent"]


@dataclass(frozen=True)
class Spent:
    """From the reading of the pictures to the judging of the bundle; None where it is not told.

    `peak_memory_bytes`: of the process. Energy is that of all who used the machine meanwhile; of a
    run that was interrupted, what was lost with it is not counted. `energy_untold`: why the
    processors' is not told, as a clause.
    """

    peak_memory_bytes: int | None = None
    gpu_peak_memory_bytes: int | None = None
    processor_energy_j: float | None = None
    gpu_energy_j: float | None = None
    energy_untold: str = ""
