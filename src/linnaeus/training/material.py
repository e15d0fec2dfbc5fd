"""The data as learning sees them: scanned, audited, brought to one size, and parted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from linnaeus.counted import are, pictures
from linnaeus.data.audit import audit
from linnaeus.data.cache import Cache
from linnaeus.data.cached_scan import cached_scan
from linnaeus.data.dataset import Dataset
from linnaeus.data.findings import Audit
from linnaeus.data.near import NearDuplicates
from linnaeus.data.part import part
from linnaeus.data.parting import check_columns
from linnaeus.data.pinned import pinned
from linnaeus.data.pixels import pixel_rows
from linnaeus.data.scan import Scan
from linnaeus.data.split import Split
from linnaeus.data.split_file import SplitFile, read_split_file
from linnaeus.errors import DataError
from linnaeus.models.weights import Backbone
from linnaeus.progress import Progress
from linnaeus.training.kept_near import kept_near_duplicates
from linnaeus.training.kept_work import kept_beside
from linnaeus.training.parted import Parted
from linnaeus.training.recipe import Recipe
from linnaeus.training.sizing import choose_preprocessing, sampled_sizes
from linnaeus.training.split_choice import parting_of

__all__ = ["Material", "check_judged", "look"]

NAMED_FILES = 5


@dataclass(frozen=True)
class Material(Parted):
    """The data as learning sees them, looked at hard: what is alike, and what is wrong."""

    near: NearDuplicates
    audit: Audit


def look(
    dataset: Dataset,
    recipe: Recipe,
    backbone: Backbone | None,
    progress: Progress,
    workers: int | None,
    cache: Cache | None,
) -> Material:
    """Read every picture of `dataset` once, for `backbone` or (None) for a network from scratch.

    What `cache` holds from an earlier run is not decoded again, and what is new is kept there.
    Says what was found, in a few lines. Raises DataError where nothing can be learnt from.
    """
    for note in dataset.notes:  # a likely separator, say: before the long work
        progress.say(note)
    saved = _saved_split(dataset, recipe)
    preprocessing = choose_preprocessing(sampled_sizes(dataset), recipe, backbone)
    looked = cached_scan(
        dataset,
        cache=cache,
        preprocessing=preprocessing,
        workers=workers,
        progress=progress,
    )
    near = kept_near_duplicates(looked, kept_beside(cache, progress), progress=progress)
    parted = _parted(dataset, looked, near, recipe, saved)
    found = audit(dataset, looked, split=parted, near=near)
    for line in (*found.in_three_lines(), *near.remarks, *parted.remarks):
        progress.say(line)
    _tell_unreadable(looked, progress)
    pixels = pixel_rows(looked, dataset, preprocessing, workers)
    return Material(dataset, looked, parted, preprocessing, pixels, near, found)


def _saved_split(dataset: Dataset, recipe: Recipe) -> SplitFile | None:
    """The split file of the recipe, if any; what is wrong with it is told before the long work."""
    if recipe.split_file is None:
        check_columns(dataset, parting_of(recipe))
        return None
    file = read_split_file(Path(recipe.split_file))
    if "test" not in file.chosen(recipe.fold, recipe.repeat, recipe.inner):
        raise DataError(
            "this split has no test pictures, so nobody could say how good the result is",
            where=file.where,
            mend="Save a new one with `linnaeus data split`.",
        )
    return file


def _parted(
    dataset: Dataset, looked: Scan, near: NearDuplicates, recipe: Recipe, saved: SplitFile | None
) -> Split:
    """Part the data as the `saved` split says, or else as the recipe's other choices do."""
    if saved is None:
        parted = part(dataset, looked, parting_of(recipe), near.pairs)
        return replace(parted, remarks=(*parted.remarks, *_idle_shares(dataset, recipe)))
    return pinned(
        saved, dataset, looked, fold=recipe.fold, repeat=recipe.repeat, inner=recipe.inner
    )


def check_judged(material: Material) -> None:
    """Raise DataError where nothing would judge the result, before the long work."""
    if not len(material.test):
        raise DataError(
            "no picture is left for the test, so nobody could say how good the result is",
            where=material.dataset.name,
            mend="Add pictures (or groups of them) to the classes, or give a larger --test.",
        )


def _idle_shares(dataset: Dataset, recipe: Recipe) -> list[str]:
    """What to say of shares that count for nothing, since the data come with such a part."""
    if recipe.resplit or recipe.time_column or recipe.domain_column:
        return []
    usual, came = Recipe(), set(dataset.splits.tolist())
    options = {"validation": "--val", "test": "--test"}
    return [
        f"{option} {getattr(recipe, name):g} counts for nothing: the data come with a {name} split"
        " (--resplit parts them anew)."
        for name, option in options.items()
        if name in came and getattr(recipe, name) != getattr(usual, name)
    ]


def _tell_unreadable(looked: Scan, progress: Progress) -> None:
    bad = list(looked.unreadable.items())
    if bad:
        named = "; ".join(f"{path}: {why}" for path, why in bad[:NAMED_FILES])
        more = f"; and {len(bad) - NAMED_FILES:,} more" if len(bad) > NAMED_FILES else ""
        count = len(bad)
        progress.warn(
            f"{pictures(count)} cannot be read and {are(count)} left out ({named}{more})."
        )
