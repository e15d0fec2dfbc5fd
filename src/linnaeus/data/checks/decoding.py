"""What decoding had to do beyond the plain: frames, orientation, bits, colour among grey."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from linnaeus.data.checks.seen import Seen, are, pictures
from linnaeus.data.findings import Finding
from linnaeus.data.layout import listed

__all__ = ["animated", "converted", "exif_rotated", "mixed_modes"]

GREY_MODES = frozenset({"1", "L", "LA", "La", "F"})
ORIENTATION_NOTE, FRAMES_NOTE = "EXIF orientation", "first frame"


def animated(seen: Seen) -> Iterable[Finding]:
    if paths := [path for path, notes in seen.scan.notes.items() if _any_with(FRAMES_NOTE, notes)]:
        yield Finding(
            "animated",
            "warning",
            len(paths),
            f"Of {pictures(len(paths))} with several frames only the first is used"
            f" ({listed(paths)}).",
            "Save the frames that matter as pictures of their own.",
            [[path] for path in paths],
        )


def exif_rotated(seen: Seen) -> Iterable[Finding]:
    notes = seen.scan.notes
    if paths := [path for path, told in notes.items() if _any_with(ORIENTATION_NOTE, told)]:
        yield Finding(
            "exif-rotated",
            "note",
            len(paths),
            f"{pictures(len(paths))} {are(len(paths))} turned upright by EXIF orientation"
            f" ({listed(paths)}).",
            "Nothing needs to be done here; other programs may show them lying.",
            [[path] for path in paths],
        )


def converted(seen: Seen) -> Iterable[Finding]:
    reasons = {
        path: "; ".join(rest)
        for path, notes in seen.scan.notes.items()
        if (rest := [n for n in notes if ORIENTATION_NOTE not in n and FRAMES_NOTE not in n])
    }
    if reasons:
        first, why = next(iter(reasons.items()))
        yield Finding(
            "converted",
            "note",
            len(reasons),
            f"{pictures(len(reasons))} needed more than plain decoding (first: {first}: {why}).",
            "Make sure that pictures to be predicted come in the same way.",
            [[path] for path in reasons],
            reasons,
        )


def mixed_modes(seen: Seen) -> Iterable[Finding]:
    grey = np.array([_is_grey(mode) for mode in seen.scan.modes], bool) & seen.readable
    colour = seen.readable & ~grey
    if not grey.any() or not colour.any():
        return
    grey_is_rare = grey.sum() <= colour.sum()
    rows = np.flatnonzero(grey if grey_is_rare else colour)
    how = "in grey, the others in colour" if grey_is_rare else "in colour, the others in grey"
    yield Finding(
        "mixed-modes",
        "note",
        len(rows),
        f"{pictures(len(rows))} of {int(seen.readable.sum()):,} {are(len(rows))} stored {how}"
        f" ({listed(seen.paths(rows))}).",
        "Make sure that colour does not tell the classes apart by accident.",
        seen.singly(rows),
    )


def _is_grey(mode: str) -> bool:
    return mode in GREY_MODES or mode.startswith("I")


def _any_with(words: str, notes: Sequence[str]) -> bool:
    return any(words in note for note in notes)
