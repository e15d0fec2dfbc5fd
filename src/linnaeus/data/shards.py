"""WebDataset shards: tar archives of samples whose files share a key, read in place.

A sample is `key.jpg` (or another picture) with `key.cls`, a number or name, or `key.json`, a record
of columns; `key.txt` is kept as metadata.
"""

from __future__ import annotations

import json
import posixpath
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from linnaeus.counted import counted
from linnaeus.data.columns import LABEL_NAMES, Columns, Reading, fitting_columns, read_columns
from linnaeus.data.dataset import Dataset
from linnaeus.data.delimited import decoded
from linnaeus.data.json_lines import plain_cell
from linnaeus.data.layout import is_picture, listed
from linnaeus.data.pieces import Piece, put_together
from linnaeus.data.rows import Cell, Row, Table
from linnaeus.data.store import Listing, Store, printable
from linnaeus.data.tars import TarStore
from linnaeus.errors import DataError, UnreadableImage

__all__ = ["SHARD_SUFFIXES", "has_samples", "is_shard", "load_shards"]

SHARD_SUFFIXES = (".tar", ".tar.gz", ".tgz")
LABEL_KEYS = frozenset({"cls", "json"})
NAMES_FILES = ("classnames.txt", "class_names.txt", "classes.txt", "labels.txt")
PICTURE = "the picture in the shard"
"""The column of pictures of the table that a shard is made into: no JSON key is called so."""


def has_samples(listing: Listing) -> bool:
    """Whether an archive holds pictures and, with the same keys, what they show."""
    keys = {_key(path) for path in listing.files if is_picture(path)}
    return any(key in keys and end in LABEL_KEYS for key, end in map(_parted, listing.files))


def is_shard(listing: Listing) -> bool:
    """Whether an archive on its own is a shard: it has samples, and they are in one folder.

    Class folders with a .json beside each picture (annotations, say) are class folders.
    """
    classes = {posixpath.dirname(path) for path in listing.files if is_picture(path)}
    return has_samples(listing) and (
        len(classes) == 1 or any(_parted(path)[1] == "cls" for path in listing.files)
    )


def load_shards(name: str, where: str, pieces: Sequence[Piece], columns: Columns) -> Dataset:
    """The data set of shards. Numbers in .cls are positions in classnames.txt, where there is one.

    `columns.image` is the ending of the picture, where samples have several. A label in the .json
    goes before the .cls. Raises DataError when a sample has no label or several pictures.
    """
    source = _Shards()
    readings: dict[str, Reading] = {}
    endings: Counter[str] = Counter()
    for piece in pieces:
        store = TarStore(piece.path)
        samples = _samples(store.listing.files, columns.image, endings)
        if samples:
            table = _as_table(store, str(piece.path), samples, _class_names(piece))
            reading = read_columns(table, _with_labels(table, columns))
            readings[piece.shown] = _beneath(piece.shown, reading)
        source.add(piece, store, [files[PICTURE] for files in samples.values()])
    if not readings:
        raise DataError(
            "no shard has a sample with a picture",
            where=where,
            mend="A sample is key.jpg with key.cls or key.json.",
        )
    left_alone = {
        f"*.{end}": f"{counted(n, 'file')} of a kind not used" for end, n in endings.items()
    }
    return put_together(name, where, readings, source, {**source.listing.refused, **left_alone})


def _samples(
    files: Sequence[str], image: str | None, endings: Counter[str]
) -> dict[str, dict[str, str]]:
    """{key: {PICTURE or ending: path}}; files of other endings are counted in `endings`."""
    samples: dict[str, dict[str, str]] = defaultdict(dict)
    for path in files:
        key, end = _parted(path)
        if end in LABEL_KEYS or end == "txt":
            samples[key][end] = path
        elif (end == image) if image else (is_picture(path) and "." not in end):
            if PICTURE in samples[key]:
                raise DataError(
                    f"the sample '{key}' has several pictures",
                    where=path,
                    mend="Name the ending of the right one with --image-column, such as jpg.",
                )
            samples[key][PICTURE] = path
        else:
            endings[end] += 1
    whole = {key: found for key, found in samples.items() if PICTURE in found}
    endings.update(end for key in samples.keys() - whole.keys() for end in samples[key])
    return whole


def _as_table(
    store: Store, where: str, samples: Mapping[str, Mapping[str, str]], names: list[str]
) -> Table:
    """The samples as rows: the picture, what the .json says, the .cls and the .txt."""
    records = []
    for number, (key, files) in enumerate(samples.items(), start=1):
        place = f"{where}, sample '{key}'"
        record: dict[str, Cell] = {PICTURE: files[PICTURE]}
        if "json" in files:
            record |= _record(_text(store, files["json"], where), place)
        if "cls" in files:
            record["cls"] = _class_name(_text(store, files["cls"], where).strip(), names, place)
        if "txt" in files:
            record["txt"] = _text(store, files["txt"], where).strip()
        records.append((number, record))
    header = list(dict.fromkeys(column for _, record in records for column in record))
    rows = [Row(number, [record.get(column) for column in header]) for number, record in records]
    return Table(where, header, rows, typed=True, unit="sample")


def _with_labels(table: Table, columns: Columns) -> Columns:
    """The columns, with labels from the .cls where none are named and the .json has none."""
    of_json = fitting_columns(table, None, LABEL_NAMES)
    labels = columns.labels or (() if of_json or "cls" not in table.header else ("cls",))
    return columns._replace(image=PICTURE, labels=labels)


def _beneath(shown: str, reading: Reading) -> Reading:
    """The reading with its shard before its paths, and without a .cls among the metadata."""
    entries = [e._replace(path=f"{shown}/{e.path}") for e in reading.entries]
    rest = {name: place for name, place in reading.rest.items() if name != "cls"}
    return reading._replace(entries=entries, rest=rest)


def _record(text: str, where: str) -> dict[str, Cell]:
    try:
        record: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        what = f"its .json cannot be read ({error})"
        raise DataError(what, where=where, mend="Write the shard anew.") from None
    if not isinstance(record, dict):
        what = "its .json is no object of columns and values"
        raise DataError(what, where=where, mend='Write an object, such as {"label": "cat"}.')
    return {printable(column): plain_cell(v, where, column) for column, v in record.items()}


def _class_name(text: str, names: list[str], where: str) -> str:
    """A .cls as a name: itself, or the name at its position."""
    if not names or not (text.isascii() and text.isdecimal()):
        return text
    if int(text) >= len(names):
        raise DataError(
            f"its class is number {text}, but only {len(names)} classes are named",
            where=where,
            mend=f"Complete {listed(NAMES_FILES[:1])}, one name a line from 0, or remove it.",
        )
    return names[int(text)]


def _class_names(piece: Piece) -> list[str]:
    """The names in classnames.txt, one a line, beside a shard or one folder up; none without."""
    folders = [piece.path.parent, piece.path.parent.parent] if "/" in piece.shown else []
    for folder in folders or [piece.path.parent]:
        for name in NAMES_FILES:
            if (folder / name).is_file():
                lines = _text_beside(folder / name).splitlines()
                return [line.strip() for line in lines if line.strip()]
    return []


def _text_beside(file: Path) -> str:
    mend = "Save it as UTF-8, one name a line."
    try:
        content = file.read_bytes()
    except OSError as error:
        what = f"the names of the classes cannot be read ({error.strerror or error})"
        raise DataError(what, where=str(file), mend="Check its permissions.") from None
    return decoded(content, str(file), "the list of class names", mend)


def _text(store: Store, path: str, where: str) -> str:
    try:
        return store.read(path).decode("utf-8-sig")
    except (UnreadableImage, UnicodeDecodeError) as error:
        reason = error.what if isinstance(error, UnreadableImage) else "it is not UTF-8 text"
        raise DataError(reason, where=f"{where}: {path}", mend="Write the shard anew.") from None


def _parted(path: str) -> tuple[str, str]:
    """A path up to the first dot of its last part, and what follows, in lower case."""
    folder, name = posixpath.split(path)
    stem, _, end = name.partition(".")
    return posixpath.join(folder, stem), end.lower()


def _key(path: str) -> str:
    return _parted(path)[0]


class _Shards(Store):
    """The pictures of many shards by "shard/member"; plain ones are opened for each read only."""

    def __init__(self) -> None:
        self.listing = Listing((), frozenset(), {})
        self._plain: dict[str, tuple[Path, int, int]] = {}
        self._unpacked: dict[str, tuple[TarStore, str]] = {}

    def add(self, piece: Piece, store: TarStore, members: Sequence[str]) -> None:
        """Add the `members` of a shard; the store is closed unless it had to be unpacked."""
        for path, why in store.listing.refused.items():
            self.listing.refused[f"{piece.shown}/{path}"] = why
        for member in members:
            path = f"{piece.shown}/{member}"
            if store.in_place:
                self._plain[path] = (piece.path, *store.place(member))
            else:
                self._unpacked[path] = (store, member)
        if store.in_place:
            store.close()

    def size_bytes(self, path: str) -> int:
        if path in self._plain:
            return self._plain[path][2]
        store, member = self._unpacked[path]
        return store.size_bytes(member)

    def read_whole(self, path: str) -> bytes:
        if path not in self._plain:
            store, member = self._unpacked[path]
            return store.read_whole(member)
        shard, offset, length = self._plain[path]
        with shard.open("rb") as file:
            file.seek(offset)
            content = file.read(length)
        if len(content) != length:
            raise EOFError("the shard ends inside this file")
        return content
