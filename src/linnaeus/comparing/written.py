"""What a comparison leaves in its study: the page, every number as JSON, and two tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from linnaeus.comparing.page import comparison_page
from linnaeus.comparing.results import Comparison
from linnaeus.comparing.study import Study
from linnaeus.comparing.tables import fold_table, model_table
from linnaeus.comparing.words import overall_words
from linnaeus.evaluation.schema import metrics_text
from linnaeus.files import write_whole
from linnaeus.version import __version__

__all__ = ["Compared", "write_comparison"]

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Compared:
    """A finished comparison: what was found, and the folder that tells of it."""

    folder: Path
    comparison: Comparison

    @property
    def report(self) -> Path:
        """The page."""
        return self.folder / "index.html"

    @property
    def in_plain_words(self) -> tuple[str, ...]:
        """What the page says first."""
        return overall_words(self.comparison)


def write_comparison(study: Study, comparison: Comparison) -> Compared:
    """Write index.html, comparison.json, comparison.csv and folds.csv; an earlier start's go."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "linnaeus_version": __version__,
        "asked": study.asked.of_study(),
        **comparison.to_json(),
        "plain_words": list(overall_words(comparison)),
    }
    write_whole(study.folder / "comparison.json", metrics_text(document))
    write_whole(study.folder / "comparison.csv", model_table(comparison))
    write_whole(study.folder / "folds.csv", fold_table(comparison))
    write_whole(study.folder / "index.html", comparison_page(study, comparison))
    return Compared(study.folder, comparison)
