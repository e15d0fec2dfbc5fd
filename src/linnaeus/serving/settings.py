"""How a server is to run: every choice of `linnaeus serve`, with its default."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from linnaeus.bundle.changed import check_changed_above
from linnaeus.bundle.squeezers import SqueezerName, check_squeezer
from linnaeus.data.in_threads import processors
from linnaeus.errors import UsageError

__all__ = ["HOST", "PORT", "Settings"]

HOST = "127.0.0.1"
PORT = 8000


@dataclass(frozen=True)
class Settings:
    """The choices of one server.

    `workers`: processes that decode and answer. `queue`: pictures that may wait; more are refused
    at once. `deadline_s`: how long a caller who names no time is kept waiting. `rate`: requests a
    second of each caller, None for any number. `body_timeout_s`: how long a body may stand still.
    `squeeze` and `changed_above`: of every model, as in `Classifier.squeezing` and
    `Classifier.detecting`.
    """

    host: str = HOST
    port: int = PORT
    workers: int = field(default_factory=processors)
    queue: int = 64
    deadline_s: float = 10.0
    rate: float | None = None
    max_body_mb: float = 10.0
    max_images: int = 20
    body_timeout_s: float = 5.0
    drain_timeout_s: float = 30.0
    keys: Path | None = None
    models_root: Path | None = None
    squeeze: SqueezerName | None = None
    changed_above: float | None = None

    @property
    def max_body_bytes(self) -> int:
        """The most bytes of a request's body."""
        return int(self.max_body_mb * 1e6)

    def check(self) -> None:
        """Raise UsageError for what cannot be meant."""
        for option, value in (
            ("--workers", self.workers),
            ("--queue", self.queue),
            ("--deadline", self.deadline_s),
            ("--rate", 1 if self.rate is None else self.rate),
            ("--max-body", self.max_body_mb),
            ("--max-images", self.max_images),
            ("--body-timeout", self.body_timeout_s),
        ):
            if not value > 0:
                raise UsageError(
                    f"{value:g} is not enough for anything to be answered",
                    where=option,
                    mend="Give more than 0.",
                )
        if not self.drain_timeout_s >= 0:
            raise UsageError(
                f"{self.drain_timeout_s:g} is no time",
                where="--drain-timeout",
                mend="Give seconds.",
            )
        if self.squeeze is not None:
            check_squeezer(self.squeeze)
        if self.changed_above is not None:
            check_changed_above(self.changed_above)
        if self.models_root is not None and not self.models_root.is_dir():
            raise UsageError(
                "there is no such folder", where=str(self.models_root), mend="Check --models-root."
            )
