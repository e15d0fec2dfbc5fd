"""What training will see of a data set: the augmentation, settled, and a sheet of views."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from linnaeus.data.cache import Cache
from linnaeus.data.cached_scan import cached_scan
from linnaeus.data.dataset import Dataset
from linnaeus.data.pixels import ChosenRows, PixelRows, pixel_rows
from linnaeus.errors import DataError, UsageError
from linnaeus.files import write_whole
from linnaeus.progress import Progress
from linnaeus.randomness import generator
from linnaeus.training.augmentation.in_words import in_words
from linnaeus.training.augmentation.plan import AugmentPlan
from linnaeus.training.augmentation.settled import passes_in, settled
from linnaeus.training.augmentation.sheet import Row, drawn_sheet
from linnaeus.training.augmentation.views import Views
from linnaeus.training.parted import GREY_MODES
from linnaeus.training.recipe import Recipe
from linnaeus.training.scratch import as_targets
from linnaeus.training.sizing import choose_preprocessing, sampled_sizes

__all__ = ["ShownViews", "check_sheet_file", "show_views"]

Labels = NDArray[np.int64] | NDArray[np.float32]

MOST_ROWS, VIEWS = 16, 6  # more of either no longer fit on a screen
ROWS_A_CLASS = 2  # where that leaves room for every class
LEAST_SHARE = 0.005  # of a class, to be told below a view


@dataclass(frozen=True)
class ShownViews:
    """`plan`: the augmentation with nothing left open. `said`: what it does, and why.

    `sheet`: an RGB image. `left_out`: how many classes have no picture on it.
    """

    plan: AugmentPlan
    said: str
    sheet: Image.Image
    left_out: int

    def save(self, file: Path) -> None:
        """Write the sheet as PNG, whole or not at all."""
        held = io.BytesIO()
        self.sheet.save(held, "PNG")
        write_whole(file, held.getvalue())


def check_sheet_file(file: Path) -> None:
    """Raise UsageError, before the work, where no PNG could be meant."""
    if file.suffix.lower() != ".png" or file.is_dir():
        raise UsageError(
            "the sheet is a PNG file",
            where=f"--out {file}",
            mend="Name a file that ends in .png.",
        )


def show_views(
    dataset: Dataset,
    recipe: Recipe,
    *,
    workers: int | None,
    cache: Cache | None,
    progress: Progress,
) -> ShownViews:
    """Views of pictures of `dataset` as a training from scratch by `recipe` would make them.

    Pictures that come as a test are not looked at. Which of the others a training would hold out
    is not known before it parts them, so "auto" asks all, and may find a little else in training.

    Raises DataError where there is no picture to show.
    """
    preprocessing = choose_preprocessing(sampled_sizes(dataset), recipe, None)
    looked = cached_scan(
        dataset, cache=cache, preprocessing=preprocessing, workers=workers, progress=progress
    )
    labelled = (dataset.labels >= 0) | (dataset.label_sets is not None)
    rows = np.flatnonzero(looked.readable & (dataset.splits != "test") & labelled)
    if len(rows) == 0:
        raise DataError(
            "there is no labelled picture to show that is not for the test",
            where=dataset.name,
            mend="Name data that training could learn from.",
        )
    pixels = ChosenRows(pixel_rows(looked, dataset, preprocessing, workers), rows)
    labels = as_targets(dataset.truth[rows])
    plan, why = settled(
        recipe.network.augment,
        pixels,
        labels,
        classes=dataset.classes,
        grey=all(mode in GREY_MODES for mode in looked.modes if mode),
        passes=_passes(recipe, pixels),
        seed=recipe.seed,
    )
    said = in_words(plan, why) or "Views are the pictures as they are."
    chosen = _chosen(labels, len(dataset.classes))
    names = [", ".join(dataset.labels_of(row)) or "no label" for row in rows[chosen].tolist()]
    drawn = _rows(dataset.classes, names, Views(plan, recipe.seed), pixels, labels, chosen)
    left_out = len(_shown(labels)) - len(_shown(labels[chosen]))
    height, width = pixels.shape[1:3]
    title = f"{dataset.name}: views of {width} by {height} px"
    return ShownViews(plan, said, drawn_sheet(drawn, title, said), left_out)


def _passes(recipe: Recipe, pixels: PixelRows) -> float:
    count, height, width, _ = pixels.shape
    if recipe.budget_s is not None:
        return passes_in(recipe.budget_s, count, height, width)
    return recipe.network.epochs_for(count, min(height, width))


def _shown(labels: Labels) -> NDArray[np.int64]:
    """The classes that pictures with `labels` show."""
    return np.unique(labels) if labels.ndim == 1 else np.flatnonzero(labels.any(axis=0))


def _chosen(labels: Labels, classes: int) -> NDArray[np.int64]:
    """Places in `labels` of the pictures to show: class by class, or any where sets of labels are
    too many for that."""
    if labels.ndim > 1:
        return generator(0, "pictures to show").permutation(len(labels))[:MOST_ROWS]
    each = ROWS_A_CLASS if classes * ROWS_A_CLASS <= MOST_ROWS else 1
    order = generator(0, "pictures to show").permutation(len(labels))
    of_classes = [order[labels[order] == label][:each] for label in np.unique(labels)[:MOST_ROWS]]
    return np.concatenate(of_classes)


def _rows(
    classes: tuple[str, ...],
    names: list[str],
    views: Views,
    pixels: PixelRows,
    labels: Labels,
    chosen: NDArray[np.int64],
) -> list[Row]:
    """A row for each chosen picture; they are the batch in which views are mixed. `names` (k,) say
    what each shows."""
    pictures = pixels.take(chosen)
    held = torch.from_numpy(pictures), torch.from_numpy(labels[chosen])
    batches = [views.batch(*held, len(classes), time, time, chosen) for time in range(VIEWS)]
    return [
        Row(
            name,
            pictures[place],
            [seen[place].numpy() for seen, _ in batches],
            [_shares(targets[place], classes) if views.mixes else "" for _, targets in batches],
        )
        for place, name in enumerate(names)
    ]


def _shares(target: torch.Tensor, classes: tuple[str, ...]) -> str:
    """What a mixed view is to be taken for."""
    shares = [(float(share), name) for share, name in zip(target, classes, strict=True)]
    told = sorted((pair for pair in shares if pair[0] >= LEAST_SHARE), reverse=True)
    return ", ".join(f"{100 * share:.0f} % {name}" for share, name in told)
