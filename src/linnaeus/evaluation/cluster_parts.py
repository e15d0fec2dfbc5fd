"""ClusterParts: the clusters of judged pictures as parts of them, by name, to be compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.cluster_names import cluster_names
from linnaeus.evaluation.clusters import FEWEST_CLUSTERED, Cluster, beside_answers, clusters_of
from linnaeus.evaluation.outcomes import Outcomes
from linnaeus.evaluation.parts import FEWEST, Part
from linnaeus.evaluation.traits import Trait

__all__ = ["CLUSTER", "ClusterParts", "cluster_parts", "cluster_trait"]

CLUSTER = "cluster"
"""The name of being in one, beside those of columns and measures."""

NO_FEATURES = (
    "Clusters of pictures that look alike: a table of answers holds nothing of what the classifier"
    " saw in them."
)


@dataclass(frozen=True)
class ClusterParts:
    """Clusters of all pictures, and of those of single classes by the place of the class.

    `name`: of the trait. `told`: what was not looked at, a sentence; empty where all was.
    """

    name: str
    of_all: tuple[Part, ...] = ()
    in_classes: Mapping[int, tuple[Part, ...]] = field(default_factory=dict)
    told: str = ""

    @property
    def any(self) -> bool:
        """Whether there is one."""
        return bool(self.of_all or self.in_classes)


def cluster_trait(taken: Iterable[str]) -> str:
    """What being in a cluster is called beside the traits whose names are `taken`."""
    return f"{CLUSTER} (measured)" if CLUSTER in set(taken) else CLUSTER


def cluster_parts(
    name: str,
    outcomes: Outcomes,
    traits: Sequence[Trait],
    features: NDArray[np.floating] | None,
) -> ClusterParts:
    """The clusters of the pictures in `outcomes` by their `features` (n, d), which may be missing.

    `traits` are of the same pictures, and say what a cluster is called. A class whose pictures are
    fewer than 40 has none of its own.
    """
    if features is None:
        return ClusterParts(name, told=NO_FEATURES)
    if len(features) < FEWEST_CLUSTERED:
        few = f"Clusters of pictures that look alike: that takes {FEWEST_CLUSTERED} pictures."
        return ClusterParts(name, told=few)
    points = beside_answers(features, outcomes.answers)

    def parted(own: NDArray[np.bool_] | None) -> tuple[Part, ...]:
        found = [c for c in clusters_of(points, own) if _large(c)]
        names = cluster_names(found, traits, outcomes.of_class, outcomes.classes, own)
        return tuple(
            Part(name, called, one.members, one.examples)
            for called, one in zip(names, found, strict=True)
        )

    within = {at: parted(own) for at, own in enumerate(outcomes.of_class.T)}
    return ClusterParts(name, parted(None), {at: parts for at, parts in within.items() if parts})


def _large(cluster: Cluster) -> bool:
    """Whether its pictures, and the others, are enough to be held against each other."""
    inside = int(cluster.members.sum())
    return FEWEST <= inside <= len(cluster.members) - FEWEST
