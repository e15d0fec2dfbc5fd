"""A cleaned table in a new folder, with a log of every choice; the originals are never touched.

`table.csv` names the pictures that are kept, and `choices.csv` each file that is not, or that a
person should look at. Pictures that are files by themselves are named where they lie; those of an
archive, or of arrays, are copied byte for byte into `images/`, so that the table can be used.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from linnaeus.counted import are, pictures
from linnaeus.data.columns import as_path
from linnaeus.data.dataset import Dataset
from linnaeus.data.export import check_can_be_written, contents_of, remarks_on, write_csv
from linnaeus.data.export_table import write_table
from linnaeus.data.layout import listed
from linnaeus.data.mending import Choice, Mending
from linnaeus.data.store import Beneath, Store
from linnaeus.errors import DataError
from linnaeus.files import check_unused, whole_folder, write_whole
from linnaeus.progress import Progress

__all__ = ["CHOICES", "TABLE", "check_mendable", "write_mended"]

TABLE, CHOICES = "table.csv", "choices.csv"
HEADER = ("file", "done", "kind", "why", "instead")


def check_mendable(dataset: Dataset) -> None:
    """Ask before long work whether a table could hold `dataset`; raises UsageError where not."""
    labelled = (dataset.labels >= 0) | (dataset.label_sets is not None)
    check_can_be_written(dataset.subset(np.flatnonzero(labelled)), "csv")


def write_mended(
    dataset: Dataset, mending: Mending, out: Path, *, progress: Progress
) -> tuple[str, ...]:
    """Write the rows that are kept, and the choices, to the new folder `out`: whole or not at all.

    Returns what was done, as sentences. Raises DataError where too little would be left to learn
    from, UsageError where a table cannot hold the data set, and WriteError where `out` holds
    something or the disk refuses.
    """
    kept = dataset.subset(mending.kept)
    _demand_classes(dataset, kept)
    check_can_be_written(kept, "csv")
    check_unused(out)
    places = _places(kept, out)
    with whole_folder(out) as aside:
        if places is not None:
            write_table(aside / TABLE, kept, places)
        else:
            with progress.stage("Copying pictures", len(kept)) as stage:
                write_csv(kept, aside, contents_of(kept, stage))
        write_whole(aside / CHOICES, _as_csv(mending))
    return tuple(_sentences(dataset, kept, mending, out, copied=places is None))


def _demand_classes(dataset: Dataset, kept: Dataset) -> None:
    """Raise DataError where no model can come of what is left."""
    counts = kept.counts()
    shown = {name for split in counts.values() for name, count in split.items() if count}
    if len(shown) < 2:
        few = f"only {listed(sorted(shown))}" if shown else "none"
        what = f"{few} of its classes would have pictures after mending"
        raise DataError(what, where=kept.name, mend="Mend it by hand, or add pictures.")
    if "train" not in dataset.counts():
        return
    learnt = counts.get("train", {})
    if lost := [name for name in kept.classes if name in shown and not learnt.get(name)]:
        raise DataError(
            f"no picture would be left in train of {listed(lost)}, which test or validation show",
            where=kept.name,
            mend="Mend it by hand, add pictures of them, or part the pictures anew.",
        )


def _places(kept: Dataset, out: Path) -> list[str] | None:
    """The paths of the pictures from the folder `out`; None where some are no files by themselves.

    Names that a table cannot hold count as such.
    """
    source, places = kept.source, []
    if not isinstance(source, Store | Beneath):
        return None
    folder = out.resolve()
    for path in kept.paths:
        file = source.on_disk(path)
        place = None if file is None else _from(folder, file)
        if place is None:
            return None
        places.append(place)
    return places


def _from(folder: Path, file: Path) -> str | None:
    """How a table in `folder` names `file`; None where it cannot."""
    there = file.parent.resolve() / file.name
    try:
        place = Path(os.path.relpath(there, folder)).as_posix()
        place.encode()
    except ValueError:  # another disk on Windows, or a name that is no Unicode
        return None
    return place if as_path(place) == place and place == place.strip() else None


def _as_csv(mending: Mending) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(HEADER)
    table.writerows(
        (choice.file, choice.done, choice.kind, choice.why, choice.instead)
        for choice in mending.choices
    )
    return text.getvalue()


def _sentences(
    dataset: Dataset, kept: Dataset, mending: Mending, out: Path, *, copied: bool
) -> Iterator[str]:
    left = [choice for choice in mending.choices if choice.done == "left out"]
    suspects = [choice for choice in mending.choices if choice.done == "suspect"]
    why = f": {_by_kind(left)}" if left else ""
    whole, stays = pictures(len(dataset)), f"{len(kept):,} {are(len(kept))}"
    yield f"Of {whole} {stays} kept and {len(left):,} left out{why}."
    yield from _gone(dataset, kept)
    if suspects:
        yield (
            f"Kept, but for a person to look at: {_by_kind(suspects)}."
            " Labels are not changed, and classes not merged."
        )
    where = (
        f"copied to {out / 'images'}, for a table cannot name all of them where they lie"
        if copied
        else "named where they lie"
    )
    yield f"The cleaned table is {out / TABLE}; its pictures are {where}."
    yield f"Every choice is in {out / CHOICES}."
    yield from remarks_on(kept, "csv")


def _gone(dataset: Dataset, kept: Dataset) -> Iterator[str]:
    """The classes and sides that had pictures and have none now, as sentences."""
    before, now = (some.class_counts(np.arange(len(some))) for some in (dataset, kept))
    lost = np.flatnonzero((before > 0) & (now == 0)).tolist()
    if classes := [dataset.classes[place] for place in lost]:
        yield f"No picture is left of the class{'es' * (len(classes) > 1)} {listed(classes)}."
    if sides := [side for side in dataset.counts() if side and side not in kept.counts()]:
        yield f"No picture is left in {' and '.join(sides)}."


def _by_kind(choices: list[Choice]) -> str:
    counts: dict[str, int] = {}
    for choice in choices:
        counts[choice.kind] = counts.get(choice.kind, 0) + 1
    return ", ".join(f"{count:,} {kind}" for kind, count in counts.items())
