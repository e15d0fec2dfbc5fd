"""`audit`: what is wrong with a data set, before anything is learnt from it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from linnaeus.api.dataset_of import dataset_of
from linnaeus.api.several import several
from linnaeus.data.cache import the_cache
from linnaeus.data.dataset import Dataset
from linnaeus.data.findings import Audit
from linnaeus.errors import LinnaeusError, UsageError
from linnaeus.files import check_unused
from linnaeus.images.decode import MAX_PIXELS
from linnaeus.progress import Progress, Quiet

if TYPE_CHECKING:
    from linnaeus.auditing.run import Audited

__all__ = ["audit"]


def audit(
    data: str | Path | Dataset,
    *,
    out: str | Path | None = None,
    fix: str | Path | None = None,
    mirrored: bool = False,
    label_errors: bool | None = None,
    weights: str | Path | Sequence[str | Path] = (),
    max_pixels: int | None = None,
    image_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    group_column: str | None = None,
    split_column: str | None = None,
    label_separator: str | None = None,
    table: str | Path | None = None,
    workers: int | None = None,
    cache: bool = True,
    progress: Progress | None = None,
) -> Audit:
    """Look hard at a data set: what is broken, doubled, contradictory, mislabelled or lopsided.

    `data` is anything that `load_dataset` takes, or a Dataset. `out`: a folder for audit.html and
    audit.json, where an earlier audit's are replaced. `fix`: a new folder for a cleaned table and a
    log of every choice, which `Audit.mended` sums up; the originals are never touched. `mirrored`:
    look for mirrored copies too.
    `label_errors`: look for likely label errors; by default where scikit-image is installed.
    `weights`: folders to look into for pretrained networks, as for `train`. `max_pixels`: larger
    pictures are refused before they are decoded, by default from 40 million pixels on. `cache`:
    whether what was decoded is taken from, and kept for, other runs.

    Raises MissingError where `label_errors` is True and scikit-image is not installed, WriteError
    where `out` or `fix` cannot be written to, as `data.mended_table.write_mended` does for `fix`,
    and as `load_dataset` does.
    """
    from linnaeus.auditing.run import mended, run_audit
    from linnaeus.auditing.written import check_place
    from linnaeus.data.mended_table import check_mendable

    if max_pixels is not None and max_pixels < 1:
        raise UsageError(
            f"{max_pixels} is no number of pixels",
            where="--max-pixels",
            mend="Give one of 1 or more, such as 40000000, or leave it out.",
        )
    if out is not None:
        check_place(Path(out))
    if fix is not None:
        check_unused(Path(fix))
    dataset = dataset_of(
        data, image_column, label_column, group_column, split_column, label_separator, table
    )
    if fix is not None:
        check_mendable(dataset)
    told = progress or Quiet()
    audited = run_audit(
        dataset,
        mirrored=mirrored,
        label_errors=label_errors,
        weights=several(weights),
        mapped=out is not None,
        max_pixels=MAX_PIXELS if max_pixels is None else max_pixels,
        workers=workers,
        cache=the_cache() if cache else None,
        progress=told,
    )
    try:
        if fix is not None:
            audited = mended(audited, Path(fix), progress=told)
    except LinnaeusError:  # what was found is worth a page, though nothing could be mended
        _write_audit(audited, out, workers, told)
        raise
    _write_audit(audited, out, workers, told)
    return audited.audit


def _write_audit(
    audited: Audited, out: str | Path | None, workers: int | None, progress: Progress
) -> None:
    if out is not None:
        from linnaeus.auditing.page import audit_page
        from linnaeus.auditing.written import write_audit

        write_audit(
            Path(out), audit_page(audited, workers=workers, progress=progress), audited.audit
        )
