"""`linnaeus evaluate`: how good a bundle is on pictures that it has not seen, or a table is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import linnaeus
from linnaeus.cli.options import (
    ChangedAbove,
    GroupColumn,
    ImageColumn,
    LabelColumn,
    LabelSeparator,
    SplitColumn,
    Squeeze,
    Table,
)
from linnaeus.counted import pictures
from linnaeus.written_numbers import number_in

if TYPE_CHECKING:
    from linnaeus.evaluation.figure import Figure
    from linnaeus.evaluation.further import Further
    from linnaeus.evaluation.judging import Measured
    from linnaeus.evaluation.promises import Kept
    from linnaeus.evaluation.slices import Slice, Slices
    from linnaeus.evaluation.unknowns import UnknownTold

__all__ = ["evaluate"]

SHOWN_SLICES = 5


def evaluate(
    bundle: Annotated[
        Path | None,
        typer.Argument(help="The bundle's folder, or the run that holds it.", metavar="BUNDLE"),
    ] = None,
    data: Annotated[
        str | None,
        typer.Argument(
            help="A folder of class folders, a zip or tar of one, a table, shards, or a name.",
            metavar="DATA",
        ),
    ] = None,
    predictions: Annotated[
        list[Path] | None,
        typer.Option(
            help="Judge this table of labels and probabilities, of whatever model, instead of a"
            " bundle; may be repeated, once a fold.",
            metavar="FILE",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="A new folder for report/ and predictions.csv.", metavar="DIR"),
    ] = None,
    image_column: ImageColumn = None,
    label_column: LabelColumn = None,
    group_column: GroupColumn = None,
    split_column: SplitColumn = None,
    label_separator: LabelSeparator = None,
    table: Table = None,
    top_k: Annotated[
        int | None,
        typer.Option(help="Tell how often the truth is among so many likeliest classes."),
    ] = None,
    positive: Annotated[
        str | None,
        typer.Option(
            help="Of two classes, the one that is looked for: its sensitivity and predictive values"
            " are told. (the second)",
            metavar="CLASS",
        ),
    ] = None,
    prevalence: Annotated[
        float | None,
        typer.Option(
            help="Its share of the pictures where the classifier is to serve: 0.02.",
            metavar="SHARE",
        ),
    ] = None,
    sensitivity: Annotated[
        float | None,
        typer.Option(
            help="Tell the threshold at which this share of its pictures is found: 0.95.",
            metavar="SHARE",
        ),
    ] = None,
    costs: Annotated[
        str | None,
        typer.Option(
            help="Tell the threshold that suits the cost of a missed one and of a false alarm:"
            " 10:1.",
            metavar="MISSED:FALSE",
        ),
    ] = None,
    slice_by: Annotated[
        list[str] | None,
        typer.Option(
            help="Look for weak slices by this column, or measure of the pictures, alone; may be"
            " repeated. (all that make any)",
            metavar="COLUMN",
        ),
    ] = None,
    fairness: Annotated[
        list[str] | None,
        typer.Option(
            help="Tell how far figures lie apart between the groups of this column; may be"
            " repeated.",
            metavar="COLUMN",
        ),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            help="Compare with this bundle, or of a table with this table, on the same pictures.",
            metavar="OTHER",
        ),
    ] = None,
    unknown: Annotated[
        Path | None,
        typer.Option(
            help="A folder of pictures that show none of the classes: tell how many of them are"
            " called unknown.",
            metavar="DIR",
        ),
    ] = None,
    squeeze: Squeeze = None,
    changed_above: ChangedAbove = None,
) -> None:
    """Judge a bundle on labelled pictures that it was not trained on, or a table of answers."""
    from linnaeus.cli.telling import teller
    from linnaeus.cli.unread import tell_unread

    judged = linnaeus.evaluate(
        bundle,
        data,
        predictions=predictions or None,
        out=out,
        image_column=image_column,
        label_column=label_column,
        group_column=group_column,
        split_column=split_column,
        label_separator=label_separator,
        table=table,
        top_k=top_k,
        positive=positive,
        prevalence=prevalence,
        sensitivity=sensitivity,
        costs=_costs(costs),
        slice_by=slice_by or (),
        fairness=fairness or (),
        against=against,
        unknown=unknown,
        squeeze=squeeze,
        changed_above=changed_above,
        progress=teller(),
    )
    for sentence in (*judged.remarks, *judged.in_plain_words):
        typer.echo(sentence)
    further = getattr(judged.metrics, "further", None)  # there is none of several labels
    _print_figures(judged.metrics, further, top_k)
    if further is not None:
        if positive is not None or prevalence is not None:
            _print_tests(further)
        _print_cuts(further, asked=sensitivity is not None or costs is not None)
    _print_slices(judged.slices)
    if judged.promises is not None and judged.promises.sets:
        _print_promises(judged.promises)
    if judged.unknown is not None:
        _print_unknown(judged.unknown)
    if judged.report:
        typer.echo(f"Report: {judged.report}")
    tell_unread(judged.predictions.errors)


def _print_slices(slices: Slices) -> None:
    """The slices that are weaker by more than chance, of a class too, and what was left out."""
    from linnaeus.evaluation.slice_words import tested_words

    if slices.of_all or slices.tested_in_classes:
        typer.echo(f"\n{tested_words(slices, by=slices.traits)}")
    for one in (*slices.weaker[:SHOWN_SLICES], *slices.weaker_in_classes[:SHOWN_SLICES]):
        _print_slice(one)
    for sentence in slices.told[:SHOWN_SLICES]:
        typer.echo(f"Not looked at: {sentence}")
    more = len(slices.told) - SHOWN_SLICES
    if more > 0:
        typer.echo(f"Not looked at: {more} more, which the report names (--out).")


def _print_slice(one: Slice) -> None:
    inside, rest = one.gap.inside, one.gap.rest
    of_class = f"{one.of_class}, " if one.of_class else ""
    typer.echo(
        f"  {of_class}{one.trait}: {one.value} ({pictures(one.images)})"
        f"  {inside.value:.4f}  ({inside.low:.4f} to {inside.high:.4f}),"
        f" elsewhere {rest.value:.4f}"
    )


def _print_figures(metrics: Measured, further: Further | None, top_k: int | None) -> None:
    figures = metrics.headline()
    if top_k is not None and further is not None:
        figures |= {f"top-{top_k} accuracy": further.top_k[top_k]}
    width = max(18, *map(len, figures))
    typer.echo(f"\nOn {pictures(metrics.images)} (95 % intervals):")
    for name, figure in figures.items():
        _print_figure(name, figure, width)


def _print_figure(name: str, figure: Figure | None, width: int = 18) -> None:
    told = _told(figure) if figure is not None else "no picture can tell"
    typer.echo(f"  {name:<{width}} {told}")


def _print_tests(further: Further) -> None:
    """Of two classes, the figures of a test for one, as frequent as here and as stated."""
    for test in further.tests:
        typer.echo(f"\nAs a test for “{test.positive}”, {100 * test.prevalence:.1f} % of all:")
        for name, figure in test.figures().items():
            _print_figure(name.replace("_", " "), figure, 25)


def _costs(text: str | None) -> tuple[float, float] | None:
    """ "10:1" as (10, 1). Raises UsageError for anything else."""
    from linnaeus.errors import UsageError

    if text is None:
        return None
    before, _, after = text.partition(":")
    missed, false_alarm = number_in(before), number_in(after)
    if missed is None or false_alarm is None:
        raise UsageError(
            f"'{text}' is not two costs",
            where="--costs",
            mend="Give the cost of a missed picture and of a false alarm, such as 10:1.",
        )
    return missed, false_alarm


def _print_cuts(further: Further, *, asked: bool) -> None:
    """The thresholds that were asked for, and what they bring."""
    test = further.operating
    if test is None:
        if asked:
            typer.echo("\nNo threshold can be told: all judged pictures are of one class.")
        return
    for cut in test.cuts:
        typer.echo(f"\nFrom {cut.text} on called “{test.positive}”: {cut.why}.")
        figures = {
            "sensitivity": cut.sensitivity,
            "specificity": cut.specificity,
            "called": cut.called,
            **({"cost a picture": cut.cost} if cut.cost else {}),
        }
        for name, one in figures.items():
            _print_figure(name, one)
    for sentence in test.remarks:
        typer.echo(f"\n{sentence}")


def _print_promises(kept: Kept) -> None:
    """How the two promises did that people ask for most; the report has the others."""
    from linnaeus.evaluation.in_100 import between, in_100, times

    sets = kept.at(0.9, "lac")
    silence = next(one for one in kept.silence if one.max_error == 0.02)
    typer.echo("\nPromises, were no picture called “unknown”:")
    held = f"{times(sets.covered.value)} ({between(sets.covered)})"
    less = ", which is less than promised" if sets.broken else ""
    typer.echo(f"  Label sets to hold the truth 90 times in 100 held it {held}{less}.")
    if silence.confidence is None:
        typer.echo("  That at most 2 in 100 answers are wrong cannot be promised.")
        return
    answered = f"{in_100(silence.answered.value)} in 100 pictures ({between(silence.answered)})"
    wrong = ""
    if silence.error:
        more = ", which is more than promised" if silence.broken else ""
        told = f"{in_100(silence.error.value)} in 100 ({between(silence.error)})"
        wrong = f"; of the answers {told} were wrong{more}"
    typer.echo(f"  To be wrong at most 2 times in 100, it answers {answered}{wrong}.")


def _told(figure: Figure) -> str:
    return f"{figure.value:.4f}  ({figure.low:.4f} to {figure.high:.4f})"


def _print_unknown(told: UnknownTold) -> None:
    """How many of the known, the made and the given pictures are called unknown, and how sure."""
    typer.echo("\nCalled unknown (95 % intervals), and the area under the ROC curve:")
    kinds = {"made outliers": told.made} | ({"your unknown ones": told.given} if told.given else {})
    for name, share in {
        "known pictures": told.false_alarms,
        **{name: kind.called for name, kind in kinds.items()},
    }.items():
        area = f"   {_told(kinds[name].area)}" if name in kinds else ""
        typer.echo(f"  {name:<18} {_told(share)}{area}")
