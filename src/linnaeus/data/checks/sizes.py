"""Pictures of an odd size or shape."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from linnaeus.data.checks.seen import Seen, are, pictures
from linnaeus.data.findings import Finding

__all__ = ["odd_aspect", "odd_size"]

SMALL_SIDE_PX = 16
LONG_ASPECT = 4
"""Photographs are up to 16:9, panoramas up to about 3:1."""


def odd_size(seen: Seen) -> Iterable[Finding]:
    sides = seen.scan.sizes_px.min(axis=1, initial=1 << 30)
    rows = np.flatnonzero(seen.readable & (sides < SMALL_SIDE_PX))
    if len(rows):
        yield Finding(
            "odd-size",
            "note",
            len(rows),
            f"{pictures(len(rows))} of {int(seen.readable.sum()):,} {are(len(rows))} less than"
            f" {SMALL_SIDE_PX} pixels wide or high.",
            "Make sure that they are pictures, not thumbnails or markers.",
            seen.singly(rows),
        )


def odd_aspect(seen: Seen) -> Iterable[Finding]:
    sizes = np.maximum(seen.scan.sizes_px, 1)
    rows = np.flatnonzero(seen.readable & (sizes.max(axis=1) >= LONG_ASPECT * sizes.min(axis=1)))
    if len(rows):
        yield Finding(
            "odd-aspect",
            "note",
            len(rows),
            f"{pictures(len(rows))} of {int(seen.readable.sum()):,} {are(len(rows))} at least"
            f" {LONG_ASPECT} times as long as wide.",
            "Stretching to a model's size distorts them; cut them to what matters.",
            seen.singly(rows),
        )
