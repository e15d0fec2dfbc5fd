"""Pictures of an odd size or shape."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from linnaeus.counted import are, pictures
from linnaeus.data.checks.seen import Seen
from linnaeus.data.findings import Finding
from linnaeus.data.layout import listed

__all__ = ["huge", "odd_aspect", "tiny"]

HUGE_PIXELS = 25_000_000
"""Most cameras give fewer, and no network sees a hundredth of them."""

LARGE_PIXELS, LARGE_OF_MEDIAN = 1_000_000, 16
"""Below a million pixels, size costs nobody time; 16 times the pixels are 4 times the side."""

TINY_SIDE_PX = 16
THUMBNAIL_SIDE_PX, THUMBNAIL_OF_MEDIAN = 64, 8
"""A picture of less than 64 pixels and an eighth of the others' side is likely a thumbnail."""

LONG_ASPECT = 4
"""Photographs are up to 16:9, panoramas up to about 3:1."""


def huge(seen: Seen) -> Iterable[Finding]:
    """Files refused for their pixels, and pictures far larger than the others."""
    refused = {
        path: seen.scan.unreadable[path]
        for path, fault in seen.scan.faults.items()
        if fault == "huge"
    }
    read = _far_larger(seen)
    reasons = refused | read
    if not reasons:
        return
    told = [
        f"{pictures(len(refused))} {are(len(refused))} refused for having too many pixels",
        f"{pictures(len(read))} {are(len(read))} far larger than needed or than the others",
    ]
    said = " and ".join(words for words, some in zip(told, (refused, read), strict=True) if some)
    first, why = next(iter(reasons.items()))
    yield Finding(
        "huge",
        "error" if refused else "note",
        len(reasons),
        f"{said} (first: {first}: {why}).",
        "Save them smaller: a network is given a few hundred pixels a side.",
        [[path] for path in reasons],
        reasons,
    )


def _far_larger(seen: Seen) -> dict[str, str]:
    """{path: why} of the readable pictures with far more pixels than the others, or any use."""
    pixels = seen.scan.sizes_px.astype(np.int64).prod(axis=1)
    median = float(np.median(pixels[seen.readable])) if seen.readable.any() else 0.0
    odd = (pixels >= LARGE_PIXELS) & (pixels >= LARGE_OF_MEDIAN * median)
    rows = np.flatnonzero(seen.readable & (odd | (pixels >= HUGE_PIXELS)))
    return {
        seen.dataset.paths[row]: f"{_size(seen, row)} pixels, {pixels[row] / median:,.3g} times as"
        " many as the median picture"
        for row in rows
    }


def tiny(seen: Seen) -> Iterable[Finding]:
    sides = seen.scan.sizes_px.min(axis=1, initial=1 << 30)
    median = float(np.median(sides[seen.readable])) if seen.readable.any() else 0.0
    odd = (sides < THUMBNAIL_SIDE_PX) & (sides * THUMBNAIL_OF_MEDIAN <= median)
    rows = np.flatnonzero(seen.readable & (odd | (sides < TINY_SIDE_PX)))
    if len(rows):
        paths = seen.paths(rows)
        yield Finding(
            "tiny",
            "note",
            len(rows),
            f"{pictures(len(rows))} of {int(seen.readable.sum()):,} {are(len(rows))} less than"
            f" {TINY_SIDE_PX} pixels wide or high, or far smaller than the others"
            f" ({listed(paths)}).",
            "Make sure that they are pictures, not thumbnails or markers.",
            seen.singly(rows),
            {path: f"{_size(seen, row)} pixels" for path, row in zip(paths, rows, strict=True)},
        )


def odd_aspect(seen: Seen) -> Iterable[Finding]:
    sizes = np.maximum(seen.scan.sizes_px, 1)
    rows = np.flatnonzero(seen.readable & (sizes.max(axis=1) >= LONG_ASPECT * sizes.min(axis=1)))
    if len(rows):
        paths = seen.paths(rows)
        yield Finding(
            "odd-aspect",
            "note",
            len(rows),
            f"{pictures(len(rows))} of {int(seen.readable.sum()):,} {are(len(rows))} at least"
            f" {LONG_ASPECT} times as long as wide ({listed(paths)}).",
            "Stretching to a model's size distorts them; cut them to what matters.",
            seen.singly(rows),
            {path: f"{_size(seen, row)} pixels" for path, row in zip(paths, rows, strict=True)},
        )


def _size(seen: Seen, row: np.intp) -> str:
    width, height = seen.scan.sizes_px[row]
    return f"{width} × {height}"
