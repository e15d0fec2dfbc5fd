"""What drawings of figures share: their frame, a scale, an axis of percents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, floor, log10

from markupsafe import Markup, escape

__all__ = ["BOTTOM", "LEFT", "RIGHT", "TOP", "percent_axis", "round_steps", "scale", "svg", "text"]

LEFT, RIGHT, TOP, BOTTOM = 48.0, 372.0, 10.0, 230.0
WIDTH, HEIGHT = 388.0, 272.0


def svg(kind: str, description: str, parts: Sequence[str]) -> Markup:
    """A drawing of `parts`, which must be escaped already."""
    box = f'viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" aria-label="{escape(description)}"'
    return Markup(f'<svg class="chart {kind}" {box}>{"".join(parts)}</svg>')  # noqa: S704


def scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """From values between `low` and `high` to places between `start` and `end`."""
    return lambda value: start + (value - low) / (high - low) * (end - start)


def round_steps(low: float, high: float) -> list[float]:
    """Three to eight round numbers, evenly apart, from `low` or less to `high` or more.

    >>> round_steps(0, 0.01)
    [0.0, 0.002, 0.004, 0.006, 0.008, 0.01]
    >>> round_steps(0.93, 1)
    [0.92, 0.94, 0.96, 0.98, 1.0]
    """
    finest = (high - low) / 5
    power = 10.0 ** floor(log10(finest))
    step = next(s * power for s in (1, 2, 5, 10) if s * power >= finest * (1 - 1e-9))
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [round(count * step, 12) for count in range(first, last + 1)]


def percent_axis(low: float, high: float) -> tuple[Callable[[float], float], list[str]]:
    """The scale of shares upwards, wide enough for `low` and `high`, and its lines."""
    step = next(s for s in (0.01, 0.02, 0.05, 0.1, 0.2) if (high - low) / s <= 6 or s == 0.2)
    bottom = max(0.0, int(low / step) * step)
    top = min(1.0, (int(high / step - 1e-9) + 1) * step)
    y = scale(bottom, max(top, bottom + step), BOTTOM, TOP)
    lines = []
    for count in range(round((top - bottom) / step) + 1):
        value = bottom + count * step
        lines.append(f'<path class="grid" d="M{LEFT} {y(value):.1f}H{RIGHT}"/>')
        place = f'x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end"'
        lines.append(f"<text {place}>{value * 100:.0f} %</text>")
    return y, lines


def text(x: float, y: float, words: str) -> str:
    """Escaped `words` around `x`."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{escape(words)}</text>'
