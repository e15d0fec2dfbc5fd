"""What accuracy costs, as inline SVG: each model a dot, and a line through what nothing beats."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from linnaeus.comparing.results import ModelFound, SetFound
from linnaeus.evaluation.axes import BOTTOM, LEFT, RIGHT, TOP, percent_axis, scale, svg, text
from linnaeus.evaluation.wording import THIN, duration, size

__all__ = ["TITLES", "front_chart", "spelt"]

TITLES = {
    "train_s": "longest training of a fold",
    "answer_s": "time of one answer",
    "size_bytes": "size of the bundle",
}

ROUND = (1, 2, 5)
FINER = (1, 1.5, 2, 3, 4, 5, 6, 8)
"""Marks in each power of ten: finer ones where an axis spans less than one."""

LEAST_MARGIN = 0.16
"""On both sides, in powers of ten: an axis is as long as two steps of `FINER`, so it has marks."""


def front_chart(found: SetFound, cost: str, colours: dict[str, int]) -> Markup:
    """Accuracy upwards, `cost` to the right on a logarithmic scale; dots by `colours`."""
    costs = {one.model: max(_cost(one, cost), 1e-6) for one in found.models}
    ends = [math.log10(end) for end in (min(costs.values()), max(costs.values()))]
    margin = max(LEAST_MARGIN, 0.12 * (ends[1] - ends[0]))
    x = scale(ends[0] - margin, ends[1] + margin, LEFT, RIGHT)
    shares = [end for one in found.models for end in _interval(one)]
    y, parts = percent_axis(min(shares), max(shares))
    parts += _ticks(ends[0] - margin, ends[1] + margin, cost)
    at = {
        one.model: (x(math.log10(costs[one.model])), y(one.metrics.accuracy.value))
        for one in found.models
    }
    steps = [at[name] for name in found.fronts[cost]]
    path = "".join(
        f"{'M' if not place else 'L'}{px:.1f} {py:.1f}" for place, (px, py) in enumerate(steps)
    )
    parts.append(f'<path class="front" d="{path}"/>')
    for one in found.models:
        px, py = at[one.model]
        low, high = (y(end) for end in _interval(one))
        parts.append(
            f'<g class="colour-{colours[one.model]}">'
            f'<path class="whisker" d="M{px:.1f} {low:.1f}V{high:.1f}"/>'
            f'<circle cx="{px:.1f}" cy="{py:.1f}" r="5.5">'
            f"<title>{_told(one, cost)}</title></circle></g>"
        )
    parts.append(text((LEFT + RIGHT) / 2, BOTTOM + 36, TITLES[cost]))
    said = f"Accuracy against the {TITLES[cost]}; the line joins what no other model beats."
    return svg("tradeoff", said, parts)


def spelt(value: float, cost: str) -> str:
    """So much of `cost` in the unit that suits it."""
    if cost == "size_bytes":
        return size(round(value))
    return f"{value * 1000:.3g}{THIN}ms" if value < 1 else duration(value)


def _interval(one: ModelFound) -> tuple[float, float]:
    return one.metrics.accuracy.low, one.metrics.accuracy.high


def _cost(one: ModelFound, cost: str) -> float:
    return float(getattr(one.expense, cost))


def _told(one: ModelFound, cost: str) -> Markup:
    right = one.metrics.accuracy.value
    told = spelt(_cost(one, cost), cost)
    return Markup("{}: {:.1f} %, {}").format(one.model, right * 100, told)


def _ticks(low: float, high: float, cost: str) -> list[str]:
    """Marks at round values, thinned to four at most."""
    marks = [
        (math.log10(lead) + power, lead * 10.0**power)
        for power in range(math.floor(low), math.ceil(high) + 1)
        for lead in (ROUND if high - low >= 1 else FINER)
    ]
    within = [(place, value) for place, value in marks if low <= place <= high]
    x = scale(low, high, LEFT, RIGHT)
    thinned: Sequence[tuple[float, float]] = within[:: -(-len(within) // 4) or 1]
    return [
        f'<path class="grid" d="M{x(place):.1f} {TOP}V{BOTTOM}"/>'
        + text(x(place), BOTTOM + 17, _marked(value, cost))
        for place, value in thinned
    ]


def _marked(value: float, cost: str) -> str:
    """A round value as short as can be: 100 s rather than 1 min 40 s."""
    return f"{value:g} s" if cost != "size_bytes" and value >= 1 else spelt(value, cost)
