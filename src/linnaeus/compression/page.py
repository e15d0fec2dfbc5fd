"""The page of a compression: size, speed and accuracy before and after, with intervals."""

from __future__ import annotations

from linnaeus.compression.chart import Dot, cost_chart
from linnaeus.compression.compressed import Compressed
from linnaeus.compression.method import steps_of
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
            sparse=any("sparse" in steps_of(each.method) for each in compressed.tried),
            version=__version__,
        )
    )


def _sizes(compressed: Compressed) -> list[Dot]:
    one = compressed.chosen
    first = compressed.before
    sizes = [("original", "before", first.size_bytes, one.contest.first, first.packed_bytes)]
    sizes += [
        (
            each.method,
            _kind(each is one),
            each.size_bytes,
            each.contest.second,
            each.packed_bytes,
        )
        for each in compressed.tried
    ]
    return [
        Dot(name, kind, size_bytes / 1e6, accuracy, least=packed_bytes / 1e6)
        for name, kind, size_bytes, accuracy, packed_bytes in sizes
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
