"""What a study found: from the records of its trainings to figures, tests and reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.predictions import Predictions
from linnaeus.comparing.records import Record
from linnaeus.comparing.winners import ClassWinner, class_winners
from linnaeus.evaluation.friedman import Ranking, rank_over_sets
from linnaeus.evaluation.hardness import ClassHardness, Looks, class_hardness
from linnaeus.evaluation.learning_curve import LearningCurve, fit_curve
from linnaeus.evaluation.metrics import Metrics, measure
from linnaeus.evaluation.paired import (
    Difference,
    Discordance,
    corrected_resampled_t,
    discordance,
    together,
)
from linnaeus.evaluation.pareto import pareto_front

__all__ = [
    "COSTS",
    "FIGURES",
    "Comparison",
    "Expense",
    "ModelFound",
    "PairFound",
    "SetFound",
    "Trained",
    "compared",
    "found_on",
]

FIGURES = ("accuracy", "macro_f1", "log_loss")
LESS_IS_BETTER = frozenset({"log_loss"})
COSTS = ("train_s", "answer_s", "size_bytes")


@dataclass(frozen=True)
class Trained:
    """The finished trainings of one model on one data set.

    `folds`: the record and answers of each fold, in order. `parts`: of parts of the first fold,
    by their shares.
    """

    model: str
    folds: Sequence[tuple[Record, Predictions]]
    parts: Sequence[tuple[Record, Predictions]] = ()


@dataclass(frozen=True)
class Expense:
    """What a model cost. `train_s`: the longest of its folds, since features of a frozen network
    are kept for the folds after. `answer_s`: from a picture's bytes to its answer, the median.
    """

    train_s: float
    answer_s: float
    size_bytes: int
    peak_bytes: int | None
    parameters: int

    def to_json(self) -> dict[str, Any]:
        """The costs as JSON has them."""
        return {
            "train_s": self.train_s,
            "answer_s": self.answer_s,
            "size_bytes": self.size_bytes,
            "peak_bytes": self.peak_bytes,
            "parameters": self.parameters,
        }


@dataclass(frozen=True)
class ModelFound:
    """One model on one data set.

    `metrics` are of the answers of all folds together, each picture judged once. `fold_scores`:
    {figure: its value on each fold}.
    """

    model: str
    metrics: Metrics
    fold_scores: Mapping[str, tuple[float, ...]]
    expense: Expense
    curve: LearningCurve | None = None
    remarks: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The model as comparison.json has it; `costs` alone differ from run to run."""
        return {
            "model": self.model,
            "accuracy": self.metrics.accuracy.to_json(),
            "macro_f1": self.metrics.macro_f1.to_json(),
            "log_loss": self.metrics.log_loss.to_json(),
            "folds": {name: list(values) for name, values in self.fold_scores.items()},
            "per_class": [row.to_json() for row in self.metrics.per_class],
            "confusion_matrix": self.metrics.counts.tolist(),
            "learning_curve": self.curve.to_json() if self.curve else None,
            "remarks": list(self.remarks),
            "costs": self.expense.to_json(),
        }


@dataclass(frozen=True)
class PairFound:
    """Two models on one data set: over the folds, by figure, and on the first fold's pictures."""

    first: str
    second: str
    over_folds: Mapping[str, Difference]
    on_first_fold: Discordance

    def to_json(self) -> dict[str, Any]:
        """The pair as comparison.json has it."""
        return {
            "first": self.first,
            "second": self.second,
            "over_folds": {name: one.to_json() for name, one in self.over_folds.items()},
            "mcnemar_on_first_fold": self.on_first_fold.to_json(),
        }


@dataclass(frozen=True)
class SetFound:
    """All that was found on one data set.

    `models`: best first, those that were trained on every fold. `gaps`: {model: why it has no
    figures}. `fronts`: {cost: models that none beats in it and in accuracy}, cheapest first.
    """

    name: str
    fingerprint: str
    images: int
    groups: int | None
    classes: tuple[str, ...]
    models: tuple[ModelFound, ...]
    gaps: Mapping[str, str]
    pairs: tuple[PairFound, ...] = ()
    winners: tuple[ClassWinner, ...] = ()
    hardness: tuple[ClassHardness, ...] = ()
    how_looks: str = ""
    fronts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def pair(self, one: str, other: str) -> PairFound:
        """The pair of two models, in whichever order."""
        return next(p for p in self.pairs if {p.first, p.second} == {one, other})

    def told_apart(self, one: str, other: str) -> bool:
        """Whether their accuracies differ by more than luck."""
        return self.pair(one, other).over_folds["accuracy"].real

    def to_json(self) -> dict[str, Any]:
        """The data set as comparison.json has it."""
        return {
            "name": self.name,
            "fingerprint": self.fingerprint,
            "images": self.images,
            "groups": self.groups,
            "classes": list(self.classes),
            "models": [one.to_json() for one in self.models],
            "gaps": dict(self.gaps),
            "pairs": [one.to_json() for one in self.pairs],
            "class_winners": [one.to_json() for one in self.winners],
            "class_hardness": [one.to_json() for one in self.hardness],
            "pareto_fronts": {"costs": {name: list(of) for name, of in self.fronts.items()}},
        }


@dataclass(frozen=True)
class Comparison:
    """All that a study found. `ranked`: the models that have figures on every data set, in the
    order of `ranking`, which is None with fewer than two of them or of data sets.
    """

    sets: tuple[SetFound, ...]
    ranked: tuple[str, ...]
    ranking: Ranking | None

    def to_json(self) -> dict[str, Any]:
        """The comparison as plain JSON values."""
        ranking = self.ranking.to_json() if self.ranking else None
        return {
            "data_sets": [one.to_json() for one in self.sets],
            "ranking": {"models": list(self.ranked), **ranking} if ranking else None,
        }


def compared(sets: Sequence[SetFound]) -> Comparison:
    """Put together what was found on each data set."""
    known = [[model.model for model in one.models] for one in sets]
    ranked = [model for model in known[0] if all(model in names for names in known)]
    if len(sets) < 2 or len(ranked) < 2:
        return Comparison(tuple(sets), tuple(ranked), None)
    scores = [
        [_mean(next(m for m in one.models if m.model == name), "accuracy") for name in ranked]
        for one in sets
    ]
    return Comparison(tuple(sets), tuple(ranked), rank_over_sets(scores))


def found_on(
    name: str,
    fingerprint: str,
    classes: tuple[str, ...],
    trained: Sequence[Trained],
    gaps: Mapping[str, str],
    *,
    groups: Mapping[str, str] | None = None,
    looks: Looks | None = None,
) -> SetFound:
    """What was found on one data set. `groups`: {picture: its group}, where there are groups."""
    whole = [_pooled(one, classes) for one in trained]
    images = len(whole[0]) if whole else 0
    if not trained:
        return SetFound(name, fingerprint, images, None, classes, (), gaps)
    codes = _groups_of(whole[0], groups)
    models = [_model(one, answers, groups) for one, answers in zip(trained, whole, strict=True)]
    models.sort(key=lambda one: -one.metrics.accuracy.value)
    right = {one.model: _right(answers) for one, answers in zip(trained, whole, strict=True)}
    return SetFound(
        name=name,
        fingerprint=fingerprint,
        images=images,
        groups=None if codes is None else len(set(codes)),
        classes=classes,
        models=tuple(models),
        gaps=gaps,
        pairs=_pairs(models, trained),
        winners=class_winners(
            [one.model for one in models], [right[one.model] for one in models], whole[0], codes
        ),
        hardness=class_hardness([one.metrics.counts for one in models], classes, looks),
        how_looks=looks.how if looks else "",
        fronts={cost: _front(models, cost) for cost in COSTS},
    )


def _pooled(trained: Trained, classes: tuple[str, ...]) -> Predictions:
    """The answers of all folds as one: each picture is judged in one of them."""
    answers = [answers for _, answers in trained.folds]
    return Predictions(
        ids=tuple(name for one in answers for name in one.ids),
        classes=classes,
        probabilities=np.concatenate([one.probabilities for one in answers]),
        labels=np.concatenate([one.labels for one in answers]),
    )


def _right(answers: Predictions) -> NDArray[np.bool_]:
    right: NDArray[np.bool_] = answers.decisions == answers.labels
    return right


def _model(trained: Trained, answers: Predictions, groups: Mapping[str, str] | None) -> ModelFound:
    records = [record for record, _ in trained.folds]
    peaks = [record.costs.peak_bytes or 0 for record in records]
    return ModelFound(
        model=trained.model,
        metrics=measure(answers, groups=_groups_of(answers, groups)),
        fold_scores={name: tuple(r.scores[name] for r in records) for name in FIGURES},
        expense=Expense(
            train_s=max(record.costs.learning_s for record in records),
            answer_s=float(np.median([record.costs.answer_s for record in records])),
            size_bytes=max(record.costs.size_bytes for record in records),
            peak_bytes=max(peaks) or None,
            parameters=records[0].parameters,
        ),
        curve=_curve(trained, groups),
        remarks=tuple(dict.fromkeys(remark for record in records for remark in record.remarks)),
    )


def _groups_of(answers: Predictions, groups: Mapping[str, str] | None) -> list[str] | None:
    return None if groups is None else [groups[name] for name in answers.ids]


def _curve(trained: Trained, groups: Mapping[str, str] | None) -> LearningCurve | None:
    """The curve over parts of the first fold and all of it; None where parts are missing."""
    points = [*trained.parts, trained.folds[0]] if trained.parts else []
    if not points:
        return None
    pictures = [record.train_pictures for record, _ in points]
    right = [_right(answers) for _, answers in points]
    return fit_curve(pictures, right, groups=_groups_of(trained.folds[0][1], groups))


def _pairs(models: Sequence[ModelFound], trained: Sequence[Trained]) -> tuple[PairFound, ...]:
    """Every two models, the better one first; p values hold for all pairs of a figure together."""
    by_name = {one.model: one for one in trained}
    pairs = list(combinations(models, 2))
    if not pairs:
        return ()
    records = [record for record, _ in by_name[models[0].model].folds]
    over = {
        name: together([_difference(*pair, name, records) for pair in pairs]) for name in FIGURES
    }
    first_folds = {one.model: _right(by_name[one.model].folds[0][1]) for one in models}
    return tuple(
        PairFound(
            one.model,
            other.model,
            {name: over[name][place] for name in FIGURES},
            discordance(first_folds[one.model], first_folds[other.model]),
        )
        for place, (one, other) in enumerate(pairs)
    )


def _difference(
    one: ModelFound, other: ModelFound, figure: str, records: Sequence[Record]
) -> Difference:
    """By how much `one` is better; where less is better, by how much less it has."""
    differences = np.subtract(one.fold_scores[figure], other.fold_scores[figure])
    tested = [record.test_pictures for record in records]
    return corrected_resampled_t(
        -differences if figure in LESS_IS_BETTER else differences,
        test_to_train=1 / (len(records) - 1),
        resolution=0.0 if figure == "log_loss" else 1 / float(np.mean(tested)),
    )


def _front(models: Sequence[ModelFound], cost: str) -> tuple[str, ...]:
    costs = [float(getattr(one.expense, cost)) for one in models]
    scores = [one.metrics.accuracy.value for one in models]
    return tuple(models[at].model for at in pareto_front(costs, scores))


def _mean(model: ModelFound, figure: str) -> float:
    return float(np.mean(model.fold_scores[figure]))
