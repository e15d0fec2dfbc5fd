"""The page of a compression: size, speed and accuracy before and after, with intervals."""

from __future__ import annotations

from linnaeus.compression.chart import Dot, cost_chart
from linnaeus.compression.compressed import Compressed
from linnaeus.compression.method import STEPS
from linnaeus.evaluation.pages import pages
from linnaeus.version import __version__

__all__ = ["compression_page"]


def compression_page(compressed: Compressed) -> str:
    """The page as HTML."""
    one = compressed.chosen
    return (
        pages("linnaeus.compression")
        .get_template("compression.html.j2")
        .render(
            compressed=compressed,
            chosen=one,
            before=compressed.before,
            by_size=cost_chart(_sizes(compressed), "size of the bundle", "MB"),
            by_time=cost_chart(_times(compressed), "time of one answer", "ms"),
            steps=STEPS,
            version=__version__,
        )
    )


def _sizes(compressed: Compressed) -> list[Dot]:
    one = compressed.chosen
    before = Dot("original", "before", compressed.before.size_bytes / 1e6, one.contest.first)
    return [before] + [
        Dot(each.method, _kind(each is one), each.size_bytes / 1e6, each.contest.second)
        for each in compressed.tried
    ]


def _times(compressed: Compressed) -> list[Dot]:
    one = compressed.chosen
    took_ms = 1000 * one.speed_before.answer.median_s.value
    return [Dot("original", "before", took_ms, one.contest.first)] + [
        Dot(
            each.method,
            _kind(each is one),
            1000 * each.speed.answer.median_s.value,
            each.contest.second,
        )
        for each in compressed.tried
    ]


def _kind(chosen: bool) -> str:
    return "chosen" if chosen else "other"
