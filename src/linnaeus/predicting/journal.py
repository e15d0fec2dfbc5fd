"""A table of answers that grows while they come, and can be gone on with after it broke off."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from linnaeus.errors import DataError, UsageError, WriteError
from linnaeus.file_lock import locked
from linnaeus.files import append_whole, read_json, shorten_to, write_json
from linnaeus.predicting.asked import Answered
from linnaeus.predicting.picture import State
from linnaeus.predicting.states import States
from linnaeus.predicting.tables import KeptRow, RowFormat

__all__ = ["Journal"]


class Journal:
    """The table at `path`: its rows stand in PATH.part until all are there, then in `path`.

    `nothing` is an answer about no pictures. `begun`: plain JSON values that say how the answers
    come about; PATH.part.json keeps them, so that nobody goes on with other ones. PATH.part.states
    keeps what the files of the pictures were. With `resume` it goes on from the rows that are
    whole. Where there are none it begins, whatever was asked for before. `growing`: the rows stand
    in `path` itself, for a table that has no end, and nothing of the files is kept. `resumable`:
    whether `resume` may be asked for at all, by which the advice goes.

    Raises WriteError where an earlier run left rows and `resume` is not asked for, or where another
    process writes them now, UsageError where it was begun otherwise or is finished already,
    DataError where its rows cannot be read.
    """

    def __init__(
        self,
        path: Path,
        rows: RowFormat,
        nothing: Answered,
        begun: Mapping[str, Any],
        *,
        resume: bool = False,
        growing: bool = False,
        resumable: bool = True,
    ) -> None:
        self.path = path
        self.resumable = resumable
        self.part = path if growing else path.with_name(f"{path.name}.part")
        self._about = path.with_name(f"{path.name}.part.json")
        self._rows = rows
        head = rows.head(nothing)
        self.count = 0
        self._held: BinaryIO | None = None
        if self.part.exists():
            self._hold()
            try:
                self._go_on(resume, dict(begun))
            except BaseException:
                self.close()
                raise
        elif resume and path.exists():
            raise UsageError(
                "this table is finished, so there is nothing to go on with",
                where=f"--resume: {path}",
                mend="Leave --resume out to replace it, or name another file.",
            )
        if not self.count:
            self.close()
            write_json(self._about, dict(begun))
            self._hold()
            append_whole(self.part, head)
        places = path.with_name(f"{path.name}.part.states")
        self._states = None if growing else States(places, self.count)

    @property
    def how_to_begin(self) -> str:
        """What to do with rows that cannot be gone on with, as a sentence."""
        return f"Remove {self.part} to begin anew, or name another table with --out."

    def kept(self) -> Iterator[KeptRow]:
        """The rows that an earlier run left, in order."""
        yield from self._each(self.count)

    def kept_states(self) -> Iterator[State | None]:
        """What the files of these pictures were, as far as that is known; of a table that grows
        nothing is."""
        return iter(()) if self._states is None else self._states.kept()

    def add(self, answered: Answered) -> None:
        """Add the rows of some pictures, whole or not at all. Raises WriteError."""
        if self._states is not None:
            self._states.add(answered.pictures)
        append_whole(self.part, self._rows.rows(answered))

    def finish(self) -> None:
        """Let the whole table stand in its place. Raises WriteError."""
        self.close()
        if self.part != self.path:
            self._rows.finish(self.part, self.path)
            self._about.unlink(missing_ok=True)
        if self._states is not None:
            self._states.forget()

    def close(self) -> None:
        """Leave the rows to others."""
        if self._held is not None:
            self._held.close()
            self._held = None

    def _hold(self) -> None:
        """Keep others from these rows until this process ends or is through with them."""
        if not self._about.exists():
            return
        self._held = self._about.open("rb")
        if not locked(self._held):
            self.close()
            raise WriteError(
                "another process is writing this table",
                where=str(self.path),
                mend="Wait for it, or name another file.",
            )

    def _go_on(self, resume: bool, begun: dict[str, Any]) -> None:
        if self._about.exists() and not self._has_rows():  # it ended before its first answer
            shorten_to(self.part, 0)
            return
        if not resume:
            going_on = "Give --resume to go on with them, or remove this file to begin anew."
            raise WriteError(
                "there are rows of an earlier run here",
                where=str(self.part),
                mend=going_on if self.resumable else self.how_to_begin,
            )
        self._check_begun(begun)
        end = 0
        for row in self._each(None):
            self.count += 1
            end = row.end
        shorten_to(self.part, end)

    def _has_rows(self) -> bool:
        try:
            return next(self._each(1), None) is not None
        except DataError:  # somebody should look at them
            return True

    def _check_begun(self, begun: dict[str, Any]) -> None:
        earlier: Any = None
        with suppress(OSError, ValueError):
            earlier = read_json(self._about)
        if not isinstance(earlier, dict):
            raise DataError(
                "what says how these answers were come by is missing",
                where=str(self._about),
                mend=f"Remove {self.part} and begin anew.",
            )
        for name, value in json.loads(json.dumps(begun)).items():
            if earlier.get(name) != value:
                raise UsageError(
                    f"this table was begun with {name} {earlier.get(name)}, and {name} is"
                    f" {value} now",
                    where=f"--resume: {self.path}",
                    mend=f"Give what was given then, or remove {self.part} and begin anew.",
                )

    def _each(self, most: int | None) -> Iterator[KeptRow]:
        if most == 0:
            return
        try:
            with self.part.open("rb") as file:
                for count, row in enumerate(self._rows.kept(file), start=1):
                    yield row
                    if count == most:
                        return
        except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
            raise DataError(
                f"the rows of an earlier run cannot be read ({error})",
                where=str(self.part),
                mend="Remove this file and begin anew.",
            ) from None
