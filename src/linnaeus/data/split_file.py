"""A split as a file: where each picture stands, pinned by the digest of its bytes.

CSV in UTF-8 with one line a picture. The columns are `image`, `label`, then either `split` or, for
folds, one column `repeat0_fold0`, `repeat0_fold1`, … each; then `reason` and `sha256`. The format
is described in docs/reference/splits.md.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.dataset import SPLITS, Dataset
from linnaeus.data.delimited import read_delimited
from linnaeus.data.folds import Folds, inner_name
from linnaeus.data.rows import Table
from linnaeus.data.split import LEFT_OUT, Split
from linnaeus.errors import DataError, UsageError

__all__ = ["SplitFile", "read_split_file", "split_table"]

FOLD_COLUMN = re.compile(r"repeat(\d+)_fold(\d+)", re.ASCII)
INNER = re.compile(r"inner (\d+)", re.ASCII)
LABEL_SEPARATOR = "|"
DIGEST = re.compile(r"([0-9a-f]{64})?", re.ASCII)
MEND = "Give a file that `linnaeus data split` wrote, or a run's split.csv."


@dataclass(frozen=True, eq=False)
class SplitFile:
    """What a split file says.

    `images`, `labels`, `reasons`, `digests`: (n,) texts, by line. `sides`: {(repeat, fold): (n,)
    text, the side of each}; {None: …} where there are no folds. `where`: the file, for errors.
    """

    where: str
    images: tuple[str, ...]
    labels: tuple[str, ...]
    reasons: tuple[str, ...]
    digests: tuple[str, ...]
    sides: Mapping[tuple[int, int] | None, NDArray[np.str_]]

    def chosen(
        self, fold: int | None = None, repeat: int | None = None, inner: int | None = None
    ) -> NDArray[np.str_]:
        """(n,) text: the side of each picture in one fold, or in the one split that there is.

        `repeat` is 0 where it is not given. Raises UsageError where there is no such fold, where a
        fold or an inner fold has to be named, and where one is named that makes no sense.
        """
        if None in self.sides:
            return self._without_folds(fold, repeat, inner)
        if fold is None:
            raise UsageError(
                f"{self.where} holds folds, and which of them is meant is not said",
                where="--fold",
                mend=f"Give one of {self._numbers(1)}.",
            )
        side = self.sides.get((repeat or 0, fold))
        if side is None:
            raise UsageError(
                f"{self.where} has no fold {fold} of repeat {repeat or 0}",
                where="--fold" if repeat is None else "--fold and --repeat",
                mend=f"It has folds {self._numbers(1)} of repeats {self._numbers(0)}.",
            )
        return self._with_inner(side, inner)

    def _without_folds(
        self, fold: int | None, repeat: int | None, inner: int | None
    ) -> NDArray[np.str_]:
        for option, value in (("--fold", fold), ("--repeat", repeat), ("--inner", inner)):
            if value is not None:
                raise UsageError(
                    f"{self.where} holds one split and no folds",
                    where=option,
                    mend="Leave it out.",
                )
        return self.sides[None]

    def _numbers(self, place: int) -> str:
        """The repeats (place 0) or folds (1) that there are, "0 to 4"."""
        numbers = sorted({key[place] for key in self.sides if key is not None})
        return f"{numbers[0]} to {numbers[-1]}" if len(numbers) > 1 else f"{numbers[0]}"

    def _with_inner(self, side: NDArray[np.str_], inner: int | None) -> NDArray[np.str_]:
        """Turn inner folds into validation (the chosen one) and train (the others)."""
        inners = sorted({int(m[1]) for name in set(side.tolist()) if (m := INNER.fullmatch(name))})
        if not inners and inner is None:
            return side
        if not inners:
            raise UsageError(
                f"{self.where} has no inner folds", where="--inner", mend="Leave it out."
            )
        if inner not in inners:
            what = "which of them is meant is not said" if inner is None else f"none is {inner}"
            raise UsageError(
                f"{self.where} has inner folds, and {what}",
                where="--inner",
                mend=f"Give one of {inners[0]} to {inners[-1]}.",
            )
        nested = np.array([INNER.fullmatch(name) is not None for name in side.tolist()], bool)
        chosen = np.where(side == inner_name(inner), "validation", "train")
        return np.where(nested, chosen, side)


def split_table(dataset: Dataset, digests: Sequence[str], found: Split | Folds) -> str:
    """The text of a split file. `digests`: (n,) SHA-256 of each picture's bytes, "" if unread."""
    if isinstance(found, Split):
        columns = {"split": found}
    else:
        columns = {
            f"repeat{repeat}_fold{fold}": one
            for repeat, of_repeat in enumerate(found.splits)
            for fold, one in enumerate(of_repeat)
        }
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["image", "label", *columns, "reason", "sha256"])
    for row, path in enumerate(dataset.paths):
        label = LABEL_SEPARATOR.join(dataset.labels_of(row))
        sides = [one.assignment[row] for one in columns.values()]
        table.writerow([path, label, *sides, _reason(columns, row), digests[row]])
    return text.getvalue()


def _reason(columns: Mapping[str, Split], row: int) -> str:
    """Why a picture is left out: once where all columns agree, and by column where they do not."""
    reasons = {name: why for name, one in columns.items() if (why := one.reasons.get(row))}
    if len(reasons) == len(columns) and len(set(reasons.values())) == 1:
        return next(iter(reasons.values()))
    return "; ".join(f"{name}: {why}" for name, why in reasons.items())


def read_split_file(file: Path) -> SplitFile:
    """Read a split file.

    Raises UsageError where there is none, DataError where it is no split file, or says something of
    a picture that no split file can say.
    """
    where = str(file)
    table = read_delimited(_content(file), where)
    place = {name: column for column, name in enumerate(table.header)}
    keys = {_key(name): column for name, column in place.items() if _is_of_sides(name)}
    _check_columns(place, keys, where)
    return SplitFile(
        where,
        tuple(_images(table, place["image"])),
        tuple(table.texts(place["label"]) if "label" in place else [""] * len(table.rows)),
        tuple(table.texts(place["reason"]) if "reason" in place else [""] * len(table.rows)),
        tuple(_digests(table, place["sha256"])),
        {key: _sides(table, column) for key, column in keys.items()},
    )


def _is_of_sides(name: str) -> bool:
    return name == "split" or FOLD_COLUMN.fullmatch(name) is not None


def _key(name: str) -> tuple[int, int] | None:
    """What a column of sides is of: (repeat, fold), or None for the one split."""
    fold = FOLD_COLUMN.fullmatch(name)
    return (int(fold[1]), int(fold[2])) if fold else None


def _check_columns(place: Mapping[str, int], keys: Collection[object], where: str) -> None:
    missing = [name for name in ("image", "sha256") if name not in place]
    if missing or not keys:
        name = missing[0] if missing else "split"
        raise DataError(f"no split file: it has no column '{name}'", where=where, mend=MEND)
    if None in keys and len(keys) > 1:
        what = "no split file: it has columns of one split and of folds"
        raise DataError(what, where=where, mend=MEND)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise UsageError("there is no such split file", where=str(file), mend=MEND) from None
    except OSError as error:
        reason = "it is a folder" if file.is_dir() else error.strerror
        what = f"the split file could not be read ({reason})"
        raise UsageError(what, where=str(file), mend=MEND) from None


def _images(table: Table, column: int) -> list[str]:
    images = table.texts(column)
    lines: dict[str, int] = {}
    for row, image in zip(table.rows, images, strict=True):
        if image in lines:
            raise DataError(
                f"the picture {image} stands on line {lines[image]:,} already",
                where=table.place(row.number),
                mend="Take one of the two lines out.",
            )
        lines[image] = row.number
    return images


def _digests(table: Table, column: int) -> list[str]:
    digests = [text.lower() for text in table.texts(column)]
    for row, digest in zip(table.rows, digests, strict=True):
        if not DIGEST.fullmatch(digest):
            raise DataError(
                f"'{digest}' is no SHA-256 digest, which has 64 hexadecimal digits",
                where=table.place(row.number),
                mend=MEND,
            )
    return digests


def _sides(table: Table, column: int) -> NDArray[np.str_]:
    sides = table.texts(column)
    for row, side in zip(table.rows, sides, strict=True):
        if side not in (*SPLITS, LEFT_OUT) and not INNER.fullmatch(side):
            raise DataError(
                f"'{side}' is no side of a split",
                where=f"{table.place(row.number)}, column '{table.header[column]}'",
                mend=f"There are {', '.join(SPLITS)}, inner 0, inner 1, … and {LEFT_OUT}.",
            )
    return np.array(sides, dtype=np.str_)
