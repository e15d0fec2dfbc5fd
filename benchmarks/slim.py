"""The slim install: how large it is without extras, and how soon it says what one picture shows.

    python benchmarks/slim.py [--runs 5]

Makes a clean virtual environment, installs this checkout into it with pip and without extras, and
measures: the bytes in its site-packages, pip's own left out; whether torch or scikit-learn came
along; and `linnaeus predict BUNDLE one.png` as a whole process, cold in that nothing of it runs
before, with files in the disk's cache. The bundle is a network for digits, trained with the Python
that runs this. Where no package registry can be reached, that is said and nothing is measured.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from _measuring import linnaeus, machine, run
from first_use import save_digit

ROOT = Path(__file__).parents[1]
MOST_MB = 450
MOST_S = 1.5
UNWANTED = ("torch", "sklearn", "scipy", "matplotlib")
OF_PIP = ("pip", "setuptools", "wheel", "_distutils_hack", "pkg_resources")


def main() -> int:
    """Print the table; 1 where a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    print(machine())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = _installed(folder / "venv")
        if python is None:
            print("No package registry can be reached, so there is nothing to measure.")
            return 0
        size_mb = _size_bytes(folder / "venv") / 1e6
        unwanted = [name for name in UNWANTED if _has(python, name)]
        run([linnaeus(), "train", "digits", "--model", "small_cnn", "--out", folder / "run"])
        save_digit(folder / "one.png")
        command = [python.with_name("linnaeus"), "predict", folder / "run", folder / "one.png"]
        run(command)
        seconds = [run(command).seconds for _ in range(runs)]
    cold_s = statistics.median(seconds)
    print("| what | is | must be |")
    print("|---|---|---|")
    print(f"| site-packages | {size_mb:.0f} MB | ≤ {MOST_MB} MB |")
    print(f"| torch and the like | {', '.join(unwanted) or 'none'} | none |")
    print(
        f"| predict one.png, cold, of {runs} | {cold_s:.2f} s ({min(seconds):.2f} …"
        f" {max(seconds):.2f}) | ≤ {MOST_S} s |"
    )
    return int(size_mb > MOST_MB or bool(unwanted) or cold_s > MOST_S)


def _installed(place: Path) -> Path | None:
    """The Python of a new environment with this checkout in it; None where nothing can be had."""
    venv.create(place, with_pip=True)
    python = place / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--retries=1"]
    done = subprocess.run([*pip, "-c", ROOT / "constraints.txt", ROOT], check=False)
    return python if done.returncode == 0 else None


def _size_bytes(place: Path) -> int:
    (packages,) = (found for found in place.rglob("site-packages") if found.is_dir())
    ours = (entry for entry in packages.iterdir() if not entry.name.startswith(OF_PIP))
    return sum(
        file.stat().st_size
        for entry in ours
        for file in ([entry] if entry.is_file() else entry.rglob("*"))
        if file.is_file()
    )


def _has(python: Path, module: str) -> bool:
    ask = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
    return subprocess.run([python, "-c", ask], check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
