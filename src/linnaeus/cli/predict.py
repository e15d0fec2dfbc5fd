"""`linnaeus predict`: what pictures show, by a finished bundle, without torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from linnaeus.cli.options import Bundle
from linnaeus.errors import DataError

if TYPE_CHECKING:
    from linnaeus.bundle.predictions import Prediction
    from linnaeus.bundle.promises import Promised

__all__ = ["picture_files", "predict"]


def predict(
    bundle: Bundle,
    pictures: Annotated[
        list[Path],
        typer.Argument(help="Picture files, and folders of them.", metavar="PICTURES..."),
    ],
    csv: Annotated[
        Path | None,
        typer.Option(help="Write a table with all probabilities to this file.", metavar="FILE"),
    ] = None,
    sets: Annotated[
        float | None,
        typer.Option(
            help="Name all classes that a picture may be, so that the true one is among them in"
            " this share of pictures: 0.9.",
            metavar="SHARE",
        ),
    ] = None,
    sets_method: Annotated[
        Literal["lac", "aps", "raps", "class-conditional"],
        typer.Option(help="How such sets are made: lac gives the smallest."),
    ] = "lac",
    max_error: Annotated[
        float | None,
        typer.Option(
            help="Withhold unsure answers, so that at most this share of those given is wrong:"
            " 0.02.",
            metavar="SHARE",
        ),
    ] = None,
    unknown_rate: Annotated[
        float | None,
        typer.Option(
            help="Share of pictures of the classes that may be called unknown, so that pictures of"
            " something else are; 0 calls nothing so. (0.05)",
            metavar="SHARE",
        ),
    ] = None,
) -> None:
    """Say what pictures show, and how sure that is."""
    from linnaeus import api
    from linnaeus.bundle.promises import Promised
    from linnaeus.bundle.table import write_csv
    from linnaeus.cli.telling import teller
    from linnaeus.cli.unread import tell_unread

    _check_shares(sets, max_error, unknown_rate)
    files = picture_files(pictures)
    classifier = api.load(bundle)
    if sets is not None or max_error is not None:
        _ = classifier.held_out  # what cannot be promised is said before the work
    if unknown_rate:
        _ = classifier.unknown
    for notice in classifier.notices:
        typer.echo(notice, err=True)
    answers = []
    with teller().stage("Predicting", len(files)) as stage:
        for _, answer in classifier.stream((file, file) for file in files):
            answers.append(answer.without_features())
            stage.advance()
    names = [str(file) for file in files]
    answered = classifier.gather(names, answers, unknown_rate=unknown_rate)
    promised = Promised()
    if sets is not None or max_error is not None:
        promised = classifier.promise(
            answered, coverage=sets, method=sets_method, max_error=max_error
        )
    for remark in (*classifier.remarks(answered), *promised.remarks):
        typer.echo(remark, err=True)
    several = answered.thresholds is not None
    if csv is not None:
        write_csv(csv, answered, promised)
        _print_summary(list(answered))
        typer.echo(f"Table: {csv}")
    else:
        for place, one in enumerate(answered):
            typer.echo(_line(one, several) + _told(promised, place, answered.classes, one))
    tell_unread(answered.errors)


def _check_shares(sets: float | None, max_error: float | None, unknown_rate: float | None) -> None:
    """Refuse what is no share, before the work."""
    from linnaeus.bundle.label_sets import check_coverage
    from linnaeus.bundle.silence import check_error
    from linnaeus.bundle.unknown import check_rate

    if sets is not None:
        check_coverage(sets)
    if max_error is not None:
        check_error(max_error)
    if unknown_rate is not None:
        check_rate(unknown_rate)


def picture_files(given: list[Path]) -> list[Path]:
    """The files named, and the pictures in the folders named, in order.

    Raises DataError for a name that does not exist, or a folder without pictures.
    """
    files: list[Path] = []
    for path in given:
        if path.is_dir():
            files += _pictures_in(path)
        elif path.is_file():
            files.append(path)
        else:
            raise DataError("there is no such file or folder", where=str(path), mend="Check it.")
    return files


def _pictures_in(folder: Path) -> list[Path]:
    from linnaeus.data.layout import listed
    from linnaeus.data.pictures_below import pictures_below

    found = pictures_below(folder)
    if found.others:
        named = listed(file.relative_to(folder).as_posix() for file in found.others)
        typer.echo(
            f"{folder}: {len(found.others):,} other files left alone, for their names do not end"
            f" like a picture's ({named}). A file that is named itself is tried whatever its name.",
            err=True,
        )
    return list(found.pictures)


def _line(one: Prediction, several: bool) -> str:
    if one.error:
        return f"{one.id}\t\t"
    if several:
        from linnaeus.bundle.predictions import NONE_OF_THEM, SEPARATOR

        told = [f"{p:.3f}" for p in one.probabilities or (one.confidence,)]
        return f"{one.id}\t{one.label or NONE_OF_THEM}\t{SEPARATOR.join(told)}"
    return f"{one.id}\t{one.label}\t{'' if one.unknown else f'{one.confidence:.3f}'}"


def _told(promised: Promised, place: int, classes: Sequence[str], one: Prediction) -> str:
    """What was promised of one answer, as further columns."""
    columns, blank = [], one.error or one.unknown
    if promised.inside is not None:
        columns.append("" if blank else " | ".join(promised.labels(place, classes)) or "none")
    if promised.given is not None:
        columns.append("withheld" if not blank and promised.withheld(place) else "")
    return "".join(f"\t{column}" for column in columns)


def _print_summary(answered: list[Prediction]) -> None:
    """How many pictures were given each label."""
    read = [one for one in answered if not one.error]
    counts = Counter(label for one in read for label in _given(one))
    for label, count in counts.most_common():
        typer.echo(f"{count:>8,}  {label}")


def _given(one: Prediction) -> tuple[str, ...]:
    """The labels that a picture was given, or a word for none."""
    from linnaeus.bundle.predictions import NONE_OF_THEM

    return (one.label,) if one.unknown else one.labels or (NONE_OF_THEM,)
