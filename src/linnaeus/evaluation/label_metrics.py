"""What is measured where a picture may have several labels, each figure with an interval.

In go `Predictions` with thresholds, out come `LabelMetrics`. Definitions, field by field:
docs/reference/metrics.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linnaeus.bundle.predictions import Predictions
from linnaeus.counted import pictures
from linnaeus.data.layout import quoted
from linnaeus.data.no_labels import no_labels
from linnaeus.errors import DataError
from linnaeus.evaluation.class_average import few_pictures_remark
from linnaeus.evaluation.confusion import figures_of_class
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import (
    Resampling,
    accuracy_figure,
    few_groups_remark,
    mean_figure,
)
from linnaeus.evaluation.label_agreement import (
    LabelAgreement,
    label_agreement,
    over_cells,
    pooled_f1,
)
from linnaeus.evaluation.label_figures import LabelFigures, Mixup, mixups
from linnaeus.evaluation.metrics import SMALLEST_PROBABILITY, smallest_probability
from linnaeus.evaluation.one_against_rest import OneAgainstRest, one_against_rest
from linnaeus.evaluation.reliability import (
    ReliabilityBin,
    label_calibration_error,
    reliability_bins,
)

__all__ = ["LabelMetrics", "label_log_losses", "measure_labels"]

Floats = NDArray[np.float64]
Sets = NDArray[np.bool_]


@dataclass(frozen=True)
class LabelMetrics(LabelAgreement):
    """How labels agree, and what else was measured.

    On `images` pictures that were read and whose labels are known. `labels_true` and `labels_given`
    count labels over all pictures. `usual_set` is the set of labels of the classifier that always
    says the same, most common in training (`usual_from` "training") or among the judged pictures
    ("judged"); `usual_*` are its figures. `together`: (classes, classes) int64, pictures that truly
    have both labels; the diagonal counts each.
    """

    classes: tuple[str, ...]
    images: int
    groups: int | None
    unread: int
    unlabelled: int
    labels_true: int
    labels_given: int
    without_label: int
    answered_none: int
    one_against_rest: OneAgainstRest
    subset_accuracy: Figure
    hamming_loss: Figure
    log_loss: Figure
    brier: Figure
    calibration_error: Figure
    usual_set: tuple[str, ...]
    usual_from: str
    usual_subset_accuracy: Figure
    usual_f1: Figure
    per_class: tuple[LabelFigures, ...]
    mixups: tuple[Mixup, ...]
    together: NDArray[np.int64]
    reliability: tuple[ReliabilityBin, ...]
    remarks: tuple[str, ...]

    @property
    def mistakes(self) -> int:
        """How many labels were missed or wrongly added."""
        return sum(row.mistakes for row in self.per_class)

    @property
    def macro_average_precision(self) -> Figure:
        """The mean average precision, over the labels that some picture has."""
        mean = self.one_against_rest.macro_average_precision
        assert mean is not None
        return mean

    @property
    def micro_average_precision(self) -> Figure | None:
        """That of every yes or no of all labels, ranked together."""
        return self.one_against_rest.average_precision.micro

    @property
    def macro_auroc(self) -> Figure | None:
        """The mean area under the ROC curve, over the labels that some pictures have, not all."""
        return self.one_against_rest.macro_auroc

    def figures(self) -> dict[str, Figure | None]:
        """The figures of all labels together, by their names in metrics.json."""
        names = (
            *("micro_precision", "micro_recall", "micro_f1"),
            *("macro_precision", "macro_recall", "macro_f1"),
            *("weighted_precision", "weighted_recall", "weighted_f1"),
            *("macro_average_precision", "micro_average_precision", "macro_auroc"),
            *("subset_accuracy", "hamming_loss", "log_loss", "brier", "calibration_error"),
            *("usual_subset_accuracy", "usual_f1"),
        )
        return {name: getattr(self, name) for name in names}

    def headline(self) -> dict[str, Figure]:
        """The figures that a reader needs first, by their names in plain text."""
        return {
            "micro precision": self.micro_precision,
            "micro recall": self.micro_recall,
            "micro F1": self.micro_f1,
            "macro F1": self.macro_f1,
            "weighted F1": self.weighted_f1,
            "mean average precision": self.macro_average_precision,
            "all labels right": self.subset_accuracy,
            "Hamming loss": self.hamming_loss,
            "log loss": self.log_loss,
            "calibration error": self.calibration_error,
            "always the same (F1)": self.usual_f1,
        }

    def to_json(self) -> dict[str, Any]:
        """The metrics as plain values, ready for JSON: no NaN, a figure is {value, low, high}."""
        return {
            "task": "multi",
            "images": self.images,
            "groups": self.groups,
            "excluded": {"unread": self.unread, "unlabelled": self.unlabelled},
            "labels_true": self.labels_true,
            "labels_given": self.labels_given,
            "without_label": self.without_label,
            "answered_none": self.answered_none,
            **{n: figure.to_json() if figure else None for n, figure in self.figures().items()},
            "usual_set": list(self.usual_set),
            "usual_from": self.usual_from,
            "one_against_rest": self.one_against_rest.to_json(),
            "per_class": [row.to_json() for row in self.per_class],
            "mixups": [pair.to_json() for pair in self.mixups],
            "together": {"classes": list(self.classes), "counts": self.together.tolist()},
            "reliability": [bin.to_json() for bin in self.reliability],
            "remarks": list(self.remarks),
        }


def measure_labels(
    predictions: Predictions,
    *,
    usual_set: Sequence[str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
    groups: ArrayLike | None = None,
) -> LabelMetrics:
    """Judge `predictions` of any number of labels a picture against their `label_sets`.

    `usual_set`: the most common set of labels in training, by name. `groups`: (n,) any values;
    pictures of one group are resampled together. Time grows with n x (resamples + classes).

    Raises DataError where no picture has both an answer and known labels, or no label is known.
    """
    judged, unread = _judged(predictions)
    assert predictions.label_sets is not None
    truth, given = predictions.label_sets[judged], predictions.given[judged]
    smallest = smallest_probability(predictions)
    probabilities = predictions.probabilities[judged].astype(np.float64)
    own = None if groups is None else np.asarray(groups)[judged]
    resampling = Resampling.of(len(truth), own, resamples, seed)
    agreed = label_agreement(truth, given, resampling)
    ranking = one_against_rest(truth, probabilities, predictions.classes, resampling)
    per_class = _per_class(predictions, truth, given, ranking, resampling)
    usual, usual_from = _usual(truth, predictions.classes, usual_set)
    always = np.broadcast_to(usual, truth.shape)
    cells = over_cells(resampling, len(predictions.classes))
    flat, has = probabilities.ravel(), truth.ravel()
    remarks = [*few_groups_remark(resampling), *_remarks(per_class, usual_from)]
    return LabelMetrics(
        **vars(agreed),
        classes=predictions.classes,
        images=len(truth),
        groups=resampling.groups if groups is not None else None,
        unread=unread,
        unlabelled=0,
        labels_true=int(truth.sum()),
        labels_given=int(given.sum()),
        without_label=int((~truth.any(axis=1)).sum()),
        answered_none=int((~given.any(axis=1)).sum()),
        one_against_rest=ranking,
        subset_accuracy=accuracy_figure((given == truth).all(axis=1), resampling),
        hamming_loss=mean_figure((given != truth).mean(axis=1), 1.0, resampling),
        log_loss=mean_figure(
            label_log_losses(truth, probabilities, smallest), -log(smallest), resampling
        ),
        brier=mean_figure(((probabilities - truth) ** 2).mean(axis=1), 1.0, resampling),
        calibration_error=label_calibration_error(flat, has, cells),
        usual_set=tuple(predictions.classes[at] for at in np.flatnonzero(usual)),
        usual_from=usual_from,
        usual_subset_accuracy=accuracy_figure((always == truth).all(axis=1), resampling),
        usual_f1=pooled_f1(truth, always, resampling),
        per_class=per_class,
        mixups=mixups(truth, given, predictions.classes),
        together=truth.astype(np.int64).T @ truth.astype(np.int64),
        reliability=reliability_bins(flat, has, cells),
        remarks=tuple(remarks),
    )


def _per_class(
    predictions: Predictions, truth: Sets, given: Sets, ranking: OneAgainstRest, by: Resampling
) -> tuple[LabelFigures, ...]:
    assert predictions.thresholds is not None
    of_all = predictions.thresholds.ndim == 1
    right = (truth & given).sum(axis=0)
    rows = []
    for at, ranked in enumerate(ranking.per_class):
        figures = figures_of_class(ranked.name, truth[:, at], given[:, at], by)
        rows.append(
            LabelFigures(
                name=ranked.name,
                images=figures.images,
                answers=figures.answers,
                right=int(right[at]),
                precision=figures.precision,
                recall=figures.recall,
                f1=figures.f1,
                average_precision=ranked.average_precision,
                auroc=ranked.auroc if figures.images else None,
                threshold=float(predictions.thresholds[at]) if of_all else None,
            )
        )
    return tuple(rows)


def _judged(predictions: Predictions) -> tuple[Sets, int]:
    """Which pictures can be judged (n,) bool, and how many were not read."""
    unread = np.asarray(np.isnan(predictions.probabilities).any(axis=1), bool)
    mend = "Judge pictures whose labels are known and among the classifier's classes."
    if predictions.label_sets is None or unread.all():
        raise DataError(
            f"there is nothing to judge: of {pictures(len(predictions))},"
            f" {int(unread.sum()):,} could not be read, and the labels of the others are"
            f" {'known' if predictions.label_sets is not None else 'not known'}",
            where="evaluation",
            mend=mend,
        )
    if not predictions.label_sets[~unread].any():
        raise no_labels("evaluation")
    judged = np.logical_not(unread)
    return judged, int(unread.sum())


def label_log_losses(
    truth: Sets, probabilities: Floats, smallest: float = SMALLEST_PROBABILITY
) -> Floats:
    """The binary cross-entropy of a picture, averaged over the classes, (n,) nats.

    From 0 to -log(`smallest`), the least probability that counts.
    """
    kept = np.clip(probabilities, smallest, 1 - smallest)
    losses: Floats = -np.log(np.where(truth, kept, 1 - kept)).mean(axis=1)
    return losses


def _usual(
    truth: Sets, classes: tuple[str, ...], usual_set: Sequence[str] | None
) -> tuple[NDArray[np.bool_], str]:
    """(classes,) bool, the labels to give always, and where their being usual was seen."""
    if usual_set is not None:
        return np.array([name in usual_set for name in classes]), "training"
    sets, counts = np.unique(truth, axis=0, return_counts=True)
    return sets[int(counts.argmax())], "judged"


def _remarks(per_class: tuple[LabelFigures, ...], usual_from: str) -> list[str]:
    """What a reader of the figures must know beside them, as sentences."""
    remarks = []
    if absent := [row.name for row in per_class if not row.images]:
        them = "it" if len(absent) == 1 else "them"
        remarks.append(
            f"No judged picture has {quoted(absent)}: the averages over classes leave {them} out."
        )
    if unsaid := [row.name for row in per_class if row.images and not row.answers]:
        remarks.append(f"Never given: {quoted(unsaid)}; precision counts as 0 there.")
    remarks += few_pictures_remark([row.images for row in per_class], "labels")
    if usual_from == "judged":
        remarks.append(
            "The usual labels are the most common set among the judged pictures, since that of"
            " training is not known."
        )
    return remarks
