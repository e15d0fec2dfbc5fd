"""The page's drawings as inline SVG. Colours come from the page's style, so they follow its theme.

Nothing in a drawing is the user's text: numbers and fixed words only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt
from typing import Literal, NamedTuple

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from linnaeus.evaluation.axes import round_steps, scale
from linnaeus.evaluation.cut_points import CutPoint
from linnaeus.evaluation.decision_points import DecisionPoint
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.reliability import ReliabilityBin
from linnaeus.evaluation.risk_coverage import RiskPoint

__all__ = [
    "Line",
    "confusion_picture",
    "curves",
    "decision_curve",
    "gauge",
    "heat",
    "reliability_diagram",
    "risk_curve",
    "small_curve",
    "tested_curve",
]

Point = tuple[float, float]

SHADES = 6
LEFT, TOP, SIDE = 58.0, 10.0, 280.0
SMALL = 120.0  # the side of a curve among many
KEY = 30.0  # the top of a drawing with a key above it


def gauge(figure: Figure, beside: Figure | None = None) -> Markup:
    """A share in [0, 1] as a line from 0 to 100 %: its interval, its value, another one to beat."""
    parts = [
        '<rect class="track" x="0" y="8" width="200" height="4" rx="2"/>',
        (
            f'<rect class="band" x="{figure.low * 200:.1f}" y="5" height="10" rx="3" '
            f'width="{max((figure.high - figure.low) * 200, 2):.1f}"/>'
        ),
        (
            f'<rect class="value" x="{_within(figure.value * 200 - 1.5, 0, 197):.1f}" y="2" '
            'width="3" height="16" rx="1.5"/>'
        ),
    ]
    if beside:
        at = _within(beside.value * 200, 3, 197)
        parts.append(f'<path class="beside" d="M{at:.1f} 6 l4 4 l-4 4 l-4 -4z"/>')
    return _svg(200, 20, "gauge", "", parts)


def reliability_diagram(bins: Sequence[ReliabilityBin]) -> Markup:
    """Confidence to the right, accuracy upwards; on the diagonal, confidence means what it says."""
    x, y = scale(0, 1, LEFT, LEFT + SIDE), scale(0, 1, TOP + SIDE, TOP)
    parts = [*_grid(x, y, [0, 0.25, 0.5, 0.75, 1], [0, 0.25, 0.5, 0.75, 1])]
    parts.append(f'<path class="ideal" d="M{x(0)} {y(0)}L{x(1)} {y(1)}"/>')
    for b in bins:
        at = x(b.mean_confidence)
        parts.append(
            f'<path class="span" d="M{at:.1f} {y(b.accuracy.low):.1f}V{y(b.accuracy.high):.1f}"/>'
        )
    for b in bins:
        at, up = x(b.mean_confidence), y(b.accuracy.value)
        parts.append(f'<circle class="dot" cx="{at:.1f}" cy="{up:.1f}" r="4"/>')
    parts.append(_label(LEFT + SIDE / 2, TOP + SIDE + 36, "how sure it said it was"))
    parts.append(_label(12, TOP + SIDE / 2, "how often it was right", turned=True))
    description = "Reliability diagram; the same numbers stand in the table below."
    return _svg(LEFT + SIDE + 22, TOP + SIDE + 44, "chart", description, parts)


class Line(NamedTuple):
    """A line of a drawing: what it is of, which is also its style's name, and its points."""

    name: Literal["training", "validation"]
    points: Sequence[Point]


def curves(lines: Sequence[Line], figure: str, *, share: bool, across: str = "epoch") -> Markup:
    """`figure` against the epoch, or the logarithm of what is `across`, a line for each of `lines`.

    There is one point at least. A share is drawn in per cent; anything else from 0 on.
    """
    xs = [x for line in lines for x, _ in line.points]
    ys = [y for line in lines for _, y in line.points]
    bottom, top = (min(ys), max(ys)) if share else (0.0, max(ys))
    margin = (top - bottom) * 0.08 or 0.01
    low = max(0.0, bottom - margin)
    high = max(min(1.0, top + margin) if share else top + margin, low + 1e-9)
    by_epoch = across == "epoch"
    begin, end = (min(xs), max(*xs, min(xs) + 1)) if by_epoch else (max(xs), min(xs))
    x = scale(begin, end if end != begin else begin - 1, LEFT, LEFT + SIDE)
    upwards = round_steps(low, high)
    y = scale(upwards[0], upwards[-1], KEY + 150, KEY)
    ticks = _ticks(xs) if by_epoch else sorted(set(xs), reverse=True)
    label = "{:.0f}".format if by_epoch else _power
    parts = [*_grid(x, y, ticks, upwards, share=share, across=label)]
    for place, line in enumerate(lines):
        parts += _drawn(line, x, y)
        parts += _key(line.name, LEFT + place * SIDE / 2)
    parts.append(_label(LEFT + SIDE / 2, KEY + 184, across))
    ends = [(line.name, line.points[0][1], line.points[-1][1]) for line in lines]
    described = ", ".join(f"{name} from {first:.3f} to {last:.3f}" for name, first, last in ends)
    return _svg(LEFT + SIDE + 22, KEY + 190, "chart", f"{figure}: {described}.", parts)


def risk_curve(points: Sequence[RiskPoint]) -> Markup:
    """The share of answered pictures to the right, the share of wrong answers among them up, in a
    band; where it is wider than the drawing, as of the first few answers, it ends with that."""
    last = points[-1]
    upwards = round_steps(0, max(0.01, last.risk.high, *(point.risk.value for point in points)))
    x, above = scale(0, 1, LEFT, LEFT + SIDE), scale(0, upwards[-1], TOP + 150, TOP)

    def y(risk: float) -> float:
        return above(min(risk, upwards[-1]))

    parts = [*_grid(x, y, [0, 0.25, 0.5, 0.75, 1], upwards)]
    parts.append(_band([(point.coverage, point.risk) for point in points], x, y))
    path = "L".join(f"{x(point.coverage):.1f} {y(point.risk.value):.1f}" for point in points)
    parts.append(f'<path class="line" d="M{path}"/>')
    end, up = x(last.coverage), y(last.risk.value)
    parts.append(f'<circle class="dot" cx="{end:.1f}" cy="{up:.1f}" r="4"/>')
    parts.append(_label(LEFT + SIDE / 2, TOP + 186, "share answered, the surest first"))
    description = f"Risk and coverage: of all answers {last.risk.value * 100:.1f} % are wrong."
    return _svg(LEFT + SIDE + 22, TOP + 194, "chart", description, parts)


def tested_curve(points: Sequence[CutPoint], kind: Literal["roc", "precision"]) -> Markup:
    """The ROC curve, with chance dashed, or precision against recall; the band is of what goes up,
    threshold by threshold."""
    x, y = scale(0, 1, LEFT, LEFT + SIDE), scale(0, 1, TOP + SIDE, TOP)
    parts = [*_grid(x, y, [0, 0.25, 0.5, 0.75, 1], [0, 0.25, 0.5, 0.75, 1])]
    parts += _tested(points, kind, x, y)
    if kind == "roc":
        across, upwards = "share of the others called falsely", "share of the class found"
    else:
        across, upwards = "share of the class found (recall)", "right when called (precision)"
    parts.append(_label(LEFT + SIDE / 2, TOP + SIDE + 36, across))
    parts.append(_label(12, TOP + SIDE / 2, upwards, turned=True))
    description = f"{upwards.capitalize()} against {across}."
    return _svg(LEFT + SIDE + 22, TOP + SIDE + 44, "chart", description, parts)


def small_curve(points: Sequence[CutPoint], kind: Literal["roc", "precision"]) -> Markup:
    """The same without numbers, for one class of many; both axes go from 0 to 100 %."""
    x, y = scale(0, 1, 1, 1 + SMALL), scale(0, 1, 1 + SMALL, 1)
    frame = f'<rect class="frame" x="1" y="1" width="{SMALL:g}" height="{SMALL:g}"/>'
    what = "ROC curve" if kind == "roc" else "Precision against recall"
    return _svg(SMALL + 2, SMALL + 2, "chart small", what, [frame, *_tested(points, kind, x, y)])


def _tested(
    points: Sequence[CutPoint],
    kind: Literal["roc", "precision"],
    x: Callable[[float], float],
    y: Callable[[float], float],
) -> list[str]:
    """The line of either curve in its band, and of the ROC curve that of chance."""
    if kind == "roc":
        drawn = [(point.false_alarms.value, point.sensitivity) for point in points]
    else:
        drawn = [(point.sensitivity.value, point.precision) for point in points]
    begin = [f"{x(0):.1f} {y(0):.1f}"] if kind == "roc" else []
    path = "L".join([*begin, *(f"{x(a):.1f} {y(b.value):.1f}" for a, b in drawn)])
    chance = [f'<path class="ideal" d="M{x(0)} {y(0)}L{x(1)} {y(1)}"/>'] if kind == "roc" else []
    return [_band(drawn, x, y), *chance, f'<path class="line" d="M{path}"/>']


def decision_curve(points: Sequence[DecisionPoint]) -> Markup:
    """Net benefit against the threshold, in a band; acting on all pictures is dashed, on none is
    the floor, which nothing is drawn below."""
    highest = max(point.net_benefit.high for point in points)
    upwards = round_steps(0, max(0.01, highest, *(p.acting_on_all.value for p in points)))
    x, floor = scale(0, 1, LEFT, LEFT + SIDE), scale(0, upwards[-1], TOP + 150, TOP)

    def y(benefit: float) -> float:
        return floor(max(benefit, 0.0))

    parts = [*_grid(x, y, [0, 0.25, 0.5, 0.75, 1], upwards)]
    parts.append(_band([(point.threshold, point.net_benefit) for point in points], x, y))
    shown = {
        "ideal": [(point.threshold, point.acting_on_all.value) for point in points],
        "line": [(point.threshold, point.net_benefit.value) for point in points],
    }
    for kind, drawn in shown.items():
        path = "L".join(f"{x(a):.1f} {y(b):.1f}" for a, b in drawn)
        parts.append(f'<path class="{kind}" d="M{path}"/>')
    parts.append(_label(LEFT + SIDE / 2, TOP + 186, "probability from which on one acts"))
    best = max(point.net_benefit.value for point in points)
    description = f"Decision curve: net benefit up to {best * 100:.1f} in 100 pictures."
    return _svg(LEFT + SIDE + 22, TOP + 194, "chart", description, parts)


def _band(
    figures: Sequence[tuple[float, Figure]],
    x: Callable[[float], float],
    y: Callable[[float], float],
) -> str:
    """The intervals of figures that stand beside each other, as one surface."""
    above = [f"{x(at):.1f} {y(figure.high):.1f}" for at, figure in figures]
    below = [f"{x(at):.1f} {y(figure.low):.1f}" for at, figure in reversed(figures)]
    return f'<path class="reach" d="M{"L".join([*above, *below])}Z"/>'


def confusion_picture(counts: NDArray[np.int64]) -> Markup:
    """A matrix too large for a table: a square a cell, darker for a larger share of its row."""
    classes = len(counts)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    parts = [f'<rect class="field" x="0" y="0" width="{classes}" height="{classes}"/>']
    for kind, chosen in (("wrong", ~np.eye(classes, dtype=bool)), ("right", np.eye(classes) > 0)):
        level = np.ceil(np.sqrt(shares) * SHADES).astype(int) * chosen
        for shade in range(1, SHADES + 1):
            cells = "".join(f"M{x} {y + 0.5}h1" for y, x in np.argwhere(level == shade))
            if cells:
                strength = round(shade / SHADES, 2)
                parts.append(f'<path class="{kind}" opacity="{strength}" d="{cells}"/>')
    description = f"Confusion matrix of {classes} classes; true classes downwards, answers across."
    return _svg(classes, classes, "matrix", description, parts)


def heat(share: float) -> str:
    """How dark a cell is for its share of the row, 0 to 1: the root, so that few mistakes show."""
    return f"{sqrt(share):.2f}"


def _svg(width: float, height: float, kind: str, description: str, parts: Sequence[str]) -> Markup:
    said = f'role="img" aria-label="{description}"' if description else 'aria-hidden="true"'
    box = f'viewBox="0 0 {width:g} {height:g}"'
    drawn = f'<svg class="{kind}" {box} {said}>{"".join(parts)}</svg>'
    return Markup(drawn)  # noqa: S704 - numbers and fixed words only


def _grid(
    x: Callable[[float], float],
    y: Callable[[float], float],
    ticks: Sequence[float],
    upwards: Sequence[float],
    *,
    share: bool = True,
    across: Callable[[float], str] | None = None,
) -> list[str]:
    """Lines and numbers; `across` spells those below, which are per cents with lines without it."""
    bottom, top = y(upwards[0]), y(upwards[-1])
    lines = []
    for value in upwards:
        lines.append(f'<path class="grid" d="M{LEFT} {y(value):.1f}H{LEFT + SIDE}"/>')
        text = f"{value * 100:g} %" if share else f"{value:g}"
        lines.append(f'<text x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{text}</text>')
    for value in ticks:
        if across is None:
            lines.append(f'<path class="grid" d="M{x(value):.1f} {top:.1f}V{bottom:.1f}"/>')
        text = across(value) if across else f"{value * 100:.0f} %"
        lines.append(_label(x(value), bottom + 17, text))
    return lines


def _drawn(line: Line, x: Callable[[float], float], y: Callable[[float], float]) -> list[str]:
    path = "L".join(f"{x(a):.1f} {y(b):.1f}" for a, b in line.points)
    last_x, last_y = line.points[-1]
    return [
        f'<path class="line {line.name}" d="M{path}"/>',
        f'<circle class="dot {line.name}" cx="{x(last_x):.1f}" cy="{y(last_y):.1f}" r="4"/>',
    ]


def _key(name: str, left: float) -> list[str]:
    """What a line looks like, and its name, above the drawing."""
    return [
        f'<path class="line {name}" d="M{left:.1f} 10h24"/>',
        f'<text x="{left + 31:.1f}" y="14">{name}</text>',
    ]


def _power(exponent: float) -> str:
    """10 to the `exponent`, short."""
    return f"{10**exponent:.0e}".replace("e-0", "e-").replace("e+0", "e+")


def _ticks(epochs: Sequence[float]) -> list[float]:
    first, last = int(min(epochs)), int(max(epochs))
    step = max(1, -(-(last - first) // 5))
    return [float(epoch) for epoch in range(first, last + 1, step)]


def _label(x: float, y: float, text: str, turned: bool = False) -> str:
    turn = f' transform="rotate(-90 {x:g} {y:g})"' if turned else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle"{turn}>{text}</text>'


def _within(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
