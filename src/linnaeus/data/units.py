"""Samples that must stay together: copies of one picture, its near duplicates, members of a group.

A unit is a set of samples connected by equal pixels, by likeness or by a common group, however many
steps it takes. Splits are made of whole units.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnaeus.randomness import number

__all__ = ["Units", "marks_of", "units_of"]

LARGEST_SHARE = 0.2
"""Likeness joins no more than this part of a class, which is what a test usually takes of it."""

ALWAYS_JOINED = 30
"""Pictures of a class that likeness may join in any case, as a burst of one scene does."""


@dataclass(frozen=True, eq=False)
class Units:
    """Which samples stay together.

    `of`: (n,) int64, the unit of each sample, from 0. `names`: (units,) a text that stands for
    each, from `duplicates`. `alike`, `parted`: (k, 2) int64 pairs of near duplicates that share a
    unit, and that do not, since it would have grown too large.
    """

    of: NDArray[np.int64]
    names: tuple[str, ...]
    alike: NDArray[np.int64]
    parted: NDArray[np.int64]

    def in_order(self, seed: int) -> NDArray[np.int64]:
        """(n,) int64: the unit of each sample, numbered from 0 in a random order.

        The order depends on the seed and on the units' names, not on the samples' order.
        """
        numbers = [number(seed, f"split {name}") for name in self.names]
        ranked = sorted(range(len(self.names)), key=lambda unit: (numbers[unit], self.names[unit]))
        rank = np.empty(len(ranked), np.int64)
        rank[ranked] = np.arange(len(ranked))
        return rank[self.of]


def marks_of(labels: NDArray[np.int64], label_sets: NDArray[np.bool_] | None) -> NDArray[np.int64]:
    """(m, 2) int64: a sample and a class of it, for every label of every sample.

    `labels`: (n,) the one class of each; `label_sets`: (n, classes) the classes of each, where it
    may have any number of them, and None otherwise.
    """
    if label_sets is not None:
        return np.argwhere(label_sets).astype(np.int64, copy=False)
    return np.column_stack([np.arange(len(labels)), labels])


def units_of(
    length: int,
    duplicates: Sequence[object] | NDArray[np.generic] | None,
    groups: Sequence[str] | NDArray[np.str_] | None,
    near: NDArray[np.int64] | None = None,
    marks: NDArray[np.int64] | None = None,
) -> Units:
    """The units of `length` samples.

    `duplicates`: (n,) equal for copies of one picture (digests, say); None when all differ, and
    the samples' places then stand for them. `groups`: (n,) names of groups; "" belongs to none.
    `near`: (m, 2) pairs of near duplicates, and `marks` (see `marks_of`) the classes they are of.

    Likeness is no equality: over enough steps it can join a class of pictures on white into one.
    So it stops joining where a unit would hold more than a fifth of a class and more than thirty
    pictures of it; the pairs that this parts are told. Copies and groups are always kept whole.
    """
    copies = [str(value) for value in (range(length) if duplicates is None else duplicates)]
    names = sorted(set(copies))
    place = {name: rank for rank, name in enumerate(names)}
    node = np.array([place[copy] for copy in copies], np.int64)
    above = list(range(len(names)))
    if groups is not None:
        first: dict[str, int] = {}
        for copy, group in zip(node.tolist(), map(str, groups), strict=True):
            if group:
                _unite(above, copy, first.setdefault(group, copy))
    if near is not None and len(near):
        assert marks is not None
        _join_alike(above, node, near, marks)
    return _as_units(above, names, node, near)


def _join_alike(
    above: list[int], node: NDArray[np.int64], near: NDArray[np.int64], marks: NDArray[np.int64]
) -> None:
    """Unite the pairs in an order that depends on the copies alone, as far as classes allow."""
    bare = np.setdiff1d(np.arange(len(node)), marks[:, 0])
    unlabelled = int(marks[:, 1].max(initial=-1)) + 1  # bounded as a class of their own
    marks = np.concatenate([marks, np.column_stack([bare, np.full(len(bare), unlabelled)])])
    totals = np.bincount(marks[:, 1])
    most = np.maximum(ALWAYS_JOINED, LARGEST_SHARE * totals).tolist()
    content: dict[int, Counter[int]] = {}
    tied = np.unique(near)
    tops_tied = {_top(above, copy) for copy in node[tied].tolist()}
    for row, label in marks.tolist():
        top = _top(above, int(node[row]))
        if top in tops_tied:
            content.setdefault(top, Counter())[label] += 1
    for one, other in np.unique(np.sort(node[near], axis=1), axis=0).tolist():
        tops = _top(above, one), _top(above, other)
        if tops[0] == tops[1]:
            continue
        joined = content.get(tops[0], Counter()) + content.get(tops[1], Counter())
        if all(count <= most[label] for label, count in joined.items()):
            content[_unite(above, *tops)] = joined


def _as_units(
    above: list[int], names: list[str], node: NDArray[np.int64], near: NDArray[np.int64] | None
) -> Units:
    tops = np.array([_top(above, copy) for copy in range(len(names))], np.int64)
    present, unit_of_copy = np.unique(tops, return_inverse=True)
    of = unit_of_copy[node].astype(np.int64, copy=False)
    pairs = np.empty((0, 2), np.int64) if near is None else near.reshape(-1, 2)
    pairs = pairs[node[pairs[:, 0]] != node[pairs[:, 1]]]  # copies are no likenesses
    together = of[pairs[:, 0]] == of[pairs[:, 1]]
    unit_names = tuple(names[top] for top in present.tolist())
    return Units(of, unit_names, pairs[together], pairs[~together])


def _unite(above: list[int], one: int, other: int) -> int:
    """Join two units under the lesser of their tops, so that the order of joining is nothing."""
    low, high = sorted((_top(above, one), _top(above, other)))
    above[high] = low
    return low


def _top(above: list[int], copy: int) -> int:
    """The copy that stands for the unit (union-find, halving the path on the way)."""
    while above[copy] != copy:
        above[copy] = above[above[copy]]
        copy = above[copy]
    return copy
