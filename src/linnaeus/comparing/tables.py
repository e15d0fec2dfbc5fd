"""The figures of a comparison as tables for spreadsheets: by model, and by fold."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from linnaeus.comparing.results import FIGURES, Comparison, ModelFound
from linnaeus.evaluation.figure import Figure

__all__ = ["fold_table", "model_table"]


def model_table(comparison: Comparison) -> str:
    """CSV with a line for each model on each data set: figures, intervals and costs."""
    ends = [f"{name}{end}" for name in FIGURES for end in ("", "_low", "_high")]
    costs = ["train_s", "answer_s", "size_bytes", "peak_bytes", "parameters"]
    rows = [
        [one.name, model.model, one.images, *_figures(model), *_costs(model)]
        for one in comparison.sets
        for model in one.models
    ]
    return _csv(["data", "model", "pictures", *ends, *costs], rows)


def fold_table(comparison: Comparison) -> str:
    """CSV with a line for each model on each fold of each data set."""
    rows = [
        [one.name, model.model, fold, *(model.fold_scores[name][fold] for name in FIGURES)]
        for one in comparison.sets
        for model in one.models
        for fold in range(len(model.fold_scores["accuracy"]))
    ]
    return _csv(["data", "model", "fold", *FIGURES], rows)


def _figures(model: ModelFound) -> list[float]:
    figures: list[Figure] = [getattr(model.metrics, name) for name in FIGURES]
    return [end for one in figures for end in (one.value, one.low, one.high)]


def _costs(model: ModelFound) -> list[object]:
    cost = model.expense
    peak = "" if cost.peak_bytes is None else cost.peak_bytes
    return [cost.train_s, cost.answer_s, cost.size_bytes, peak, cost.parameters]


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(header)
    table.writerows(rows)
    return text.getvalue()
