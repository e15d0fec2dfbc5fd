"""`augment`: what a network from scratch would see of a data set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from linnaeus.api.dataset_of import dataset_of
from linnaeus.api.require import require_training
from linnaeus.data.cache import the_cache
from linnaeus.data.dataset import Dataset
from linnaeus.progress import Progress, Quiet

if TYPE_CHECKING:
    from linnaeus.training.augmentation.plan import AugmentPlan
    from linnaeus.training.augmentation.shown import ShownViews
    from linnaeus.training.recipe import Recipe
    from linnaeus.training.settings import Settings

__all__ = ["augment"]


def augment(
    data: str | Path | Dataset,
    *,
    augment: str | AugmentPlan | None = None,
    out: str | Path | None = None,
    recipe: Recipe | str | Path | None = None,
    settings: Settings = (),
    image_size: int | str | tuple[int, int] | None = None,
    budget: str | float | None = None,
    epochs: float | None = None,
    seed: int | None = None,
    image_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    group_column: str | None = None,
    split_column: str | None = None,
    label_separator: str | None = None,
    table: str | Path | None = None,
    workers: int | None = None,
    cache: bool = True,
    progress: Progress | None = None,
) -> ShownViews:
    """Show what `train`, with the same options, would let a network from scratch see.

    What comes back holds the augmentation with nothing left open, says what it does and why, and
    has a sheet of pictures of each class with views of them. `out`: a PNG file for the sheet, by
    default none. Raises UsageError for options that cannot be meant, MissingError where the `train`
    extra is missing, and as `load_dataset` and `training.augmentation.shown.show_views` do.
    """
    require_training()
    from linnaeus.training.budget import parse_budget
    from linnaeus.training.image_size import parse_image_size
    from linnaeus.training.recipe import recipe_with

    asked = recipe_with(
        recipe,
        settings,
        augment=augment,
        image_size_px=None if image_size is None else parse_image_size(image_size),
        budget_s=None if budget is None else parse_budget(budget),
        epochs=epochs,
        seed=seed,
    )
    from linnaeus.training.augmentation.shown import check_sheet_file, show_views

    file = None if out is None else Path(out)
    if file is not None:
        check_sheet_file(file)
    dataset = dataset_of(
        data, image_column, label_column, group_column, split_column, label_separator, table
    )
    kept = the_cache() if cache else None
    told = progress or Quiet()
    shown = show_views(dataset, asked, workers=workers, cache=kept, progress=told)
    if file is not None:
        shown.save(file)
    return shown
