"""Files that cannot be read, that nobody labelled, or that are not what they seem."""

from __future__ import annotations

from collections.abc import Iterable

from linnaeus.data.checks.seen import Seen, are, pictures
from linnaeus.data.findings import Finding
from linnaeus.data.layout import is_picture, listed

__all__ = ["stray_files", "unlabelled_pictures", "unreadable"]


def unreadable(seen: Seen) -> Iterable[Finding]:
    if reasons := seen.scan.unreadable:
        first, why = next(iter(reasons.items()))
        yield Finding(
            "unreadable",
            "error",
            len(reasons),
            f"{pictures(len(reasons))} cannot be read and {are(len(reasons))} left out"
            f" (first: {first}: {why}).",
            "Replace them or take them out.",
            [[path] for path in reasons],
            reasons,
        )


def unlabelled_pictures(seen: Seen) -> Iterable[Finding]:
    loose = {path: why for path, why in seen.dataset.left_alone.items() if is_picture(path)}
    if loose:
        yield Finding(
            "unlabelled-pictures",
            "warning",
            len(loose),
            f"{pictures(len(loose))} without a label {are(len(loose))} left alone"
            f" ({listed(loose)}).",
            "Move them into their class folders, or take them out.",
            [[path] for path in loose],
            loose,
        )


def stray_files(seen: Seen) -> Iterable[Finding]:
    strays = {path: why for path, why in seen.dataset.left_alone.items() if not is_picture(path)}
    if strays:
        told = (f"{path}: {why}" for path, why in strays.items())
        yield Finding(
            "stray-files",
            "note",
            len(strays),
            f"{len(strays):,} {'entry' if len(strays) == 1 else 'entries'} beside the pictures"
            f" {are(len(strays))} left alone ({listed(told)}).",
            "Nothing needs to be done, unless one of them was meant to be used.",
            [[path] for path in strays],
            strays,
        )
