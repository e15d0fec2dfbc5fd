"""The verbs, as Python functions: the same names, options and defaults as on the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from linnaeus.bundle.classifier import Classifier, load
from linnaeus.data.cache import Cache, the_cache
from linnaeus.data.columns import Columns
from linnaeus.data.dataset import Dataset
from linnaeus.data.export import Exported
from linnaeus.data.export import export_dataset as write_dataset
from linnaeus.data.findings import Audit
from linnaeus.data.named import fetch, to_fetch
from linnaeus.data.parting import NearPolicy, Parting
from linnaeus.data.save_split import SavedSplit, save_split
from linnaeus.data.sources import load_dataset
from linnaeus.data.split import TEST_SHARE, VALIDATION_SHARE
from linnaeus.errors import (
    LearningError,
    LinnaeusError,
    MissingError,
    Terminated,
    UsageError,
)
from linnaeus.evaluation.compared import Wanted
from linnaeus.evaluation.evaluate import Evaluation
from linnaeus.evaluation.evaluate import evaluate as evaluate_bundle
from linnaeus.evaluation.evaluate_table import evaluate_table
from linnaeus.evaluation.further import Asked
from linnaeus.evaluation.operating import Costs
from linnaeus.files import check_unused, claim_folder, release_folder, whole_folder
from linnaeus.images.decode import MAX_PIXELS
from linnaeus.predicting.predict import predict
from linnaeus.progress import Progress, Quiet
from linnaeus.runs.comparison import RunComparison
from linnaeus.runs.comparison import compare_runs as runs_compared
from linnaeus.runs.entry import RunEntry, read_entry
from linnaeus.runs.listing import RUNS, find_run
from linnaeus.runs.listing import list_runs as runs_in
from linnaeus.runs.removal import remove_run as remove_folder_of_run
from linnaeus.serving.keys import add_key, list_keys, remove_key
from linnaeus.serving.serve import serve

if TYPE_CHECKING:
    from linnaeus.auditing.run import Audited
    from linnaeus.bundle.combination import CombinationMethod
    from linnaeus.comparing.written import Compared
    from linnaeus.compression.compressed import Compressed
    from linnaeus.ensembling.made import Ensembled
    from linnaeus.explanation.explaining import Explained
    from linnaeus.exporting.export import ExportedBundle, Target
    from linnaeus.robustness.attacking import Attacked
    from linnaeus.robustness.certifying import Certified
    from linnaeus.robustness.stressing import Stressed
    from linnaeus.searching.indexing import Indexed
    from linnaeus.searching.search import Found
    from linnaeus.training.augmentation.plan import AugmentPlan
    from linnaeus.training.augmentation.shown import ShownViews
    from linnaeus.training.begun import Begun
    from linnaeus.training.choice import Choice
    from linnaeus.training.lr_find import RateRange
    from linnaeus.training.presets import Preset
    from linnaeus.training.recipe import Recipe
    from linnaeus.training.run import Run
    from linnaeus.training.saving import Saver
    from linnaeus.training.settings import Settings
    from linnaeus.training.team import Team

__all__ = [
    "Classifier",
    "Dataset",
    "add_key",
    "attack",
    "audit",
    "augment",
    "certify",
    "compare_runs",
    "ensemble",
    "compare",
    "compress",
    "evaluate",
    "explain",
    "export",
    "export_dataset",
    "fetch_dataset",
    "index",
    "list_keys",
    "list_runs",
    "load",
    "load_dataset",
    "lr_find",
    "predict",
    "remove_key",
    "remove_run",
    "search",
    "serve",
    "show_run",
    "split",
    "stress",
    "train",
]


def audit(
    data: str | Path | Dataset,
    *,
    out: str | Path | None = None,
    fix: str | Path | None = None,
    mirrored: bool = False,
    label_errors: bool | None = None,
    weights: str | Path | Sequence[str | Path] = (),
    max_pixels: int | None = None,
    image_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    group_column: str | None = None,
    split_column: str | None = None,
    label_separator: str | None = None,
    table: str | Path | None = None,
    workers: int | None = None,
    cache: bool = True,
    progress: Progress | None = None,
) -> Audit:
    """Look hard at a data set: what is broken, doubled, contradictory, mislabelled or lopsided.

    `data` is anything that `load_dataset` takes, or a Dataset. `out`: a folder for audit.html and
    audit.json, where an earlier audit's are replaced. `fix`: a new folder for a cleaned table and a
    log of every choice, which `Audit.mended` sums up; the originals are never touched. `mirrored`:
    look for mirrored copies too.
    `label_errors`: look for likely label errors; by default where scikit-image is installed.
    `weights`: folders to look into for pretrained networks, as for `train`. `max_pixels`: larger
    pictures are refused before they are decoded, by default from 40 million pixels on. `cache`:
    whether what was decoded is taken from, and kept for, other runs.

    Raises MissingError where `label_errors` is True and scikit-image is not installed, WriteError
    where `out` or `fix` cannot be written to, as `data.mended_table.write_mended` does for `fix`,
    and as `load_dataset` does.
    """
    from linnaeus.auditing.run import mended, run_audit
    from linnaeus.auditing.written import check_place
    from linnaeus.data.mended_table import check_mendable

    if max_pixels is not None and max_pixels < 1:
        raise UsageError(
            f"{max_pixels} is no number of pixels",
            where="--max-pixels",
            mend="Give one of 1 or more, such as 40000000, or leave it out.",
        )
    if out is not None:
        check_place(Path(out))
    if fix is not None:
        check_unused(Path(fix))
    dataset = _dataset(
        data, image_column, label_column, group_column, split_column, label_separator, table
    )
    if fix is not None:
        check_mendable(dataset)
    told = progress or Quiet()
    audited = run_audit(
        dataset,
        mirrored=mirrored,
        label_errors=label_errors,
        weights=[weights] if isinstance(weights, str | Path) else list(weights),
        mapped=out is not None,
        max_pixels=MAX_PIXELS if max_pixels is None else max_pixels,
        workers=workers,
        cache=the_cache() if cache else None,
        progress=told,
    )
    try:
        if fix is not None:
            audited = mended(audited, Path(fix), progress=told)
    except LinnaeusError:  # what was found is worth a page, though nothing could be mended
        _write_audit(audited, out, workers, told)
        raise
    _write_audit(audited, out, workers, told)
    return audited.audit


def _write_audit(
    audited: Audited, out: str | Path | None, workers: int | None, progress: Progress
) -> None:
    if out is not None:
        from linnaeus.auditing.page import audit_page
        from linnaeus.auditing.written import write_audit

        write_audit(
            Path(out), audit_page(audited, workers=workers, progress=progress), audited.audit
        )


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
    dataset = _dataset(
        data, image_column, label_column, group_column, split_column, label_separator, table
    )
    kept = the_cache() if cache else None
    told = progress or Quiet()
    shown = show_views(dataset, asked, workers=workers, cache=kept, progress=told)
    if file is not None:
        shown.save(file)
    return shown


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
    from linnaeus.training.begun import Begun, check_same_recipe, network_of, read_begun
    from linnaeus.training.budget import parse_budget
    from linnaeus.training.checkpoint import Checkpoints
    from linnaeus.training.choice import choose_model
    from linnaeus.training.ending import end_on_sigterm
    from linnaeus.training.image_size import parse_image_size
    from linnaeus.training.recipe import recipe_with
    from linnaeus.training.run_folder import CHECKPOINTS, begin_run, reopen_run
    from linnaeus.training.saving import Saver
    from linnaeus.training.team import joined_team

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
    folders = [weights] if isinstance(weights, str | Path) else list(weights)
    every_s = None
    if checkpoint_every is not None:
        every_s = parse_budget(checkpoint_every, "--checkpoint-every")
    how: dict[str, Any] = {
        "image_column": image_column,
        "label_column": label_column,
        "group_column": group_column,
        "split_column": split_column,
        "label_separator": label_separator,
        "table": None if table is None else str(table),
    }
    if begun is not None:
        check_same_recipe(asked, begun.recipe)
        data, folders = data or begun.data, folders or list(begun.weights)
        if not isinstance(data, Dataset) and not any(how.values()):
            how = dict(begun.columns)
    if data is None:
        raise _nothing_to_learn_from(begun)
    with joined_team() as team:
        told = progress if progress and team.leads else Quiet()
        with team.leader_first():
            _fetch_if_wanted(data, download, ask, told)
        dataset = _dataset(data, **how)
        name = None if isinstance(data, Dataset) else str(data)
        if begun is not None and resume is not None:
            claimed = reopen_run(Path(resume))
        else:
            wanted = Path(out or Path("runs") / f"{dataset.name}-{datetime.now():%Y%m%d-%H%M%S}")
            begun = Begun.now(name, how, folders, asked)
            claimed = begin_run(wanted, begun, numbered=out is None)
        with end_on_sigterm() as ending, _led(claimed, team, told) as folder:
            saver = Saver(
                Checkpoints(folder / CHECKPOINTS),
                writes=team.leads,
                every_s=every_s,
                progress=told,
                ending=ending,
            )
            with team.leader_first():
                choice = choose_model(
                    network_of(saver, asked), weights=folders, download=download, ask=ask
                )
            if asked.folds is not None or asked.ensemble is not None:
                from linnaeus.ensembling.trained import train_ensemble
                from linnaeus.training.folded import train_folds
                from linnaeus.training.members import MemberTraining

                training = MemberTraining(
                    dataset,
                    begun,
                    every_s=every_s,
                    ending=ending,
                    progress=told,
                    workers=workers,
                    cache=the_cache() if cache else None,
                    tensorboard=tensorboard,
                    mlflow=mlflow,
                )
                train_all = train_ensemble if asked.folds is None else train_folds
                return train_all(training, choice, out=folder, team=team)
            return _fit_watched(
                dataset,
                asked,
                choice,
                out=folder,
                workers=workers,
                cache=the_cache() if cache else None,
                progress=told,
                team=team,
                saver=saver,
                tensorboard=tensorboard,
                mlflow=mlflow,
            )


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
    without it. The other options are those of `train`; "auto" is small_cnn here.

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
    dataset = _dataset(
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


def evaluate(
    bundle: str | Path | None = None,
    data: str | Path | Dataset | None = None,
    *,
    predictions: str | Path | Sequence[str | Path] | None = None,
    out: str | Path | None = None,
    image_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    group_column: str | None = None,
    split_column: str | None = None,
    label_separator: str | None = None,
    table: str | Path | None = None,
    top_k: int | None = None,
    positive: str | None = None,
    prevalence: float | None = None,
    sensitivity: float | None = None,
    costs: tuple[float, float] | None = None,
    slice_by: str | Sequence[str] = (),
    fairness: str | Sequence[str] = (),
    against: str | Path | None = None,
    unknown: str | Path | None = None,
    squeeze: Literal["bits", "median"] | None = None,
    changed_above: float | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Judge a finished bundle on labelled pictures that it has not seen, or a table of answers.

    `predictions`: a table of labels and probabilities from anywhere, instead of `bundle` and
    `data`, or several, one a fold; its columns are named like a data set's. `out`: a new folder for
    report/ and predictions.csv; nothing is written without it. `top_k`: tell how often the truth is
    among so many likeliest classes. Of two classes, `positive` is the one that is looked for, by
    default the second, and `prevalence` its share where the classifier is to serve; `sensitivity`
    asks for the threshold that finds so many of them, `costs` for that which suits the cost of a
    missed one and of a false alarm. `slice_by`: columns, or measures of the pictures, by which weak
    slices are looked for; by default all that make any. `fairness`: columns whose groups are
    compared. `against`: another bundle, or of a table another table, to be compared with on the
    same pictures. `unknown`: a folder of pictures that show none of the classes, to judge how well
    they are told. `squeeze`: judge the bundle on pictures made poorer, as in
    `Classifier.squeezing`; `changed_above`: tell how many are called changed, as in
    `Classifier.detecting`. Neither is of what it is compared with.

    Raises as `evaluation.evaluate.evaluate` and `evaluation.evaluate_table.evaluate_table` do.
    """
    folder = Path(out) if out is not None else None
    weighed = None if costs is None else Costs(*costs)
    asked = Asked(top_k, positive, prevalence, sensitivity, weighed)
    wanted = Wanted(_each(slice_by), _each(fairness), None if against is None else Path(against))
    if predictions is not None:
        beside = {
            "BUNDLE": bundle,
            "DATA": data,
            "--split-column": split_column,
            "--table": table,
            "--unknown": unknown,
            "--squeeze": squeeze,
            "--changed-above": changed_above,
        }
        _check_alone("--predictions", beside)
        columns = Columns.named(image_column, label_column, group_column, None, label_separator)
        tables = [predictions] if isinstance(predictions, str | Path) else predictions
        paths = [Path(table) for table in tables]
        return evaluate_table(paths, columns, out=folder, asked=asked, wanted=wanted)
    if bundle is None or data is None:
        raise UsageError(
            "there is nothing to judge",
            where="evaluate",
            mend="Give a bundle and labelled pictures, or a table of answers with --predictions.",
        )
    dataset = _dataset(
        data, image_column, label_column, group_column, split_column, label_separator, table
    )
    from linnaeus.explanation.sheet import explain_answers

    return evaluate_bundle(
        Path(bundle),
        dataset,
        out=folder,
        progress=progress or Quiet(),
        asked=asked,
        wanted=wanted,
        unknown=None if unknown is None else Path(unknown),
        explain=partial(explain_answers, inside=False, squeeze=squeeze),  # with torch or without
        squeeze=squeeze,
        changed_above=changed_above,
    )


def ensemble(
    bundles: Sequence[str | Path],
    data: str | Path | Dataset,
    *,
    out: str | Path | None = None,
    method: CombinationMethod = "average",
    image_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    group_column: str | None = None,
    split_column: str | None = None,
    label_separator: str | None = None,
    table: str | Path | None = None,
    workers: int | None = None,
    cache: bool = True,
    progress: Progress | None = None,
) -> Ensembled:
    """Make one bundle of `bundles` that were trained on one split of `data`, and judge it.

    `method`: "average" takes the mean of their calibrated probabilities, by weights that suit the
    pictures which all of them held out; "stack" learns a small model on them. `out`: a folder for
    bundle/, report/ and predictions.csv, by default a new one under runs/. Needs no torch.

    Raises UsageError for a method that there is not, and as `ensembling.ensemble.ensemble` does.
    """
    if method not in ("average", "stack"):
        mend = 'Give "average" or "stack".'
        raise UsageError(f'there is no method "{method}"', where="--method", mend=mend)
    from linnaeus.ensembling.ensemble import ensemble as ensemble_of

    dataset = _dataset(
        data, image_column, label_column, group_column, split_column, label_separator, table
    )
    with _claimed(out, f"{dataset.name}-ensemble") as folder:
        return ensemble_of(
            [Path(bundle) for bundle in bundles],
            dataset,
            method=method,
            out=folder,
            progress=progress or Quiet(),
            workers=workers,
            cache=the_cache() if cache else None,
        )


def compare(
    data: str | Path | Sequence[str | Path],
    *,
    models: str | Sequence[str],
    folds: int = 5,
    out: str | Path | None = None,
    preset: Preset = "balanced",
    budget: str | float | None = None,
    curves: bool = True,
    seed: int = 0,
    weights: str | Path | Sequence[str | Path] = (),
    image_column: str | Sequence[str] | None = None,
    label_column: str | Sequence[str] | None = None,
    group_column: str | Sequence[str] | None = None,
    split_column: str | Sequence[str] | None = None,
    table: str | Path | Sequence[str] | None = None,
    workers: int | None = None,
    cache: bool = True,
    progress: Progress | None = None,
) -> Compared:
    """Train several models on the same folds of one or more data sets, and say which are better.

    `data`: paths or names, as for `load_dataset`. `models`: names that `train` takes, in a list or
    parted by commas. `out`: the study's folder; the same call goes on with what an earlier one
    left there, and by default each finds its own again under runs/. `budget`: time for all of it;
    networks from scratch then make fewer passes. `curves`: also learn from parts of the first
    fold, to see what more pictures would bring. An option for a column is for all data sets, or
    for one where it is "NAME=COLUMN". `weights`: folders with pretrained networks; nothing is
    downloaded.

    Raises UsageError for options that cannot be meant, MissingError where the `train` extra, a
    model or its weights are missing, Stopped on Ctrl-C with all that is done kept, and as
    `load_dataset` and `data.save_split.save_split` do.
    """
    require_training()
    from linnaeus.comparing.compare import compare_models
    from linnaeus.training.budget import parse_budget

    places = [weights] if isinstance(weights, str | Path) else list(weights)
    return compare_models(
        [data] if isinstance(data, str | Path) else list(data),
        [m.strip() for m in models.split(",")] if isinstance(models, str) else list(models),
        out=None if out is None else Path(out),
        columns={
            "image_column": image_column,
            "label_column": label_column,
            "group_column": group_column,
            "split_column": split_column,
            "table": None if table is None else _texts(table),
        },
        progress=progress or Quiet(),
        folds=folds,
        preset=preset,
        budget_s=None if budget is None else parse_budget(budget),
        curves=curves,
        seed=seed,
        weights=tuple(str(Path(one).absolute()) for one in places),
        workers=workers,
        cache=cache,
    )


def _texts(given: str | Path | Sequence[str]) -> list[str]:
    return [str(given)] if isinstance(given, str | Path) else list(given)


def export_dataset(
    data: str | Path | Dataset,
    *,
    to: str,
    out: str | Path,
    image_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    group_column: str | None = None,
    split_column: str | None = None,
    label_separator: str | None = None,
    table: str | Path | None = None,
    progress: Progress | None = None,
) -> Exported:
    """Write a data set anew to the folder `out`: `to` is folder, csv, webdataset or parquet.

    Pictures are copied byte for byte. Raises as `load_dataset` and `data.export.export_dataset` do.
    """
    dataset = _dataset(
        data, image_column, label_column, group_column, split_column, label_separator, table
    )
    return write_dataset(dataset, to, Path(out), progress=progress)


def fetch_dataset(
    data: str, *, to: str | Path | None = None, progress: Progress | None = None
) -> Path:
    """Download the data set called `data`: a name that `linnaeus data` lists, kaggle:OWNER/NAME or
    hf:OWNER/NAME. Returns its folder, by default where its name finds it, else `to`.

    What was broken off goes on; what is here already is checked and stays. Raises as
    `data.named.fetch` does.
    """
    return fetch(data, None if to is None else Path(to), progress)


def split(
    data: str | Path | Dataset,
    *,
    out: str | Path,
    folds: int | None = None,
    repeats: int | None = None,
    inner: int | None = None,
    seed: int = 0,
    val: float | None = None,
    test: float | None = None,
    resplit: bool = False,
    allow_tiny: bool = False,
    near_duplicates: NearPolicy = "keep-together",
    time_column: str | None = None,
    domain_column: str | None = None,
    test_domain: str | None = None,
    image_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    group_column: str | None = None,
    split_column: str | None = None,
    label_separator: str | None = None,
    table: str | Path | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> SavedSplit:
    """Part a data set and save where each picture stands to the new file `out`, by its digest.

    One split, or `folds`, `repeats` times, each with `inner` folds; by time, by domain, or class by
    class. `val` and `test` are shares, 0.1 and 0.2 where they are not given. `train(data,
    split=out)` uses it again. Raises as `load_dataset` and `data.save_split.save_split` do.
    """
    parting = Parting(
        seed=seed,
        validation=VALIDATION_SHARE if val is None else val,
        test=TEST_SHARE if test is None else test,
        resplit=resplit,
        allow_tiny=allow_tiny,
        near_duplicates=near_duplicates,
        time_column=time_column,
        domain_column=domain_column,
        test_domain=test_domain,
    )
    dataset = _dataset(
        data, image_column, label_column, group_column, split_column, label_separator, table
    )
    return save_split(
        dataset,
        Path(out),
        parting,
        folds=folds,
        repeats=repeats,
        inner=inner,
        given=[name for name, share in (("--val", val), ("--test", test)) if share is not None],
        workers=workers,
        progress=progress,
    )


def explain(
    bundle: str | Path,
    pictures: str | Path | Sequence[str | Path] = (),
    *,
    files_from: str | Path | None = None,
    image_column: str | None = None,
    allow_url: bool = False,
    limit: int | None = None,
    method: str = "auto",
    class_name: str | None = None,
    layer: str | None = None,
    cover: str = "blur",
    parts: Literal["superpixels", "grid"] | None = None,
    alike: str | Path | Dataset | None = None,
    boxes: str | Path | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    progress: Progress | None = None,
) -> Explained:
    """Explain what `bundle` says of `pictures`, and measure whether that can be believed.

    `pictures`, `files_from`, `image_column` and `allow_url`: as in `predict`, but for what is
    live. `limit`: explain at most so many of them, drawn by the seed; by default all.
    `method`: a name of `explanation.methods.METHODS`, "auto" or "all". `class_name`: the class to
    explain, by default of each picture the one named. `alike`: labelled pictures among which those
    most alike are found. `boxes`: a table of where objects are. `out`: a new folder for the page,
    pictures, maps and figures, by default none. Methods that look inside the network need the
    `train` extra. Raises as `explanation.explaining.explain_pictures`, `load_dataset`,
    `predicting.sources.sources_of` and `explanation.boxes.read_boxes` do.
    """
    from linnaeus.explanation.boxes import read_boxes
    from linnaeus.explanation.explaining import explain_pictures
    from linnaeus.predicting.sources import sources_of

    given = [pictures] if isinstance(pictures, str | Path) else pictures
    with ExitStack() as opened:
        return explain_pictures(
            bundle,
            sources_of(
                given,
                opened,
                files_from=files_from,
                image_column=image_column,
                allow_url=allow_url,
            ),
            limit=limit,
            method=cast("Any", method),
            target=class_name,
            layer=layer,
            cover=cover,
            parts=parts,
            known=None if alike is None else _dataset(alike),
            boxes=None if boxes is None else read_boxes(Path(boxes)),
            seed=seed,
            out=None if out is None else Path(out),
            progress=progress,
        )


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
        dataset = _dataset(data, image_column, label_column, None, None, label_separator, table)
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


def search(
    index: str | Path,
    pictures: str | Path | Sequence[str | Path] = (),
    *,
    files_from: str | Path | None = None,
    image_column: str | None = None,
    allow_url: bool = False,
    top: int = 10,
    bundle: str | Path | None = None,
    out: str | Path | Sequence[str | Path] = (),
    progress: Progress | None = None,
) -> Found:
    """The `top` pictures of an `index` that look most like each of `pictures`.

    `pictures`, `files_from`, `image_column` and `allow_url`: as in `predict`, but for what is
    live. `bundle`: where the bundle that the index was made with is now, by default where it was;
    another one is refused. `out`: a file or several for what is found, whose ending says as what:
    .csv, .json, or .html, which shows the pictures. Raises as `searching.search.search_index`,
    `predicting.sources.sources_of` and `searching.written.write_found` do.
    """
    from linnaeus.predicting.sources import sources_of
    from linnaeus.searching.search import search_index
    from linnaeus.searching.written import check_ending, write_found

    given = [pictures] if isinstance(pictures, str | Path) else pictures
    wanted = [Path(out)] if isinstance(out, str | Path) else [Path(one) for one in out]
    for file in wanted:
        check_ending(file)
    place = None if bundle is None else Path(bundle)
    with ExitStack() as opened:
        sources = sources_of(
            given, opened, files_from=files_from, image_column=image_column, allow_url=allow_url
        )
        found = search_index(Path(index), sources, top=top, bundle=place, progress=progress)
        for file in wanted:
            write_found(file, found)
    return found


def stress(
    bundle: str | Path,
    data: str | Path | Dataset,
    *,
    beside: str | Path | None = None,
    kinds: Sequence[str] | None = None,
    limit: int = 2000,
    data_shift: str | Path | Dataset | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    image_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    group_column: str | None = None,
    split_column: str | None = None,
    table: str | Path | None = None,
    progress: Progress | None = None,
) -> tuple[Stressed, ...]:
    """Judge `bundle`, and `beside` if given, on `data` made worse in many ways, and advise.

    `kinds`: of `robustness.stressing.EVERY_KIND`, all by default. `limit`: most pictures drawn.
    `data_shift`: the same classes from elsewhere. `out`: a new folder for the page and figures.
    Raises MissingError where SciPy is missing, and as `robustness.stressing.stress_bundle` and
    `load_dataset` do.
    """
    from importlib.util import find_spec

    if find_spec("scipy") is None:
        raise MissingError(
            "making pictures worse needs SciPy, which this installation does not have",
            mend='Install it with: pip install "linnaeus[train]"',
        )
    from linnaeus.robustness.stressing import stress_bundle

    dataset = _dataset(data, image_column, label_column, group_column, split_column, None, table)
    return stress_bundle(
        [Path(bundle)] if beside is None else [Path(bundle), Path(beside)],
        dataset,
        kinds=kinds,
        limit=limit,
        elsewhere=None if data_shift is None else _dataset(data_shift),
        seed=seed,
        out=None if out is None else Path(out),
        progress=progress or Quiet(),
    )


def export(
    bundle: str | Path,
    to: Target,
    *,
    out: str | Path,
    data: str | Path | Dataset | None = None,
    preprocessing: bool = True,
    name: str | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> ExportedBundle:
    """Write `bundle` in another program's form to the new folder `out`, once it answers alike.

    `to`: one of `exporting.export.TARGETS`. `data`: pictures to compare on, beside the bundle's
    own. `preprocessing`: whether an ONNX graph takes pixels, or numbers that are normalised
    already. `name`: of a wheel's package.

    Raises Shortfall where it answers otherwise than the bundle, MissingError where a package is
    missing, and as `exporting.export.export_bundle` and `load_dataset` do.
    """
    from linnaeus.exporting.export import export_bundle

    return export_bundle(
        Path(bundle),
        to,
        out=Path(out),
        dataset=None if data is None else _dataset(data),
        preprocessing=preprocessing,
        name=name,
        seed=seed,
        progress=progress or Quiet(),
    )


def compress(
    bundle: str | Path,
    data: str | Path | Dataset,
    *,
    out: str | Path | None = None,
    method: str | Sequence[str] = (),
    target: str | None = None,
    max_drop: float = 1.0,
    student: str | None = None,
    epochs: float | None = None,
    prune_share: float = 0.5,
    seed: int = 0,
    image_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    group_column: str | None = None,
    split_column: str | None = None,
    label_separator: str | None = None,
    table: str | Path | None = None,
    workers: int | None = None,
    cache: bool = True,
    progress: Progress | None = None,
) -> Compressed:
    """Make a smaller or faster bundle of `bundle`, and judge both on pictures that neither learnt.

    `data`: what the bundle was trained on, with its test pictures. `method`: one of
    `compression.method.STEPS`, several joined by "+", or a list to choose the best of; by default
    "int8", or with a `target` ("5MB", "10ms") all of them from mild to strong. `max_drop`: points
    of accuracy on test that may be lost. `student`: the network to distil into; `epochs`: passes of
    a step that learns; `prune_share`: of the channels or weights to take away. `out`: a folder for
    bundle/, report/, compression.html and .json, by default a new one under runs/.

    Raises MissingError where the packages for it are missing, Shortfall where too much is lost or
    the target is missed, and as `compression.compress.compress_bundle` and `load_dataset` do.
    """
    require_training()
    from linnaeus.compression.compress import compress_bundle

    dataset = _dataset(
        data, image_column, label_column, group_column, split_column, label_separator, table
    )
    with _claimed(out, f"{dataset.name}-compressed") as folder:
        return compress_bundle(
            Path(bundle),
            dataset,
            methods=_each(method) if method else (),
            target=target,
            max_drop=max_drop,
            student=student,
            epochs=epochs,
            prune_share=prune_share,
            seed=seed,
            out=folder,
            workers=workers,
            cache=the_cache() if cache else None,
            progress=progress or Quiet(),
        )


def list_runs(folder: str | Path = RUNS) -> tuple[RunEntry, ...]:
    """The runs in `folder`, the newest first: state, figures with intervals, size, when."""
    return runs_in(Path(folder))


def show_run(run: str | Path) -> RunEntry:
    """All that is known of a run, finished or not: its folder, or its name in runs/.

    Raises UsageError where there is no such run.
    """
    return read_entry(find_run(run))


def compare_runs(*runs: str | Path) -> RunComparison:
    """Finished runs side by side, and which of their differences are real.

    Raises UsageError for fewer than two, and where one is not there or not finished.
    """
    return runs_compared([find_run(run) for run in runs])


def remove_run(run: str | Path) -> None:
    """Remove a run with all that is in its folder, whole.

    Raises UsageError where it is running or not there, WriteError where it may not be removed.
    """
    remove_folder_of_run(find_run(run))


def attack(
    bundle: str | Path,
    data: str | Path | Dataset,
    *,
    eps: str | float = "8/255",
    norm: Literal["linf", "l2"] = "linf",
    attacks: Sequence[str] | None = None,
    defence: Literal["squeeze"] | None = None,
    limit: int = 500,
    seed: int = 0,
    out: str | Path | None = None,
    image_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    group_column: str | None = None,
    split_column: str | None = None,
    table: str | Path | None = None,
    progress: Progress | None = None,
) -> Attacked:
    """Attack the network of `bundle` on pictures of `data`, and tell how often it is still right.

    `eps`: how far, as a number or text such as "8/255". `attacks`: of fgsm, pgd, apgd-ce, apgd-t,
    square, patch and strong; by default fgsm, pgd and strong. `defence`: "squeeze" measures feature
    squeezing against them, and against attackers who know of it. Needs the `train` extra. Raises as
    `robustness.attacking.attack_bundle`, `robustness.attacking.parse_eps` and `load_dataset` do.
    """
    require_training()
    from linnaeus.robustness.attacking import attack_bundle, parse_eps

    far = parse_eps(eps)
    dataset = _dataset(data, image_column, label_column, group_column, split_column, None, table)
    return attack_bundle(
        Path(bundle),
        dataset,
        eps=far,
        norm=norm,
        attacks=attacks,
        defence=defence,
        limit=limit,
        seed=seed,
        out=None if out is None else Path(out),
        progress=progress or Quiet(),
    )


def certify(
    bundle: str | Path,
    data: str | Path | Dataset,
    *,
    noise: float = 0.25,
    draws: int = 1000,
    limit: int = 100,
    check: bool = False,
    seed: int = 0,
    out: str | Path | None = None,
    image_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    group_column: str | None = None,
    split_column: str | None = None,
    table: str | Path | None = None,
    progress: Progress | None = None,
) -> Certified:
    """Prove how far pictures of `data` may be changed before smoothed answers of `bundle` change.

    A smoothed answer is what most of `draws` copies with Gaussian `noise` (a share of the range of
    levels) are called. `check`: attack every picture inside what is proven for it, which needs the
    `train` extra. `limit`: most pictures drawn. `out`: a new folder for the page and figures.
    Raises as `robustness.certifying.certify_bundle` and `load_dataset` do.
    """
    if check:
        require_training()
    from linnaeus.robustness.certifying import certify_bundle

    dataset = _dataset(data, image_column, label_column, group_column, split_column, None, table)
    return certify_bundle(
        Path(bundle),
        dataset,
        noise=noise,
        draws=draws,
        limit=limit,
        check=check,
        seed=seed,
        out=None if out is None else Path(out),
        progress=progress or Quiet(),
    )


def require_training() -> None:
    """Raise MissingError where the packages that training needs are not installed."""
    from importlib.util import find_spec

    missing = [name for name in ("torch", "timm", "onnx", "onnxscript") if find_spec(name) is None]
    if missing:
        raise MissingError(
            f"training needs {', '.join(missing)}, which this installation does not have",
            mend='Install it with: pip install "linnaeus[train]"',
        )


def _fetch_if_wanted(
    data: str | Path | Dataset,
    download: bool,
    ask: Callable[[str], bool],
    progress: Progress | None,
) -> None:
    """Fetch a data set with a name that is not here, where that is asked for or agreed to."""
    wanted = to_fetch(data) if isinstance(data, str) else ""
    if wanted and (download or ask(f"The data are not on this machine. Download {wanted}?")):
        fetch(str(data), progress=progress)


def _dataset(
    data: str | Path | Dataset,
    image_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    group_column: str | None = None,
    split_column: str | None = None,
    label_separator: str | None = None,
    table: str | Path | None = None,
) -> Dataset:
    """Load `data` where it is not loaded yet."""
    if not isinstance(data, Dataset):
        return load_dataset(
            data,
            image_column=image_column,
            label_column=label_column,
            group_column=group_column,
            split_column=split_column,
            label_separator=label_separator,
            table=table,
        )
    if any((image_column, label_column, group_column, split_column, label_separator, table)):
        raise UsageError(
            "a table or columns are named, but the data set is loaded already",
            mend="Name them in load_dataset.",
        )
    return data


def _each(names: str | Sequence[str]) -> tuple[str, ...]:
    """One name or several, each once."""
    return tuple(dict.fromkeys([names] if isinstance(names, str) else names))


def _check_alone(option: str, beside: Mapping[str, object]) -> None:
    """Raise UsageError where something is given that `option` leaves no use for."""
    if given := [name for name, value in beside.items() if value is not None]:
        raise UsageError(
            f"with {option}, {' and '.join(given)} {'has' if len(given) == 1 else 'have'} no"
            " meaning",
            where=option,
            mend="Leave one or the other out.",
        )


def _fit_watched(
    dataset: Dataset,
    recipe: Recipe,
    choice: Choice,
    *,
    out: Path,
    workers: int | None,
    cache: Cache | None,
    progress: Progress,
    team: Team,
    saver: Saver,
    tensorboard: bool,
    mlflow: str | None,
) -> Run:
    """Train as `training.fit.fit` does, watched as was asked by the process that leads `team`."""
    from linnaeus.explanation.sheet import explain_answers
    from linnaeus.robustness.under_attack import attack_answers
    from linnaeus.training.fit import fit  # loads torch: what is wrong was said before
    from linnaeus.training.watch import watching

    with ExitStack() as while_it_lasts:
        watched = None
        if team.leads:
            watched = while_it_lasts.enter_context(
                watching(
                    out,
                    progress,
                    saver,
                    data=dataset.name,
                    tensorboard=tensorboard,
                    mlflow=mlflow,
                )
            )
        return fit(
            dataset,
            recipe,
            choice,
            out=out,
            workers=workers,
            cache=cache,
            progress=watched or progress,
            team=team,
            saver=saver,
            watched=watched,
            explain=explain_answers,
            attack=attack_answers,
        )


def _nothing_to_learn_from(begun: Begun | None) -> UsageError:
    if begun is None:
        return UsageError("no pictures are named", where="train", mend="Name a folder of them.")
    return UsageError(
        "this run was begun from Python with a Dataset that was loaded already",
        where="--resume",
        mend="Give the same pictures again.",
    )


@contextmanager
def _led(claimed: AbstractContextManager[Path], team: Team, progress: Progress) -> Iterator[Path]:
    """What `claimed` gives process 0 of `team`, for all; says how to go on where it ends early."""
    from linnaeus.training.run_folder import is_worth_going_on

    with ExitStack() as held:
        folder = team.led(lambda: held.enter_context(claimed))
        try:
            yield folder
        except BaseException as end:
            hopeless = isinstance(end, LearningError) or not is_worth_going_on(folder, end)
            if isinstance(end, Terminated) or not hopeless:
                progress.say(f"Go on with this run by `linnaeus train --resume {folder}`.")
            raise


@contextmanager
def _claimed(out: str | Path | None, name: str) -> Iterator[Path]:
    """Claim the folder `out`, or a new runs/NAME-DATE-TIME; give it up where the block fails."""
    wanted = Path(out or Path("runs") / f"{name}-{datetime.now():%Y%m%d-%H%M%S}")
    stood = wanted.exists()
    folder = wanted.with_name(claim_folder(wanted, numbered=out is None).name)
    try:
        yield folder
    except BaseException:
        if not stood:
            release_folder(folder)
        raise
