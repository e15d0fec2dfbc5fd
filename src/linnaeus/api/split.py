"""`split`: where each picture stands, saved for other verbs to use again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from linnaeus.api.dataset_of import dataset_of
from linnaeus.data.dataset import Dataset
from linnaeus.data.parting import NearPolicy, Parting
from linnaeus.data.save_split import SavedSplit, check_asked, save_split
from linnaeus.data.split import TEST_SHARE, VALIDATION_SHARE
from linnaeus.progress import Progress

__all__ = ["split"]


def split(
    data: str | Path | Dataset,
    *,
    out: str | Path,
    folds: int | None = None,
    repeats: int | None = None,
    inner: int | None = None,
    seed: int = 0,
    val: float | None = None,
    test: float | None = None,
    resplit: bool = False,
    allow_tiny: bool = False,
    near_duplicates: NearPolicy = "keep-together",
    time_column: str | None = None,
    domain_column: str | None = None,
    test_domain: str | None = None,
    image_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    group_column: str | None = None,
    split_column: str | None = None,
    label_separator: str | None = None,
    table: str | Path | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> SavedSplit:
    """Part a data set and save where each picture stands to the new file `out`, by its digest.

    One split, or `folds`, `repeats` times, each with `inner` folds; by time, by domain, or class by
    class. `val` and `test` are shares, 0.1 and 0.2 where they are not given. `train(data,
    split=out)` uses it again. Raises as `load_dataset` and `data.save_split.save_split` do.
    """
    parting = Parting(
        seed=seed,
        validation=VALIDATION_SHARE if val is None else val,
        test=TEST_SHARE if test is None else test,
        resplit=resplit,
        allow_tiny=allow_tiny,
        near_duplicates=near_duplicates,
        time_column=time_column,
        domain_column=domain_column,
        test_domain=test_domain,
    )
    shares = [name for name, share in (("--val", val), ("--test", test)) if share is not None]
    check_asked(Path(out), parting, folds=folds, repeats=repeats, inner=inner, given=shares)
    dataset = dataset_of(
        data, image_column, label_column, group_column, split_column, label_separator, table
    )
    return save_split(
        dataset,
        Path(out),
        parting,
        folds=folds,
        repeats=repeats,
        inner=inner,
        given=shares,
        workers=workers,
        progress=progress,
    )
