"""Samples that must stay together: copies of one picture, and members of one group.

A unit is a set of samples connected by equal pixels or by a common group, however many steps it
takes. Splits are made of whole units.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from linnaeus.randomness import number

__all__ = ["seeded_units"]

Value = TypeVar("Value", str, int)


def seeded_units(
    length: int,
    duplicates: Sequence[object] | NDArray[np.generic] | None,
    groups: Sequence[str] | NDArray[np.str_] | None,
    seed: int,
) -> NDArray[np.int64]:
    """(n,) int64: the unit of each of `length` samples, numbered from 0 in a random order.

    `duplicates`: (n,) equal for copies of one picture (digests, say); None when all differ.
    `groups`: (n,) names of groups; "" belongs to none.

    The order depends on the seed and on the values in `duplicates`, not on the samples' order;
    where `duplicates` is None it depends on the samples' places.
    """
    copies = [str(value) for value in (range(length) if duplicates is None else duplicates)]
    above = {copy: copy for copy in copies}
    if groups is not None:
        first: dict[str, str] = {}
        for copy, group in zip(copies, map(str, groups), strict=True):
            if group:
                _unite(above, copy, first.setdefault(group, copy))
    tops = [_top(above, copy) for copy in copies]
    ranked = sorted(set(tops), key=lambda top: (number(seed, f"split {top}"), top))
    rank = {top: place for place, top in enumerate(ranked)}
    return np.array([rank[top] for top in tops], np.int64)


def _unite(above: dict[str, str], one: str, other: str) -> None:
    """Join two units under the lesser of their tops, so that the order of joining is nothing."""
    low, high = sorted((_top(above, one), _top(above, other)))
    above[high] = low


def _top(above: dict[str, str], copy: str) -> str:
    """The copy that stands for the unit (union-find, halving the path on the way)."""
    while above[copy] != copy:
        above[copy] = above[above[copy]]
        copy = above[copy]
    return copy
