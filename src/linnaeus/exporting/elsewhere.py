"""Running what was exported in another process, which sees nothing of this one."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from linnaeus.errors import Shortfall

__all__ = ["answers_of", "as_png"]

TIMEOUT_S = 600.0
"""Far more than a hundred pictures take; a process that hangs must not hang the export."""

LAST_LINES = 3


def answers_of(
    program: str,
    pixels: NDArray[np.uint8],
    *,
    path: Sequence[Path],
    where: str,
    alone: bool = False,
    without: Collection[str] = (),
    python: Path | None = None,
) -> NDArray[np.float32]:
    """What `program` (Python) answers to `pixels` (k, h, w, 3), with `path` before all packages.

    It finds the pictures as PNG files 000.png, 001.png … and all as pixels.npy in the folder
    `sys.argv[1]`, and saves its probabilities (k, classes) there as answers.npy. With `alone` it
    sees no other packages than those in `path`; those called as in `without` it does not find.
    `python` is another environment's. Raises Shortfall where it fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder)
        for place, picture in enumerate(pixels):
            (room / f"{place:03}.png").write_bytes(as_png(picture))
        np.save(room / "pixels.npy", pixels)
        seen = (
            f"import sys; sys.path[:0] = {[str(one) for one in path]!r}\n"
            f"sys.modules.update(dict.fromkeys({sorted(without)!r}))"  # None there: not to be found
        )
        flags = ["-I", "-S"] if alone else []
        command = [str(python or sys.executable), *flags, "-c", f"{seen}\n{program}", folder]
        try:
            done = subprocess.run(  # noqa: S603 - our own program
                command,
                capture_output=True,
                text=True,
                timeout=TIMEOUT_S,
                env=_environment(path),
                check=False,
                cwd=folder,
            )
        except subprocess.TimeoutExpired:
            raise _failed(where, f"no answer within {TIMEOUT_S:.0f} s") from None
        if done.returncode != 0:
            raise _failed(where, " ".join(done.stderr.strip().splitlines()[-LAST_LINES:]))
        answers: NDArray[np.float32] = np.load(room / "answers.npy")
        return answers


def as_png(picture: NDArray[np.uint8]) -> bytes:
    """The file of a picture (h, w, 3) uint8, which loses nothing."""
    made = io.BytesIO()
    Image.fromarray(picture).save(made, "PNG")
    return made.getvalue()


def _environment(path: Sequence[Path]) -> Mapping[str, str]:
    others = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**others, "PYTHONPATH": os.pathsep.join(map(str, path))}


def _failed(where: str, why: str) -> Shortfall:
    return Shortfall(
        f"what was made does not run ({why})",
        where=where,
        mend="Nothing was written. Report it with the versions that linnaeus doctor prints.",
    )
