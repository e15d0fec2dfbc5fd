"""The energy that processors and GPUs spend, where the machine counts it; never an estimate.

Processors count by RAPL, which Linux shows under /sys/class/powercap, often to root alone; GPUs of
NVIDIA by NVML, from Volta on. Both count for everyone on the machine, not for this process alone.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

from linnaeus.watching.nvml import GpuCounter

__all__ = ["Energy", "EnergyMeter"]

POWERCAP = Path("/sys/class/powercap")
ZONE = re.compile(r"intel-rapl(:\d+)+")  # of AMD too; intel-rapl-mmio has the same packages again
COUNTED = re.compile(r"package-\d+|dram")  # not core or uncore, which are parts of the package
LOOK_EVERY_S = 60.0
"""Counters begin anew after 2^32 µJ or more; at 70 W that is each minute on the oldest, and after
an hour on others."""
JOULES = 1e-6


@dataclass(frozen=True)
class Energy:
    """Joules since something began, of all who used them; None where the machine does not tell."""

    processor_energy_j: float | None = None
    gpu_energy_j: float | None = None

    def plus(self, other: Energy) -> Energy:
        """The sums; None where either is."""
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Energy(*(None if None in pair else sum(pair) for pair in pairs))

    def to_json(self) -> dict[str, float | None]:
        """The fields by their names."""
        return asdict(self)


class EnergyMeter:
    """Counts from when it is made until it is closed.

    `untold` says why the processors' energy is not told; empty where it is.
    """

    def __init__(self, powercap: Path = POWERCAP) -> None:
        self._counters, self.untold = _counters(powercap)
        self._gpus: list[GpuCounter] = []
        self._lock = threading.Lock()
        self._closed = threading.Event()
        if self._counters:
            threading.Thread(target=self._look, daemon=True, name="energy").start()

    def count_gpus(self, uuids: Sequence[str]) -> None:
        """Count these GPUs from now on, where all of them tell."""
        counters = [counter for uuid in uuids if (counter := GpuCounter.of(uuid)) is not None]
        self._gpus = counters if len(counters) == len(uuids) else []

    def read(self) -> Energy:
        """What was spent so far."""
        with self._lock:
            return Energy(self._processor_j(), self._gpu_j())

    def close(self) -> None:
        """Count no more."""
        self._closed.set()

    def _processor_j(self) -> float | None:
        if not self._counters:
            return None
        try:
            return sum(counter.joules() for counter in self._counters)
        except (OSError, ValueError) as error:
            self._counters, self.untold = [], f"its counter stopped ({error})"
            return None

    def _gpu_j(self) -> float | None:
        try:
            return sum(counter.joules() for counter in self._gpus) if self._gpus else None
        except OSError:
            self._gpus = []
            return None

    def _look(self) -> None:
        """Read often enough that no counter begins anew twice unseen."""
        while not self._closed.wait(LOOK_EVERY_S):
            self.read()


class _Counter:
    """One RAPL zone: microjoules that begin anew at `range_uj`."""

    def __init__(self, zone: Path) -> None:
        self._file = zone / "energy_uj"
        self._range_uj = int((zone / "max_energy_range_uj").read_text())
        self._last_uj = self._now_uj()
        self._spent_uj = 0

    def joules(self) -> float:
        """Since this was made. Raises OSError where it cannot be read any more."""
        now_uj = self._now_uj()
        gone_round = now_uj < self._last_uj
        self._spent_uj += now_uj - self._last_uj + (self._range_uj if gone_round else 0)
        self._last_uj = now_uj
        return JOULES * self._spent_uj

    def _now_uj(self) -> int:
        return int(self._file.read_text())


def _counters(powercap: Path) -> tuple[list[_Counter], str]:
    """A counter of each processor package and of its memory, or why there are none."""
    zones = sorted(powercap.glob("intel-rapl:*")) if powercap.is_dir() else []
    try:
        counted = [
            zone
            for zone in zones
            if ZONE.fullmatch(zone.name) and COUNTED.fullmatch((zone / "name").read_text().strip())
        ]
        if not counted:
            return [], "it has no counter of it"
        return [_Counter(zone) for zone in counted], ""
    except PermissionError:
        return [], "only its administrator may read it"
    except (OSError, ValueError) as error:
        return [], f"its counter cannot be read ({error})"
