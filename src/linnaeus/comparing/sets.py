"""The data sets of a comparison: where they are, their columns, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from linnaeus.data.dataset import Dataset
from linnaeus.data.sources import load_dataset
from linnaeus.errors import UsageError

__all__ = ["DataSet", "opened_sets"]

OPTIONS = ("image_column", "label_column", "group_column", "split_column", "table")


class DataSet(BaseModel):
    """One data set as it was asked for: what `load_dataset` takes. A `name` is its alone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    data: str
    image_column: str | None = None
    label_column: str | None = None
    group_column: str | None = None
    split_column: str | None = None
    table: str | None = None

    def load(self) -> Dataset:
        """The data set. Raises as `load_dataset` does."""
        return load_dataset(self.data, **self.model_dump(include=set(OPTIONS)))


def opened_sets(
    data: Sequence[str | Path], columns: Mapping[str, str | Sequence[str] | None]
) -> list[tuple[DataSet, Dataset]]:
    """Each of `data` with what is in it.

    `columns`: {option without dashes: what was given for it}. "COLUMN" is for all data sets, and
    "NAME=COLUMN" for the one called NAME alone; several may be given.

    Raises UsageError where a data set has several labels a picture, or is given twice, and as
    `load_dataset` does.
    """
    names = _names(data)
    given = {option: _by_name(option, value, names) for option, value in columns.items()}
    found = []
    for name, one in zip(names, data, strict=True):
        asked = DataSet(name=name, data=str(one), **{o: of.get(name) for o, of in given.items()})
        dataset = asked.load()
        dataset.demand_single_labels("compare")
        found.append((asked, dataset))
    return found


def _names(data: Sequence[str | Path]) -> list[str]:
    """What to call each: its file's or folder's name without the ending, as reports do."""
    if not data:
        raise UsageError("there is nothing to compare on", where="DATA", mend="Name a data set.")
    names = [_called(str(one)) for one in data]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(
                f"two data sets are called {name}",
                where="DATA",
                mend="Give each once, or rename a file or folder.",
            )
    return names


def _called(data: str) -> str:
    """The name of a data set: letters that every file system takes."""
    stem = Path(data.rstrip("/\\")).name or data
    for suffix in (".zip", ".xz", ".gz", ".bz2", ".tgz", ".tar", ".csv", ".tsv", ".jsonl"):
        stem = stem.removesuffix(suffix)
    return "".join(c if c.isalnum() or c in "-_." else "-" for c in stem).strip(".-") or "data"


def _by_name(
    option: str, value: str | Sequence[str] | None, names: Sequence[str]
) -> dict[str, str]:
    """{name of a data set: what `value` says for it}."""
    texts = [value] if isinstance(value, str | Path) else list(value or ())
    found: dict[str, str] = {}
    for text in map(str, texts):
        name, equals, rest = text.partition("=")
        if equals and name in names:
            found[name] = rest
        else:
            found = {other: found.get(other, text) for other in names}
            _refuse_second(option, texts, names)
    return found


def _refuse_second(option: str, texts: Sequence[str], names: Sequence[str]) -> None:
    """Refuse two values that are both for all data sets."""
    for_all = [text for text in map(str, texts) if text.partition("=")[0] not in names]
    if len(for_all) > 1:
        raise UsageError(
            f"{' and '.join(for_all)} are both for all data sets",
            where=f"--{option.replace('_', '-')}",
            mend=f"Say which is whose: {names[0]}={for_all[0]}.",
        )
