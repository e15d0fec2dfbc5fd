"""Properties of the files that give classes away, so that a model need not look at the pictures.

Each is judged by itself, out of fold: see `told_alone`. The size of the file in bytes is none of
them, for it follows from what the picture shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.checks.seen import Seen
from linnaeus.data.findings import Finding, Severity
from linnaeus.data.layout import listed
from linnaeus.data.told_alone import ToldAlone, binned, folds_of, told_alone
from linnaeus.data.units import marks_of

__all__ = [
    "shortcut_aspect",
    "shortcut_border",
    "shortcut_brightness",
    "shortcut_format",
    "shortcut_mode",
    "shortcut_quality",
    "shortcut_size",
]

WARNED = {"format": 0.6, "mode": 0.6, "quality": 0.6, "size": 0.7, "aspect": 0.7}
"""How well a class is told from the others (the lower end of the interval; 0.5 is guessing) by how
its files are stored. Five real sets reach 0.50 by format, mode and quality, where 0.6 is a fifth of
a class stored otherwise, and 0.60 by size and aspect, for trousers are upright."""

FAILED = 0.8
"""Sixty in a hundred pictures of a class, and no others; or all of twelve among 36, in a small
set."""

SHOWN_WARNED = 0.9
"""The same of how bright a picture is and of its border, which may belong to the class. The same
sets reach 0.87 (missing copper is dark), photographs 0.77. Nobody but the user can tell how honest
it is, so it is never an error."""

SAVE_ALIKE = (
    "Find out what made the classes differ, and save all of them anew in one way; until then no"
    " score says whether a model looked at the pictures."
)
LOOK_ALIKE = (
    "Decide whether this belongs to the class, as night does to the moon; if it comes from where"
    " the pictures were taken, collect the classes in the same places."
)


def shortcut_format(seen: Seen) -> Iterable[Finding]:
    formats = np.array(seen.scan.formats)
    yield from _stored(
        seen, "format", "file format", _codes(formats), lambda row: f"a {formats[row]} file"
    )


def shortcut_mode(seen: Seen) -> Iterable[Finding]:
    modes = np.array(seen.scan.modes)
    yield from _stored(
        seen, "mode", "colour mode of the file", _codes(modes), lambda row: f"of mode {modes[row]}"
    )


def shortcut_quality(seen: Seen) -> Iterable[Finding]:
    """Among JPEG files only: the others are a matter of the format."""
    quality = seen.scan.measures["quality"]
    yield from _stored(
        seen,
        "quality",
        "JPEG quality",
        quality[:, None].astype(np.float64),
        lambda row: f"saved at JPEG quality {quality[row]}",
        among=quality > 0,
    )


def shortcut_size(seen: Seen) -> Iterable[Finding]:
    sizes = seen.scan.sizes_px
    yield from _stored(
        seen,
        "size",
        "size in pixels",
        sizes.astype(np.float64),
        lambda row: f"{sizes[row, 0]} × {sizes[row, 1]} pixels",
    )


def shortcut_aspect(seen: Seen) -> Iterable[Finding]:
    width, height = np.maximum(seen.scan.sizes_px, 1).astype(np.float64).T
    aspect = width / height
    yield from _stored(
        seen,
        "aspect",
        "ratio of width to height",
        aspect[:, None],
        lambda row: f"{aspect[row]:.3g} times as wide as high",
    )


def shortcut_brightness(seen: Seen) -> Iterable[Finding]:
    brightness = seen.scan.measures["brightness"]
    yield from _shown(
        seen,
        "brightness",
        "brightness",
        brightness[:, None].astype(np.float64),
        lambda row: f"a brightness of {brightness[row]:.0f} of 255",
    )


def shortcut_border(seen: Seen) -> Iterable[Finding]:
    border = seen.scan.measures["border"]
    yield from _shown(
        seen,
        "border",
        "colour of the border",
        border.astype(np.float64),
        lambda row: "RGB {:.0f}, {:.0f}, {:.0f} along the border".format(*border[row]),
    )


@dataclass(frozen=True, eq=False)
class _Property:
    """One property: its `kind` and what to call it, `values` (n, d), and how to say one row's."""

    kind: str
    called: str
    values: NDArray[np.float64]
    said: Callable[[int], str]


def _codes(names: NDArray[np.str_]) -> NDArray[np.float64]:
    return np.unique(names, return_inverse=True)[1][:, None].astype(np.float64)


def _stored(
    seen: Seen,
    kind: str,
    called: str,
    values: NDArray[np.float64],
    said: Callable[[int], str],
    among: NDArray[np.bool_] | None = None,
) -> Iterable[Finding]:
    """A finding where how files are stored gives classes away."""
    rows = seen.readable if among is None else seen.readable & among
    one = _Property(kind, called, values, said)
    yield from _finding(seen, one, rows, WARNED[kind], FAILED, SAVE_ALIKE)


def _shown(
    seen: Seen,
    kind: str,
    called: str,
    values: NDArray[np.float64],
    said: Callable[[int], str],
) -> Iterable[Finding]:
    """A finding where something in the pictures gives classes away that may belong to them."""
    one = _Property(kind, called, values, said)
    yield from _finding(seen, one, seen.readable, SHOWN_WARNED, np.inf, LOOK_ALIKE)


def _finding(
    seen: Seen,
    one: _Property,
    among: NDArray[np.bool_],
    warned: float,
    failed: float,
    advice: str,
) -> Iterable[Finding]:
    """The classes that `one` property of the pictures at `among`, an (n,) mask, gives away."""
    dataset = seen.dataset
    marks = marks_of(dataset.labels, dataset.label_sets)
    marks = marks[(marks[:, 1] >= 0) & among[marks[:, 0]]]
    rows, places = np.unique(marks[:, 0], return_inverse=True)
    if len(rows) == 0 or (one.values[rows] == one.values[rows[0]]).all():
        return
    within = np.column_stack([places, marks[:, 1]])
    folds = folds_of(np.array(seen.scan.pixel_digests)[rows])
    alone = told_alone(binned(one.values[rows]), within, len(dataset.classes), folds)
    told = np.flatnonzero(alone.told_low >= warned)
    if not len(told):
        return
    told = told[np.argsort(-alone.told_low[told], kind="stable")]
    severity: Severity = "error" if alone.told_low[told[0]] >= failed else "warning"
    files = [marks[alone.given_away & (marks[:, 1] == place), 0].tolist() for place in told]
    yield Finding(
        f"shortcut-{one.kind}",
        severity,
        len(told),
        _sentence(seen, one, alone, told),
        advice,
        [seen.paths(group) for group in files],
        {dataset.paths[row]: one.said(row) for group in files for row in group},
        _figures(seen, alone, told),
    )


def _sentence(seen: Seen, one: _Property, alone: ToldAlone, told: NDArray[np.intp]) -> str:
    classes = seen.dataset.classes
    names = [f"{classes[place]} ({100 * alone.told[place]:.0f} % right)" for place in told]
    sentence = (
        f"The {one.called} alone tells {listed(names)} from the other classes, where guessing is"
        " right in 50 %"
    )
    if seen.dataset.label_sets is not None:
        return f"{sentence}."
    return (
        f"{sentence}; a model that sees nothing else reaches {100 * alone.accuracy:.1f} % accuracy"
        f" ({100 * alone.chance:.1f} % by always naming the most frequent class)."
    )


def _figures(seen: Seen, alone: ToldAlone, told: NDArray[np.intp]) -> dict[str, float]:
    figures = {"told": alone.told[told[0]], "told_low": alone.told_low[told[0]]}
    if seen.dataset.label_sets is None:
        figures |= {
            "accuracy": alone.accuracy,
            "accuracy_low": alone.accuracy_low,
            "accuracy_high": alone.accuracy_high,
            "chance": alone.chance,
        }
    return {name: round(float(figure), 4) for name, figure in figures.items()}
