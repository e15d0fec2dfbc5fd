"""The pictures to index: a data set with labels, or a folder of pictures of which nothing is known.

And the way back, from what an index says of where they lay.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from linnaeus.data.dataset import Dataset
from linnaeus.data.layout import is_picture, stray_reason
from linnaeus.data.sources import load_dataset
from linnaeus.data.store import FolderStore
from linnaeus.errors import DataError
from linnaeus.searching.record import Drawn

__all__ = ["draw", "drawn_again"]


def draw(drawn: Drawn) -> tuple[Dataset, Drawn, tuple[str, ...]]:
    """The pictures that `drawn` names, how to find them again, and sentences about them.

    A folder that gives no labels is taken as it is, and that is told.
    Raises as `load_dataset` does, and DataError where a folder has no pictures at all.
    """
    try:
        dataset = _labelled(drawn)
    except DataError as error:
        folder = Path(drawn.data)
        if not folder.is_dir() or drawn.label_column or drawn.image_column or drawn.table:
            raise
        told = f"The pictures are indexed without labels: {error.what}."
        return _unlabelled(folder), drawn.model_copy(update={"labelled": False}), (told,)
    return dataset, drawn, dataset.notes


def drawn_again(drawn: Drawn) -> Dataset:
    """The pictures of an index again, to be shown. Raises as `draw` does."""
    return _labelled(drawn) if drawn.labelled else _unlabelled(Path(drawn.data))


def _labelled(drawn: Drawn) -> Dataset:
    return load_dataset(
        drawn.data,
        image_column=drawn.image_column,
        label_column=drawn.label_column,
        label_separator=drawn.label_separator,
        table=drawn.table,
    )


def _unlabelled(folder: Path) -> Dataset:
    """All pictures in `folder` and below it."""
    store = FolderStore(folder)
    paths = tuple(path for path in store.listing.files if is_picture(path))
    if not paths:
        raise DataError(
            "no pictures are in this folder",
            where=str(folder),
            mend="Name a folder that holds some; their names must end in .jpg, .png or the like.",
        )
    others = (path for path in store.listing.files if not is_picture(path))
    strays = {path: stray_reason(path.rpartition("/")[2]) for path in others}
    return Dataset(
        name=folder.resolve().name,
        classes=(),
        paths=paths,
        labels=np.full(len(paths), -1, np.int64),
        splits=np.full(len(paths), "", np.str_),
        groups=None,
        left_alone={**store.listing.refused, **strays},
        source=store,
    )
