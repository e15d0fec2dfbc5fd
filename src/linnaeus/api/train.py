"""`train`: from labelled pictures to a run with its bundle and report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linnaeus.api.require import require_training
from linnaeus.api.several import several
from linnaeus.data.cache import the_cache
from linnaeus.data.dataset import Dataset
from linnaeus.errors import UsageError
from linnaeus.progress import Progress, Quiet

if TYPE_CHECKING:
    from linnaeus.training.augmentation.plan import AugmentPlan
    from linnaeus.training.begun import Begun
    from linnaeus.training.recipe import Recipe
    from linnaeus.training.run import Run
    from linnaeus.training.settings import Settings

__all__ = ["train"]


def train(
    data: str | Path | Dataset | None = None,
    *,
    out: str | Path | None = None,
    resume: str | Path | None = None,
    checkpoint_every: str | float | None = None,
    recipe: Recipe | str | Path | None = None,
    settings: Settings = (),
    model: str | None = None,
    preset: str | None = None,
    image_size: int | str | tuple[int, int] | None = None,
    weights: str | Path | Sequence[str | Path] = (),
    download: bool = False,
    budget: str | float | None = None,
    epochs: float | None = None,
    augment: str | AugmentPlan | None = None,
    seed: int | None = None,
    val: float | None = None,
    test: float | None = None,
    resplit: bool | None = None,
    allow_tiny: bool | None = None,
    near_duplicates: str | None = None,
    time_column: str | None = None,
    domain_column: str | None = None,
    test_domain: str | None = None,
    split: str | Path | None = None,
    fold: int | None = None,
    repeat: int | None = None,
    inner: int | None = None,
    folds: int | None = None,
    unknown: str | Path | None = None,
    precision: str | None = None,
    device: str | None = None,
    ensemble: str | None = None,
    image_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    group_column: str | None = None,
    split_column: str | None = None,
    label_separator: str | None = None,
    table: str | Path | None = None,
    workers: int | None = None,
    cache: bool = True,
    tensorboard: bool = False,
    mlflow: str | None = None,
    ask: Callable[[str], bool] = lambda question: False,
    progress: Progress | None = None,
) -> Run:
    """Train a classifier on `data` and judge it; everything about it lands in one folder.

    `out`: the run's folder, by default a new one under runs/. `resume`: the folder of a run that
    was interrupted, to go on with it to the same bits; `data` and the options are those that it was
    begun with, and need not be given again, but for a Dataset that was loaded already.
    `checkpoint_every`: how often it is saved, such as "5m"; by default once a minute, or less often
    where that would take more than a fiftieth of the time. `recipe`: a Recipe, a file that holds
    one, or a name that `linnaeus recipes` lists; the options given beside it change its fields of
    the same meaning, and `settings` any: {"network.epochs": 5}, or ["network.epochs=5"] as for
    `--set`. `model`: a name that `linnaeus models` lists. `preset`: "quick", "balanced" or "best".
    `image_size`: a side in pixels, "HEIGHTxWIDTH" or (height, width). `weights`: folders to look
    into for pretrained networks. `download`: fetch weights, or a data set with a name, that are not
    on this machine; `ask` is asked where that is not given. `budget`: seconds, or text such as
    "2m". `device`: cpu, cuda, cuda:1 or mps. `augment`: a preset's name, or an AugmentPlan.
    `split`: a split file, of which `fold`, `repeat` and `inner` choose one. `folds`: train so
    often, each time judged on a fold of its own; the run then has one report on all answers,
    `crossed`, and no bundle. `unknown`: a folder of pictures that show none of the classes, to
    choose and judge what tells such pictures.
    `ensemble`: "folds:5" or "snapshots:5", for so many members that answer together. `cache`:
    whether decoded pictures, and features of them, are taken from, and kept for, other runs.
    `tensorboard`: write event files into the run's folder too. `mlflow`: the address of a tracking
    server that is told of the run. A run that goes on is watched as it was.

    Raises UsageError for options that cannot be meant, MissingError where the `train` extra or
    weights asked for are missing, and as `load_dataset` and `training.fit.fit` do.
    """
    require_training()
    from linnaeus.api.training_job import TrainingJob
    from linnaeus.training.begun import check_same_recipe, read_begun
    from linnaeus.training.budget import parse_budget
    from linnaeus.training.image_size import parse_image_size
    from linnaeus.training.recipe import recipe_with

    begun = None if resume is None else read_begun(Path(resume))
    if begun is not None and out is not None:
        raise UsageError(
            "a run goes on in its own folder", where="--out", mend="Leave --out or --resume out."
        )
    asked = recipe_with(
        begun.recipe if begun and recipe is None else recipe,
        settings,
        model=model,
        preset=preset,
        image_size_px=None if image_size is None else parse_image_size(image_size),
        budget_s=None if budget is None else parse_budget(budget),
        epochs=epochs,
        augment=augment,
        seed=seed,
        validation=val,
        test=test,
        resplit=resplit,
        allow_tiny=allow_tiny,
        near_duplicates=near_duplicates,
        time_column=time_column,
        domain_column=domain_column,
        test_domain=test_domain,
        split_file=None if split is None else str(split),
        fold=fold,
        repeat=repeat,
        inner=inner,
        folds=folds,
        unknown=None if unknown is None else str(Path(unknown).absolute()),
        precision=precision,
        device=device,
        ensemble=ensemble,
    )
    columns: dict[str, Any] = {
        "image_column": image_column,
        "label_column": label_column,
        "group_column": group_column,
        "split_column": split_column,
        "label_separator": label_separator,
        "table": None if table is None else str(table),
    }
    folders = several(weights)
    if begun is not None:
        check_same_recipe(asked, begun.recipe)
        data, folders = data or begun.data, folders or list(begun.weights)
        if not isinstance(data, Dataset) and all(
            value in (None, (), []) for value in columns.values()
        ):
            columns = dict(begun.columns)
    if data is None:
        raise _nothing_to_learn_from(begun)
    return TrainingJob(
        recipe=asked,
        data=data,
        columns=columns,
        weights=folders,
        download=download,
        ask=ask,
        out=None if out is None else Path(out),
        resume=None if resume is None else Path(resume),
        begun=begun,
        every_s=(
            None
            if checkpoint_every is None
            else parse_budget(checkpoint_every, "--checkpoint-every")
        ),
        workers=workers,
        cache=the_cache() if cache else None,
        tensorboard=tensorboard,
        mlflow=mlflow,
        progress=progress or Quiet(),
    ).run()


def _nothing_to_learn_from(begun: Begun | None) -> UsageError:
    if begun is None:
        return UsageError("no pictures are named", where="train", mend="Name a folder of them.")
    return UsageError(
        "this run was begun from Python with a Dataset that was loaded already",
        where="--resume",
        mend="Give the same pictures again.",
    )
