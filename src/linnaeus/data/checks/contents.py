"""Pictures with little to see in them: of one colour, black, white, blurred, or all but blank."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from linnaeus.counted import are, pictures
from linnaeus.data.checks.seen import Seen
from linnaeus.data.findings import Finding, Severity
from linnaeus.data.layout import listed

__all__ = ["blurred", "constant", "low_entropy", "near_black", "near_white"]

ONE_COLOUR_SPREAD = 2
"""Of 255: nobody sees less, and JPEG keeps a plain colour plain."""

BLACK, WHITE = 25, 230
"""A tenth of the range from either end; of 72,000 photographs and drawings, 20 lie beyond."""

BLURRED, BLURRED_OF_MEDIAN = 0.25, 0.6
"""Of five real sets blurred by sigma 3 on purpose, 99 in 100 pictures lie below 0.22, and 99 in 100
below 0.25 when saved as JPEG afterwards; of the softest set as it is, 1 in 1,000. Sets that are
soft by nature are judged by their own median."""

FEW_BITS, PHOTOGRAPHIC_BITS = 2.5, 4.0
"""Photographs have 4 to 8 bits of entropy, hardly one in 10,000 less than 3. In a set whose median
is less, of drawings or of scans in black and white, few grey values are no fault."""

LOOK = "Look at them: what shows nothing cannot be learnt, and its label teaches noise."


def constant(seen: Seen) -> Iterable[Finding]:
    found = seen.readable & (seen.scan.measures["spread"] <= ONE_COLOUR_SPREAD)
    colours = seen.scan.measures["border"]
    yield from _finding(
        seen,
        found,
        "constant",
        "warning",
        "of one colour all over",
        "Take them out: there is nothing in them to learn.",
        lambda row: "RGB {:.0f}, {:.0f}, {:.0f} all over".format(*colours[row]),
    )


def near_black(seen: Seen) -> Iterable[Finding]:
    lightest = seen.scan.measures["lightest"]
    yield from _finding(
        seen,
        seen.readable & (lightest <= BLACK),
        "near-black",
        "warning",
        "almost black",
        LOOK,
        lambda row: f"99 % of its pixels have a grey value of at most {lightest[row]} of 255",
    )


def near_white(seen: Seen) -> Iterable[Finding]:
    darkest = seen.scan.measures["darkest"]
    yield from _finding(
        seen,
        seen.readable & (darkest >= WHITE),
        "near-white",
        "warning",
        "almost white",
        LOOK,
        lambda row: f"99 % of its pixels have a grey value of at least {darkest[row]} of 255",
    )


def blurred(seen: Seen) -> Iterable[Finding]:
    sharpness = seen.scan.measures["sharpness"]
    judged = seen.readable & (sharpness > 0)
    if not judged.any():
        return
    median = float(np.median(sharpness[judged]))
    yield from _finding(
        seen,
        judged & (sharpness < min(BLURRED, BLURRED_OF_MEDIAN * median)),
        "blurred",
        "note",
        "blurred, at the size that a network sees",
        "Look at them: keep those in which the class can be told, if such will come in use too.",
        lambda row: f"sharpness {sharpness[row]:.2f}; half of the set have more than {median:.2f}",
    )


def low_entropy(seen: Seen) -> Iterable[Finding]:
    bits = seen.scan.measures["entropy_bits"]
    if not seen.readable.any() or np.median(bits[seen.readable]) < PHOTOGRAPHIC_BITS:
        return
    varied = seen.scan.measures["spread"] > ONE_COLOUR_SPREAD
    yield from _finding(
        seen,
        seen.readable & varied & (bits < FEW_BITS),
        "low-entropy",
        "note",
        "made of very few grey values, as drawings, text or blank pages are",
        "Make sure that they are pictures of their class, not placeholders or pages of text.",
        lambda row: f"{bits[row]:.1f} bits of entropy, where photographs have 4 to 8",
    )


def _finding(
    seen: Seen,
    found: NDArray[np.bool_],
    kind: str,
    severity: Severity,
    what: str,
    advice: str,
    reason: Callable[[np.intp], str],
) -> Iterable[Finding]:
    """One finding of the pictures at `found`, (n,) a mask; none where there are none."""
    rows = np.flatnonzero(found)
    if len(rows):
        paths = seen.paths(rows)
        yield Finding(
            kind,
            severity,
            len(rows),
            f"{pictures(len(rows))} of {int(seen.readable.sum()):,} {are(len(rows))} {what}"
            f" ({listed(paths)}).",
            advice,
            seen.singly(rows),
            {path: reason(row) for path, row in zip(paths, rows, strict=True)},
        )
