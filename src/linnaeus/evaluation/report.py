"""The report: one self-contained page that opens with the answer, and every number as JSON."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from linnaeus.bundle.predictions import Predictions
from linnaeus.evaluation import charts
from linnaeus.evaluation.broken_words import broken_words
from linnaeus.evaluation.cluster_pictures import cluster_pictures
from linnaeus.evaluation.compared import NOTHING_COMPARED, Compared
from linnaeus.evaluation.confusion import ClassFigures
from linnaeus.evaluation.disagreements import disagreements
from linnaeus.evaluation.explained import ExplainedAnswers
from linnaeus.evaluation.facts import RunFacts
from linnaeus.evaluation.judging import Measured
from linnaeus.evaluation.label_doubts import least_sure_labels, yes_or_nos_in_doubt
from linnaeus.evaluation.label_figures import LabelFigures
from linnaeus.evaluation.label_metrics import LabelMetrics
from linnaeus.evaluation.label_mistakes import sure_label_mistakes
from linnaeus.evaluation.mistakes import confident_mistakes
from linnaeus.evaluation.pages import pages
from linnaeus.evaluation.plain_words import is_worthless, plain_words
from linnaeus.evaluation.promises import Kept
from linnaeus.evaluation.schema import metrics_document, metrics_text
from linnaeus.evaluation.slice_words import slice_words, tested_words
from linnaeus.evaluation.spent_in_words import energy_in_words, speeds_in_words
from linnaeus.evaluation.training_curves import training_curves
from linnaeus.evaluation.uncertain import labels_in_doubt, most_uncertain
from linnaeus.evaluation.under_attack import UnderAttack
from linnaeus.evaluation.unknowns import UnknownTold
from linnaeus.files import whole_folder, write_whole

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["report_page", "write_figures", "write_report"]

# How long things may grow before the page folds them: what a reader can still take in, and what
# keeps the file small enough to send by mail.
LENGTHS = {
    "largest_roomy_table": 12,  # classes: counts and shares in each cell of the matrix
    "largest_table": 40,  # classes: counts alone
    "largest_picture": 250,  # classes: squares
    "longest_open_table": 25,
    "longest_list": 200,
    "longest_open_slices": 12,
}


def write_report(
    folder: Path,
    facts: RunFacts,
    test: Predictions,
    metrics: Measured,
    *,
    validation: Measured | None,
    promises: Kept | None = None,
    compared: Compared = NOTHING_COMPARED,
    unknown: UnknownTold | None = None,
    explained: ExplainedAnswers | None = None,
    attacked: UnderAttack | None = None,
    picture_of: Callable[[str], Image | None],
) -> Path:
    """Write index.html and metrics.json into the new folder `folder`, both or neither.

    `metrics` must be measured on `test`. `picture_of` gives the picture of an id in `test`, or
    None where it is not at hand; it is asked for four dozen at most: the surest mistakes, the least
    sure answers and what stands for the weakest clusters.
    `promises`: how label sets and silence did on `test`, where anything was promised.
    `compared`: kinds of pictures, groups and two classifiers. `unknown`: how pictures of something
    else are told, where they can be. `explained`: some answers with maps of where they come from.
    `attacked`: what attacks leave, where the network was taught a defence.
    Returns the path of the page.

    Raises WriteError where `folder` holds something already.
    """
    page = report_page(
        facts,
        test,
        metrics,
        validation=validation,
        promises=promises,
        compared=compared,
        unknown=unknown,
        explained=explained,
        attacked=attacked,
        picture_of=picture_of,
    )
    document = metrics_document(
        facts, metrics, validation, promises, compared, unknown, explained, attacked
    )
    numbers = metrics_text(document)
    with whole_folder(folder) as aside:
        write_whole(aside / "index.html", page)
        write_whole(aside / "metrics.json", numbers)
    return folder / "index.html"


def write_figures(
    folder: Path, facts: RunFacts, metrics: Measured, validation: Measured | None
) -> None:
    """Write metrics.json alone into the new folder `folder`. Raises as `write_report` does."""
    with whole_folder(folder) as aside:
        numbers = metrics_text(metrics_document(facts, metrics, validation))
        write_whole(aside / "metrics.json", numbers)


def report_page(
    facts: RunFacts,
    test: Predictions,
    metrics: Measured,
    *,
    validation: Measured | None,
    promises: Kept | None = None,
    compared: Compared = NOTHING_COMPARED,
    unknown: UnknownTold | None = None,
    explained: ExplainedAnswers | None = None,
    attacked: UnderAttack | None = None,
    picture_of: Callable[[str], Image | None],
) -> str:
    """The page as HTML; every text that comes from the user is escaped."""
    several = isinstance(metrics, LabelMetrics)
    paired = compared.paired
    doubted, doubted_count = (yes_or_nos_in_doubt if several else labels_in_doubt)(test)
    return (
        pages()
        .get_template("report.html.j2")
        .render(
            facts=facts,
            metrics=metrics,
            validation=validation,
            promises=promises,
            slices=compared.slices,
            slices_told=_slices_told(compared),
            clusters=cluster_pictures(compared.slices, picture_of),
            fairness=compared.fairness,
            paired=paired,
            crossed=compared.crossed,
            apart=disagreements(test, paired, picture_of) if paired else (),
            unknown=unknown,
            explained=explained,
            attacked=attacked,
            words=(*plain_words(metrics), *compared.in_plain_words),
            worthless=is_worthless(metrics),
            broken=broken_words(promises, unknown),
            several=several,
            mistakes=(sure_label_mistakes if several else confident_mistakes)(test, picture_of),
            uncertain=(least_sure_labels if several else most_uncertain)(test, picture_of),
            doubted=doubted,
            doubted_count=doubted_count,
            speeds=speeds_in_words(facts.training) if facts.training else "",
            energy=energy_in_words(facts.training.spent) if facts.training else "",
            curves=training_curves(facts.training, several=several) if facts.training else (),
            hardest_first=_hardest_first(metrics),
            charts=charts,
            **LENGTHS,
        )
    )


def _slices_told(compared: Compared) -> str:
    """How many slices were tested and are weaker, and the worst of them."""
    slices = compared.slices
    return " ".join([tested_words(slices), *slice_words(slices)]) if slices else ""


def _hardest_first(metrics: Measured) -> list[ClassFigures | LabelFigures]:
    """The classes by rising recall; those without pictures come last."""
    rows: list[ClassFigures | LabelFigures] = [*metrics.per_class]
    return sorted(rows, key=lambda row: row.recall.value if row.recall else 2.0)
