"""Judging answers by their kind: one label a picture, or any number of them."""

from __future__ import annotations

from collections.abc import Sequence

from numpy.typing import ArrayLike

from linnaeus.bundle.predictions import Predictions
from linnaeus.evaluation.further import Asked
from linnaeus.evaluation.label_metrics import LabelMetrics, measure_labels
from linnaeus.evaluation.metrics import NOTHING_ASKED, Metrics, measure

__all__ = ["Measured", "judge"]

Measured = Metrics | LabelMetrics


def judge(
    predictions: Predictions,
    *,
    train_counts: ArrayLike | None = None,
    usual_set: Sequence[str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
    groups: ArrayLike | None = None,
    asked: Asked = NOTHING_ASKED,
) -> Measured:
    """As `measure`, or where a picture may have several labels as `measure_labels`."""
    if predictions.thresholds is None:
        return measure(
            predictions,
            train_counts=train_counts,
            resamples=resamples,
            seed=seed,
            groups=groups,
            asked=asked,
        )
    asked.refuse_for_several_labels()
    return measure_labels(
        predictions, usual_set=usual_set, resamples=resamples, seed=seed, groups=groups
    )
