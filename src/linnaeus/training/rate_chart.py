"""The picture of a learning-rate range test, as an SVG file of its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

__all__ = ["rate_chart"]

WIDTH, HEIGHT = 680, 420
LEFT, RIGHT, TOP, BOTTOM = 64.0, 660.0, 40.0, 360.0

STYLE = """
text { font: 13px system-ui, sans-serif; fill: #333 } .ground { fill: #fff }
.grid { stroke: #ddd } .dot { fill: #999; opacity: .6 }
.line { stroke: #00796b; stroke-width: 2.5; fill: none }
.chosen { stroke: #c62828; stroke-width: 1.5; stroke-dasharray: 5 4 } .said { fill: #c62828 }
@media (prefers-color-scheme: dark) { text { fill: #ddd } .ground { fill: #1b1e21 }
.grid { stroke: #3a3f44 } .line { stroke: #4db6ac } .chosen { stroke: #ef9a9a }
.said { fill: #ef9a9a } }
"""


def rate_chart(
    rates: Sequence[float], losses: Sequence[float], smoothed: Sequence[float], suggested: float
) -> str:
    """The loss of each step (dots) and the smoothed loss (line) against the rate, an SVG file.

    The rate goes to the right, tenfold from line to line. Losses far above where they began are
    not drawn: there the training had broken.
    """
    x = _scale(math.log10(rates[0]), math.log10(rates[-1]), LEFT, RIGHT)
    highest = 1.15 * max(smoothed[: max(1, len(smoothed) // 2)])
    y = _scale(0.0, highest, BOTTOM, TOP)
    points = [
        (x(math.log10(r)), loss, mean)
        for r, loss, mean in zip(rates, losses, smoothed, strict=True)
    ]
    line = "L".join(f"{at:.1f} {y(mean):.1f}" for at, _, mean in points if mean <= highest)
    dots = "".join(
        f'<circle class="dot" cx="{at:.1f}" cy="{y(loss):.1f}" r="2.5"/>'
        for at, loss, _ in points
        if loss <= highest
    )
    parts = [
        f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}"/>',
        *_decades(rates, x),
        *_levels(highest, y),
        dots,
        f'<path class="line" d="M{line}"/>',
        *_chosen(x(math.log10(suggested)), suggested),
        _text((LEFT + RIGHT) / 2, BOTTOM + 46, "learning rate"),
        _text(18, (TOP + BOTTOM) / 2, "loss", ' transform="rotate(-90 18 200)"'),
    ]
    box = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    label = f"Loss against learning rate; {suggested:.2g} is suggested."
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img" aria-label="{label}">'
    return f"{head}<style>{STYLE}</style>{''.join(parts)}</svg>\n"


def _decades(rates: Sequence[float], x: Callable[[float], float]) -> list[str]:
    """A line and its rate at each power of ten."""
    first, last = math.ceil(math.log10(rates[0])), math.floor(math.log10(rates[-1]))
    drawn = []
    for power in range(first, last + 1):
        at = x(power)
        drawn.append(f'<path class="grid" d="M{at:.1f} {TOP}V{BOTTOM}"/>')
        drawn.append(_text(at, BOTTOM + 20, f"{10.0**power:g}"))
    return drawn


def _levels(highest: float, y: Callable[[float], float]) -> list[str]:
    drawn = []
    for quarter in range(5):
        level = highest * quarter / 4
        drawn.append(f'<path class="grid" d="M{LEFT} {y(level):.1f}H{RIGHT}"/>')
        drawn.append(_text(LEFT - 26, y(level) + 4, f"{level:.2g}"))
    return drawn


def _chosen(at: float, suggested: float) -> list[str]:
    side = ' class="said"'
    return [
        f'<path class="chosen" d="M{at:.1f} {TOP}V{BOTTOM}"/>',
        _text(min(max(at, 120.0), 560.0), TOP - 14, f"suggested: {suggested:.2g}", side),
    ]


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    return lambda value: start + (value - low) / max(high - low, 1e-12) * (end - start)


def _text(x: float, y: float, text: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle"{more}>{text}</text>'
