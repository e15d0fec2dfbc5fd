"""Predictions as a table on disk: one row a picture, for spreadsheets and scripts."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.predictions import SEPARATOR, Predictions
from linnaeus.bundle.promises import Promised
from linnaeus.files import write_whole

__all__ = ["as_csv", "likeliest", "table_header", "table_row", "write_csv"]


def write_csv(
    path: Path,
    predictions: Predictions,
    promised: Promised | None = None,
    beside: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Write a CSV file, UTF-8, whole or not at all.

    Columns: image, label (the true one, where known), prediction, confidence, error, notes, and
    one `p:CLASS` a class. Several labels stand in one cell, parted by `|`; it is empty where a
    picture that was read has none. Where unknown pictures can be told, `prediction` is "unknown"
    for such, with no confidence, and `familiarity` follows, the share of known pictures that look
    as strange. Where changed ones were looked for, `moved` follows, by how much squeezing moves the
    probabilities, and `changed`, "yes" where that is too far. Where something was `promised` of the
    answers, `set` follows, the classes of the label set parted by `|`, or `withheld`, "yes" for an
    answer that is not sure enough; both are empty for what is unknown. A picture that could not be
    read has its row too, with the reason under `error`. What is known of the pictures `beside`,
    {column: (n,) cells}, stands after all that and before the probabilities. Those are written so
    that they read back to the same float32.

    Raises WriteError where the file cannot be written.
    """
    promised = promised or Promised()
    rows = [table_header(predictions, promised)]
    rows += [table_row(predictions, place, promised) for place in range(len(predictions))]
    at = len(rows[0]) - len(predictions.classes)
    told = zip(*((name, *cells) for name, cells in (beside or {}).items()), strict=True)
    for row, cells in zip(rows, told, strict=False):  # of no columns there are no cells
        row[at:at] = cells
    write_whole(path, as_csv(rows))


def as_csv(rows: Sequence[Sequence[Any]]) -> str:
    """Rows as the lines of a CSV file."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def table_header(predictions: Predictions, promised: Promised, top: int | None = None) -> list[str]:
    """The columns of `write_csv`; with `top`, instead of all probabilities those of the `top`
    likeliest classes: `top1` and `p1`, `top2` and `p2`, …"""
    numbers = [f"p:{name}" for name in predictions.classes]
    if top is not None:
        numbers = [f"{what}{n}" for n in range(1, top + 1) for what in ("top", "p")]
    kinds = _kinds(predictions, promised)
    return ["image", "label", "prediction", "confidence", "error", "notes", *kinds, *numbers]


def likeliest(
    probabilities: NDArray[np.float32], classes: Sequence[str], top: int
) -> list[tuple[str, np.float32]]:
    """The `top` likeliest classes and their probabilities, the likeliest first.

    >>> [name for name, _ in likeliest(np.float32([0.2, 0.5, 0.3]), "abc", 2)]
    ['b', 'c']
    """
    order = np.argsort(-probabilities, kind="stable")[:top]
    return [(classes[at], probabilities[at]) for at in order]


def _kinds(predictions: Predictions, promised: Promised) -> list[str]:
    """The columns that tell how strange pictures are, whether changed, and what was promised."""
    kinds = {
        "familiarity": predictions.familiar is not None,
        "moved": predictions.moved is not None,
        "changed": predictions.moved is not None,
        "set": promised.inside is not None,
        "withheld": promised.given is not None,
    }
    return [name for name, asked in kinds.items() if asked]


def table_row(
    predictions: Predictions, place: int, promised: Promised, top: int | None = None
) -> list[str]:
    """The cells of one picture, under `table_header`."""
    answer = predictions[place]
    truth = SEPARATOR.join(predictions.true_labels(place))
    notes = "; ".join(answer.notes)
    kinds = _kinds(predictions, promised)
    if answer.error:
        blank = len(kinds) + (len(predictions.classes) if top is None else 2 * top)
        return [answer.id, truth, "", "", answer.error, notes, *[""] * blank]
    row = predictions.probabilities[place]
    numbers = [str(p) for p in row]
    if top is not None:
        found = likeliest(row, predictions.classes, top)
        numbers = [text for name, p in found for text in (name, str(p))]
    confidence = "" if answer.unknown else str(np.float32(answer.confidence))
    withheld = "yes" if promised.withheld(place) else "no"
    cells = {
        "familiarity": f"{answer.familiarity:.6g}",
        "moved": f"{answer.moved:.6g}",
        "changed": "yes" if answer.changed else "no",
        "set": SEPARATOR.join(promised.labels(place, predictions.classes)),
        "withheld": "" if answer.unknown else withheld,
    }
    told = [cells[kind] for kind in kinds]
    return [answer.id, truth, answer.label, confidence, "", notes, *told, *numbers]
