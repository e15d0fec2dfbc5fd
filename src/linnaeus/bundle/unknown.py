"""What tells a bundle that a picture shows none of its classes: a score, and how known ones do.

The score is a weighted sum of those of `bundle.strangeness`, each measured in deviations from what
is usual of held-out pictures. A picture is called unknown where hardly any of these is as strange.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.appearance import appearance
from linnaeus.bundle.golden import differs_here
from linnaeus.bundle.predictions import Familiarity
from linnaeus.bundle.strangeness import BLOCK, SCORES, Known, Sketching, scores_of
from linnaeus.bundle.tensors import Tensors, read_tensors, unusable
from linnaeus.errors import UsageError
from linnaeus.files import write_whole

__all__ = [
    "UNKNOWN_FILE",
    "UNKNOWN_RATE",
    "Unknown",
    "check_rate",
    "check_unknown",
    "read_unknown",
    "write_unknown",
]

UNKNOWN_FILE = "unknown.safetensors"
UNUSABLE = "what tells unknown pictures cannot be read"

UNKNOWN_RATE = 0.05
"""The share of pictures of its own classes that a bundle may call unknown: the field's habit, and
few enough to look at. Twenty held-out pictures are enough to hold it."""

MANY = 1e9
"""Pictures beyond which it makes no difference how many they are."""

TOLERANCE = {"float32": 0.05, "bfloat16": 1.0, "int8": 1.0}
"""Largest accepted difference of a golden picture's strangeness, in deviations of known ones."""

Floats = NDArray[np.float32]


class HasSketch(Protocol):
    """An answer, as far as its strangeness needs to know it."""

    @property
    def sketch(self) -> Floats:
        """As `Unknown.sketch` gives it."""

    @property
    def logits(self) -> Floats:
        """(classes,) float32."""


@dataclass(frozen=True, eq=False)
class Unknown:
    """A score of strangeness, and those of held-out pictures that the network did not learn from.

    `usual` and `deviation` (scores,) float64 bring each of `SCORES` to a like measure, and
    `weights` (scores,) float64 sum them up. `held_out` (n,) float32 are the strangeness of held-out
    pictures, and `rows` (n,) int64 where these stand among those that promises rest on.
    `golden`: by precision, the (k,) float32 strangeness of the golden pictures.
    """

    sketching: Sketching
    known: Known
    usual: NDArray[np.float64]
    deviation: NDArray[np.float64]
    weights: NDArray[np.float64]
    held_out: Floats
    rows: NDArray[np.int64]
    golden: Mapping[str, Floats]

    def sketch(self, features: Floats, pixels: NDArray[np.uint8]) -> Floats:
        """(..., k) what strangeness is made of, from `features` (..., d) and the network's inputs
        (..., height, width, 3) uint8 RGB, of each picture by itself."""
        return self.sketching(features, appearance(pixels))

    def strangeness_of(self, answers: Sequence[HasSketch]) -> Floats:
        """(n,) of the pictures that `answers` are to; NaN where one could not be read."""
        strangeness = np.empty(len(answers), np.float32)
        for start in range(0, len(answers), BLOCK):
            some = answers[start : start + BLOCK]
            sketches = np.stack([one.sketch for one in some])
            logits = np.stack([one.logits for one in some])
            scores = (scores_of(sketches, logits, self.known) - self.usual) / self.deviation
            strangeness[start : start + BLOCK] = (scores * self.weights).sum(axis=1)
        return strangeness

    def familiar(self, strangeness: Floats, rate: float) -> Familiarity:
        """`strangeness` (n,) beside that of held-out pictures, and what `rate` calls unknown."""
        below = np.searchsorted(np.sort(self.held_out), strangeness, side="left")
        share = (len(self.held_out) - below + 1.0) / (len(self.held_out) + 1.0)
        return Familiarity(strangeness, np.where(np.isnan(strangeness), np.nan, share), rate)

    def known_rows(self, rate: float) -> NDArray[np.int64]:
        """Which of the pictures that promises rest on would not be called unknown at `rate`."""
        below = np.searchsorted(np.sort(self.held_out), self.held_out, side="left")
        share = (len(self.held_out) - below) / len(self.held_out)
        return self.rows[share > rate]

    def with_golden(self, golden: Mapping[str, Floats]) -> Unknown:
        """The same, with the strangeness of the golden pictures by precision."""
        return replace(self, golden=golden)

    @property
    def scores(self) -> tuple[str, ...]:
        """The names of the scores that are summed up."""
        return tuple(name for name, weight in zip(SCORES, self.weights, strict=True) if weight)

    def remark(self, rate: float) -> str:
        """A sentence where too few held-out pictures are kept to call any unknown at `rate`."""
        fewest = 1 / rate - 1 if rate else 0.0
        if len(self.held_out) >= fewest:
            return ""
        return (
            f"Nothing is called unknown: of {len(self.held_out):,} held-out pictures none can be"
            f" among the strangest {100 * rate:.3g} %. Allow a larger --unknown-rate, or train with"
            f" {np.ceil(min(fewest, MANY)):,.0f} validation pictures or more."
        )


def check_rate(rate: float) -> None:
    """Raise UsageError where `rate` is not a share from 0 to below 1."""
    if not 0 <= rate < 1:
        raise UsageError(
            f"{rate:g} is no share of known pictures that may be called unknown",
            where="--unknown-rate",
            mend="Give one from 0 to below 1, such as 0.05; 0 calls nothing unknown.",
        )


def check_unknown(folder: Path, unknown: Unknown, strangeness: Floats, precision: str) -> None:
    """Hold the `strangeness` (k,) of the golden pictures on this machine to what it was.

    Raises BundleError where one is further off than `TOLERANCE`.
    """
    expected = unknown.golden[precision if precision in unknown.golden else "float32"]
    if strangeness.shape != expected.shape:
        raise unusable(folder / UNKNOWN_FILE, UNUSABLE, "it is of other golden pictures")
    worst = float(np.abs(strangeness - expected).max())
    if not worst <= TOLERANCE[precision]:
        raise differs_here(
            folder,
            f"this machine finds the golden inputs more or less strange than they were, by"
            f" {worst:.3g} deviations where {TOLERANCE[precision]:g} is accepted",
        )


def write_unknown(folder: Path, unknown: Unknown) -> int:
    """Keep `unknown` in the bundle in `folder`; the bytes that it takes."""
    from safetensors.numpy import save

    tensors: dict[str, NDArray[Any]] = {
        **{f"sketch.{one.name}": getattr(unknown.sketching, one.name) for one in fields(Sketching)},
        **{f"known.{one.name}": getattr(unknown.known, one.name) for one in fields(Known)},
        **{f"golden.{precision}": one for precision, one in unknown.golden.items()},
        **{name: getattr(unknown, name) for name in OWN},
    }
    content = save({name: np.ascontiguousarray(one) for name, one in tensors.items()})
    write_whole(folder / UNKNOWN_FILE, content)
    return len(content)


def read_unknown(folder: Path) -> Unknown | None:
    """What the bundle in `folder` keeps; None where it keeps nothing, as older bundles do.

    Raises BundleError where the file is damaged.
    """
    file = folder / UNKNOWN_FILE
    return read_tensors(file, _understood, UNUSABLE) if file.exists() else None


OWN = ("usual", "deviation", "weights", "held_out", "rows")
"""The arrays of `Unknown` itself."""


def _understood(kept: Tensors) -> Unknown:
    return Unknown(
        sketching=Sketching(*(kept[f"sketch.{name}"] for name in Sketching.__annotations__)),
        known=Known(*(kept[f"known.{name}"] for name in Known.__annotations__)),
        **{name: kept[name] for name in OWN},
        golden={
            name.removeprefix("golden."): one
            for name, one in kept.items()
            if name.startswith("golden.")
        },
    )
