"""One `predict` from what was asked to what came of it: sources, bundle, outputs, and the work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linnaeus.bundle.load import load
from linnaeus.counted import pictures, were
from linnaeus.data.layout import listed
from linnaeus.errors import UsageError
from linnaeus.predicting.asked import Answering, Asked
from linnaeus.predicting.journal import Journal
from linnaeus.predicting.lines import Lines
from linnaeus.predicting.picture import Source, held, with_state
from linnaeus.predicting.predict_all import (
    Collected,
    Output,
    Predicted,
    begun_with,
    predict_all,
    predict_live,
    predict_watched,
)
from linnaeus.predicting.sorting import Sorting
from linnaeus.predicting.sources import FPS, sources_of
from linnaeus.predicting.tables import row_format
from linnaeus.predicting.video import check_rate_of_frames, is_live, live_frames
from linnaeus.predicting.watched import check_watchable
from linnaeus.progress import Progress

__all__ = ["Job"]


@dataclass(frozen=True)
class Job:
    """Where pictures come from and answers go; the fields are the options of `linnaeus predict`.

    Raises UsageError where these cannot be meant together.
    """

    pictures: Sequence[str | Path]
    files_from: str | Path | None = None
    image_column: str | None = None
    out: Path | None = None
    sort_into: Path | None = None
    link: bool = False
    resume: bool = False
    allow_url: bool = False
    watch: bool = False
    fps: float = FPS
    video_out: Path | None = None

    def __post_init__(self) -> None:
        if self.resume and self.out is None:
            raise UsageError(
                "only a table can be gone on with",
                where="--resume",
                mend="Name it with --out, as when it was begun.",
            )
        if self.link and self.sort_into is None:
            raise UsageError(
                "there is no folder to make links in",
                where="--link",
                mend="Name one with --sort-into.",
            )
        if self.resume and self.video_out is not None:
            raise UsageError(
                "a video cannot be gone on with",
                where=f"--resume: {self.video_out}",
                mend="Leave --video-out out, or begin anew without --resume.",
            )
        self._check_taken()
        self._check_apart()
        check_rate_of_frames(self.fps)
        if self.link and self.allow_url:
            raise _nothing_to_link_to("an address of --allow-url")
        if self.link and self._live:
            raise _nothing_to_link_to(self._live[0])
        if self._live:
            self._check_live()
        if self.watch:
            self._check_watch()

    def _check_taken(self) -> None:
        """Raise UsageError where answers would take the place of what they are about."""
        given = {Path(one).resolve() for one in (*self.pictures, self.files_from or "-")}
        for name, place in (("--out", self.out), ("--video-out", self.video_out)):
            if place is not None and place.resolve() in given:
                raise UsageError(
                    "the answers would be written over what they are about",
                    where=f"{name} {place}",
                    mend="Name another file.",
                )

    def _check_apart(self) -> None:
        """Raise UsageError where copies would be made among the pictures."""
        for one in self.pictures:
            if self.sort_into is not None and _is_within(self.sort_into, Path(one)):
                raise UsageError(
                    f"it lies in {one}, so that the copies would be pictures to sort as well",
                    where=f"--sort-into {self.sort_into}",
                    mend="Name a folder elsewhere.",
                )

    @property
    def _live(self) -> list[str]:
        """The cameras and streams among the pictures."""
        return [str(one) for one in self.pictures if is_live(str(one))]

    def _check_live(self) -> None:
        if len(self.pictures) > 1 or self.files_from is not None or self.watch:
            raise UsageError(
                "a camera or stream has no end, so nothing can come after it",
                where=self._live[0],
                mend="Give it alone; start one command for each camera.",
            )
        if self.resume:
            raise UsageError(
                "frames that went by cannot be gone on with",
                where=f"--resume: {self._live[0]}",
                mend="Name another table with --out.",
            )
        self._check_endless()

    def _check_watch(self) -> None:
        if self.files_from is not None:
            raise UsageError(
                "a list cannot be watched", where="--files-from", mend="Name the folder itself."
            )
        self._check_endless()

    def _check_endless(self) -> None:
        if self.out is not None and self.out.suffix.lower() == ".parquet":
            raise UsageError(
                "a Parquet file is written once all rows are there, which is never",
                where=f"--out {self.out}",
                mend="Name a file that ends in .csv or .jsonl.",
            )

    def run(
        self,
        bundle: Path,
        asked: Asked,
        progress: Progress,
        line: Callable[[str], None] | None = None,
    ) -> Predicted:
        """Classify the pictures by `bundle`; where there is no table, `line` is told each answer's.

        What is wrong with the names, the bundle and the options is raised before the work.
        """
        if self.resume and asked.smooth is not None:
            raise UsageError(
                "means over frames cannot be gone on with in the midst of a video",
                where="--resume, --smooth",
                mend="Leave --resume out and begin anew.",
            )
        with ExitStack() as opened:
            if self.out is not None:
                row_format(self.out, asked.top)  # refuses what it cannot write
            sources = [] if self.watch or self._live else self._sources(opened)
            folders = check_watchable(self.pictures) if self.watch else []
            answering = Answering(load(bundle), asked)
            notes = [note for source in sources for note in source.notes]
            for sentence in (*notes, *answering.classifier.notices, *answering.remarks):
                progress.say(sentence)
            outputs, collected = self._outputs(answering, line)
            if self.video_out is not None:
                from linnaeus.predicting.overlay import Overlay  # loads what draws

                outputs.append(opened.enter_context(Overlay(self.video_out, self.fps)))
            journal = self._journal(answering, bundle, asked)  # last: what is refused begins none
            if journal is not None:
                opened.callback(journal.close)
            if self._live:
                frames = live_frames(self._live[0], self.fps)
                tally = predict_live(answering, frames, outputs, journal, progress)
            elif self.watch:
                tally = predict_watched(answering, folders, outputs, journal, progress)
            else:
                tally = predict_all(answering, sources, outputs, journal, progress)
            if journal is not None:
                journal.finish()
        if answering.smooths_nothing:
            progress.warn("--smooth changed nothing: no picture was a frame of a video.")
        for output in outputs:
            if isinstance(output, Sorting):
                _tell_sorted(output, progress)
        return Predicted(
            tally.pictures,
            tally.unread,
            tally.withheld,
            dict(tally.labels.most_common()),
            tally.changed,
            self.out,
            tuple(collected.answers),
        )

    def _journal(self, answering: Answering, bundle: Path, asked: Asked) -> Journal | None:
        """The table of `out`, begun or gone on with; None where none is asked for."""
        if self.out is None:
            return None
        return Journal(
            self.out,
            row_format(self.out, answering.top),
            answering([], []),
            self._begun(bundle, asked),
            resume=self.resume,
            growing=self.watch or bool(self._live),
            resumable=asked.smooth is None and self.video_out is None and not self._live,
        )

    def _begun(self, bundle: Path, asked: Asked) -> dict[str, Any]:
        """What must stay as it was when a table is gone on with.

        What has its row is not sorted again. Of a watched folder that is so in any case, and told.
        """
        into = None if self.sort_into is None or self.watch else str(self.sort_into.absolute())
        return {**begun_with(bundle, asked), "sort_into": into}

    def _sources(self, opened: ExitStack) -> list[Source]:
        sources = sources_of(
            self.pictures,
            opened,
            files_from=self.files_from,
            image_column=self.image_column,
            allow_url=self.allow_url,
            fps=self.fps,
        )
        for source in sources if self.link else ():
            if source.inside:
                raise _nothing_to_link_to(source.inside)
        if self.sort_into is not None:
            sources = [held(source) for source in sources]
        return sources if self.out is None else [with_state(source) for source in sources]

    def _outputs(
        self, answering: Answering, line: Callable[[str], None] | None
    ) -> tuple[list[Output], Collected]:
        outputs: list[Output] = []
        collected = Collected()
        if self.sort_into is not None:
            classes = answering.classifier.classes
            detecting = answering.classifier.changed_above is not None
            outputs.append(Sorting(self.sort_into, classes, link=self.link, detecting=detecting))
        elif self.out is None:
            outputs.append(Lines(line, answering.top) if line else collected)
        return outputs, collected


def _is_within(folder: Path, other: Path) -> bool:
    return other.is_dir() and folder.resolve().is_relative_to(other.resolve())


def _nothing_to_link_to(what: str) -> UsageError:
    return UsageError(
        f"{what} gives pictures that are no files on disk, so nothing can link to them",
        where="--link",
        mend="Leave --link out: then pictures are copied.",
    )


def _tell_sorted(sorting: Sorting, progress: Progress) -> None:
    """What of sorting the folders do not show."""
    if sorting.there_already:
        progress.say(f"{pictures(sorting.there_already)} stood in place already, to the byte.")
    if sorting.gone:
        progress.warn(
            f"{pictures(len(sorting.gone))} {were(len(sorting.gone))} answered, but gone when the"
            f" files were to be copied into folders: {listed(sorting.gone)}."
        )
