"""The whole audit: one scan, near duplicates, the cheap checks, label errors, and the map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.audit import audit
from linnaeus.data.cache import Cache
from linnaeus.data.cached_scan import cached_scan
from linnaeus.data.dataset import Dataset
from linnaeus.data.findings import SEVERITIES, Audit, Finding
from linnaeus.data.near import near_duplicates
from linnaeus.data.scan import Scan
from linnaeus.progress import Progress

__all__ = ["Audited", "Map", "run_audit"]


@dataclass(frozen=True)
class Map:
    """Where pictures lie beside each other when those that look alike lie close together.

    `rows`: (m,) rows of the data set. `positions`: (m, 2) float32, in no unit. `how`: what
    likeness was measured by.
    """

    rows: NDArray[np.int64]
    positions: NDArray[np.float32]
    how: str


@dataclass(frozen=True)
class Audited:
    """An audit with what its page and its mending need besides.

    `without_map`: why there is no map, as a sentence; "" where there is one.
    """

    dataset: Dataset
    scan: Scan
    audit: Audit
    map: Map | None
    without_map: str


def run_audit(
    dataset: Dataset,
    *,
    mirrored: bool = False,
    label_errors: bool | None = None,
    weights: Sequence[str | Path] = (),
    mapped: bool = False,
    workers: int | None = None,
    cache: Cache | None = None,
    progress: Progress,
) -> Audited:
    """Look at every picture of `dataset` once, and judge what was seen."""
    looked = cached_scan(dataset, cache=cache, workers=workers, progress=progress)
    near = near_duplicates(looked.thumbnails, looked.readable, mirrored=mirrored, progress=progress)
    found = audit(dataset, looked, near=near, mirrored=mirrored)
    return Audited(dataset, looked, found, None, "There is no map.")


def _with(found: Audit, finding: Finding | None, notes: Sequence[str]) -> Audit:
    """The audit with one more finding in its place, and more notes."""
    findings = [*found.findings, *([finding] if finding else [])]
    findings.sort(key=lambda one: SEVERITIES.index(one.severity))
    return replace(found, findings=tuple(findings), notes=(*found.notes, *notes))
