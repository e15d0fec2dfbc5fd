"""Metrics: everything that is measured about a classifier's answers, each figure with an interval.

In go `Predictions`, out come `Metrics`. Definitions, field by field: docs/reference/metrics.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linnaeus.bundle.predictions import UNKNOWN_LABEL, Predictions
from linnaeus.counted import pictures
from linnaeus.data.layout import quoted
from linnaeus.errors import DataError
from linnaeus.evaluation.agreement import agreement
from linnaeus.evaluation.class_average import few_pictures_remark
from linnaeus.evaluation.confusion import (
    ClassFigures,
    ConfusedPair,
    class_figures,
    confusion_counts,
    most_confused,
)
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.further import Asked, Further, further_figures
from linnaeus.evaluation.intervals import (
    Resampling,
    accuracy_figure,
    few_groups_remark,
    mean_figure,
)
from linnaeus.evaluation.reliability import ReliabilityBin, calibration_error, reliability_bins
from linnaeus.evaluation.sure_answers import sure_answers

__all__ = [
    "MOST_LOG_LOSS",
    "NOTHING_ASKED",
    "Metrics",
    "log_losses",
    "measure",
    "smallest_probability",
]

Floats = NDArray[np.float64]

# float32's rounding step, as scikit-learn's log_loss has it: a wrong answer given with
# probability 1 costs 15.9 nats rather than infinitely many.
SMALLEST_PROBABILITY = float(np.finfo(np.float32).eps)
MOST_LOG_LOSS = -float(np.log(SMALLEST_PROBABILITY))
MOST_BRIER = 2.0
NOTHING_ASKED = Asked()


@dataclass(frozen=True)
class Metrics:
    """What was measured on `images` pictures that were read and whose class is known.

    `unread` and `unlabelled` count the pictures that no figure includes. `counts` is the confusion
    matrix, (classes, classes) int64, a row for each true class. `majority_class` is the answer of
    the classifier that always says the same; `majority_from` is "training" where that class was
    the most common in training (of several, the one that is right most often here), "judged" where
    it had to be taken from the judged pictures.
    `sure`: the answers given with about 90 %, None where they are too few.
    """

    classes: tuple[str, ...]
    images: int
    groups: int | None
    unread: int
    unlabelled: int
    accuracy: Figure
    top_5_accuracy: Figure | None
    balanced_accuracy: Figure
    macro_precision: Figure
    macro_recall: Figure
    macro_f1: Figure
    log_loss: Figure
    brier: Figure
    calibration_error: Figure
    majority_class_accuracy: Figure
    majority_class: str
    majority_from: str
    per_class: tuple[ClassFigures, ...]
    counts: NDArray[np.int64]
    most_confused: tuple[ConfusedPair, ...]
    reliability: tuple[ReliabilityBin, ...]
    sure: ReliabilityBin | None
    further: Further
    remarks: tuple[str, ...]

    @property
    def mistakes(self) -> int:
        """How many answers were wrong."""
        return self.images - int(np.trace(self.counts))

    @property
    def of_one_class(self) -> bool:
        """Whether all judged pictures are of one class: then always the same answer is no rival."""
        return sum(row.images > 0 for row in self.per_class) == 1

    def headline(self) -> dict[str, Figure]:
        """The figures that a reader needs first, by their names in plain text; of always the same
        answer where it is a rival."""
        return {
            "accuracy": self.accuracy,
            "balanced accuracy": self.balanced_accuracy,
            "macro F1": self.macro_f1,
            "log loss": self.log_loss,
            "calibration error": self.calibration_error,
            **({} if self.of_one_class else {"always the same": self.majority_class_accuracy}),
        }

    def to_json(self) -> dict[str, Any]:
        """The metrics as plain values, ready for JSON: no NaN, a figure is {value, low, high}."""
        top_5 = self.top_5_accuracy
        return {
            "images": self.images,
            "groups": self.groups,
            "excluded": {"unread": self.unread, "unlabelled": self.unlabelled},
            "accuracy": self.accuracy.to_json(),
            "top_5_accuracy": top_5.to_json() if top_5 else None,
            "balanced_accuracy": self.balanced_accuracy.to_json(),
            "macro_precision": self.macro_precision.to_json(),
            "macro_recall": self.macro_recall.to_json(),
            "macro_f1": self.macro_f1.to_json(),
            "log_loss": self.log_loss.to_json(),
            "brier": self.brier.to_json(),
            "calibration_error": self.calibration_error.to_json(),
            "majority_class_accuracy": self.majority_class_accuracy.to_json(),
            "majority_class": self.majority_class,
            "majority_from": self.majority_from,
            "per_class": [row.to_json() for row in self.per_class],
            "confusion_matrix": {"classes": list(self.classes), "counts": self.counts.tolist()},
            "most_confused": [pair.to_json() for pair in self.most_confused],
            "reliability": [bin.to_json() for bin in self.reliability],
            **self.further.to_json(self.accuracy),
            "remarks": list(self.remarks),
        }


def measure(
    predictions: Predictions,
    *,
    train_counts: ArrayLike | None = None,
    resamples: int = 1000,
    seed: int = 0,
    groups: ArrayLike | None = None,
    asked: Asked = NOTHING_ASKED,
) -> Metrics:
    """Judge `predictions` against their labels.

    `train_counts`: (classes,) pictures of each class in training, for the majority-class figure.
    `groups`: (n,) any values; pictures of one group (a patient, a video) are resampled together,
    and intervals are as wide as that makes them. Time grows with resamples x n x classes,
    memory with n x classes; 10,000 pictures of ten classes take about a second.

    Raises DataError where no picture has both an answer and a known label, UsageError for what is
    `asked` besides and has no meaning here.
    """
    judged, unread, unlabelled = _judged(predictions)
    labels = predictions.labels[judged]
    given = predictions.probabilities[judged]
    probabilities = given.astype(np.float64)
    smallest = smallest_probability(predictions)
    answers = predictions.decisions[judged]
    if groups is not None:
        groups = _one_each(groups, len(predictions), "group")[judged]
    resampling = Resampling.of(len(labels), groups, resamples, seed)
    counts = confusion_counts(labels, answers, len(predictions.classes))
    right, confidence = answers == labels, probabilities.max(axis=1)
    majority, majority_from = _majority(counts, train_counts)
    per_class = class_figures(labels, answers, predictions.classes, resampling)
    agreed = agreement(labels, answers, len(counts), resampling)
    bins = reliability_bins(confidence, right, resampling)
    further = further_figures(labels, given, agreed, per_class, resampling, asked)
    return Metrics(
        classes=predictions.classes,
        images=len(labels),
        groups=resampling.groups if groups is not None else None,
        unread=unread,
        unlabelled=unlabelled,
        accuracy=accuracy_figure(right, resampling),
        top_5_accuracy=further.top_k.get(5),
        balanced_accuracy=agreed.macro_recall,
        macro_precision=agreed.macro_precision,
        macro_recall=agreed.macro_recall,
        macro_f1=agreed.macro_f1,
        log_loss=mean_figure(
            log_losses(labels, probabilities, smallest), -log(smallest), resampling
        ),
        brier=mean_figure(_brier_scores(labels, probabilities), MOST_BRIER, resampling),
        calibration_error=calibration_error(confidence, right, resampling),
        majority_class_accuracy=accuracy_figure(labels == majority, resampling),
        majority_class=predictions.classes[majority],
        majority_from=majority_from,
        per_class=per_class,
        counts=counts,
        most_confused=most_confused(labels, answers, counts, predictions.classes, resampling),
        reliability=bins,
        sure=sure_answers(confidence, right, bins, resampling),
        further=further,
        remarks=(*few_groups_remark(resampling), *_remarks(per_class, right, majority_from)),
    )


def smallest_probability(predictions: Predictions) -> float:
    """The rounding step of the numbers that were given, as scikit-learn's log_loss has it."""
    return float(np.finfo(predictions.probabilities.dtype).eps)


def log_losses(
    labels: NDArray[np.int64],
    probabilities: NDArray[np.floating],
    smallest: float = SMALLEST_PROBABILITY,
) -> Floats:
    """Minus the logarithm of the true class's probability, (n,) nats from 0 to -log(`smallest`)."""
    given = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    losses: Floats = -np.log(np.clip(given, smallest, 1.0))
    return losses


def _judged(predictions: Predictions) -> tuple[NDArray[np.bool_], int, int]:
    """Which pictures can be judged (n,) bool; how many were not read; how many have no label."""
    unread = np.isnan(predictions.probabilities).any(axis=1)
    unlabelled = (predictions.labels == UNKNOWN_LABEL) & ~unread
    judged: NDArray[np.bool_] = ~unread & ~unlabelled
    if not judged.any():
        raise DataError(
            f"there is nothing to judge: of {pictures(len(predictions))}, "
            f"{int(unread.sum()):,} could not be read and {int(unlabelled.sum()):,} came without a "
            "label that the classifier knows",
            where="evaluation",
            mend="Judge pictures in folders named after the classifier's classes: "
            f"{quoted(predictions.classes)}.",
        )
    return judged, int(unread.sum()), int(unlabelled.sum())


def _one_each(values: ArrayLike, pictures: int, noun: str) -> NDArray[Any]:
    array = np.asarray(values)
    if array.shape != (pictures,):
        raise ValueError(f"one {noun} for each of {pictures} pictures expected, not {array.shape}")
    return array


def _brier_scores(labels: NDArray[np.int64], probabilities: Floats) -> Floats:
    """The squared distance to the truth summed over the classes, (n,) in [0, 2] (Brier 1950)."""
    truth = np.zeros_like(probabilities)
    truth[np.arange(len(labels)), labels] = 1.0
    scores: Floats = ((probabilities - truth) ** 2).sum(axis=1)
    return np.minimum(scores, MOST_BRIER)


def _majority(counts: NDArray[np.int64], train_counts: ArrayLike | None) -> tuple[int, str]:
    """The position of the class to answer always, and where its being common was seen.

    Of classes that are equally common in training, the one with most judged pictures: the hardest
    to beat, whatever they are called.
    """
    judged = counts.sum(axis=1)
    if train_counts is None:
        return int(judged.argmax()), "judged"
    trained = _one_each(train_counts, len(counts), "training count")
    return int(np.where(trained == trained.max(), judged, -1).argmax()), "training"


def _remarks(
    per_class: tuple[ClassFigures, ...], right: NDArray[np.bool_], majority_from: str
) -> list[str]:
    """What a reader of the figures must know beside them, as sentences."""
    remarks = []
    if absent := [row.name for row in per_class if not row.images]:
        remarks.append(
            f"No judged picture is of {quoted(absent)}: the averages over classes leave "
            f"{'it' if len(absent) == 1 else 'them'} out."
        )
    if unsaid := [row.name for row in per_class if row.images and not row.answers]:
        remarks.append(f"Never answered: {quoted(unsaid)}; precision counts as 0 there.")
    remarks += few_pictures_remark([row.images for row in per_class], "classes")
    if right.all():
        remarks.append(
            "Without a mistake to learn from, the intervals of log loss and Brier score hold only "
            "for pictures as easy as these."
        )
    if majority_from == "judged":
        remarks.append(
            "The majority class is the most common among the judged pictures, since the training "
            "counts are not known."
        )
    return remarks
