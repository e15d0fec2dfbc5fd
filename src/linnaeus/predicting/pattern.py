"""What a pattern such as "photos/**/*.jpg" stands for."""

from __future__ import annotations

import glob
from pathlib import Path

from linnaeus.data.pieces import expanded
from linnaeus.errors import DataError

__all__ = ["fitting"]


def fitting(pattern: str) -> list[Path]:
    """The files that `pattern` stands for, in order; the folders only where it fits no file.

    `*`, `?` and `[…]` are as in a shell, `**` stands for any number of folders, `{a,b}` and
    `{08..10}` for each of them. Hidden files fit where the pattern names their dot. Raises
    DataError where nothing fits.
    """
    found = {
        Path(name): None
        for text in expanded(pattern)
        for name in sorted(glob.glob(text, recursive=True))  # noqa: PTH207 - it knows ** and dots
    }
    files = [path for path in found if not path.is_dir()]
    if not found:
        raise DataError(
            "nothing fits this pattern",
            where=pattern,
            mend="Check the path; in a shell, put patterns in quotation marks.",
        )
    return files or list(found)
