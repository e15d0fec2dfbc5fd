"""The folds of a study's data sets, and parts of the first for learning curves, as split files."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnaeus.comparing.study import SHARES, Study
from linnaeus.data.dataset import Dataset
from linnaeus.data.parting import Parting
from linnaeus.data.save_split import save_split
from linnaeus.data.split import LEFT_OUT
from linnaeus.data.split_file import SplitFile, read_split_file
from linnaeus.files import write_whole
from linnaeus.progress import Progress
from linnaeus.randomness import generator

__all__ = ["saved_folds"]


def saved_folds(study: Study, name: str, dataset: Dataset, progress: Progress) -> SplitFile:
    """The folds of the data set called `name`: those of an earlier start, or new ones.

    What belongs together stays together in them (`data.folds`), and all models take the same.
    Raises as `save_split` does.
    """
    asked, file = study.asked, study.split_file(name)
    if not file.exists():
        saved = save_split(
            dataset,
            file,
            Parting(seed=asked.seed),
            folds=asked.folds,
            workers=asked.workers,
            progress=progress,
        )
        for remark in saved.remarks:
            progress.say(remark)
    folds = read_split_file(file)
    if asked.curves and not study.curve_file(name).exists():
        _save_parts(study.curve_file(name), folds, asked.seed)
    return folds


def _save_parts(file: Path, folds: SplitFile, seed: int) -> None:
    """Write parts of the first fold: the same test, and a share of what is learnt from.

    A smaller part is within each larger one, and has at least a picture of every class and side.
    """
    sides = folds.chosen(0)
    labels = np.array(folds.labels)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    columns = [f"repeat0_fold{place}" for place in range(len(SHARES))]
    table.writerow(["image", "label", *columns, "reason", "sha256"])
    parts = [_part(sides, labels, share, seed) for share in SHARES]
    for row, image in enumerate(folds.images):
        chosen = [part[row] for part in parts]
        table.writerow([image, labels[row], *chosen, folds.reasons[row], folds.digests[row]])
    write_whole(file, text.getvalue())


def _part(
    sides: NDArray[np.str_], labels: NDArray[np.str_], share: float, seed: int
) -> NDArray[np.str_]:
    """The sides with all but `share` of each class's training and validation left out."""
    part = sides.copy()
    for place, label in enumerate(np.unique(labels).tolist()):
        for side in ("train", "validation"):
            rows = np.flatnonzero((sides == side) & (labels == label))
            order = generator(seed, f"parts of {side}", place).permutation(len(rows))
            part[rows[order[max(1, round(share * len(rows))) :]]] = LEFT_OUT
    return part
