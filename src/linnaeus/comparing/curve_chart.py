"""Learning curves as inline SVG: accuracy against training pictures, and what is to be expected."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from markupsafe import Markup

from linnaeus.comparing.results import SetFound
from linnaeus.evaluation.axes import BOTTOM, LEFT, RIGHT, TOP, percent_axis, scale, svg, text
from linnaeus.evaluation.learning_curve import LearningCurve

__all__ = ["curve_chart"]

POINTS = 40

Scale = Callable[[float], float]


def curve_chart(found: SetFound, colours: dict[str, int]) -> Markup:
    """The curve of each model, dashed from what was measured to twice the pictures."""
    curves = [(one.model, one.curve) for one in found.models if one.curve]
    sizes = sorted({point.pictures for _, curve in curves for point in curve.points})
    low, high = math.log2(sizes[0]), math.log2(2 * sizes[-1])
    x = scale(low, high, LEFT, RIGHT)
    shares = [
        1 - mistakes
        for _, curve in curves
        for mistakes in (*(p.mistakes.value for p in curve.points), curve.at(2 * sizes[-1]))
    ]
    y, parts = percent_axis(max(0.0, min(shares) - 0.01), min(1.0, max(shares) + 0.01))
    for pictures in (*sizes, 2 * sizes[-1]):
        at = x(math.log2(pictures))
        parts.append(f'<path class="grid" d="M{at:.1f} {TOP}V{BOTTOM}"/>')
        parts.append(text(at, BOTTOM + 17, f"{pictures:,}"))
    for model, curve in curves:
        parts.append(f'<g class="colour-{colours[model]}">')
        parts.append(_line(curve, low, math.log2(sizes[-1]), x, y, ""))
        parts.append(_line(curve, math.log2(sizes[-1]), high, x, y, " further"))
        for point in curve.points:
            px, py = x(math.log2(point.pictures)), y(1 - point.mistakes.value)
            told = Markup("{}: {:.1f} % with {:,} pictures").format(
                model, 100 * (1 - point.mistakes.value), point.pictures
            )
            parts.append(
                f'<circle cx="{px:.1f}" cy="{py:.1f}" r="4"><title>{told}</title></circle>'
            )
        parts.append("</g>")
    parts.append(text((LEFT + RIGHT) / 2, BOTTOM + 36, "training pictures"))
    said = "Accuracy against training pictures, a line for each model, dashed where not measured."
    return svg("learning", said, parts)


def _line(curve: LearningCurve, low: float, high: float, x: Scale, y: Scale, kind: str) -> str:
    at = np.linspace(low, high, POINTS).tolist()
    path = "L".join(f"{x(one):.1f} {y(1 - curve.at(2.0**one)):.1f}" for one in at)
    return f'<path class="line{kind}" d="M{path}"/>'
