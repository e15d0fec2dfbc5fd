"""Classify pictures from anywhere, as many as there are, with memory that stays flat."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from linnaeus.bundle.answer import Answer
from linnaeus.bundle.load import bundle_digest
from linnaeus.bundle.predictions import Prediction
from linnaeus.counted import are, counted
from linnaeus.data.store import printable
from linnaeus.errors import DataError
from linnaeus.predicting.asked import Answered, Answering, Asked
from linnaeus.predicting.journal import Journal
from linnaeus.predicting.picture import Picture, Source, begun, total_of
from linnaeus.predicting.states import Changed
from linnaeus.predicting.tally import Tally
from linnaeus.predicting.watched import watched
from linnaeus.progress import Progress, Stage

__all__ = [
    "Collected",
    "Output",
    "Predicted",
    "begun_with",
    "predict_all",
    "predict_live",
    "predict_watched",
]

AT_ONCE = 32
"""Answers that are made and written together: cheaper than one by one, and few to lose."""

FRAMES_AT_ONCE = 4
"""The same for frames of videos, whose pixels are kept until they are written: 25 MB each of 4K."""

WAITS_S = 0.5
"""How long an answer waits for others to be written with."""


class Output(Protocol):
    """Where answers go."""

    def add(self, answered: Answered) -> None:
        """Take the answers to some more pictures."""


@dataclass(frozen=True)
class Predicted:
    """What came of it: `pictures` in all, of which `unread` could not be read.

    `labels`: {label: how often it was given}, the most frequent first; "unknown" is one of them.
    `withheld`: answers that were not sure enough to be given. `changed`: pictures that somebody may
    have changed on purpose. `out`: the table. `answers`: in order, where no table was asked for.
    """

    pictures: int
    unread: int
    withheld: int
    labels: Mapping[str, int]
    changed: int = 0
    out: Path | None = None
    answers: tuple[Prediction, ...] = field(default=(), repr=False)


class Collected:
    """An output that keeps the answers in memory."""

    def __init__(self) -> None:
        self.answers: list[Prediction] = []

    def add(self, answered: Answered) -> None:
        """Keep them."""
        self.answers += answered.predictions


def begun_with(bundle: Path, asked: Asked) -> dict[str, Any]:
    """What decides the answers, as plain JSON values: the bundle by its digest, and the options."""
    return {"bundle": bundle_digest(bundle), **vars(asked)}


def predict_all(
    answering: Answering,
    sources: Sequence[Source],
    outputs: Sequence[Output],
    journal: Journal | None,
    progress: Progress,
) -> Tally:
    """Classify all pictures of `sources`, in order; what is said goes to `outputs` and `journal`.

    Rows that `journal` has already are not computed again; they have to be of the same pictures in
    the same order, or DataError is raised, and those whose file is another now are told. Each
    picture that cannot be read is told.
    """
    tally = _new_tally(answering)
    total = total_of(sources)
    with progress.stage("Predicting", total) as stage, _told_how_to_go_on(journal, tally, progress):
        pictures = _all_of(sources)
        if journal is not None and journal.count:
            changed = _pass_over(pictures, journal, tally, stage)
            progress.say(f"Going on after {counted(tally.pictures, 'row')}{_unread(tally)}.")
            if changed.count:
                mend = f"Predict them again by themselves, or remove {journal.part} and begin anew."
                progress.warn(f"{changed.sentence} {mend}")
        left = None if total is None else total - tally.pictures
        for answered in _answers(answering, pictures, left):
            _hand_out(answered, outputs, journal, tally, progress)
            stage.advance(len(answered.pictures))
    return tally


def predict_live(
    answering: Answering,
    bursts: Iterable[Sequence[Picture]],
    outputs: Sequence[Output],
    journal: Journal | None,
    progress: Progress,
    tally: Tally | None = None,
) -> Tally:
    """Classify each of `bursts` as it comes, until they end or KeyboardInterrupt ends them.

    `tally`: what was counted before.
    """
    tally = tally or _new_tally(answering)
    with suppress(KeyboardInterrupt):
        for pictures in bursts:
            for answered in _answers(answering, pictures, len(pictures)):
                _hand_out(answered, outputs, journal, tally, progress)
    return tally


def predict_watched(
    answering: Answering,
    folders: Sequence[Path],
    outputs: Sequence[Output],
    journal: Journal | None,
    progress: Progress,
) -> Tally:
    """Classify what comes into `folders` until KeyboardInterrupt, which is how this work ends.

    Pictures whose rows `journal` has already are left alone.
    """
    tally, done = _new_tally(answering), set()
    for row in journal.kept() if journal is not None else ():
        tally.add_kept(row)
        done.add(row.name)
    if done:
        progress.say(f"Going on after {counted(tally.pictures, 'row')}{_unread(tally)}.")
    named = ", ".join(map(str, folders))
    progress.say(f"Watching {named}; Ctrl-C ends it.")
    coming = watched(folders, done, progress.warn)
    return predict_live(answering, coming, outputs, journal, progress, tally)


def _new_tally(answering: Answering) -> Tally:
    return Tally(several=answering.classifier.record.task == "multi")


def _hand_out(
    answered: Answered,
    outputs: Sequence[Output],
    journal: Journal | None,
    tally: Tally,
    progress: Progress,
) -> None:
    for output in outputs:
        output.add(answered)
    if journal is not None:
        journal.add(answered)
    tally.add(answered)
    for one in answered.predictions:
        if one.error:
            progress.say(f"Could not be read: {one.id}: {one.error}")


def _all_of(sources: Sequence[Source]) -> Iterator[Picture]:
    return (picture for source in sources for picture in source.pictures())


def _pass_over(
    pictures: Iterator[Picture], journal: Journal, tally: Tally, stage: Stage
) -> Changed:
    """Take from `pictures` those whose rows are there; gives those whose file is another now.

    Raises DataError where they are other pictures.
    """
    changed = Changed()
    rows = zip(journal.kept(), journal.kept_states(), strict=True)
    for number, (row, state) in enumerate(rows, start=1):
        picture = next(pictures, None)
        if picture is None or printable(picture.name) != row.name:
            found = "there is no such picture" if picture is None else f"it is {picture.name}"
            raise DataError(
                f"picture {number:,} was {row.name} when this table was begun, and now {found}",
                where=f"--resume: {journal.path}",
                mend=f"Give the same pictures, or remove {journal.part} and begin anew.",
            )
        if state is not None and picture.state != state:
            changed.add(picture.name)
        tally.add_kept(row)
        stage.advance()
    return changed


def _answers(
    answering: Answering, pictures: Iterable[Picture], total: int | None
) -> Iterator[Answered]:
    """The answers to `pictures`, of which there are `total`, some at a time."""
    pairs = ((picture, begun(picture)) for picture in pictures)
    for some in _in_groups(answering.classifier.stream(pairs, total=total)):
        yield answering([picture for picture, _ in some], [answer for _, answer in some])


def _in_groups(answers: Iterable[tuple[Picture, Answer]]) -> Iterator[list[tuple[Picture, Answer]]]:
    """`AT_ONCE` at a time, or as many as came in `WAITS_S`."""
    group: list[tuple[Picture, Answer]] = []
    begun_s = time.monotonic()
    try:
        for picture, answer in answers:
            group.append((picture, answer.without_features()))
            most = AT_ONCE if picture.frame is None else FRAMES_AT_ONCE
            if len(group) >= most or time.monotonic() - begun_s > WAITS_S:
                whole, group = group, []
                yield whole
                begun_s = time.monotonic()
    except KeyboardInterrupt:  # what is finished is not lost
        if group:
            yield group
        raise
    if group:
        yield group


@contextmanager
def _told_how_to_go_on(journal: Journal | None, tally: Tally, progress: Progress) -> Iterator[None]:
    try:
        yield
    except BaseException:
        if journal is not None and tally.pictures:
            kept = f"{counted(tally.pictures, 'row')} {are(tally.pictures)} kept in {journal.part};"
            if journal.resumable:
                progress.say(f"{kept} the same command with --resume goes on from there.")
            else:
                progress.say(f"{kept} this work cannot be gone on with. {journal.how_to_begin}")
        raise


def _unread(tally: Tally) -> str:
    return f", of which {tally.unread:,} could not be read" if tally.unread else ""
