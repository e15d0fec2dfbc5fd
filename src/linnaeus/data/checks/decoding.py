"""What decoding had to do beyond the plain: frames, orientation, bits, colour among grey."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from linnaeus.counted import are, pictures
from linnaeus.data.checks.contents import ONE_COLOUR_SPREAD
from linnaeus.data.checks.seen import Seen
from linnaeus.data.findings import Finding
from linnaeus.data.layout import listed

__all__ = ["animated", "converted", "exif_rotated", "mixed_modes"]

GREY_MODES = frozenset({"1", "L", "LA", "La", "F"})
GREY_COLOUR = 2
"""Of 255, between two channels of a pixel: nobody sees less."""

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
    grey = _grey(seen)
    colour = seen.readable & ~grey
    if not grey.any() or not colour.any():
        return
    grey_is_rare = grey.sum() <= colour.sum()
    rows = np.flatnonzero(grey if grey_is_rare else colour)
    how = "grey, the others coloured" if grey_is_rare else "coloured, the others grey"
    yield Finding(
        "mixed-modes",
        "note",
        len(rows),
        f"{pictures(len(rows))} of {int(seen.readable.sum()):,} {are(len(rows))} {how}"
        f" ({listed(seen.paths(rows))}).",
        "Make sure that colour does not tell the classes apart by accident.",
        seen.singly(rows),
    )


def _grey(seen: Seen) -> NDArray[np.bool_]:
    """(n,) which readable pictures are stored in grey, or in colour with nothing but grey in it."""
    stored = [mode in GREY_MODES or mode.startswith("I") for mode in seen.scan.modes]
    measures = seen.scan.measures
    shown = (measures["colour"] <= GREY_COLOUR) & (measures["spread"] > ONE_COLOUR_SPREAD)
    return seen.readable & (np.array(stored, bool) | shown)


def _any_with(words: str, notes: Sequence[str]) -> bool:
    return any(words in note for note in notes)
