"""The critical-difference diagram (Demšar 2006) as inline SVG: mean ranks on a line, best left."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from linnaeus.evaluation.friedman import Ranking

__all__ = ["rank_chart"]

WIDTH, LEFT, RIGHT, AXIS, LINE = 720.0, 210.0, 510.0, 66.0, 22.0


def rank_chart(models: Sequence[str], ranking: Ranking) -> Markup:
    """The mean rank of each of `models`; a bar joins those that cannot be told apart."""
    order = ranking.order
    half = (len(order) + 1) // 2
    bars = len(ranking.alike)
    first = AXIS + 14 + 9 * bars + LINE
    parts = [*_axis(len(order)), *_critical(len(order), ranking.critical_difference)]
    for place, group in enumerate(ranking.alike):
        ends = [_at(ranking.mean_ranks[at], len(order)) for at in (group[0], group[-1])]
        y = AXIS + 12 + 9 * place
        parts.append(f'<path class="alike" d="M{ends[0] - 3:.1f} {y:.1f}H{ends[1] + 3:.1f}"/>')
    for place, at in enumerate(order):
        left = place < half
        level = first + LINE * (place if left else len(order) - 1 - place)
        parts.append(_model(models[at], ranking.mean_ranks[at], len(order), level, left))
    height = first + LINE * half
    said = "Critical-difference diagram: mean ranks, of which 1 is best; bars join what is alike."
    box = f'viewBox="0 0 {WIDTH:g} {height:g}"'
    drawn = f'<svg class="ranks" {box} role="img" aria-label="{said}">{"".join(parts)}</svg>'
    return Markup(drawn)  # noqa: S704 - names are escaped in _model


def _at(rank: float, models: int) -> float:
    return LEFT + (rank - 1) / (models - 1) * (RIGHT - LEFT)


def _axis(models: int) -> list[str]:
    parts = [f'<path class="axis" d="M{LEFT} {AXIS}H{RIGHT}"/>']
    for rank in range(1, models + 1):
        x = _at(rank, models)
        parts.append(f'<path class="axis" d="M{x:.1f} {AXIS}v-7"/>')
        parts.append(f'<text x="{x:.1f}" y="{AXIS - 12}" text-anchor="middle">{rank}</text>')
    return parts


def _critical(models: int, difference: float) -> list[str]:
    """The critical difference as a span above the line, no longer than the line itself."""
    length = min(difference / (models - 1), 1.0) * (RIGHT - LEFT)
    more = ", longer than the line" if difference > models - 1 else ""
    text = f"critical difference {difference:.2f}{more}"
    span = f"M{LEFT} 20v8M{LEFT} 24h{length:.1f}M{LEFT + length:.1f} 20v8"
    return [
        f'<path class="critical" d="{span}"/>',
        f'<text x="{LEFT}" y="13">{text}</text>',
    ]


def _model(name: str, rank: float, models: int, level: float, left: bool) -> str:
    x = _at(rank, models)
    end, anchor = (LEFT - 12, "end") if left else (RIGHT + 12, "start")
    beside = end - 5 if left else end + 5
    label = f"{escape(name)} {rank:.2f}"
    return (
        f'<path class="stem" d="M{x:.1f} {AXIS}V{level:.1f}H{end:.1f}"/>'
        f'<text x="{beside:.1f}" y="{level + 4:.1f}" text-anchor="{anchor}">{label}</text>'
    )
