"""`linnaeus runs`: the runs there are, what they reached, how they differ; and to remove one."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import linnaeus
from linnaeus.cli.verbs import Verbs

if TYPE_CHECKING:
    from linnaeus.evaluation.figure import Figure
    from linnaeus.runs.comparison import RunComparison
    from linnaeus.runs.entry import RunEntry

__all__ = ["app"]

app = Verbs(help="See the runs there are, compare them, or remove one.")

HEADINGS = ("name", "state", "when", "size", "data", "model", "on the test")
IN_NATS = ("log_loss", "brier")
"""Figures that are no shares."""

Json = Annotated[bool, typer.Option("--json", help="Write JSON, with exact numbers.")]
Run = Annotated[str, typer.Argument(help="A run's folder, or its name in runs/.", metavar="RUN")]


@app.callback(invoke_without_command=True)
def runs(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Option("--in", help="Where the runs are. (runs)", metavar="DIR")
    ] = None,
    json: Json = False,
) -> None:
    """See the runs there are, compare them, or remove one."""
    if context.invoked_subcommand is not None:
        _check_of_the_list(context.invoked_subcommand, folder, json=json)
        return
    from linnaeus.runs.listing import RUNS

    entries = linnaeus.list_runs(folder or RUNS)
    if json:
        typer.echo(dumps([entry.to_json() for entry in entries], indent=2, ensure_ascii=False))
    elif entries:
        _echo_table([HEADINGS, *map(_row, entries)])
    else:
        typer.echo(f"There are no runs in {folder or RUNS}.")


def _check_of_the_list(subcommand: str, folder: Path | None, *, json: bool) -> None:
    """Refuse options of the list before a `subcommand`, which would not heed them."""
    from linnaeus.errors import UsageError

    if folder is not None:
        raise UsageError(
            f"`runs {subcommand}` finds a run by its folder, or by its name in runs/",
            where="--in",
            mend=f"Give the run as {folder}/NAME.",
        )
    if json and subcommand != "rm":
        raise UsageError(
            f"it stands before {subcommand}",
            where="--json",
            mend=f"Write `linnaeus runs {subcommand} --json`.",
        )
    if json:
        raise UsageError(
            "nothing is told of what was removed", where="--json", mend="Leave it out."
        )


@app.command("show")
def show(run: Run, json: Json = False) -> None:
    """Tell all that is known of a run, finished or not."""

    entry = linnaeus.show_run(run)
    if json:
        whole = {**entry.to_json(), "recipe": entry.recipe, "log": entry.log}
        typer.echo(dumps(whole, indent=2, ensure_ascii=False))
        return
    _echo_pairs(_about(entry))
    _echo_figures(entry)
    _echo_standing(entry)
    _echo_curves(entry)
    _echo_pairs(_next(entry))


@app.command("compare")
def compare(
    runs: Annotated[
        list[str], typer.Argument(help="Runs' folders, or their names in runs/.", metavar="RUN...")
    ],
    json: Json = False,
) -> None:
    """Set finished runs side by side, and tell which differences are real."""

    compared = linnaeus.compare_runs(*runs)
    if json:
        typer.echo(dumps(compared.to_json(), indent=2, ensure_ascii=False))
        return
    names = [entry.name for entry in compared.entries]
    _echo_table([("on the test", *names), *_figure_rows(compared)])
    typer.echo()
    if compared.recipes:
        _echo_table([("of the recipe", *names), *_recipe_rows(compared)])
        typer.echo()
    for sentence in _differences(compared):
        typer.echo(sentence)


@app.command("rm")
def remove(
    run: Run,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")] = False,
) -> None:
    """Remove a run with all that is in its folder. One that is being written is refused."""
    from linnaeus.errors import UsageError

    entry = linnaeus.show_run(run)
    what = f"{entry.folder} ({entry.state}, {_size(entry.size_bytes)})"
    if not yes:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise UsageError(
                "there is nobody to ask whether to remove this run",
                where=str(entry.folder),
                mend="Say so with --yes.",
            )
        if not typer.confirm(f"Remove {what}?", err=True):
            return
    linnaeus.remove_run(entry.folder)
    typer.echo(f"Removed {what}.")


def _row(entry: RunEntry) -> tuple[str, ...]:
    return (
        entry.name,
        entry.state,
        _when(entry.when),
        _size(entry.size_bytes),
        entry.data,
        entry.model,
        _reached(entry),
    )


def _reached(entry: RunEntry) -> str:
    """The first figure of a finished run; how far it is of any other; why one is broken."""
    if entry.headline:
        name, figure = entry.headline
        return f"{name.replace('_', ' ')} {_figure(name, figure)}"
    if entry.why:
        return entry.why
    return "" if entry.newest is None else _so_far(entry.newest)


def _so_far(line: Mapping[str, Any]) -> str:
    """How far a run is, by a line of its log."""
    share = line.get("validation_accuracy")
    passes = f", pass {line['pass']:.1f}" if "pass" in line else ""
    judged = "" if share is None else f", {100 * share:.1f} % on validation"
    return f"stage {line['stage']}{passes}{judged}"


def _about(entry: RunEntry) -> list[tuple[str, str]]:
    data, training = entry.facts.get("data") or {}, entry.facts.get("training") or {}
    pictures = f", {data['images']:,} pictures of {len(data['classes'])} classes" if data else ""
    told = [
        ("run", str(entry.folder)),
        ("state", f"{entry.state}{f': {entry.why}' if entry.why else ''}"),
        ("when", _when(entry.when)),
        ("size", _size(entry.size_bytes)),
        ("data", f"{entry.data}{pictures}"),
        ("model", entry.model),
    ]
    if training:
        told.append(("learning", f"{training['seconds']:.1f} s on {training['device']}"))
        told += [(f"stage {one['name']}", _stage(one)) for one in training["stages"]]
        told += _spent(training.get("spent") or {})
    elif reached := _reached(entry):
        told.append(("so far", reached))
    return told


def _stage(stage: dict[str, object]) -> str:
    share = stage["validation_accuracy"]
    judged = "" if share is None else f"{100 * float(str(share)):.1f} % on validation, "
    return f"{judged}{'kept' if stage['kept'] else 'not kept'} ({stage['why']})"


def _spent(spent: dict[str, Any]) -> list[tuple[str, str]]:
    """What it took of the machine, as the report says it."""
    from linnaeus.evaluation.spent_in_words import energy_in_words
    from linnaeus.watching.spent import Spent

    known = Spent(**spent)
    memory = known.peak_memory_bytes
    told = [] if memory is None else [("memory", f"{_size(memory)} at most")]
    return [*told, ("energy", energy_in_words(known))] if spent else []


def _echo_figures(entry: RunEntry) -> None:
    if entry.figures:
        typer.echo()
        rows = [(n.replace("_", " "), _figure(n, f)) for n, f in entry.figures.items()]
        _echo_table([("on the test", "between (95 %)"), *rows])


def _echo_standing(entry: RunEntry) -> None:
    """Good, corrupted and attacked pictures side by side, where more than the test was measured."""
    if len(entry.standing) > 1:
        typer.echo()
        rows = [(f"{n} pictures", _figure("accuracy", s.right)) for n, s in entry.standing.items()]
        _echo_table([("right on", "between (95 %)"), *rows])


def _echo_curves(entry: RunEntry) -> None:
    """The curves of each stage that is in the log, as they were drawn while it learnt."""
    from rich.console import Console

    from linnaeus.cli.curves import Curves
    from linnaeus.watching.events import event_of

    stages = list(dict.fromkeys(line["stage"] for line in entry.log if "stage" in line))
    several = any(line.get("task") == "multi" for line in entry.log)
    for stage in stages:
        curves = Curves("mean average precision" if several else "right")
        lines = [line for line in entry.log if line.get("stage") == stage]
        for line in lines:
            curves.hear(event_of(line))
        if curves.is_drawn:
            typer.echo(f"\nstage {stage}")
            Console(file=sys.stdout, highlight=False).print(curves)


def _next(entry: RunEntry) -> list[tuple[str, str]]:
    """What can be done with a run."""
    from linnaeus.runs.standing import ROBUSTNESS

    told: list[tuple[str, str]] = [("", "")]
    if entry.state == "finished":
        told.append(("report", str(entry.folder / "report" / "index.html")))
        if len(entry.standing) > 1:
            told.append(("stands up", str(entry.folder / ROBUSTNESS / "index.html")))
        told.append(("predict", f"linnaeus predict {entry.folder} PICTURES"))
    if entry.state == "stopped":
        told.append(("go on", f"linnaeus train --resume {entry.folder}"))
    if (entry.folder / "tensorboard").is_dir():
        told.append(("watch", f"tensorboard --logdir {entry.folder}"))
    return told if len(told) > 1 else []


def _figure_rows(compared: RunComparison) -> list[tuple[str, ...]]:
    return [
        (name.replace("_", " "), *(_figure(name, one) if one else "" for one in row))
        for name, row in compared.figures.items()
    ]


def _recipe_rows(compared: RunComparison) -> list[tuple[str, ...]]:
    rows = compared.recipes.items()
    return [(name, *(dumps(value, ensure_ascii=False) for value in row)) for name, row in rows]


def _differences(compared: RunComparison) -> list[str]:
    told = []
    for one in compared.differences:
        first, second = Path(one.first).name, Path(one.second).name
        value, low, high = (100 * end for end in one.difference.to_json().values())
        verdict = "a real difference" if one.is_real else "which may be chance"
        told.append(
            f"{second} against {first}, on the same {one.images:,} pictures: {value:+.1f} points of"
            f" accuracy ({low:+.1f} to {high:+.1f}), p = {one.p_value:.2g}, {verdict}."
        )
    if compared.unpaired:
        told.append(f"Of other pairs nothing can be said: {compared.unpaired}.")
    return [*told, *compared.remarks]


def _figure(name: str, figure: Figure) -> str:
    """A figure and its interval, as a share or as a number."""
    if name in IN_NATS:
        return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"
    return f"{100 * figure.value:.1f} % ({100 * figure.low:.1f} to {100 * figure.high:.1f})"


def _when(when: str) -> str:
    """A moment on the clock of this machine."""
    return f"{datetime.fromisoformat(when).astimezone():%Y-%m-%d %H:%M}"


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.1f} MB"


def _echo_pairs(rows: list[tuple[str, str]]) -> None:
    width = max((len(name) for name, _ in rows), default=0)
    for name, value in rows:
        typer.echo(f"{name.ljust(width)}  {value}".rstrip())


def _echo_table(rows: list[tuple[str, ...]]) -> None:
    """Columns as wide as their longest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        typer.echo("  ".join(cells).rstrip())
