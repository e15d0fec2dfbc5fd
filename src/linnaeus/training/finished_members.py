"""Members that an earlier process finished, held against the data that a run goes on with."""

from __future__ import annotations

from pathlib import Path

from linnaeus.bundle.record import read_record
from linnaeus.data.dataset import Dataset
from linnaeus.errors import DataError
from linnaeus.runs.state import BUNDLE

__all__ = ["check_finished"]


def check_finished(folder: Path, dataset: Dataset) -> None:
    """Raise DataError where a finished member in `folder` was not trained on `dataset`.

    One that is under way checks this by what it has saved (`resuming.take_decided`).
    """
    for bundle in sorted(folder.glob(f"*/{BUNDLE}")):
        if read_record(bundle).data.get("fingerprint") != dataset.fingerprint:
            raise DataError(
                "its pictures or labels are not those that the run was begun with:"
                f" {bundle.parent.name} learnt from others",
                where=dataset.name,
                mend="Give the same data, or train anew into another folder.",
            )
