"""`lr_find`: which learning rates suit a network from scratch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from linnaeus.api.dataset_of import dataset_of
from linnaeus.api.require import require_training
from linnaeus.data.cache import the_cache
from linnaeus.data.dataset import Dataset
from linnaeus.files import check_unused, whole_folder
from linnaeus.progress import Progress, Quiet

if TYPE_CHECKING:
    from linnaeus.training.lr_find import RateRange
    from linnaeus.training.recipe import Recipe
    from linnaeus.training.settings import Settings

__all__ = ["lr_find"]


def lr_find(
    data: str | Path | Dataset,
    *,
    out: str | Path | None = None,
    recipe: Recipe | str | Path | None = None,
    settings: Settings = (),
    model: str | None = None,
    image_size: int | str | tuple[int, int] | None = None,
    seed: int | None = None,
    device: str | None = None,
    image_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    group_column: str | None = None,
    split_column: str | None = None,
    label_separator: str | None = None,
    table: str | Path | None = None,
    workers: int | None = None,
    cache: bool = True,
    progress: Progress | None = None,
) -> RateRange:
    """Try rising learning rates for a network from scratch, and suggest one for `train`.

    `out`: a new folder for the picture lr-find.svg and the numbers lr-find.json; nothing is written
    without it. The other options are those of `train`; "auto" is what that teaches from scratch.

    Raises DataError where the loss fell at no rate, and as `train` does.
    """
    require_training()
    from linnaeus.training.image_size import parse_image_size
    from linnaeus.training.recipe import recipe_with

    asked = recipe_with(
        recipe,
        settings,
        model=model,
        image_size_px=None if image_size is None else parse_image_size(image_size),
        seed=seed,
        device=device,
    )
    dataset = dataset_of(
        data, image_column, label_column, group_column, split_column, label_separator, table
    )
    if out is not None:
        check_unused(Path(out))
    from linnaeus.training.lr_find import lr_find_on, write_rate_range

    kept = the_cache() if cache else None
    measured = lr_find_on(dataset, asked, workers=workers, cache=kept, progress=progress or Quiet())
    if out is not None:
        with whole_folder(Path(out)) as aside:
            write_rate_range(aside, measured)
    return measured
