"""Predictions as a table on disk: one row a picture, for spreadsheets and scripts."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from linnaeus.bundle.predictions import SEPARATOR, Predictions
from linnaeus.bundle.promises import Promised
from linnaeus.files import write_whole

__all__ = ["write_csv"]


def write_csv(path: Path, predictions: Predictions, promised: Promised | None = None) -> None:
    """Write a CSV file, UTF-8, whole or not at all.

    Columns: image, label (the true one, where known), prediction, confidence, error, notes, and
    one `p:CLASS` a class. Several labels stand in one cell, parted by `|`; it is empty where a
    picture that was read has none. Where unknown pictures can be told, `prediction` is "unknown"
    for such, with no confidence, and `familiarity` follows, the share of known pictures that look
    as strange. Where something was `promised` of the answers, `set` follows, the classes of the
    label set parted by `|`, or `withheld`, "yes" for an answer that is not sure enough; both are
    empty for what is unknown. A picture that could not be read has its row too, with the reason
    under `error`. Probabilities are written so that they read back to the same float32.

    Raises WriteError where the file cannot be written.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    probabilities = [f"p:{name}" for name in predictions.classes]
    promised = promised or Promised()
    told = [*_kinds(predictions, promised), *probabilities]
    table.writerow(["image", "label", "prediction", "confidence", "error", "notes", *told])
    for place in range(len(predictions)):
        table.writerow(_row(predictions, place, promised))
    write_whole(path, text.getvalue())


def _kinds(predictions: Predictions, promised: Promised) -> list[str]:
    """The columns that tell how strange pictures are, and what was promised."""
    kinds = {
        "familiarity": predictions.familiar is not None,
        "set": promised.inside is not None,
        "withheld": promised.given is not None,
    }
    return [name for name, asked in kinds.items() if asked]


def _row(predictions: Predictions, place: int, promised: Promised) -> Sequence[str]:
    answer = predictions[place]
    truth = SEPARATOR.join(predictions.true_labels(place))
    notes = "; ".join(predictions.notes.get(answer.id, ()))
    kinds = _kinds(predictions, promised)
    if answer.error:
        blank = len(kinds) + len(predictions.classes)
        return [answer.id, truth, "", "", answer.error, notes, *[""] * blank]
    numbers = [str(p) for p in predictions.probabilities[place]]
    confidence = "" if answer.unknown else str(np.float32(answer.confidence))
    withheld = "yes" if promised.withheld(place) else "no"
    cells = {
        "familiarity": f"{answer.familiarity:.6g}",
        "set": SEPARATOR.join(promised.labels(place, predictions.classes)),
        "withheld": "" if answer.unknown else withheld,
    }
    told = [cells[kind] for kind in kinds]
    return [answer.id, truth, answer.label, confidence, "", notes, *told, *numbers]
