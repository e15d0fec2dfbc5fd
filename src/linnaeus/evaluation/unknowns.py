"""How well a bundle tells pictures of something else: areas, false alarms, what it was tried on.

Known pictures are those of the test. Outliers are made of them anew, so that what is judged is not
what the score was chosen on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.predictions import Familiarity, Predictions
from linnaeus.bundle.unknown import Unknown
from linnaeus.evaluation.broken_promises import holds_too_seldom, independent
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import Resampling, accuracy_figure, share_trials
from linnaeus.evaluation.one_against_rest import one_against_rest
from linnaeus.unknowns.fit import GIVEN, Tried
from linnaeus.unknowns.outliers import source_of

__all__ = ["KindTold", "UnknownTold", "unknown_told"]

Pictures = Iterable[NDArray[np.uint8]]


@dataclass(frozen=True)
class KindTold:
    """Of `pictures` outliers of one kind: the area under the ROC curve, and the share found."""

    kind: str
    pictures: int
    area: Figure
    called: Figure

    def to_json(self) -> dict[str, Any]:
        """As metrics.json has it."""
        return {
            "kind": self.kind,
            "pictures": self.pictures,
            "auroc": self.area.to_json(),
            "called_unknown": self.called.to_json(),
        }


@dataclass(frozen=True)
class UnknownTold:
    """How a bundle tells unknown pictures at `rate`.

    `scores`: those that its strangeness is the sum of. `held_out`: known pictures that a picture is
    ranked among. `false_alarms`: the share of `known` test pictures that are called unknown;
    `broken`: it is above `rate` by more than chance makes.
    `made`: all made outliers together; `kinds`: each kind of them. `given`: the user's own, if any.
    `tried`: the mean area of each sum of scores when one was chosen, the best first; empty where it
    was not chosen here.
    """

    scores: tuple[str, ...]
    rate: float
    held_out: int
    known: int
    false_alarms: Figure
    broken: bool
    made: KindTold
    kinds: tuple[KindTold, ...]
    given: KindTold | None
    tried: tuple[tuple[tuple[str, ...], float], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As metrics.json has it."""
        return {
            "scores": list(self.scores),
            "rate": self.rate,
            "held_out": self.held_out,
            "known": self.known,
            "false_alarms": self.false_alarms.to_json(),
            "broken": self.broken,
            "made": self.made.to_json(),
            "kinds": [kind.to_json() for kind in self.kinds],
            "given": self.given.to_json() if self.given else None,
            "tried": [{"scores": list(names), "mean_auroc": mean} for names, mean in self.tried],
        }


def unknown_told(
    classifier: Classifier,
    test: Predictions,
    outliers: Mapping[str, Pictures],
    *,
    groups: ArrayLike | None = None,
    held_out_groups: ArrayLike | None = None,
    tried: Sequence[Tried] = (),
    seed: int = 0,
) -> UnknownTold | None:
    """Judge what `classifier` calls unknown, on its answers `test` and on `outliers` by kind.

    Outliers are (height, width, 3) uint8 at the network's size; those of all kinds but the user's
    own are made of the test pictures that could be read, and belong to the group of that picture.
    `groups`: (n,) test pictures that belong together, `held_out_groups`: (m,) those that promises
    rest on. `tried`: from what its score was chosen, if that was here. None where the classifier
    cannot tell, or where no test picture could be read.
    """
    familiar = test.familiar
    if familiar is None:
        return None
    read = np.flatnonzero(~np.isnan(familiar.strangeness))
    if not len(read):
        return None
    known = familiar.strangeness[read].astype(np.float64)
    of_groups = None if groups is None else np.asarray(groups)[read]
    resampling = Resampling.of(len(read), of_groups, seed=seed)
    each = {kind: _familiar(classifier, some) for kind, some in outliers.items()}
    made = {kind: one for kind, one in each.items() if kind != GIVEN}

    def told(kind: str, *some: Familiarity) -> KindTold:
        groups = [_groups(kind, len(one.unknown), resampling) for one in some]
        return _told(kind, known, some, np.concatenate(groups), resampling)

    unknown, called = classifier.unknown, familiar.unknown[read]
    return UnknownTold(
        scores=unknown.scores,
        rate=familiar.unknown_rate,
        held_out=len(unknown.held_out),
        known=len(read),
        false_alarms=accuracy_figure(called, resampling),
        broken=holds_too_seldom(
            float((~called).mean()),
            share_trials(~called, resampling),
            1 - familiar.unknown_rate,
            _held_out_trials(unknown, familiar.unknown_rate, held_out_groups),
        ),
        made=told("all", *made.values()),
        kinds=tuple(told(kind, one) for kind, one in made.items()),
        given=told(GIVEN, each[GIVEN]) if GIVEN in each else None,
        tried=tuple((one.scores, one.mean) for one in tried),
    )


def _held_out_trials(unknown: Unknown, rate: float, groups: ArrayLike | None) -> float:
    """How many independent pictures it ranks others among, those that it would call unknown told by
    `groups` (m,) of all that promises rest on."""
    known = np.isin(unknown.rows, unknown.known_rows(rate))
    return independent(known, None if groups is None else np.asarray(groups)[unknown.rows])


def _familiar(classifier: Classifier, pictures: Pictures) -> Familiarity:
    answers = [one.without_features() for one in classifier.predict_pixels(pictures)]
    familiar = classifier.gather([str(at) for at in range(len(answers))], answers).familiar
    assert familiar is not None
    return familiar


def _groups(kind: str, count: int, of_known: Resampling) -> NDArray[np.int64]:
    """(count,) what outliers of a kind belong to; the user's own are each a group.

    Those of one picture belong together, and where pictures do, with all of their group.
    """
    if kind == GIVEN:
        return of_known.groups + np.arange(count)
    pictures = len(of_known.codes)
    of_sources = of_known.codes[[source_of(place, pictures) for place in range(count)]]
    return of_sources if of_known.grouped else of_known.groups + of_sources


def _told(
    kind: str,
    known: NDArray[np.float64],
    outliers: Sequence[Familiarity],
    groups: NDArray[np.int64],
    of_known: Resampling,
) -> KindTold:
    """`known` (n,), resampled by `of_known`, beside outliers of these `groups` (outliers,)."""
    strange = np.concatenate([one.strangeness for one in outliers]).astype(np.float64)
    called = np.concatenate([one.unknown for one in outliers])
    both = np.concatenate([known, strange])
    unknown = np.arange(len(both)) >= len(known)
    resampling = Resampling.of(len(both), np.concatenate([of_known.codes, groups]))
    ranking = one_against_rest(unknown[:, None], both[:, None], ("unknown",), resampling)
    area = ranking.per_class[0].auroc
    assert area is not None
    return KindTold(kind, len(strange), area, accuracy_figure(called, resampling.among(unknown)))
