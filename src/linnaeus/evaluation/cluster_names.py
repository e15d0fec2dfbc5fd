"""What a cluster of pictures is called: "dark pictures of glass", by what is known of them.

A name says in what its pictures differ from the others and what most of them are. It does not say
why they lie together: they may have something in common that nothing here measures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.clusters import Cluster
from linnaeus.evaluation.traits import MEASURED, Trait

__all__ = ["cluster_names"]

Mask = NDArray[np.bool_]

CLEARLY = 0.8
"""How often, of two pictures, that of a cluster has more (or less) of a measure than one outside of
it: with ten in the cluster chance comes so far once in a thousand."""

MOST_WORDS = 2  # of measures, the clearest first: more are no name

MOSTLY = 0.8  # of its pictures that have a value, or are of two classes
AS_OFTEN = 2.0  # as elsewhere, from which a value is worth naming
USUAL = 0.6  # of its pictures that are of one class


def cluster_names(
    clusters: Sequence[Cluster],
    traits: Sequence[Trait],
    of_class: Mask,
    classes: Sequence[str],
    own: Mask | None = None,
) -> list[str]:
    """The names of `clusters` of n pictures with `traits`, all different.

    `of_class` (n, classes): which of the `classes` each picture is. `own` (n,): the pictures that
    were clustered, if not all; a cluster is held against the others of these.
    """
    among = np.ones(len(of_class), bool) if own is None else own
    names = [_name(one.members, traits, of_class, classes, among) for one in clusters]
    alike = Counter(names)
    seen: Counter[str] = Counter()
    numbered = []
    for name in names:
        seen[name] += 1
        numbered.append(f"{name} ({seen[name]})" if alike[name] > 1 else name)
    return numbered


def _name(
    members: Mask, traits: Sequence[Trait], of_class: Mask, classes: Sequence[str], among: Mask
) -> str:
    others = among & ~members
    words = _measures(members, others, traits)
    name = " ".join([", ".join(words), _of_classes(of_class[members], classes)]).strip()
    return ", ".join([name, *_values(members, others, traits)])


def _measures(members: Mask, others: Mask, traits: Sequence[Trait]) -> list[str]:
    """What the pictures are beside the `others` by measures of their pixels: "dark", "blurred"."""
    found = []
    for trait in traits:
        lowest, highest = MEASURED.get(trait.name.removesuffix(" (measured)"), ("", ""))
        if trait.measured and lowest:
            more = _more(trait.values[members], trait.values[others])
            found.append((max(more, 1 - more), highest if more > 0.5 else lowest))
    clear = [one for one in sorted(found, reverse=True) if one[0] >= CLEARLY]
    return [word for _, word in clear[:MOST_WORDS]]


def _more(inside: NDArray[np.generic], outside: NDArray[np.generic]) -> float:
    """How often a number of `inside` is above one of `outside`, half for a tie; no NaN does."""
    some, others = (np.asarray(each, np.float64) for each in (inside, outside))
    some, others = some[np.isfinite(some)], np.sort(others[np.isfinite(others)])
    if not len(some) or not len(others):
        return 0.5
    sides = [np.searchsorted(others, some, side) for side in ("left", "right")]
    return float(np.mean(sides)) / len(others)


def _of_classes(of_class: Mask, classes: Sequence[str]) -> str:
    """ "pictures of glass", of the one or two classes that most of them are."""
    shares = of_class.mean(axis=0)
    order = np.argsort(-shares, kind="stable")[:2].tolist()
    if shares[order[0]] >= USUAL:
        return f"pictures of {classes[order[0]]}"
    if of_class[:, order].any(axis=1).mean() >= MOSTLY:
        return f"pictures of {' and '.join(classes[at] for at in order)}"
    return "pictures of several classes"


def _values(members: Mask, others: Mask, traits: Sequence[Trait]) -> list[str]:
    """What a table tells of most of them, and not of as many of the others: "mostly site F"."""
    found = []
    for trait in traits:
        if trait.measured or trait.values.dtype == np.float64:
            continue
        values, counts = np.unique(trait.values[members], return_counts=True)
        value, share = str(values[counts.argmax()]), counts.max() / members.sum()
        elsewhere = float(np.mean(trait.values[others] == value)) if others.any() else 0.0
        if value and share >= MOSTLY and share >= AS_OFTEN * elsewhere:
            found.append(f"mostly {trait.name} {value}")
    return found
