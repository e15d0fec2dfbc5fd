"""Precision, recall and F1 of all labels together, where a picture may have several.

Every yes or no counts for itself, and those of one picture vary together: intervals are as wide as
that makes them, the pictures of one group (a patient, a video) being taken together likewise.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.class_average import (
    average_label_f1_figure,
    average_label_precision_figure,
    class_average_figure,
)
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import Resampling, spread_figure

__all__ = ["LabelAgreement", "label_agreement", "over_cells", "pooled_f1"]

Floats = NDArray[np.float64]
Sets = NDArray[np.bool_]


@dataclass(frozen=True)
class LabelAgreement:
    """Of all labels pooled (micro), and averaged over the labels that some picture has, each
    counting alike (macro) or by its pictures (weighted).

    Weighted recall is that of all labels pooled. Without any answer precision is 0 between 0 and 1.
    """

    micro_precision: Figure
    micro_recall: Figure
    micro_f1: Figure
    macro_precision: Figure
    macro_recall: Figure
    macro_f1: Figure
    weighted_precision: Figure
    weighted_recall: Figure
    weighted_f1: Figure


def label_agreement(truth: Sets, given: Sets, by: Resampling) -> LabelAgreement:
    """Measure the labels `given` against those by `truth`, both (n, classes); some is true."""
    right = truth & given
    has = truth.any(axis=0)
    alike, by_pictures = has / has.sum(), truth.sum(axis=0) / truth.sum()
    found = _pooled_share(right, truth, by)
    return LabelAgreement(
        micro_precision=_pooled_share(right, given, by),
        micro_recall=found,
        micro_f1=pooled_f1(truth, given, by),
        macro_precision=_averaged_share(right, given, alike, by),
        macro_recall=_averaged_share(right, truth, alike, by),
        macro_f1=average_label_f1_figure(truth, given, alike, by),
        weighted_precision=average_label_precision_figure(truth, given, by),
        weighted_recall=found,
        weighted_f1=average_label_f1_figure(truth, given, by_pictures, by, weighed=True),
    )


def pooled_f1(truth: Sets, given: Sets, by: Resampling) -> Figure:
    """F1 of all yes or no together; it rises with the share of right ones among those true or
    given, so its interval maps over."""
    share = _pooled_share(truth & given, truth | given, by)
    value, low, high = (2 * s / (1 + s) for s in (share.value, share.low, share.high))
    return Figure.around(value, low, high)


def over_cells(by: Resampling, classes: int) -> Resampling:
    """Resample each yes or no together with the others of its picture, or of its group."""
    codes = np.repeat(by.codes, classes)
    return Resampling(codes, by.groups, by.resamples, by.seed)


def _pooled_share(hit: Sets, among: Sets, by: Resampling) -> Figure:
    """The share of `hit` in all of `among`, (n, classes), where pictures vary as a whole.

    Wilson's interval at the number of coin flips that would vary as much: more than there are
    pictures where each has several labels of its own, fewer where they stand or fall together.
    """
    hits, trials = hit.sum(axis=1), among.sum(axis=1)
    total = int(trials.sum())
    if not total:
        return Figure(0.0, 0.0, 1.0)
    value = float(hits.sum() / total)
    variance = by.variance((hits - value * trials) / total)
    return spread_figure(value, variance, float((trials > 0).sum()), by, most=inf)


def _averaged_share(hit: Sets, among: Sets, weights: Floats, by: Resampling) -> Figure:
    """The mean by `weights` (classes,) of the share of `hit` in each column of `among`."""
    cells = among.ravel()
    of = np.broadcast_to(np.arange(len(weights)), among.shape).ravel()[cells]
    pooled = over_cells(by, len(weights)).among(cells)
    return class_average_figure(hit.ravel()[cells], of, weights, pooled)
