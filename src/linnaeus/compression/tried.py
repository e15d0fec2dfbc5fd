"""A smaller model tried: what it weighs, how fast and how good it is, beside the original."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from linnaeus.bundle.runtime import Session
from linnaeus.compression.before import or_none
from linnaeus.compression.judged import Judged
from linnaeus.compression.original import Original
from linnaeus.compression.timing import (
    Speed,
    Timed,
    answer_times,
    throughputs,
    times_as_fast,
)
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.wording import size
from linnaeus.progress import Progress

__all__ = ["Tried", "timed"]

TIMED = 100
"""Test pictures on which the network alone is timed."""

STREAMED = 48
"""Test pictures whose files are read, decoded and answered in each round of a throughput."""


@dataclass(frozen=True, eq=False)
class Tried(Judged):
    """A judged one, timed. `speed_before`: the original's, measured in turns with its own."""

    speed_before: Speed
    speed: Speed

    @property
    def speed_in_words(self) -> str:
        """How fast an answer comes, as a sentence."""
        took, took_before = (
            1000 * one.answer.median_s.value for one in (self.speed, self.speed_before)
        )
        ratio = self.speed.times_as_fast
        how = f"{ratio.value:.2f} times as fast ({ratio.low:.2f} to {ratio.high:.2f})"
        if ratio.low <= 1 <= ratio.high:
            how = f"as fast as before ({ratio.low:.2f} to {ratio.high:.2f} times)"
        took_here = f"An answer takes {took:.1f} ms here in place of {took_before:.1f} ms"
        return f"{took_here}; picture by picture, both in turns, it is {how}."

    @property
    def lost_in_words(self) -> str:
        """What it has wrong that was right, as a sentence."""
        contest, lost = self.contest, self.lost
        what = "lost" if lost.value >= 0 else "gained"
        ends = sorted((100 * lost.low, 100 * lost.high))
        return (
            f"Of {contest.images:,} pictures that neither learnt from it has"
            f" {100 * contest.second.value:.1f} % right in place of"
            f" {100 * contest.first.value:.1f} %: {abs(100 * lost.value):.1f} points {what} (a loss"
            f" of {ends[0]:.1f} to {ends[1]:.1f} points, at 95 %); both answer alike for"
            f" {100 * self.agreement:.1f} %."
        )

    @property
    def in_words(self) -> str:
        """All of it in a line, to be told when it has been tried."""
        return (
            f"{self.method}: {size(self.size_bytes)} ({size(self.packed_bytes)} packed),"
            f" {1000 * self.speed.answer.median_s.value:.1f}"
            f" ms an answer, {100 * self.contest.second.value:.1f} % right on test"
            f" ({100 * self.lost.value:.1f} points lost)."
        )

    def to_json(self) -> dict[str, Any]:
        """As compression.json has it."""
        return {
            "method": self.method,
            "done": list(self.model.done),
            "size_bytes": self.size_bytes,
            "packed_bytes": self.packed_bytes,
            "graph_bytes": self.graph_bytes,
            "engine": self.served.serving.engine,
            "precision": self.served.serving.precision,
            "why": self.served.serving.why,
            "validation": or_none(self.on_validation),
            "test": self.contest.to_json(),
            "agreement": self.agreement,
            "speed_before": self.speed_before.to_json(),
            "speed": self.speed.to_json(),
        }


def timed(every: Sequence[Judged], original: Original, progress: Progress) -> tuple[Tried, ...]:
    """Time `every` one and the original, in turns, so that they can be held to each other."""
    parted, old = original.parted, original.classifier
    views = original.record.serving.test_time_augmentation
    with progress.stage("Timing"):
        sessions = [
            Session(original.graph, old.engine, old.precision, views),  # type: ignore[arg-type]
            *(
                Session(one.model.graph, one.serving.engine, one.serving.precision, views)
                for one in every
            ),
        ]
        took = answer_times(sessions, parted.pixels.take(parted.test[:TIMED]))
        paths = [parted.dataset.paths[row] for row in parted.test[:STREAMED]]
        files = [parted.dataset.source.read(path) for path in paths]
        rates = throughputs([old.knowing(None), *(one.classifier for one in every)], files)
    first = Speed(Timed.of(took[0]), rates[0], Figure(1.0, 1.0, 1.0))
    return tuple(
        Tried(
            **vars(one),
            speed_before=first,
            speed=Speed(Timed.of(seconds), rate, times_as_fast(took[0], seconds)),
        )
        for one, seconds, rate in zip(every, took[1:], rates[1:], strict=True)
    )
