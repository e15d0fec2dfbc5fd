"""Our corruptions against those of the package imagecorruptions, where nothing is drawn.

    pip install --no-deps imagecorruptions
    python benchmarks/corruptions.py [--pictures 50]

The kinds without chance, at all five severities, on photographs of trashnet192.zip and pictures of
CIFAR-10. Must reach: mean absolute difference ≤ 1 grey level for each kind. Ends with 1 where one
differs by more. The package is of 2020 and imports two modules that are gone since; what it takes
of them is lent to it.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from _measuring import DATA, machine, needed
from linnaeus import load_dataset
from linnaeus.images.decode import decode
from linnaeus.robustness.corruptions import SEVERITIES, corrupt

MOST = 1.0
KINDS = ("defocus-blur", "zoom-blur", "brightness", "contrast", "pixelate", "jpeg-compression")
SETS = ("trashnet192.zip", "cifar10.tar.xz")


def main() -> int:
    """Print a row for each set and kind; 1 where one differs too much."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pictures", type=int, default=50)
    asked = parser.parse_args()
    theirs = _package()
    print(machine())
    print("| set | kind | mean absolute difference, grey levels | at the worst severity |")
    print("|---|---|---|---|")
    reached = True
    for name in SETS:
        pictures = _pictures(needed(DATA / name), asked.pictures)
        for kind in KINDS:
            each = [_difference(theirs, pictures, kind, severity) for severity in SEVERITIES]
            reached = reached and max(each) <= MOST
            print(f"| {name} | {kind} | {np.mean(each):.3f} | {max(each):.3f} |", flush=True)
    return int(not reached)


def _package() -> Any:
    """imagecorruptions, with what it imports and nobody has any more."""
    gone = {"pkg_resources": ModuleType("lent"), "scipy.ndimage.interpolation": ModuleType("lent")}
    gone["pkg_resources"].resource_filename = lambda package, name: name  # type: ignore[attr-defined]
    for name, module in gone.items():
        module.map_coordinates = map_coordinates  # type: ignore[attr-defined]
        sys.modules.setdefault(name, module)
    return importlib.import_module("imagecorruptions")


def _pictures(path: Path, count: int) -> list[NDArray[np.uint8]]:
    """So many of a set, evenly spaced."""
    data = load_dataset(path)
    rows = np.linspace(0, len(data) - 1, count).astype(int)
    return [decode(data.source.read(data.paths[row])).pixels for row in rows]


def _difference(theirs: Any, pictures: list[NDArray[np.uint8]], kind: str, severity: int) -> float:
    """Mean absolute difference over all pixels, in grey levels of 255."""
    name = kind.replace("-", "_")
    apart = [
        np.abs(
            corrupt(one[None], kind, severity)[0].astype(float)
            - theirs.corrupt(one, corruption_name=name, severity=severity)
        ).mean()
        for one in pictures
    ]
    return float(np.mean(apart))


if __name__ == "__main__":
    sys.exit(main())
