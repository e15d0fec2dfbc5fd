"""`ensemble`: one bundle of several."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from linnaeus.api.dataset_of import dataset_of
from linnaeus.api.results_folder import results_folder
from linnaeus.data.cache import the_cache
from linnaeus.data.dataset import Dataset
from linnaeus.errors import UsageError
from linnaeus.progress import Progress, Quiet

if TYPE_CHECKING:
    from linnaeus.bundle.combination import CombinationMethod
    from linnaeus.ensembling.made import Ensembled

__all__ = ["ensemble"]


def ensemble(
    bundles: Sequence[str | Path],
    data: str | Path | Dataset,
    *,
    out: str | Path | None = None,
    method: CombinationMethod = "average",
    image_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    group_column: str | None = None,
    split_column: str | None = None,
    label_separator: str | None = None,
    table: str | Path | None = None,
    workers: int | None = None,
    cache: bool = True,
    progress: Progress | None = None,
) -> Ensembled:
    """Make one bundle of `bundles` that were trained on one split of `data`, and judge it.

    `method`: "average" takes the mean of their calibrated probabilities, by weights that suit the
    pictures which all of them held out; "stack" learns a small model on them. `out`: a folder for
    bundle/, report/ and predictions.csv, by default a new one under runs/. Needs no torch.

    Raises UsageError for a method that there is not, and as `ensembling.ensemble.ensemble` does.
    """
    if method not in ("average", "stack"):
        mend = 'Give "average" or "stack".'
        raise UsageError(f'there is no method "{method}"', where="--method", mend=mend)
    from linnaeus.ensembling.ensemble import ensemble as ensemble_of

    dataset = dataset_of(
        data, image_column, label_column, group_column, split_column, label_separator, table
    )
    with results_folder(out, f"{dataset.name}-ensemble") as folder:
        return ensemble_of(
            [Path(bundle) for bundle in bundles],
            dataset,
            method=method,
            out=folder,
            progress=progress or Quiet(),
            workers=workers,
            cache=the_cache() if cache else None,
        )
