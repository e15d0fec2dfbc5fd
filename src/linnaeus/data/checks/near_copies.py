"""Near copies: one photograph saved anew, resized, cut or shaded; in a class, across two or sides.

Pairs with the same pixels are told by `copies` and left out here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from linnaeus.data.checks.seen import Seen
from linnaeus.data.findings import Finding, Severity
from linnaeus.data.layout import listed

__all__ = ["near_contradicting_labels", "near_duplicates", "near_leak_across_splits"]

Pair = tuple[int, int]
Likenesses = dict[Pair, float]


def near_leak_across_splits(seen: Seen) -> Iterable[Finding]:
    yield from _told(
        seen,
        _near(seen, lambda rows: seen.sides_of(rows) > 1),
        "near-leak-across-splits",
        "error",
        "in more than one split",
        "Training leaves the copies of judged pictures out; better take them out of the data.",
    )


def near_contradicting_labels(seen: Seen) -> Iterable[Finding]:
    yield from _told(
        seen,
        _near(seen, lambda rows: seen.labels_said(rows) > 1),
        "near-contradicting-labels",
        "warning",
        "under different labels",
        "Look at each: where they show the same thing, decide on one label.",
    )


def near_duplicates(seen: Seen) -> Iterable[Finding]:
    def beside_each_other(rows: list[int]) -> bool:
        return seen.labels_said(rows) == 1 and seen.sides_of(rows) <= 1

    yield from _told(
        seen,
        _near(seen, beside_each_other),
        "near-duplicates",
        "warning",
        "in one class each",
        "Keep one of each, or leave them: a split keeps them on one side.",
    )


def _near(seen: Seen, wanted: Callable[[list[int]], bool]) -> Likenesses:
    """{pair of rows: likeness} of the near copies that are `wanted` and no exact ones."""
    digests = seen.scan.pixel_digests
    return {
        (one, other): likeness
        for (one, other), likeness in zip(
            seen.near.pairs.tolist(), seen.near.likeness.tolist(), strict=True
        )
        if digests[one] != digests[other] and wanted([one, other])
    }


def _told(
    seen: Seen, pairs: Likenesses, kind: str, severity: Severity, where: str, advice: str
) -> Iterable[Finding]:
    if not pairs:
        return
    groups = _connected(pairs)
    what = "of near copies (saved anew, resized, cut or shaded)"
    said = f"1 set {what} stands" if len(groups) == 1 else f"{len(groups):,} sets {what} stand"
    yield Finding(
        kind,
        severity,
        len(groups),
        f"{said} {where} (first: {listed(seen.paths(groups[0]), ' = ')}).",
        advice,
        [seen.paths(rows) for rows in groups],
        figures={"pairs": len(pairs), "least_likeness": round(min(pairs.values()), 4)},
    )


def _connected(pairs: Likenesses) -> list[list[int]]:
    """Sets of rows that pairs connect, over however many steps, the most alike first."""
    partners: dict[int, set[int]] = defaultdict(set)
    for one, other in pairs:
        partners[one].add(other)
        partners[other].add(one)
    groups, met = [], set[int]()
    for one, other in sorted(pairs, key=lambda pair: (-pairs[pair], pair)):
        if one not in met:
            group, ahead = {one, other}, [one, other]
            while ahead:
                new = partners[ahead.pop()] - group
                group |= new
                ahead += new
            met |= group
            groups.append(sorted(group))
    return groups
