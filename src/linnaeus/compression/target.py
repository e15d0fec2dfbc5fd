"""What a smaller model has to fit into: a size of its files, or a time for one answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from linnaeus.compression.tried import Tried
from linnaeus.errors import UsageError
from linnaeus.evaluation.wording import size

__all__ = ["Target"]

TEXT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(kB|KB|MB|GB|us|ms|s)")
BYTES = {"kb": 1e3, "mb": 1e6, "gb": 1e9}
SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


@dataclass(frozen=True)
class Target:
    """At most so many bytes of the whole bundle, or seconds of the network's median answer here."""

    text: str
    size_bytes: float | None = None
    answer_s: float | None = None

    @classmethod
    def of(cls, text: str) -> Target:
        """From a text such as "5MB" or "10ms".

        Raises UsageError for any other.

        >>> Target.of("5MB").size_bytes
        5000000.0
        """
        match = TEXT.fullmatch(text.strip())
        if match is None or float(match.group(1)) == 0:
            raise UsageError(
                f'"{text}" is no size and no time',
                where="--target",
                mend="Give one such as 5MB or 10ms.",
            )
        amount, unit = float(match.group(1)), match.group(2).lower()
        if unit in BYTES:
            return cls(text, size_bytes=amount * BYTES[unit])
        return cls(text, answer_s=amount * SECONDS[unit])

    def excess(self, one: Tried) -> float:
        """How many times too large or too slow it is; 1 or less where it fits."""
        if self.size_bytes is not None:
            return one.size_bytes / self.size_bytes
        assert self.answer_s is not None
        return one.speed.answer.median_s.value / self.answer_s

    def told(self, one: Tried) -> str:
        """What of it counts here, in words."""
        if self.size_bytes is not None:
            return f"{size(one.size_bytes)} in all"
        return f"{1000 * one.speed.answer.median_s.value:.1f} ms an answer"
