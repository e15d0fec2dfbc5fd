"""What accuracy costs before and after, as inline SVG: a dot for the original and each that was
tried, with the intervals of their accuracy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from linnaeus.evaluation.axes import BOTTOM, LEFT, RIGHT, TOP, percent_axis, scale, svg, text
from linnaeus.evaluation.figure import Figure

__all__ = ["Dot", "cost_chart"]

STEPS = (1, 2, 5)
MARKS = 4


@dataclass(frozen=True)
class Dot:
    """A model called `name` that costs `cost` and is right so often.

    `kind`, "before", "chosen" or "other", colours it; the name stands above those of the last.
    `least`: what it costs at best, drawn as a ring on a line from its dot; None where that is all.
    """

    name: str
    kind: str
    cost: float
    accuracy: Figure
    least: float | None = None


def cost_chart(dots: Sequence[Dot], title: str, unit: str) -> Markup:
    """Accuracy upwards, cost in `unit` to the right from 0."""
    most = 1.08 * max(dot.cost for dot in dots)
    x = scale(0.0, most, LEFT, RIGHT)
    y, parts = percent_axis(
        min(dot.accuracy.low for dot in dots), max(dot.accuracy.high for dot in dots)
    )
    step = _step(most)
    for count in range(int(most / step) + 1):
        at = x(count * step)
        parts.append(f'<path class="grid" d="M{at:.1f} {TOP}V{BOTTOM}"/>')
        parts.append(text(at, BOTTOM + 17, f"{count * step:g}"))
    for dot in dots:
        parts.append(_drawn(dot, x, y, unit))
    parts.append(text((LEFT + RIGHT) / 2, BOTTOM + 36, f"{title} ({unit})"))
    return svg("cost", f"Accuracy against {title}.", parts)


def _drawn(dot: Dot, x: Callable[[float], float], y: Callable[[float], float], unit: str) -> str:
    px, py = x(dot.cost), y(dot.accuracy.value)
    low, high = y(dot.accuracy.low), y(dot.accuracy.high)
    told = f"{dot.name}: {100 * dot.accuracy.value:.1f} %, {dot.cost:.3g} {unit}"
    name = text(px, high - 4, dot.name) if dot.kind == "other" else ""
    ring = ""
    if dot.least is not None:
        told += f", at best {dot.least:.3g} {unit}"
        at = x(dot.least)
        ring = (
            f'<path class="to-least" d="M{px:.1f} {py:.1f}H{at:.1f}"/>'
            f'<circle class="least" cx="{at:.1f}" cy="{py:.1f}" r="4"/>'
        )
    return (
        f'<g class="{dot.kind}"><path class="whisker" d="M{px:.1f} {low:.1f}V{high:.1f}"/>{ring}'
        f'<circle cx="{px:.1f}" cy="{py:.1f}" r="5.5"><title>{escape(told)}</title></circle>'
        f"{name}</g>"
    )


def _step(most: float) -> float:
    """A round step of which `MARKS` or a few more fit below `most`."""
    power = 1e-6
    while True:
        for lead in STEPS:
            if most / (lead * power) <= MARKS + 1:
                return lead * power
        power *= 10
