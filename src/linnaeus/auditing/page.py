"""audit.html: one page that needs no network, opens with the answer and shows what was found."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from linnaeus.auditing.class_counts import class_bars
from linnaeus.auditing.examples import EXAMPLE_PX, example_paths, shown
from linnaeus.auditing.likenesses import read_likenesses
from linnaeus.auditing.map_chart import TILE_PX, map_chart, plotly_at_hand, plotly_script
from linnaeus.auditing.run import Audited
from linnaeus.auditing.sampling import shown_class
from linnaeus.auditing.sheets import SAMPLE_PX, sampled_rows, sheets
from linnaeus.auditing.sizes_chart import COLOURS, SizesChart, sizes_chart
from linnaeus.auditing.verdict import verdict
from linnaeus.evaluation.pages import pages
from linnaeus.progress import Progress
from linnaeus.version import __version__

__all__ = ["audit_page"]

LENGTHS = {
    "longest_open_table": 25,  # classes; a longer table is folded
    "open_sheets": 30,  # classes whose samples are in view; those of the others unfold
    "colours": COLOURS,
}
WITHOUT_PLOTLY = 'The map is not drawn, for plotly is not installed: pip install "linnaeus[train]".'


def audit_page(audited: Audited, *, workers: int | None = None, progress: Progress) -> str:
    """The page as HTML; every text that comes from the user is escaped.

    Reads the pictures that it shows once more: a few thousand at most, however many there are.
    """
    dataset, readable = audited.dataset, audited.scan.readable
    samples = sampled_rows(dataset, readable)
    rows_of = {path: row for row, path in enumerate(dataset.paths)}
    wanted = _sides_px(audited, samples, rows_of)
    images = read_likenesses(
        dataset,
        wanted,
        max_pixels=audited.scan.most_pixels,
        workers=workers,
        progress=progress,
    )
    classes = shown_class(dataset)
    sizes = _sizes(audited, classes)
    chart, without_map = None, audited.without_map
    if audited.map and sizes:
        at = audited.map
        chart = map_chart(at.points, at.rows, dataset, classes, sizes.colours, images)
        without_map = "" if plotly_at_hand() else WITHOUT_PLOTLY
    return (
        pages("linnaeus.auditing")
        .get_template("audit.html.j2")
        .render(
            audit=audited.audit,
            verdict=verdict(audited.audit),
            lines=audited.audit.in_three_lines(),
            findings=[shown(one, rows_of, dataset, images) for one in audited.audit.findings],
            bars=class_bars(audited.audit),
            sheets=sheets(dataset, readable, samples, images),
            sizes=sizes,
            map=audited.map,
            chart=chart,
            without_map=without_map,
            plotly=plotly_script() if chart and not without_map else "",
            created=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
            version=__version__,
            **LENGTHS,
        )
    )


def _sides_px(
    audited: Audited, samples: list[NDArray[np.int64]], rows_of: dict[str, int]
) -> dict[int, int]:
    """{row: the longest side that the page shows its picture with}."""
    readable = audited.scan.readable
    sides: dict[int, int] = {}
    if audited.map:
        sides |= dict.fromkeys(audited.map.rows.tolist(), TILE_PX)
    for rows in samples:
        sides |= dict.fromkeys(rows.tolist(), SAMPLE_PX)
    for path in example_paths(audited.audit.findings):
        if (row := rows_of.get(path)) is not None and readable[row]:
            sides[row] = EXAMPLE_PX
    return sides


def _sizes(audited: Audited, classes: NDArray[np.int64]) -> SizesChart | None:
    """The scatter of sizes; None where not one picture can be read."""
    rows = np.flatnonzero(audited.scan.readable)
    return sizes_chart(audited.scan.sizes_px, classes, rows) if len(rows) else None
