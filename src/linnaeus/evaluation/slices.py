"""Slices: the kinds of pictures on which a classifier is weaker, the worst of them first.

What is tested, and how the tests are corrected for being many: docs/reference/metrics.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linnaeus.bundle.predictions import Predictions
from linnaeus.evaluation.cluster_parts import ClusterParts, cluster_parts, cluster_trait
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.gap import Gap, gap_of
from linnaeus.evaluation.intervals import Resampling, mean_figure
from linnaeus.evaluation.outcomes import Outcomes
from linnaeus.evaluation.parts import FEWEST, Part, Parts, parts_of
from linnaeus.evaluation.recurring import with_recurring
from linnaeus.evaluation.significance import holm
from linnaeus.evaluation.traits import Trait

__all__ = ["LEVEL", "Slice", "Slices", "find_slices", "slices_of"]

LEVEL = 0.05
"""Any slice, of all pictures or of a class, is called weaker by chance alone in so many evaluations
at most."""

MOST_LOSSES = 50  # slices that get a log loss with its interval: what a page shows of them
LOSS_RESAMPLES = (
    200  # for each of them: a fifth of the usual time, for intervals that are read by eye
)
MOST_IN_CLASSES = 100  # pairs of a slice and a class that are kept: beyond, nobody reads on


@dataclass(frozen=True)
class Slice:
    """The `images` pictures whose `trait` is `value`, beside all others; or those of one class.

    `gap`: accuracy there, elsewhere, and their difference; of the class `of_class`, the recall.
    `expected`: the accuracy of the others, were their classes mixed as here; None of one class and
    where a picture may have several labels. `p`: corrected for all that were tested. `examples`: of
    a cluster, the ids of the pictures that are most like all of it; of others none.
    """

    trait: str
    value: str
    of_class: str
    images: int
    gap: Gap
    expected: float | None = None
    log_loss: Figure | None = None
    p: float = 1.0
    examples: tuple[str, ...] = ()

    @property
    def weaker(self) -> bool:
        """Whether it is worse than the rest by more than chance."""
        return self.p < LEVEL

    def to_json(self) -> dict[str, Any]:
        """The slice as metrics.json has it."""
        gap = self.gap
        own = {"expected": self.expected, "log_loss": self.log_loss and self.log_loss.to_json()}
        return {
            "trait": self.trait,
            "value": self.value,
            **({"class": self.of_class} if self.of_class else {}),
            "images": self.images,
            "recall" if self.of_class else "accuracy": gap.inside.to_json(),
            "elsewhere": gap.rest.to_json(),
            "difference": gap.difference.to_json(),
            **({} if self.of_class else own),
            "p": gap.p,
            "corrected_p": self.p,
            "weaker": self.weaker,
            "examples": list(self.examples),
        }


@dataclass(frozen=True)
class Slices:
    """What was looked at: slices of all pictures, and of single classes, the weakest first.

    `tested_in_classes`: how many pairs of a slice and a class were tested, and `called_in_classes`
    how many of them are weaker; `in_classes` holds those with most to say. `told`: what was not
    looked at, as sentences. `traits`: what was.
    """

    of_all: tuple[Slice, ...]
    in_classes: tuple[Slice, ...]
    tested_in_classes: int
    called_in_classes: int
    traits: tuple[str, ...]
    told: tuple[str, ...]

    @property
    def weaker(self) -> tuple[Slice, ...]:
        """The slices of all pictures that are worse than the rest by more than chance."""
        return tuple(one for one in self.of_all if one.weaker)

    @property
    def clustered(self) -> bool:
        """Whether some of them are clusters of pictures that look alike."""
        return any(one.examples for one in (*self.of_all, *self.in_classes))

    @property
    def weaker_in_classes(self) -> tuple[Slice, ...]:
        """The same of single classes; first those whose slice is not weak as a whole."""
        known = {(one.trait, one.value) for one in self.weaker}
        weaker = [one for one in self.in_classes if one.weaker]
        return tuple(sorted(weaker, key=lambda one: (one.trait, one.value) in known))

    def to_json(self) -> dict[str, Any]:
        """The slices as metrics.json has them."""
        return {
            "traits": list(self.traits),
            "not_looked_at": list(self.told),
            "level": LEVEL,
            "tested": len(self.of_all),
            "weaker": len(self.weaker),
            "of_all": [one.to_json() for one in self.of_all],
            "tested_in_classes": self.tested_in_classes,
            "weaker_in_classes": self.called_in_classes,
            "in_classes": [one.to_json() for one in self.in_classes],
        }


def find_slices(
    outcomes: Outcomes,
    traits: Sequence[Trait],
    asked: Sequence[str] = (),
    features: NDArray[np.floating] | None = None,
) -> Slices:
    """Compare the pictures that are alike in one of `traits` with all others, each in turn.

    `traits` are of the pictures in `outcomes`, and so are `features` (n, d), whose clusters are
    compared too. `asked`: names of the only traits to look at; by default all. Time grows with
    pictures x parts, and a class's own with its pictures x parts.
    """
    chosen = [trait for trait in traits if not asked or trait.name in asked]
    found = [_parts_of(trait, asked=trait.name in asked) for trait in chosen]
    known = [part for one in found for part in one.parts]
    alike = _alike(outcomes, traits, asked, features)
    parts = [*known, *alike.of_all]
    groups = _groups(outcomes)
    whole, in_classes = _corrected(
        [_of_all(outcomes, part, groups) for part in parts],
        list(_in_classes(outcomes, known, alike, groups)),
    )
    within = [one for _, one in in_classes]
    looked_at = [trait.name for trait, one in zip(chosen, found, strict=True) if one.parts]
    told = [f"{one.told[0].upper()}{one.told[1:]}." for one in found if one.told]
    return Slices(
        of_all=tuple(_with_losses(outcomes, whole, parts)),
        in_classes=tuple(within[:MOST_IN_CLASSES]),
        tested_in_classes=len(within),
        called_in_classes=sum(one.weaker for one in within),
        traits=(*looked_at, *([alike.name] if alike.any else [])),
        told=(*told, *([alike.told] if alike.told else [])),
    )


def slices_of(
    predictions: Predictions,
    traits: Sequence[Trait],
    groups: ArrayLike | None = None,
    asked: Sequence[str] = (),
    features: NDArray[np.floating] | None = None,
) -> Slices:
    """As `find_slices`, for finished `predictions` and what is known of all their pictures."""
    outcomes = Outcomes.of(predictions, groups)
    own = None if features is None else features[outcomes.rows]
    return find_slices(outcomes, [trait.at(outcomes.rows) for trait in traits], asked, own)


def _parts_of(trait: Trait, *, asked: bool) -> Parts:
    """The parts to look at, which may share pictures: a code, and the range it lies in."""
    return with_recurring(trait, parts_of(trait, asked=asked), asked=asked)


def _alike(
    outcomes: Outcomes,
    traits: Sequence[Trait],
    asked: Sequence[str],
    features: NDArray[np.floating] | None,
) -> ClusterParts:
    """The clusters to look at: none where only other traits are `asked` for."""
    name = cluster_trait(trait.name for trait in traits)
    if asked and name not in asked:
        return ClusterParts(name)
    return cluster_parts(name, outcomes, traits, features)


def _groups(outcomes: Outcomes) -> NDArray[Any] | None:
    """The groups, where some hold more than one picture."""
    if outcomes.groups is None:
        return None
    _, codes = np.unique(outcomes.groups, return_inverse=True)
    return codes if codes.max() + 1 < len(codes) else None


def _of_all(outcomes: Outcomes, part: Part, groups: NDArray[Any] | None) -> Slice:
    gap = gap_of(outcomes.right, part.members, groups)
    expected = _expected(outcomes, part) if (outcomes.of_class.sum(axis=1) == 1).all() else None
    images, examples = int(part.members.sum()), _ids(outcomes, part)
    return Slice(part.trait, part.value, "", images, gap, expected, examples=examples)


def _ids(outcomes: Outcomes, part: Part) -> tuple[str, ...]:
    return tuple(outcomes.ids[at] for at in part.examples)


def _expected(outcomes: Outcomes, part: Part) -> float:
    """How often the other pictures would be right, were as many of each class as in `part`.

    A class that no other picture shows counts as the others do on the whole.
    """
    inside, rest = part.members, ~part.members
    shares = outcomes.of_class[inside].mean(axis=0)
    others = outcomes.of_class[rest].sum(axis=0)
    found = outcomes.found[rest].sum(axis=0)
    overall = np.full(len(shares), outcomes.right[rest].mean())
    return float(shares @ np.divide(found, others, out=overall, where=others > 0))


def _in_classes(
    outcomes: Outcomes, parts: Sequence[Part], alike: ClusterParts, groups: NDArray[Any] | None
) -> Iterable[Slice]:
    """The parts of each class's own pictures, where ten or more are in them and as many are not.

    Clusters are its own too: those of all pictures are no kind of it.
    """
    for place, name in enumerate(outcomes.classes):
        own = np.flatnonzero(outcomes.of_class[:, place])
        found = outcomes.found[own, place]
        together = None if groups is None else groups[own]
        for part in (*parts, *alike.in_classes.get(place, ())):
            members = part.members[own]
            if FEWEST <= (inside := int(members.sum())) <= len(own) - FEWEST:
                gap = gap_of(found, members, together)
                examples = _ids(outcomes, part)
                yield Slice(part.trait, part.value, name, inside, gap, examples=examples)


def _corrected(*kinds: list[Slice]) -> list[list[tuple[int, Slice]]]:
    """The slices of each kind by `_ranked`, with Holm's p-values for all kinds together.

    Either kind counts as much: few slices of all pictures are not drowned in those of many classes.
    """
    of_which = [kind for kind, slices in enumerate(kinds) for _ in slices]
    p_values = iter(holm([one.gap.p for slices in kinds for one in slices], of_which).tolist())
    return [_ranked([replace(one, p=next(p_values)) for one in slices]) for slices in kinds]


def _ranked(slices: list[Slice]) -> list[tuple[int, Slice]]:
    """The slices, the weakest first, each with its place among those given.

    Those that are weaker by more than chance go by how much worse they are at least; the others by
    how little chance would do the same.
    """

    def strength(at: tuple[int, Slice]) -> tuple[int, float]:
        one = at[1]
        return (0, one.gap.difference.high) if one.weaker else (1, one.gap.p)

    return sorted(enumerate(slices), key=strength)


def _with_losses(
    outcomes: Outcomes, slices: Sequence[tuple[int, Slice]], parts: Sequence[Part]
) -> Iterable[Slice]:
    """The slices, each with its place in `parts`; the first of them with their mean log loss."""
    for rank, (place, one) in enumerate(slices):
        if rank >= MOST_LOSSES:
            yield one
            continue
        inside = parts[place].members
        groups = None if outcomes.groups is None else outcomes.groups[inside]
        resampling = Resampling.of(one.images, groups, LOSS_RESAMPLES)
        yield replace(
            one, log_loss=mean_figure(outcomes.losses[inside], outcomes.most_loss, resampling)
        )
