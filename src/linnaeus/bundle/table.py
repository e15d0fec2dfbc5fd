"""Predictions as a table on disk: one row a picture, for spreadsheets and scripts."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from linnaeus.bundle.predictions import UNKNOWN_LABEL, Predictions
from linnaeus.files import write_whole

__all__ = ["write_csv"]


def write_csv(path: Path, predictions: Predictions) -> None:
    """Write a CSV file, UTF-8, whole or not at all.

    Columns: image, label (the true one, where known), prediction, confidence, error, notes, and
    one `p:CLASS` a class. A picture that could not be read has its row too, with the reason under
    `error`. Probabilities are written so that they read back to the same float32.

    Raises WriteError where the file cannot be written.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    probabilities = [f"p:{name}" for name in predictions.classes]
    table.writerow(["image", "label", "prediction", "confidence", "error", "notes", *probabilities])
    for place in range(len(predictions)):
        table.writerow(_row(predictions, place))
    write_whole(path, text.getvalue())


def _row(predictions: Predictions, place: int) -> Sequence[str]:
    answer = predictions[place]
    label = int(predictions.labels[place])
    truth = predictions.classes[label] if label != UNKNOWN_LABEL else ""
    notes = "; ".join(predictions.notes.get(answer.id, ()))
    if answer.error:
        return [answer.id, truth, "", "", answer.error, notes, *[""] * len(predictions.classes)]
    numbers = [str(p) for p in predictions.probabilities[place]]
    confidence = str(predictions.probabilities[place].max())
    return [answer.id, truth, answer.label, confidence, "", notes, *numbers]
