"""Every benchmark of this folder, one after the other, whatever came of the last: `make bench`.

    python benchmarks/_all.py [SCRIPT …]

Says first what is left out because something is not here, and what a script will fetch; in the end,
which missed a figure and which measured nothing. Ends with 1 where any did. Some learn for an hour.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from _measuring import NOT_MEASURED

HERE = Path(__file__).parent


class Need(NamedTuple):
    """What a script cannot do without, and whether it `is_here`."""

    what: str
    is_here: Callable[[], bool]


def _has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()


NEEDS = {
    "cifar10_gpu.py": Need("a GPU with CUDA", _has_gpu),
    "corruptions.py": Need(
        "the package imagecorruptions", lambda: find_spec("imagecorruptions") is not None
    ),
    "grad_cam.py": Need(
        "the package grad-cam, best in an environment of its own: its OpenCV is another",
        lambda: find_spec("pytorch_grad_cam") is not None,
    ),
}

TOLD = {
    "serving.py": "compares with other servers only where --aside names a folder of them",
    "slim.py": "makes a virtual environment of its own and downloads packages into it",
}

ARGUMENTS = {"recipes.py": ("textbook-cnn", "textbook-mlp")}
"""Of a script that measures nothing unless it is told what: the recipes that need no weights."""


def main() -> int:
    """Run all scripts, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("scripts", nargs="*", type=Path, help="all by default")
    given = parser.parse_args().scripts or sorted(HERE.glob("[!_]*.py"))
    wanted = [script for script in given if not _left_out(script)]
    print(
        "Not among these: python benchmarks/peers/run.py, for which each peer has an environment."
    )
    for script in wanted:
        if told := TOLD.get(script.name):
            print(f"{script.name} {told}.")
    return run_all(wanted)


def _left_out(script: Path) -> bool:
    need = NEEDS.get(script.name)
    if need is None or need.is_here():
        return False
    print(f"Left out: {script.name}, which needs {need.what}.")
    return True


def run_all(scripts: Sequence[Path]) -> int:
    """Run every one of `scripts` with this Python; 1 where one of them did not end with 0."""
    ended: dict[str, int] = {}
    for script in scripts:
        print(f"\n== {script}", flush=True)
        began = time.monotonic()
        command = [sys.executable, str(script), *ARGUMENTS.get(script.name, ())]
        ended[script.name] = subprocess.run(command, check=False).returncode
        print(f"-- {script.name}: {time.monotonic() - began:.0f} s", flush=True)
    print()
    for name, code in ended.items():
        if code == NOT_MEASURED:
            print(f"{name} measured nothing: it says above what is not here.")
        elif code:
            print(f"{name} missed a figure, or failed: it ended with {code}.")
    reached = sum(code == 0 for code in ended.values())
    print(f"{reached} of {len(ended)} scripts reached all that they must.")
    return int(reached < len(ended))


if __name__ == "__main__":
    sys.exit(main())
