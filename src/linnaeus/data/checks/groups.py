"""Groups that stand on more than one side of the split."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from linnaeus.data.checks.seen import Seen
from linnaeus.data.findings import Finding
from linnaeus.data.layout import listed

__all__ = ["group_leak"]


def group_leak(seen: Seen) -> Iterable[Finding]:
    if seen.dataset.groups is None:
        return
    members: dict[str, list[int]] = defaultdict(list)
    for row, group in enumerate(seen.dataset.groups.tolist()):
        if group:
            members[group].append(row)
    leaking = {group: rows for group, rows in members.items() if seen.sides_of(rows) > 1}
    if leaking:
        yield Finding(
            "group-leak",
            "error",
            len(leaking),
            f"{len(leaking):,} of {len(members):,} groups"
            f" {'stands' if len(leaking) == 1 else 'stand'} in more than one split"
            f" ({listed(leaking)}).",
            "Part the pictures anew by group (--resplit); a test on known groups flatters.",
            [seen.paths(_sides_in_turn(seen, rows)) for rows in leaking.values()],
        )


def _sides_in_turn(seen: Seen, rows: list[int]) -> list[int]:
    """The rows with those of each side in turn, so that the first few show the leak."""
    turns: dict[str, int] = defaultdict(int)
    places = []
    for row in rows:
        side = str(seen.sides[row])
        places.append((turns[side], row))
        turns[side] += 1
    return [row for _, row in sorted(places)]
