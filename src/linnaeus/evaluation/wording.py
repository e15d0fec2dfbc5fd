"""How the page spells numbers, spans of time, sizes and names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from json import dumps
from typing import Any

from markupsafe import Markup, escape

from linnaeus.bundle.spelt import threshold_text
from linnaeus.counted import counted
from linnaeus.evaluation.figure import Figure

__all__ = ["FILTERS"]

THIN = "\u202f"  # a narrow space that does not break a line
MINUTE_S, HOUR_S = 60, 3600


def percent(share: float) -> str:
    """0.8534 as 85.3 %."""
    return f"{share * 100:.1f}{THIN}%"


def percent_range(figure: Figure) -> str:
    """A figure's interval as 82.1 to 87.9 %."""
    return f"{figure.low * 100:.1f} to {figure.high * 100:.1f}{THIN}%"


def percent_ends(figure: Figure) -> str:
    """A figure's interval as 82.1 and 87.9 %, to stand behind "between"."""
    return f"{figure.low * 100:.1f} and {figure.high * 100:.1f}{THIN}%"


def plain_range(figure: Figure) -> str:
    """A figure's interval as 0.312 to 0.402."""
    return f"{figure.low:.3f} to {figure.high:.3f}"


def chance(p: float) -> str:
    """A p-value to two digits, as far as anyone believes them."""
    return "< 0.001" if p < 0.001 else f"{p:.2g}"


def whole(number: int) -> str:
    """12345 as 12,345."""
    return f"{number:,}"


def duration(seconds: float) -> str:
    """A span of time, in the unit that suits it."""
    if seconds < MINUTE_S:
        return f"{seconds:.1f}{THIN}s"
    if seconds < HOUR_S:
        return f"{int(seconds // MINUTE_S)}{THIN}min {int(seconds % MINUTE_S)}{THIN}s"
    minutes = round(seconds / MINUTE_S)
    return f"{minutes // 60}{THIN}h {minutes % 60}{THIN}min"


def size(size_bytes: int) -> str:
    """A file size in decimal units, as disks are sold."""
    if size_bytes < 1000:
        return f"{size_bytes}{THIN}bytes"
    if size_bytes < 1_000_000:
        return f"{size_bytes / 1000:.0f}{THIN}kB"
    return f"{size_bytes / 1_000_000:.1f}{THIN}MB"


def moment(when: str) -> str:
    """A moment of ISO 8601 as people write it.

    >>> moment("2026-03-01T07:05:09+00:00")
    '2026-03-01 07:05 UTC'
    """
    return f"{datetime.fromisoformat(when).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def settings(recipe: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """The fields of a recipe and their values, each spelt as `--set FIELD=VALUE` takes them.

    >>> list(settings({"seed": 0, "network": {"epochs": None, "augment": {"shift": 0.1}}}))
    [('seed', '0'), ('network.epochs', 'null'), ('network.augment.shift', '0.1')]
    """
    for field, value in recipe.items():
        if isinstance(value, Mapping):
            yield from settings(value, f"{above}{field}.")
        else:
            yield above + field, dumps(value, ensure_ascii=False)


def name(text: object) -> Markup:
    """Escape a name; one written from right to left stays in its place, and that of a file that is
    too long for its column breaks after a / or before its ending, not inside that.

    >>> name("r&d/a.jpg")
    Markup('<bdi>r&amp;d/<wbr>a<wbr>.jpg</bdi>')
    """
    said = re.sub(r"(/(?=.)|(?=\.[A-Za-z]\w{1,4}$))", r"\1<wbr>", str(escape(text)))
    return Markup(f"<bdi>{said}</bdi>")  # noqa: S704 - escaped above


def isolate_names(sentence: str) -> Markup:
    """Escape a sentence; each “name” is written as by `name`, and an --option stands in one line.

    >>> isolate_names("Give --fix: “<a>” is odd.")
    Markup('Give <span class="option">--fix</span>: “<bdi>&lt;a&gt;</bdi>” is odd.')
    """
    said = re.sub("“([^”]*)”", lambda found: f"“{name(Markup(found[1]))}”", str(escape(sentence)))  # noqa: S704
    said = re.sub(r"(?<![\w-])(--[a-z][a-z-]*)", r'<span class="option">\1</span>', said)
    return Markup(said)  # noqa: S704 - escaped above


FILTERS: dict[str, Callable[..., Any]] = {
    "chance": chance,
    "counted": counted,
    "duration": duration,
    "isolate_names": isolate_names,
    "moment": moment,
    "name": name,
    "percent": percent,
    "percent_ends": percent_ends,
    "percent_range": percent_range,
    "plain_range": plain_range,
    "settings": settings,
    "size": size,
    "threshold": threshold_text,
    "whole": whole,
}
