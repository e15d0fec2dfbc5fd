"""Everything that can go wrong, in the user's words, with the exit code of the command line.

    LinnaeusError
    ├── UsageError          2   an option or argument that cannot be meant
    ├── DataError           3   the pictures or their labels cannot be used as they are
    │   └── UnreadableImage 3   one picture cannot be decoded
    ├── BundleError         4   a bundle is absent, changed, too new, or answers differently here
    ├── MissingError        5   a package, pretrained weights or a data set are not on this machine
    ├── WriteError          6   a file could not be written; what stood there before still stands
    ├── LearningError       8   learning cannot go on: no numbers come of it, or it finds no memory
    ├── Shortfall           9   what came of the work falls short of what was asked, and is not kept
    └── Stopped           130   interrupted before there was anything worth keeping, or serving
    Terminated            143   SIGTERM came; no failure, but an exit

The command line turns these into one sentence and the code, in one place (`cli/app.py`). Code 1
means that `audit --fail-on` found something, 7 that the work was done but some of the pictures
could not be read (`train`, `compress` and `compare` leave such out and tell of them), and 70 that
Linnaeus itself is at fault.
"""

from __future__ import annotations

from typing import Literal

__all__ = [
    "BundleError",
    "DataError",
    "LearningError",
    "LinnaeusError",
    "MissingError",
    "Shortfall",
    "Stopped",
    "Terminated",
    "UnreadableImage",
    "UsageError",
    "WriteError",
]

Fault = Literal["", "empty", "truncated", "huge"]
"""What is wrong with a file of no bytes, one that ends too soon, one refused for its pixels."""


class LinnaeusError(Exception):
    """A failure that the user can understand and mend.

    `what` happened, as a clause without a full stop; `where` it happened (file, row, option);
    `mend` says what to do about it, as a sentence.
    """

    exit_code = 70

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        self.what = what
        self.where = where
        self.mend = mend
        super().__init__(what, where, mend)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        mend = f" {self.mend}" if self.mend else ""
        return f"{place}{self.what}.{mend}"

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.what, self.where, self.mend)


def _rebuild(kind: type[LinnaeusError], what: str, where: str, mend: str) -> LinnaeusError:
    return kind(what, where=where, mend=mend)


class UsageError(LinnaeusError):
    """An option or argument that cannot be meant."""

    exit_code = 2


class DataError(LinnaeusError):
    """The pictures or their labels cannot be used as they are."""

    exit_code = 3


class UnreadableImage(DataError):
    """One picture cannot be decoded; `what` is the reason.

    `fault` is the kind of reason, where it is one that programs may want to tell apart.
    """

    def __init__(self, what: str, *, where: str = "", mend: str = "", fault: Fault = "") -> None:
        super().__init__(what, where=where, mend=mend)
        self.fault = fault

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_unreadable, (self.what, self.where, self.mend, self.fault)


def _rebuild_unreadable(what: str, where: str, mend: str, fault: Fault) -> UnreadableImage:
    return UnreadableImage(what, where=where, mend=mend, fault=fault)


class BundleError(LinnaeusError):
    """A bundle is absent, changed, too new, or answers differently on this machine."""

    exit_code = 4


class MissingError(LinnaeusError):
    """A package, pretrained weights or a data set are not on this machine."""

    exit_code = 5


class WriteError(LinnaeusError):
    """A file could not be written; whatever stood in its place before still stands."""

    exit_code = 6


class LearningError(LinnaeusError):
    """Learning cannot go on: no numbers come of it, or two pictures at a time find no memory."""

    exit_code = 8


class Shortfall(LinnaeusError):
    """What came of the work falls short of what was asked: too inaccurate, too large, too slow, or
    of other answers than those of the bundle. It is not kept."""

    exit_code = 9


class Stopped(LinnaeusError):
    """Interrupted before there was anything worth keeping, or while there was nothing to keep:
    a server, which Ctrl-C ends."""

    exit_code = 130


class Terminated(SystemExit):
    """SIGTERM has ended the work; what was to be saved is saved.

    Left alone it ends the process with 143, the code that shells give to what SIGTERM ended.
    """

    exit_code = 143

    def __init__(self) -> None:
        super().__init__(self.exit_code)
