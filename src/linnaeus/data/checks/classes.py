"""Classes too small to be learnt, and classes of very different size."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from linnaeus.data.checks.seen import Seen
from linnaeus.data.findings import Finding, Severity
from linnaeus.data.layout import listed

__all__ = ["imbalance", "tiny_class"]

FEW_IN_CLASS = 10
"""With fewer pictures, one in ten for validation is not even one."""

IMBALANCE_NOTED, IMBALANCE_WARNED = 3, 10
"""The most frequent class, as a multiple of the rarest."""


def tiny_class(seen: Seen) -> Iterable[Finding]:
    few = np.flatnonzero(seen.class_counts < FEW_IN_CLASS)
    if len(few):
        told = (f"{seen.dataset.classes[place]}: {seen.class_counts[place]}" for place in few)
        severity: Severity = "error" if seen.class_counts.min() < 2 else "warning"
        yield Finding(
            "tiny-class",
            severity,
            len(few),
            f"{len(few):,} of {len(seen.class_counts):,} classes"
            f" {'has' if len(few) == 1 else 'have'} fewer than {FEW_IN_CLASS} readable pictures"
            f" ({listed(told)}).",
            "Collect more of them, or merge them with a class like them.",
        )


def imbalance(seen: Seen) -> Iterable[Finding]:
    counts = seen.class_counts
    low, high = int(counts.argmin()), int(counts.argmax())
    times = counts[high] / max(1, counts[low])
    if times < IMBALANCE_NOTED:
        return
    name = seen.dataset.classes
    yield Finding(
        "imbalance",
        "warning" if times >= IMBALANCE_WARNED else "note",
        int(np.count_nonzero(counts * IMBALANCE_NOTED <= counts[high])),
        f"The most frequent class, {name[high]}, has {times:.1f} times as many pictures as the"
        f" rarest, {name[low]} ({counts[high]:,} and {counts[low]:,}).",
        "Judge by balanced accuracy or macro F1, and collect more of the rare classes.",
    )
