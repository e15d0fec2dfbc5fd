"""`linnaeus train`: from labelled pictures to a judged classifier, in one folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

import linnaeus
from linnaeus.cli.options import (
    DomainColumn,
    GroupColumn,
    ImageColumn,
    ImageSize,
    LabelColumn,
    LabelSeparator,
    NearDuplicates,
    NoCache,
    RecipeSeed,
    SplitColumn,
    Table,
    TestDomain,
    TimeColumn,
    Workers,
)

__all__ = ["train"]


def train(
    data: Annotated[
        str | None,
        typer.Argument(
            help="A folder of class folders, a zip or tar of one, a table, shards, or a name.",
            metavar="[DATA]",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="The run's folder; a new one under runs/ if not given.", metavar="DIR"),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(help="Go on with the interrupted run in this folder.", metavar="DIR"),
    ] = None,
    checkpoint_every: Annotated[
        str | None,
        typer.Option(
            help="How often a run is saved: 30s, 5m. (1m, or as is cheap)", metavar="TIME"
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="auto, or any name that `linnaeus models` lists. (auto)"),
    ] = None,
    preset: Annotated[
        Literal["quick", "balanced", "best"] | None,
        typer.Option(help="How much trouble to take: quick, balanced or best. (balanced)"),
    ] = None,
    image_size: ImageSize = None,
    weights: Annotated[
        list[Path] | None,
        typer.Option(help="A folder with pretrained networks; may be repeated.", metavar="DIR"),
    ] = None,
    download: Annotated[
        bool,
        typer.Option("--download", help="Fetch pretrained weights, or data, that are not at hand."),
    ] = False,
    budget: Annotated[
        str | None, typer.Option(help="Time that learning may take: 90s, 2m, 1h30m.")
    ] = None,
    epochs: Annotated[
        float | None, typer.Option(help="Passes over the pictures, for a network from scratch.")
    ] = None,
    augment: Annotated[
        Literal["none", "light", "medium", "heavy", "auto"] | None,
        typer.Option(help="How views differ from pictures, where a network learns. (light)"),
    ] = None,
    seed: RecipeSeed = None,
    val: Annotated[
        float | None, typer.Option(help="Share of the pictures to choose and calibrate on. (0.1)")
    ] = None,
    test: Annotated[
        float | None, typer.Option(help="Share of the pictures that only judge. (0.2)")
    ] = None,
    resplit: Annotated[
        bool, typer.Option("--resplit", help="Part the data anew although they come parted.")
    ] = False,
    allow_tiny: Annotated[
        bool, typer.Option("--allow-tiny", help="Take classes of a single picture.")
    ] = False,
    near_duplicates: NearDuplicates = None,
    time_column: TimeColumn = None,
    domain_column: DomainColumn = None,
    test_domain: TestDomain = None,
    split: Annotated[
        Path | None, typer.Option(help="Use the split of this file again.", metavar="FILE")
    ] = None,
    fold: Annotated[
        int | None, typer.Option(help="Which fold of the split file is the test; from 0.")
    ] = None,
    repeat: Annotated[
        int | None, typer.Option(help="Which repeat of the split file's folds. (0)")
    ] = None,
    inner: Annotated[
        int | None, typer.Option(help="Which inner fold of the split file is the validation.")
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(
            help="Cross-validate: train so often, each time judged on a fold of its own, and report"
            " on all answers. Leaves no bundle."
        ),
    ] = None,
    unknown: Annotated[
        Path | None,
        typer.Option(
            help="A folder of pictures that show none of the classes, to choose and judge what"
            " tells such pictures.",
            metavar="DIR",
        ),
    ] = None,
    precision: Annotated[
        Literal["auto", "float32", "bfloat16"] | None,
        typer.Option(help="What the bundle answers in; float32 is the same everywhere. (auto)"),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(help="What a network learns on: auto, cpu, cuda, cuda:1, mps. (auto)"),
    ] = None,
    ensemble: Annotated[
        str | None,
        typer.Option(
            help="Train members that answer together: folds:5, or from scratch snapshots:5.",
            metavar="KIND:N",
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            help="Start from this recipe: a file, or a name that `linnaeus recipes` lists.",
            metavar="RECIPE",
        ),
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Set a field of the recipe, such as network.epochs=5; may be repeated.",
            metavar="KEY=VALUE",
        ),
    ] = None,
    image_column: ImageColumn = None,
    label_column: LabelColumn = None,
    group_column: GroupColumn = None,
    split_column: SplitColumn = None,
    label_separator: LabelSeparator = None,
    table: Table = None,
    workers: Workers = None,
    no_cache: NoCache = False,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write event files for TensorBoard into the run.")
    ] = False,
    mlflow: Annotated[
        str | None,
        typer.Option(help="Tell the MLflow server at this address of the run.", metavar="URL"),
    ] = None,
) -> None:
    """Train a classifier, judge it on pictures it never saw, and write the report."""
    from linnaeus.cli.telling import teller
    from linnaeus.evaluation.cross_validation import fold_words
    from linnaeus.training.team import leads_here

    run = linnaeus.train(
        data,
        out=out,
        resume=resume,
        checkpoint_every=checkpoint_every,
        recipe=recipe,
        settings=setting or (),
        model=model,
        preset=preset,
        image_size=image_size,
        weights=weights or (),
        download=download,
        budget=budget,
        epochs=epochs,
        augment=augment,
        seed=seed,
        val=val,
        test=test,
        resplit=resplit or None,
        allow_tiny=allow_tiny or None,
        near_duplicates=near_duplicates,
        time_column=time_column,
        domain_column=domain_column,
        test_domain=test_domain,
        split=split,
        fold=fold,
        repeat=repeat,
        inner=inner,
        folds=folds,
        unknown=unknown,
        precision=precision,
        device=device,
        ensemble=ensemble,
        image_column=image_column,
        label_column=label_column,
        group_column=group_column,
        split_column=split_column,
        label_separator=label_separator,
        table=table,
        workers=workers,
        cache=not no_cache,
        tensorboard=tensorboard,
        mlflow=mlflow,
        ask=_ask_on_terminal,
        progress=teller(),
    )
    if not leads_here():
        return
    for sentence in run.in_plain_words[:3]:
        typer.echo(sentence)
    for sentence in (
        *(run.gain.in_plain_words if run.gain else ()),
        *fold_words(run.crossed),
    ):
        typer.echo(sentence)
    typer.echo(f"Report: {run.report}")
    if run.crossed is None:
        typer.echo(f"Bundle: {run.bundle}")


def _ask_on_terminal(question: str) -> bool:
    """Ask, where there is somebody to answer; elsewhere the answer is no."""
    return sys.stdin.isatty() and sys.stderr.isatty() and typer.confirm(question, err=True)
