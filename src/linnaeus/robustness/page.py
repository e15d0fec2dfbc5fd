"""The page of a stress test: curves and tables of every change, with a picture of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image

from linnaeus.evaluation.pages import pages
from linnaeus.evaluation.picture_uri import is_tiny, picture_uri
from linnaeus.robustness.corruptions import KINDS, SEVERITIES
from linnaeus.robustness.shifts import SHIFTS
from linnaeus.version import __version__

if TYPE_CHECKING:
    from linnaeus.robustness.stressing import Stressed

__all__ = ["stress_page"]

WIDE, HIGH = 132, 44  # of a drawn curve
SHOWN_SEVERITY = 3
SHOWN_PX = 120


def stress_page(done: Sequence[Stressed], sample: NDArray[np.uint8], seed: int) -> str:
    """The page as HTML. `sample` (1, h, w, 3): the picture that is shown under every change."""
    groups = [*KINDS.items(), ("camera and program", tuple(SHIFTS))]
    tried = {one.kind for one in done[0].conditions}
    return (
        pages("linnaeus.robustness")
        .get_template("stress.html.j2")
        .render(
            done=done,
            first=done[0],
            groups=[
                (name, [kind for kind in kinds if kind in tried])
                for name, kinds in groups
                if tried.intersection(kinds)
            ],
            by_kind=[_by_kind(one) for one in done],
            curve=_curve,
            shown={kind: _shown(sample, kind, seed) for kind in tried},
            tiny=is_tiny(Image.fromarray(sample[0])),
            severities=SEVERITIES,
            version=__version__,
        )
    )


def _by_kind(one: Stressed) -> dict[str, list[object]]:
    rows: dict[str, list[object]] = {}
    for condition in one.conditions:
        rows.setdefault(condition.kind, []).append(condition)
    return rows


def _shown(sample: NDArray[np.uint8], kind: str, seed: int) -> str:
    from linnaeus.robustness.stressing import changed_by

    changed = changed_by(sample, kind, SHOWN_SEVERITY, seed)
    return picture_uri(Image.fromarray(changed[0]), SHOWN_PX)


def _curve(lines: Sequence[Sequence[float]]) -> Markup:
    """Accuracies at severities 0 to 5, a line for each bundle, from 0 % up to 100 %."""
    drawn = []
    for place, values in enumerate(lines):
        points = " ".join(
            f"{4 + step * (WIDE - 8) / (len(values) - 1):.1f},{HIGH - 4 - value * (HIGH - 8):.1f}"
            for step, value in enumerate(values)
        )
        drawn.append(f'<polyline class="line of-{place}" points="{points}"/>')
    described = "; ".join(", ".join(f"{100 * v:.0f} %" for v in values) for values in lines)
    return Markup(  # noqa: S704 - numbers alone
        f'<svg class="fall" viewBox="0 0 {WIDE} {HIGH}" role="img" aria-label="accuracy:'
        f' {described}"><path class="grid" d="M4 {HIGH - 4}H{WIDE - 4}M4 4H{WIDE - 4}"/>'
        f"{''.join(drawn)}</svg>"
    )
