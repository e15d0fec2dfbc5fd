"""`stress`: how a bundle answers on pictures made worse."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from linnaeus.api.dataset_of import dataset_of
from linnaeus.api.require import require_scipy
from linnaeus.data.dataset import Dataset
from linnaeus.data.limit import check_limit
from linnaeus.progress import Progress, Quiet

if TYPE_CHECKING:
    from linnaeus.robustness.stressing import Stressed

__all__ = ["stress"]


def stress(
    bundle: str | Path,
    data: str | Path | Dataset,
    *,
    beside: str | Path | None = None,
    kinds: Sequence[str] | None = None,
    limit: int = 2000,
    data_shift: str | Path | Dataset | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    image_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    group_column: str | None = None,
    split_column: str | None = None,
    table: str | Path | None = None,
    progress: Progress | None = None,
) -> tuple[Stressed, ...]:
    """Judge `bundle`, and `beside` if given, on `data` made worse in many ways, and advise.

    `kinds`: of `robustness.stressing.EVERY_KIND`, all by default. `limit`: most pictures drawn.
    `data_shift`: the same classes from elsewhere. `out`: a new folder for the page and figures.
    Raises MissingError where SciPy is missing, and as `robustness.stressing.stress_bundle` and
    `load_dataset` do.
    """
    require_scipy()
    from linnaeus.robustness.stressing import stress_bundle

    check_limit(limit)
    dataset = dataset_of(data, image_column, label_column, group_column, split_column, None, table)
    return stress_bundle(
        [Path(bundle)] if beside is None else [Path(bundle), Path(beside)],
        dataset,
        kinds=kinds,
        limit=limit,
        elsewhere=None if data_shift is None else dataset_of(data_shift),
        seed=seed,
        out=None if out is None else Path(out),
        progress=progress or Quiet(),
    )
