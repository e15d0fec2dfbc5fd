"""From anywhere to one `Dataset`: a folder, an archive, a table, or a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from linnaeus.data.beside import Beside, tables_beside
from linnaeus.data.columns import Columns
from linnaeus.data.dataset import Dataset
from linnaeus.data.embedded import holds_pictures, load_embedded
from linnaeus.data.fetching.hosted import Hosted
from linnaeus.data.fetching.record import FILES, is_fetched, read_record
from linnaeus.data.joined import from_tables, join
from linnaeus.data.layout import Layout, is_picture, listed, read_layout, stray_reason
from linnaeus.data.named import is_named, load_fetched, load_named
from linnaeus.data.no_labels import no_labels
from linnaeus.data.open_store import ARCHIVE_SUFFIXES, open_store
from linnaeus.data.pieces import Piece, is_pattern, pieces_of
from linnaeus.data.shards import SHARD_SUFFIXES, has_samples, is_shard, load_shards
from linnaeus.data.store import FolderStore, Store
from linnaeus.data.table import load_table, looks_like_table
from linnaeus.data.tars import TarStore
from linnaeus.errors import DataError, LinnaeusError, UsageError

__all__ = ["check_classes", "load_dataset"]

FEWEST_CLASSES = 2


def load_dataset(
    data: str | Path,
    *,
    image_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    group_column: str | None = None,
    split_column: str | None = None,
    label_separator: str | None = None,
    table: str | Path | None = None,
    to_judge: bool = False,
) -> Dataset:
    """Load labelled pictures from wherever they are.

    `data` is a folder of class folders (also under train/, validation/ and test/), a zip or tar
    archive of one, a table (CSV, TSV, JSON lines, Parquet) with a column of paths and one of
    labels, WebDataset shards or Parquet files with pictures in them (one, a folder of them, or a
    pattern such as "shards/train-{000..010}.tar"), a data set by its name, or the folder that one
    was fetched to. No picture is opened, and nothing is downloaded: see `fetch_dataset`.

    Names are those that `linnaeus data` lists ("cifar10"; a folder of that name is "./cifar10"),
    such a name with the place of its files ("sipakmed:downloads/sipakmed"), "kaggle:OWNER/NAME" and
    "hf:OWNER/NAME".

    The columns are those of a table; they are guessed from their names where not given. Pictures
    have any number of labels where `label_separator` stands between those of a cell ("a|b"), where
    a cell holds a list, or where several label columns are named. Other columns are kept as
    metadata.

    `table` tells of the pictures in a folder or archive; tables that lie in it are found by
    themselves. Class folders and tables that contradict each other are refused.

    `to_judge`: a bundle is judged on them and nothing learns from them, so that one class will do.

    Raises DataError when the data cannot be used as they are, UsageError when columns are named
    and there is no table, MissingError when a data set with a name was not fetched yet or needs
    another package.

    >>> print(load_dataset("digits"))
    digits: 1,797 pictures of 10 classes
    """
    columns = Columns.named(image_column, label_column, group_column, split_column, label_separator)
    beside = None if table is None else Path(table)
    if isinstance(data, str) and is_named(data):
        _refuse_columns(columns, beside, data)
        return load_named(data)
    dataset, where = _read(data, columns, beside)
    check_classes(dataset, where, 1 if to_judge else FEWEST_CLASSES)
    return _usable(dataset, where, to_judge)


def check_classes(dataset: Dataset, where: str, fewest: int = FEWEST_CLASSES) -> None:
    """Raise DataError where there are fewer classes; a model of one alone has nothing to tell."""
    if dataset.label_sets is not None and not dataset.classes:
        raise no_labels(where)
    if len(dataset.classes) < fewest:
        only = f"only one class, '{dataset.classes[0]}'" if dataset.classes else "no label"
        raise DataError(
            f"there is {only}",
            where=where,
            mend="Telling apart takes two: add pictures of something else.",
        )


def _read(data: str | Path, columns: Columns, beside: Path | None) -> tuple[Dataset, str]:
    """The data set as it is, and where it is, for errors."""
    hosted = Hosted.named(data) if isinstance(data, str) else None
    path = hosted.found() if hosted else Path(data)
    if is_fetched(path):
        return _from_fetched(path, columns, beside)
    if is_pattern(str(data)) or (path.is_file() and looks_like_table(path)):
        if beside is not None:
            raise _no_table_beside(path)
        if is_pattern(str(data)):
            return _from_pattern(str(data), columns), str(data)
        if path.suffix.lower() == ".parquet" and holds_pictures(path):
            piece = Piece(path, path.name)
            return load_embedded(path.stem, str(path), [piece], columns, {}), str(path)
        return load_table(path, columns), str(path)
    store = open_store(path)
    return _from_store(store, _stem(path), str(path), columns, beside), str(path)


def _from_fetched(folder: Path, columns: Columns, table: Path | None) -> tuple[Dataset, str]:
    """The data set in a folder that one was fetched to, held to the digests of its files."""
    name = read_record(folder, check=False).name
    if is_named(name):
        _refuse_columns(columns, table, name)
        return load_fetched(name, folder), str(folder / FILES)
    read_record(folder)
    files = folder / FILES
    short = name.rpartition("/")[2].partition("@")[0]
    where = str(files)
    dataset = _from_store(open_store(files), short, where, columns, table)
    return replace(dataset, notes=(f"This is {name}.", *dataset.notes)), where


def _refuse_columns(columns: Columns, table: Path | None, where: str) -> None:
    if columns != Columns() or table is not None:
        raise UsageError(
            "this data set brings its labels along, and takes no table and no columns of one",
            where=where,
            mend="Leave --table and the column options out, or name a folder or table of yours.",
        )


def _columns_without_table(where: str) -> UsageError:
    return UsageError(
        "columns can be named for a table only, and there is none that names these pictures",
        where=where,
        mend="Give a CSV, JSON lines or Parquet file, or leave the column options out.",
    )


def _from_store(
    store: Store, name: str, where: str, columns: Columns, table: Path | None
) -> Dataset:
    """The data set of class folders, of tables that lie beside the pictures, or of both."""
    try:
        if table is None and (pieces := _in_pieces(store, name, where, columns)) is not None:
            store.close()
            return pieces
        beside = tables_beside(store, name, where, columns, table)
        layout = _layout_unless_labelled(store, where, beside)
        if layout is None:
            return from_tables(name, store, beside)
        if columns != Columns() and not beside.matched:
            raise beside.problems[0] if beside.problems else _columns_without_table(where)
        return join(name, store, layout, beside, columns)
    except LinnaeusError:
        store.close()
        raise


def _from_pattern(pattern: str, columns: Columns) -> Dataset:
    """The shards or Parquet files that a pattern stands for."""
    pieces = pieces_of(pattern)
    name = pieces[0].path.resolve().parent.name
    names = [piece.path.name.lower() for piece in pieces]
    if all(file.endswith(SHARD_SUFFIXES) for file in names):
        return load_shards(name, pattern, pieces, columns)
    if all(file.endswith(".parquet") for file in names):
        return load_embedded(name, pattern, pieces, columns, {})
    raise UsageError(
        f"these are neither all tar nor all Parquet files: {listed(names)}",
        where=pattern,
        mend="Several files together are WebDataset shards, or Parquet files with pictures.",
    )


def _in_pieces(store: Store, name: str, where: str, columns: Columns) -> Dataset | None:
    """The shards or Parquet files in a folder without pictures, or a single shard; else None."""
    files = store.listing.files
    if isinstance(store, TarStore) and is_shard(store.listing):
        path = Path(where)
        return load_shards(name, where, [Piece(path, path.name)], columns)
    if not isinstance(store, FolderStore) or any(map(is_picture, files)):
        return None
    tables = [f for f in files if f.lower().endswith(".parquet")]
    if tables and holds_pictures(store.folder / tables[0]):
        pieces = [Piece(store.folder / file, file) for file in tables]
        others = {f: stray_reason(f.rpartition("/")[2]) for f in files if f not in set(tables)}
        return load_embedded(name, where, pieces, columns, {**store.listing.refused, **others})
    shards = [f for f in files if f.lower().endswith(SHARD_SUFFIXES)]
    if shards and has_samples(TarStore(store.folder / shards[0]).listing):
        pieces = [Piece(store.folder / file, file) for file in shards]
        return load_shards(name, where, pieces, columns)
    return None


def _layout_unless_labelled(store: Store, where: str, beside: Beside) -> Layout | None:
    """The class folders; None where there are none (or one) and a table has the labels.

    Raises DataError where neither has them.
    """
    try:
        layout = read_layout(store.listing, where)
    except DataError:
        if beside.labelled:
            return None
        beside.refuse_unlabelled()
        raise
    one_class = len({sample.label for sample in layout.samples}) == 1
    return None if one_class and beside.labelled else layout


def _usable(dataset: Dataset, where: str, to_judge: bool) -> Dataset:
    """The data set, with notes on its given splits; raises DataError where no model can come of it.

    Every class must be in train where train is given, for what is not learnt cannot be judged;
    unless they are there `to_judge` a bundle, which has learnt already.
    """
    counts = dataset.counts()
    if "train" not in counts:
        return dataset
    notes = list(dataset.notes)
    absent = {split: [name for name, n in counts[split].items() if not n] for split in counts}
    for split in counts:
        strange = [name for name in absent["train"] if counts[split][name]]
        if strange and not to_judge:
            raise DataError(
                f"classes stand in {split} but not in train: {listed(strange)}",
                where=where,
                mend="Add pictures of them to train, take them out, or correct their spelling:"
                f" train has {listed(name for name in dataset.classes if name not in strange)}.",
            )
        if absent[split]:
            notes.append(f"No picture in {split} shows {listed(absent[split])}.")
    return replace(dataset, notes=tuple(notes))


def _no_table_beside(path: Path) -> UsageError:
    return UsageError(
        f"a table is given beside {path}, which is a table already or stands for several files",
        where="--table",
        mend="Give it beside a folder or archive of pictures only.",
    )


def _stem(path: Path) -> str:
    """The name of the data set: the file's or folder's, without an archive's ending."""
    name = path.resolve().name
    fitting = [suffix for suffix in ARCHIVE_SUFFIXES if name.lower().endswith(suffix)]
    return name[: -len(max(fitting, key=len))] if fitting and path.is_file() else name
