"""From a data set to a split file: all pictures are read, parted as asked, and written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from linnaeus.counted import are, pictures
from linnaeus.data.dataset import Dataset
from linnaeus.data.folds import Folds, check_plan
from linnaeus.data.near import near_duplicates
from linnaeus.data.part import part, part_in_domains, part_in_folds
from linnaeus.data.parting import Parting, check_columns
from linnaeus.data.scan import scan
from linnaeus.data.split import LEFT_OUT, Split, check_shares
from linnaeus.data.split_file import split_table
from linnaeus.errors import UsageError, WriteError
from linnaeus.files import write_whole
from linnaeus.progress import Progress, Quiet

__all__ = ["SavedSplit", "check_asked", "save_split"]


@dataclass(frozen=True)
class SavedSplit:
    """A split that was saved to `file`, with `remarks` for the user."""

    file: Path
    split: Split | Folds
    remarks: tuple[str, ...]

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """How many pictures stand where: {column of the file: {side: pictures}}."""
        if isinstance(self.split, Split):
            return {"split": dict(Counter(self.split.assignment.tolist()))}
        return {
            f"repeat {repeat}, fold {fold}": dict(Counter(one.assignment.tolist()))
            for repeat, of_repeat in enumerate(self.split.splits)
            for fold, one in enumerate(of_repeat)
        }


def save_split(
    dataset: Dataset,
    out: Path,
    parting: Parting,
    *,
    folds: int | None = None,
    repeats: int | None = None,
    inner: int | None = None,
    given: Collection[str] = (),
    workers: int | None = None,
    progress: Progress | None = None,
) -> SavedSplit:
    """Part `dataset` as `parting` says, or into `folds`, and write the new file `out`.

    `repeats` of the folds, and `inner` folds within each, make sense with `folds` only. With a
    domain column and no domain to test, there is a fold for each domain. `given`: which of "--val"
    and "--test" were asked for, so that none is passed over in silence.

    Raises UsageError for choices that contradict each other, WriteError where `out` exists, and as
    `part` and `part_in_folds` do.
    """
    check_asked(out, parting, folds=folds, repeats=repeats, inner=inner, given=given)
    check_columns(dataset, parting)
    looked = scan(dataset, workers=workers, progress=progress)
    near = near_duplicates(looked.thumbnails, looked.readable, progress=progress).pairs
    found: Split | Folds
    if folds is not None:
        found = part_in_folds(
            dataset, looked, parting, folds, repeats=repeats or 1, inner=inner or 0, near=near
        )
    elif parting.domain_column is not None and parting.test_domain is None:
        found = part_in_domains(dataset, looked, parting, near)
    else:
        found = part(dataset, looked, parting, near)
    write_whole(out, split_table(dataset, looked.content_digests, found))
    told = progress or Quiet()
    left_out = len(looked.unreadable)
    if left_out:
        what = f"{pictures(left_out)} cannot be read and {are(left_out)} {LEFT_OUT}"
        told.warn(f"{what}; {out} says why.")
    return SavedSplit(out, found, found.remarks)


def check_asked(
    out: Path,
    parting: Parting,
    *,
    folds: int | None,
    repeats: int | None,
    inner: int | None,
    given: Collection[str] = (),
) -> None:
    """Refuse what `save_split` would, whatever the data are: before they are read. Raises as it
    does.
    """
    _check_folds(parting, folds, repeats, inner)
    _check_shares_used(parting, folds, inner, given)
    if out.exists():
        raise WriteError(
            "there is something of this name already", where=str(out), mend="Name a new file."
        )


def _check_folds(
    parting: Parting, folds: int | None, repeats: int | None, inner: int | None
) -> None:
    if folds is None:
        for option, value in (("--repeats", repeats), ("--inner", inner)):
            if value is not None:
                raise UsageError(
                    "it is not said into how many folds", where=option, mend="Add --folds 5."
                )
        return
    check_plan(folds, 1 if repeats is None else repeats, inner)
    for option, column in (
        ("--time-column", parting.time_column),
        ("--domain-column", parting.domain_column),
    ):
        if column is not None:
            raise UsageError(
                "folds take turns over all pictures, whatever their times and domains",
                where=option,
                mend="Give it without --folds, or use --group-column to keep domains whole.",
            )


def _check_shares_used(
    parting: Parting, folds: int | None, inner: int | None, given: Collection[str]
) -> None:
    if folds is not None and "--test" in given:
        raise UsageError(
            f"each of {folds} folds is the test in turn", where="--test", mend="Leave it out."
        )
    if parting.domain_column is not None and "--test" in given:
        raise UsageError("a domain is the whole test", where="--test", mend="Leave it out.")
    if inner is not None and "--val" in given:
        raise UsageError(
            f"each of {inner} inner folds is the validation in turn",
            where="--val",
            mend="Leave it out.",
        )
    whole = folds is not None or parting.domain_column is not None
    check_shares(parting.validation, 0 if whole else parting.test)
