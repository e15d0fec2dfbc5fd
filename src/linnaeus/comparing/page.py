"""The page of a comparison: one file that needs no network and opens with the answer."""

from __future__ import annotations

from datetime import UTC, datetime

from linnaeus.comparing.curve_chart import curve_chart
from linnaeus.comparing.front_chart import TITLES, front_chart, spelt
from linnaeus.comparing.rank_chart import rank_chart
from linnaeus.comparing.results import COSTS, Comparison
from linnaeus.comparing.study import Study
from linnaeus.comparing.words import (
    curve_words,
    difference_words,
    hard_words,
    overall_words,
    set_words,
)
from linnaeus.evaluation import charts
from linnaeus.evaluation.pages import pages
from linnaeus.version import __version__

__all__ = ["comparison_page"]

COLOURS = 12
LENGTHS = {"longest_open_table": 25}


def comparison_page(study: Study, comparison: Comparison) -> str:
    """The page as HTML; every text that comes from the user is escaped."""
    colours = {name: at % COLOURS for at, name in enumerate(study.asked.models)}
    ranking = comparison.ranking
    return (
        pages("linnaeus.comparing", "linnaeus.auditing")
        .get_template("comparison.html.j2")
        .render(
            asked=study.asked,
            comparison=comparison,
            ranks=rank_chart(comparison.ranked, ranking) if ranking else None,
            words=overall_words(comparison),
            set_words=set_words,
            hard_words=hard_words,
            curve_words=curve_words,
            difference_words=difference_words,
            curve_chart=curve_chart,
            front_chart=front_chart,
            spelt=spelt,
            titles=TITLES,
            costs=COSTS,
            colours=colours,
            charts=charts,
            passes=study.passes(),
            created=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
            version=__version__,
            **LENGTHS,
        )
    )
