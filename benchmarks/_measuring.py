"""What the benchmarks share: running a command as a user would, timed and weighed from outside."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

if TYPE_CHECKING:
    from linnaeus import Dataset

DATA = Path(__file__).parents[1] / "../shared/data"
WEIGHTS = Path(__file__).parents[1] / "../shared/weights"

NOT_MEASURED = 3
"""The exit code of a script that could measure nothing; 1 is that of a figure that was missed."""


class Cost(NamedTuple):
    """What one run of a command took: seconds on the wall, and peak memory in MB (0: unknown)."""

    seconds: float
    peak_mb: float


def run(command: Sequence[str | Path]) -> Cost:
    """Run `command` with its output thrown away. Ends the benchmark where the command fails."""
    start_s = time.perf_counter()
    process = subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL)
    if not hasattr(os, "wait4"):
        code, peak_mb = process.wait(), 0.0
    else:
        _, status, usage = os.wait4(process.pid, 0)
        code = process.returncode = os.waitstatus_to_exitcode(status)
        peak_mb = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    if code != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {code}")
    return Cost(time.perf_counter() - start_s, peak_mb)


def linnaeus() -> str:
    """The command that was installed with this Python."""
    found = shutil.which("linnaeus", path=sysconfig.get_path("scripts"))
    if found is None:
        _measure_nothing('linnaeus is not installed here. Run: pip install -e ".[train]"')
    return found


def needed(path: Path) -> Path:
    """`path`, where it exists; ends the benchmark with a sentence where it does not."""
    if not path.exists():
        _measure_nothing(f"{path} is not here, so there is nothing to measure on.")
    return path


def _measure_nothing(why: str) -> NoReturn:
    print(why, file=sys.stderr)
    sys.exit(NOT_MEASURED)


def cifar10(*, small: bool) -> Dataset:
    """CIFAR-10; for a `small` run, which only shows that a benchmark works, a third of digits."""
    from linnaeus import load_dataset

    if small:
        digits = load_dataset("digits")
        return digits.subset(range(0, len(digits), 3))
    return load_dataset(needed(DATA / "cifar10.tar.xz"))


def machine() -> str:
    """The machine and the versions, in a line for the head of a table."""
    import torch

    from linnaeus.version import __version__

    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()},"
        f" torch {torch.__version__}, linnaeus {__version__}, load before the run {load}"
    )
