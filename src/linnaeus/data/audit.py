"""What is wrong with a data set, from what one scan saw: shortcuts, copies, leaks, odd files.

Each check is a function from what was seen to findings; a new check is one more in `CHECKS`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.checks import (
    class_names,
    classes,
    contents,
    copies,
    decoding,
    files,
    groups,
    near_copies,
    shortcuts,
    sizes,
)
from linnaeus.data.checks.seen import Check, Seen
from linnaeus.data.dataset import Dataset
from linnaeus.data.findings import SEVERITIES, Audit
from linnaeus.data.near import NearDuplicates, near_duplicates
from linnaeus.data.scan import Scan
from linnaeus.data.split import Split

__all__ = ["CHECKS", "audit", "audit_of_judged"]

CHECKS: Sequence[Check] = (
    shortcuts.shortcut_format,
    shortcuts.shortcut_mode,
    shortcuts.shortcut_quality,
    shortcuts.shortcut_size,
    shortcuts.shortcut_aspect,
    shortcuts.shortcut_brightness,
    shortcuts.shortcut_border,
    files.unreadable,
    files.truncated,
    files.empty,
    files.refused_pictures,
    sizes.huge,
    copies.contradicting_labels,
    copies.leak_across_splits,
    near_copies.near_leak_across_splits,
    groups.group_leak,
    near_copies.near_contradicting_labels,
    copies.exact_duplicates,
    near_copies.near_duplicates,
    classes.tiny_class,
    class_names.similar_class_names,
    classes.imbalance,
    files.unlabelled_pictures,
    files.unread_kinds,
    contents.constant,
    contents.near_black,
    contents.near_white,
    decoding.animated,
    files.mislabelled_format,
    decoding.mixed_modes,
    contents.low_entropy,
    contents.blurred,
    sizes.tiny,
    sizes.odd_aspect,
    decoding.exif_rotated,
    decoding.converted,
    files.stray_files,
)
"""All checks; among findings of one severity, this is their order. Shortcuts stand first: what they
spoil is every score, where the others spoil a few pictures."""

OF_LEARNING = (classes.tiny_class, classes.imbalance)
"""What matters to whoever learns from the pictures, and not to whoever is judged on them."""

NOT_SEARCHED = NearDuplicates(np.empty((0, 2), np.int64), np.empty(0, np.float32), crowded=0)


def audit(
    dataset: Dataset,
    scan: Scan,
    *,
    split: Split | None = None,
    near: NearDuplicates | None = None,
    mirrored: bool = False,
    checks: Sequence[Check] = CHECKS,
) -> Audit:
    """Judge a data set by a scan of it. Reads no file again; grows with the number of pictures.

    Leaks are looked for across the data set's own split or, where `split` is given (its rows are
    the scan's), across the one that training will use. `near`: the near duplicates of the scan,
    where they are known already; otherwise they are searched here, with `mirrored` the mirrored
    ones too. `checks`: those that are made.
    """
    if near is None:
        near = near_duplicates(scan.thumbnails, scan.readable, mirrored=mirrored)
    looked_at = dataset.subset(scan.indices)
    sides = looked_at.splits if split is None else split.assignment
    seen = Seen(looked_at, scan, sides, near)
    found = [finding for check in checks for finding in check(seen)]
    found.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return Audit(
        name=dataset.name,
        fingerprint=looked_at.fingerprint,
        images=len(looked_at),
        readable=len(looked_at) - len(scan.unreadable),
        classes=dataset.classes,
        counts=looked_at.counts(),
        findings=tuple(found),
        notes=(*dataset.notes, *near.remarks),
    )


def audit_of_judged(dataset: Dataset, scan: Scan, rows: NDArray[np.int64]) -> Audit:
    """What is wrong with the pictures at `rows`, which judge a bundle, as `audit` says it.

    `scan`: of all that were offered. Those that cannot be read are among the `rows`, and what lies
    beside the pictures is told as ever. Near copies are not searched, for that can take far longer
    than judging.
    """
    checks = [check for check in CHECKS if check not in OF_LEARNING]
    return audit(dataset, scan.of_rows(dataset, rows), near=NOT_SEARCHED, checks=checks)
