"""ShareDone: lets a stage move while one long part of its work goes on."""

from __future__ import annotations

from linnaeus.progress import Stage

__all__ = ["ShareDone"]


class ShareDone:
    """Tells `stage` of a part of `amount` units as shares of it are done.

    Many searches end early, and some are begun anew on what is left: however it went, `finish` says
    what is missing, and no more than `amount` is ever told.
    """

    def __init__(self, stage: Stage, amount: float) -> None:
        self._stage = stage
        self._amount = amount
        self._left = amount

    def __call__(self, share: float) -> None:
        """Say that one more `share`, 0 to 1, of the part is done."""
        told = min(share * self._amount, self._left)
        self._left -= told
        self._stage.advance(told)

    def finish(self, note: str = "") -> None:
        """Say that the whole part is done."""
        self._stage.advance(self._left, note)
        self._left = 0.0
