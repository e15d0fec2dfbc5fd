"""Class folders and tables together: the folders' labels and splits checked, the rest added.

Where there are no class folders, the tables alone say what the pictures show.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from linnaeus.counted import are, pictures
from linnaeus.data.beside import Beside, Found
from linnaeus.data.columns import Columns, Reading, kept_metadata
from linnaeus.data.dataset import Dataset
from linnaeus.data.folder_names import is_folder_of
from linnaeus.data.gather import Entry, gather
from linnaeus.data.layout import (
    SPLIT_NAMES,
    Layout,
    from_root,
    is_picture,
    listed,
    stray_reason,
)
from linnaeus.data.store import Beneath, Listing, Store
from linnaeus.errors import DataError

__all__ = ["from_tables", "join"]


class _Labels(NamedTuple):
    """The labels of each picture that has any, and what to tell of them.

    `kept`: the tables' label columns say something else than the folders, which is metadata.
    """

    of: Mapping[str, tuple[str, ...]]
    by_set: bool = False
    kept: bool = False
    notes: tuple[str, ...] = ()


def join(name: str, store: Store, layout: Layout, beside: Beside, columns: Columns) -> Dataset:
    """The data set of class folders, with what tables tell of their pictures.

    Raises DataError at the first picture whose label or split in a table is another than that of
    its folder. Where the user names a label column of other things, its labels are taken.
    """
    folders = {sample.path: sample.label for sample in layout.samples}
    found = {path: row for path, row in beside.found().items() if path in folders}
    labels = _labels(folders, found, columns)
    splits = _splits({sample.path: sample.split for sample in layout.samples}, found)
    paths = [path for path in folders if path in labels.of]
    left_alone = {**layout.left_alone, **beside.left_alone}
    left_alone |= {path: "no row tells its label" for path in folders if path not in labels.of}
    for match in beside.matched:
        left_alone.pop(match.shown, None)
    if labels.kept:
        found = _with_labels_kept(found)
    return gather(
        name,
        [
            Entry(
                path.removeprefix(layout.root), labels.of[path], splits[path], _group(found, path)
            )
            for path in paths
        ],
        Beneath(store, layout.root),
        label_sets=labels.by_set,
        classes=_classes(beside) if labels.by_set else (),
        grouped=_grouped(found),
        metadata=kept_metadata([found.get(path) for path in paths]),
        left_alone=from_root(layout.root, left_alone),
        notes=[*beside.notes(), *labels.notes, *_without_row(paths, found)],
    )


def from_tables(name: str, store: Store, beside: Beside) -> Dataset:
    """The data set of the pictures that tables in a store, or one given for it, label.

    A split is the table's, or that of a folder called like one. Pictures without a row are left
    alone.
    """
    labelled = [match for match in beside.matched if match.reading.label_columns]
    found = {p: (match.reading, row) for match in labelled for p, row in match.rows.items()}
    root = _beginning(store.listing)
    splits = _splits({path: _split_folder(path, root) for path in found}, found)
    by_set = any(match.reading.label_sets for match in labelled)
    entries = [
        Entry(path.removeprefix(root), _said(row), splits[path], _group(found, path))
        for path, row in found.items()
    ]
    left_alone = {**_unused(store.listing, found), **beside.left_alone}
    for match in beside.matched:
        left_alone.pop(match.shown, None)
        if match not in labelled:
            left_alone[match.shown] = "a table without a column of labels"
    return gather(
        name,
        entries,
        Beneath(store, root),
        label_sets=by_set,
        classes=_classes(beside) if by_set else (),
        grouped=_grouped(found),
        metadata=kept_metadata(list(found.values())),
        left_alone=from_root(root, left_alone),
        notes=beside.notes(),
    )


def _labels(folders: Mapping[str, str], found: Mapping[str, Found], columns: Columns) -> _Labels:
    """The labels by folder or, where the user named a column of other things, by table."""
    rows = {path: row for path, row in found.items() if row[0].label_columns}
    by_folder = {path: (label,) for path, label in folders.items()}
    if not rows:
        return _Labels(by_folder)
    by_set = any(reading.label_sets for reading, _ in rows.values())
    if not by_set and _same_words(folders, rows):
        _check_labels(folders, rows)
        full = {folders[path]: _said(row) for path, row in rows.items()}
        return _Labels({path: full.get(label, (label,)) for path, label in folders.items()})
    if columns.labels or columns.separator:
        (reading, _), *_ = rows.values()
        note = f"Labels are those of {listed(reading.label_columns)}, not those of the folders."
        return _Labels({path: _said(row) for path, row in rows.items()}, by_set, notes=(note,))
    if by_set or len({(folders[path], _said(row)) for path, row in rows.items()}) > len(
        {folders[path] for path in rows}
    ):
        _check_labels(folders, rows)
    return _Labels(by_folder, kept=True)


def _same_words(folders: Mapping[str, str], rows: Mapping[str, Found]) -> bool:
    """Whether a table's labels are names of class folders at all, and not, say, numbers."""
    known = set(folders.values())
    said = {(folders[path], _said(row)[0]) for path, row in rows.items()}
    return any(label in known or is_folder_of(folder, label) for folder, label in said)


def _check_labels(folders: Mapping[str, str], rows: Mapping[str, Found]) -> None:
    for path, row in rows.items():
        labels = _said(row)
        if len(labels) != 1 or not is_folder_of(folders[path], labels[0]):
            raise DataError(
                f"'{path}' lies in the folder '{folders[path]}', but its label is"
                f" '{', '.join(labels)}'",
                where=_place(row),
                mend="Correct one of them, or say with --label-column which column holds the"
                " labels.",
            )


def _splits(folders: Mapping[str, str], found: Mapping[str, Found]) -> dict[str, str]:
    """The split of each path in `folders`, which gives that of its folder ("" where none)."""
    said = {p: row[0].entries[row[1]].split for p, row in found.items() if row[0].parted}
    if not said:
        return dict(folders)
    for path, split in said.items():
        if folders[path] and folders[path] != split:
            raise DataError(
                f"'{path}' lies in the folder of {folders[path]}, but its split is {split}",
                where=_place(found[path]),
                mend="Correct one of them.",
            )
    splits = {path: said.get(path, split) for path, split in folders.items()}
    without = [path for path, split in splits.items() if not split]
    if without:
        reading, _ = found[next(iter(said))]
        raise DataError(
            f"{pictures(len(without))} without a row {are(len(without))} in no split:"
            f" {listed(without)}",
            where=reading.table.where,
            mend="Add a row for each, or take the pictures or the column of splits out.",
        )
    return splits


def _said(row: Found) -> tuple[str, ...]:
    reading, number = row
    return reading.entries[number].labels


def _place(row: Found) -> str:
    reading, number = row
    return reading.table.place(reading.numbers[number])


def _group(found: Mapping[str, Found], path: str) -> str:
    return found[path][0].entries[found[path][1]].group if path in found else ""


def _grouped(found: Mapping[str, Found]) -> bool:
    return any(reading.grouped for reading, _ in found.values())


def _classes(beside: Beside) -> list[str]:
    return [name for match in beside.matched for name in match.reading.classes]


def _with_labels_kept(found: Mapping[str, Found]) -> dict[str, Found]:
    """The rows with their tables' label columns among the metadata."""
    kept: dict[int, Reading] = {}
    for reading, _ in found.values():
        if id(reading) not in kept:
            places = {name: reading.table.header.index(name) for name in reading.label_columns}
            kept[id(reading)] = reading._replace(rest={**reading.rest, **places})
    return {path: (kept[id(reading)], row) for path, (reading, row) in found.items()}


def _without_row(paths: Iterable[str], found: Mapping[str, Found]) -> tuple[str, ...]:
    """A note on pictures that no table tells of, where one tells of others."""
    without = [path for path in paths if path not in found] if found else []
    if not without:
        return ()
    return (f"No row of a table tells of {pictures(len(without))} ({listed(without)}).",)


def _beginning(listing: Listing) -> str:
    """The folder ("" or ending in "/") below those that hold one folder and nothing else."""
    within: dict[str, list[str]] = defaultdict(list)
    for path in (*listing.folders, *listing.files):
        within[posixpath.dirname(path)].append(path)
    folder = ""
    while len(within[folder]) == 1 and (inner := within[folder][0]) in listing.folders:
        if posixpath.basename(inner).lower() in SPLIT_NAMES:
            break
        folder = inner
    return folder + "/" if folder else ""


def _split_folder(path: str, root: str) -> str:
    """The split that the first folder below `root` is called after, "" where it is not."""
    first = path.removeprefix(root).split("/")[0]
    return SPLIT_NAMES.get(first.lower(), "")


def _unused(listing: Listing, found: Mapping[str, Found]) -> dict[str, str]:
    """{path: why it is left alone}; pictures without a row are told folder by folder."""
    left_alone = dict(listing.refused)
    extra: dict[str, list[str]] = defaultdict(list)
    for path in listing.files:
        folder, file = posixpath.split(path)
        if not is_picture(path):
            left_alone[path] = stray_reason(file)
        elif path not in found:
            extra[folder].append(file)
    for folder, files in extra.items():
        told = f"no row names {len(files):,} of its pictures ({listed(files)})"
        left_alone[f"{folder or '.'}/"] = told
    return left_alone
