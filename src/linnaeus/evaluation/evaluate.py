"""Judging a finished bundle on labelled pictures, never on ones that it was trained on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.predictions import Predictions
from linnaeus.bundle.seen import read_seen, short_digests
from linnaeus.bundle.squeezers import SqueezerName
from linnaeus.bundle.table import write_csv
from linnaeus.data.audit import audit_of_judged
from linnaeus.data.dataset import Dataset
from linnaeus.data.findings import Audit
from linnaeus.data.layout import quoted
from linnaeus.data.pixels import ChosenRows, DecodedRows
from linnaeus.errors import UnreadableImage, UsageError
from linnaeus.evaluation.broken_words import broken_words
from linnaeus.evaluation.called_changed import called_changed
from linnaeus.evaluation.called_unknown import called_unknown
from linnaeus.evaluation.cluster_parts import cluster_trait
from linnaeus.evaluation.compared import (
    NOTHING_COMPARED,
    NOTHING_WANTED,
    Compared,
    Wanted,
    compare,
)
from linnaeus.evaluation.contest import pair
from linnaeus.evaluation.explained import Explain, ExplainedAnswers
from linnaeus.evaluation.facts import RunFacts
from linnaeus.evaluation.further import Asked
from linnaeus.evaluation.gist import gists
from linnaeus.evaluation.judged_facts import judged_facts
from linnaeus.evaluation.judging import Measured, judge
from linnaeus.evaluation.metrics import NOTHING_ASKED
from linnaeus.evaluation.opened import Opened, opened_for
from linnaeus.evaluation.plain_words import plain_words
from linnaeus.evaluation.promises import NO_HELD_OUT, Kept, kept_promises, nothing_promised
from linnaeus.evaluation.report import write_report
from linnaeus.evaluation.slices import Slices
from linnaeus.evaluation.to_judge import rows_to_judge
from linnaeus.evaluation.told_columns import told_at
from linnaeus.evaluation.traits import MEASURED
from linnaeus.evaluation.unknowns import UnknownTold, unknown_told
from linnaeus.files import check_unused, whole_folder
from linnaeus.images.decode import decode
from linnaeus.progress import Progress
from linnaeus.unknowns.fit import GIVEN
from linnaeus.unknowns.given import Strangers, check_given, given_pictures, strangers_among
from linnaeus.unknowns.outliers import outliers_from

__all__ = ["Evaluation", "evaluate", "picture_from", "write_judged"]

JUDGING_SEED = 1
"""Of the outliers that a bundle is judged on; those that its score is chosen on are of a run's."""

SQUEEZED = (
    "Label sets and an error that is promised rest on answers to pictures as they are, and these"
    " were squeezed."
)


@dataclass(frozen=True)
class Evaluation:
    """How good answers are on labelled pictures; `report`: its page, None where none is written.

    `unknown`: how pictures of something else were told; None where the bundle cannot tell them.
    `promises`: how label sets and silence did; None of a table, and of several labels a picture.
    `audit`: what was found in the pictures that were judged, and beside all that were given, near
    copies not searched; None of a table of answers.
    """

    metrics: Measured
    predictions: Predictions
    remarks: tuple[str, ...]
    report: Path | None
    compared: Compared
    unknown: UnknownTold | None = None
    promises: Kept | None = None
    audit: Audit | None = None

    @property
    def slices(self) -> Slices:
        """On which kinds of pictures it is weaker."""
        assert self.compared.slices is not None
        return self.compared.slices

    @property
    def in_plain_words(self) -> tuple[str, ...]:
        """The answer in a few sentences."""
        words = plain_words(self.metrics)
        broken = broken_words(self.promises, self.unknown)
        return (*words[:2], *broken, *words[2:], *self.compared.in_plain_words)


def evaluate(
    bundle: Path,
    dataset: Dataset,
    *,
    out: Path | None,
    progress: Progress,
    seed: int = 0,
    asked: Asked = NOTHING_ASKED,
    wanted: Wanted = NOTHING_WANTED,
    unknown: Path | None = None,
    explain: Explain | None = None,
    squeeze: SqueezerName | None = None,
    changed_above: float | None = None,
) -> Evaluation:
    """Judge the bundle at `bundle` on `dataset`, and write a report and a table to `out`.

    `unknown`: a folder of pictures that show none of the classes, to judge that they are told;
    those that the bundle learnt from, or is judged on, are left out, and named.

    Where the data come with a test split, that is judged; otherwise all of them. Pictures whose
    pixels the bundle, or the one it is compared with, was trained or calibrated on are left out,
    and told. `wanted`: what of them to compare, by columns and by measures of the pictures.
    `explain`: makes the report's sheet of explained answers; None: there is none. `squeeze` and
    `changed_above`: as in `Classifier.squeezing` and `Classifier.detecting`, of `bundle` alone.

    Raises UsageError where there is no such column, DataError where a class of the data is not one
    of the bundle's, no picture is left or most unknown ones are known, BundleError as
    `bundle.load.load` does, WriteError where `out` holds something already.
    """
    if out is not None:
        check_unused(out)
    given = () if unknown is None else check_given(unknown)
    opened = opened_for(bundle, dataset).answering_so(squeeze, changed_above)
    classifier = opened.classifier
    if given:
        _check_tells_unknown(opened)
    against = None if wanted.against is None else opened_for(wanted.against, dataset)
    _check_wanted(wanted, dataset)
    both = (opened,) if against is None else (opened, against)
    chosen = rows_to_judge(both, dataset, progress)
    rows, groups = chosen.rows, chosen.groups
    found = audit_of_judged(dataset, chosen.looked, rows)
    for line in (*chosen.in_short, *found.in_three_lines()):
        progress.say(line)
    strangers = _strangers(given, opened, chosen.looked.pixel_digests)
    predictions, answers = opened.answers(dataset, rows, progress)
    metrics = judge(predictions, **opened.usual, seed=seed, groups=groups, asked=asked)
    paired = None
    if against is not None:
        others, _ = against.answers(dataset, rows, progress)
        paired = pair(predictions, others, (opened.name, against.name), groups)
    compared = compare(
        predictions,
        chosen.traits,
        wanted,
        groups=groups,
        positive=asked.positive,
        paired=paired,
        features=gists(answers),
    )
    once = classifier.detecting(None)  # of what is made nobody asks whether it was changed
    told = _unknown(once, dataset, rows, predictions, strangers.files, groups, progress)
    alarms = (*called_unknown(predictions, squeeze), *called_changed(predictions))
    told_of = (*dataset.notes, *chosen.remarks, *strangers.remarks, *alarms)
    remarks = (*classifier.notices, *_never_named(classifier, dataset), *told_of)
    kept = _promises(classifier, predictions, groups)
    judged = Evaluation(metrics, predictions, remarks, None, compared, told, kept, found)
    if out is None:
        return judged
    report = write_judged(
        out,
        judged_facts(classifier, dataset, opened.folder, remarks, predictions, chosen, found),
        predictions,
        metrics,
        beside=told_at(dataset, rows, groups),
        promises=kept,
        compared=compared,
        unknown=told,
        explained=explain(bundle, dataset, predictions, progress) if explain else None,
        picture_of=lambda name: picture_from(dataset, name),
    )
    return replace(judged, report=report)


def write_judged(
    out: Path,
    facts: RunFacts,
    predictions: Predictions,
    metrics: Measured,
    *,
    promises: Kept | None = None,
    compared: Compared = NOTHING_COMPARED,
    unknown: UnknownTold | None = None,
    explained: ExplainedAnswers | None = None,
    beside: Mapping[str, Sequence[str]],
    picture_of: Callable[[str], Image.Image | None],
) -> Path:
    """Write predictions.csv and report/ into the new folder `out`; the path of the page.

    `beside`: what is known of the pictures besides, as `told_columns` has it for predictions.csv.
    Where two classifiers were compared, the answers of the other go into predictions_against.csv.
    """
    with whole_folder(out) as aside:
        counted = predictions.at_rate(0)  # as the figures count them
        write_csv(aside / "predictions.csv", counted, beside=beside)
        if compared.paired:
            write_csv(aside / "predictions_against.csv", compared.paired.others.at_rate(0))
        write_report(
            aside / "report",
            facts,
            predictions,
            metrics,
            validation=None,
            promises=promises,
            compared=compared,
            unknown=unknown,
            explained=explained,
            picture_of=picture_of,
        )
    return out / "report" / "index.html"


def picture_from(dataset: Dataset, path: str) -> Image.Image | None:
    """The upright picture at `path` of a data set; None where it cannot be read."""
    try:
        return Image.fromarray(decode(dataset.source.read(path), name=path).pixels)
    except UnreadableImage:
        return None


def _check_tells_unknown(bundle: Opened) -> None:
    if not bundle.classifier.tells_unknown:
        several = bundle.classifier.record.task == "multi"
        why = " gives a picture several labels, and" if several else ""
        raise UsageError(
            f"{bundle.name}{why} calls no picture unknown, so there is nothing to judge",
            where="--unknown",
            mend="Leave it out, or give a bundle that tells unknown pictures.",
        )


def _check_wanted(wanted: Wanted, dataset: Dataset) -> None:
    known = [*dataset.metadata, *MEASURED]
    wanted.check([*known, cluster_trait(known)], dataset.name)


def _promises(
    classifier: Classifier, predictions: Predictions, groups: NDArray[np.str_] | None
) -> Kept | None:
    """How the bundle's promises do here; None where pictures may have several labels."""
    if classifier.promises:
        return kept_promises(predictions, classifier.held_out, groups=groups)
    why = NO_HELD_OUT if classifier.squeezer is None else SQUEEZED
    return nothing_promised(predictions, why, groups=groups)


def _strangers(given: Sequence[Path], bundle: Opened, judged: Sequence[str]) -> Strangers:
    """The pictures `given` as unknown, but those that are known by the digests of their pixels."""
    known = [read_seen(bundle.folder), short_digests(filter(None, judged))]
    which = "among the pictures that the bundle learnt from, or is judged on here"
    return strangers_among(
        given, np.concatenate(known), which, bundle.classifier.record.preprocessing
    )


def _unknown(
    classifier: Classifier,
    dataset: Dataset,
    rows: NDArray[np.int64],
    predictions: Predictions,
    given: Sequence[Path],
    groups: NDArray[np.str_] | None,
    progress: Progress,
) -> UnknownTold | None:
    """How pictures made of those judged, and the `given` ones, are told; None where none can be."""
    read = predictions.read
    if not classifier.tells_unknown or not read.any():
        return None
    preprocessing = classifier.record.preprocessing
    pixels = ChosenRows(DecodedRows(dataset, preprocessing), rows[read])
    outliers = outliers_from(pixels, predictions.labels[read], JUDGING_SEED)
    if given:
        outliers[GIVEN] = given_pictures(given, preprocessing, progress)
    with progress.stage("Trying what is unknown"):
        return unknown_told(
            classifier,
            predictions,
            outliers,
            groups=groups,
            held_out_groups=classifier.held_out.groups if classifier.promises else None,
        )


def _never_named(classifier: Classifier, dataset: Dataset) -> tuple[str, ...]:
    """A remark on labels that the data never name: that counts as absence."""
    if dataset.label_sets is None:
        return ()
    missing = [name for name in classifier.classes if name not in dataset.classes]
    if not missing:
        return ()
    return (f"The data never name {quoted(missing)}: no picture counts as having such a label.",)
