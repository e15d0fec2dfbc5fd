"""Energy is read from counters, also where they begin anew, and never guessed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from linnaeus.watching.energy import EnergyMeter
from linnaeus.watching.memory import peak_memory_bytes
from linnaeus.watching.nvml import GpuCounter

RANGE_UJ = 262_143_328_850  # of a real Skylake


def zone(powercap: Path, name: str, called: str, energy_uj: int) -> Path:
    """A zone as Linux shows it."""
    folder = powercap / name
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{called}\n")
    (folder / "max_energy_range_uj").write_text(f"{RANGE_UJ}\n")
    (folder / "energy_uj").write_text(f"{energy_uj}\n")
    return folder


def spend(folder: Path, energy_uj: int) -> None:
    now = int((folder / "energy_uj").read_text())
    (folder / "energy_uj").write_text(f"{(now + energy_uj) % RANGE_UJ}\n")


def test_packages_and_their_memory_count_and_parts_of_packages_do_not(tmp_path: Path) -> None:
    counted = [
        zone(tmp_path, "intel-rapl:0", "package-0", 5_000_000),
        zone(tmp_path, "intel-rapl:1", "package-1", 7_000_000),
        zone(tmp_path, "intel-rapl:0:1", "dram", 0),
    ]
    others = [
        zone(tmp_path, "intel-rapl:0:0", "core", 0),
        zone(tmp_path, "intel-rapl:2", "psys", 0),
        zone(tmp_path, "intel-rapl-mmio:0", "package-0", 0),
    ]
    meter = EnergyMeter(tmp_path)
    assert meter.read().processor_energy_j == 0
    for folder in (*counted, *others):
        spend(folder, 2_000_000)
    assert meter.read().processor_energy_j == pytest.approx(6.0)
    assert meter.read().gpu_energy_j is None
    assert meter.untold == ""
    meter.close()


def test_a_counter_that_begins_anew_is_followed(tmp_path: Path) -> None:
    package = zone(tmp_path, "intel-rapl:0", "package-0", RANGE_UJ - 1_000_000)
    meter = EnergyMeter(tmp_path)
    for _ in range(3):
        spend(package, 100_000_000_000)
        meter.read()
    assert meter.read().processor_energy_j == pytest.approx(300_000)
    meter.close()


def test_a_machine_without_a_counter_tells_nothing(tmp_path: Path) -> None:
    meter = EnergyMeter(tmp_path / "nowhere")
    assert meter.read().processor_energy_j is None
    assert meter.untold == "it has no counter of it"


def test_a_counter_that_cannot_be_read_any_more_is_no_number(tmp_path: Path) -> None:
    package = zone(tmp_path, "intel-rapl:0", "package-0", 0)
    meter = EnergyMeter(tmp_path)
    (package / "energy_uj").unlink()
    assert meter.read().processor_energy_j is None
    assert meter.untold.startswith("its counter stopped")
    meter.close()


@pytest.mark.skipif(
    sys.platform == "win32" or shutil.which("cc") is None, reason="needs a C compiler"
)
def test_a_gpu_is_asked_as_nvml_h_says(tmp_path: Path) -> None:
    """A library with the functions of nvml.h, which knows one GPU that spends 1.5 J a look."""
    source = tmp_path / "nvml.c"
    source.write_text("""
#include <string.h>
static unsigned long long spent = 1000;
int nvmlInit_v2(void) { return 0; }
int nvmlDeviceGetHandleByUUID(const char *uuid, void **device) {
    if (strcmp(uuid, "GPU-12345678-9abc-def0-1234-56789abcdef0") != 0) return 6;
    *device = &spent;
    return 0;
}
int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *energy) {
    if (device != &spent) return 2;
    *energy = spent += 1500;
    return 0;
}
""")
    library = tmp_path / "libnvidia-ml.so.1"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    counter = GpuCounter.of("GPU-12345678-9abc-def0-1234-56789abcdef0", str(library))
    assert counter is not None
    assert counter.joules() == pytest.approx(1.5)
    assert counter.joules() == pytest.approx(3.0)
    assert GpuCounter.of("GPU-00000000-0000-0000-0000-000000000000", str(library)) is None
    assert GpuCounter.of("GPU-any", str(tmp_path / "absent.so")) is None


@pytest.mark.skipif(sys.platform == "win32", reason="told by psutil, which need not be there")
def test_peak_memory_grows_with_what_is_held_and_stays() -> None:
    before = peak_memory_bytes()
    assert before is not None
    held = bytearray(b"x" * 80_000_000)
    peak = peak_memory_bytes()
    assert peak is not None
    assert peak > len(held)
    del held
    after = peak_memory_bytes()
    assert after is not None
    assert after >= peak
