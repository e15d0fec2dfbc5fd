"""`index`: pictures by what a bundle sees in them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from linnaeus.api.dataset_of import dataset_of
from linnaeus.data.dataset import Dataset
from linnaeus.progress import Progress, Quiet

if TYPE_CHECKING:
    from linnaeus.searching.indexing import Indexed

__all__ = ["index"]


def index(
    bundle: str | Path,
    data: str | Path | Dataset,
    out: str | Path,
    *,
    image_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    label_separator: str | None = None,
    table: str | Path | None = None,
    progress: Progress | None = None,
) -> Indexed:
    """Index the pictures of `data` by the features of `bundle`, in the new folder `out`.

    `data` is anything that `load_dataset` takes, a Dataset, or a folder of pictures without labels.
    Where the work is broken off, the same call goes on with it. More than 200,000 pictures need the
    `search` extra. Raises as `searching.indexing.index_pictures` and `load_dataset` do.
    """
    from linnaeus.searching.drawing import draw
    from linnaeus.searching.indexing import index_pictures
    from linnaeus.searching.record import Drawn

    told = progress or Quiet()
    if isinstance(data, Dataset):
        dataset = dataset_of(data, image_column, label_column, None, None, label_separator, table)
        return index_pictures(Path(bundle), dataset, Path(out), progress=told)
    labels = [label_column] if isinstance(label_column, str) else label_column
    named = Drawn(
        data=str(Path(data).resolve() if Path(data).exists() else data),
        image_column=image_column,
        label_column=None if labels is None else tuple(labels),
        label_separator=label_separator,
        table=None if table is None else str(Path(table).resolve()),
    )
    dataset, drawn, notes = draw(named)
    for note in notes:
        told.say(note)
    return index_pictures(Path(bundle), dataset, Path(out), drawn=drawn, progress=told)
