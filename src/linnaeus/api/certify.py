"""`certify`: how far pictures may be changed before smoothed answers change."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from linnaeus.api.dataset_of import dataset_of
from linnaeus.api.require import require_training
from linnaeus.data.dataset import Dataset
from linnaeus.data.limit import check_limit
from linnaeus.progress import Progress, Quiet

if TYPE_CHECKING:
    from linnaeus.robustness.certifying import Certified

__all__ = ["certify"]


def certify(
    bundle: str | Path,
    data: str | Path | Dataset,
    *,
    noise: float = 0.25,
    draws: int = 1000,
    limit: int = 100,
    check: bool = False,
    seed: int = 0,
    out: str | Path | None = None,
    image_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    group_column: str | None = None,
    split_column: str | None = None,
    table: str | Path | None = None,
    progress: Progress | None = None,
) -> Certified:
    """Prove how far pictures of `data` may be changed before smoothed answers of `bundle` change.

    A smoothed answer is what most of `draws` copies with Gaussian `noise` (a share of the range of
    levels) are called. `check`: attack every picture inside what is proven for it, which needs the
    `train` extra. `limit`: most pictures drawn. `out`: a new folder for the page and figures.
    Raises as `robustness.certifying.certify_bundle` and `load_dataset` do.
    """
    if check:
        require_training()
    from linnaeus.robustness.certifying import certify_bundle

    check_limit(limit)
    dataset = dataset_of(data, image_column, label_column, group_column, split_column, None, table)
    return certify_bundle(
        Path(bundle),
        dataset,
        noise=noise,
        draws=draws,
        limit=limit,
        check=check,
        seed=seed,
        out=None if out is None else Path(out),
        progress=progress or Quiet(),
    )
