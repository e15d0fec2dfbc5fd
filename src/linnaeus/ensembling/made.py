"""From weighed members to a finished bundle, judged through its own files, and its report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.combination import Combination
from linnaeus.bundle.golden import GOLDEN_IMAGES
from linnaeus.bundle.held_out import HeldOut, write_held_out
from linnaeus.bundle.load import load
from linnaeus.bundle.predictions import Predictions
from linnaeus.bundle.record import BundleRecord, Engine, Serving, coarsest
from linnaeus.bundle.runtime import engine_version
from linnaeus.bundle.seen import SeenFiles, write_seen
from linnaeus.bundle.table import write_csv
from linnaeus.bundle.write import Draft, ensemble_being_made
from linnaeus.data.dataset import Dataset
from linnaeus.data.scan import Scan
from linnaeus.data.together import together_at
from linnaeus.ensembling.answers import Answers, answers_of
from linnaeus.ensembling.candidates import Candidate
from linnaeus.ensembling.facts import ensemble_run_facts
from linnaeus.ensembling.gain import gain_of
from linnaeus.ensembling.price import seconds_an_answer
from linnaeus.ensembling.roles import Roles
from linnaeus.ensembling.telling_unknown import judged_unknown, taught_unknown
from linnaeus.evaluation.answers_for import answers_for
from linnaeus.evaluation.broken_words import broken_words
from linnaeus.evaluation.calibrated import Calibrated
from linnaeus.evaluation.compared import Compared
from linnaeus.evaluation.ensemble_facts import EnsembleFacts
from linnaeus.evaluation.evaluate import picture_from
from linnaeus.evaluation.gist import gists
from linnaeus.evaluation.judging import Measured, judge
from linnaeus.evaluation.plain_words import plain_words
from linnaeus.evaluation.promises import kept_promises
from linnaeus.evaluation.report import write_report
from linnaeus.evaluation.slices import Slices, slices_of
from linnaeus.evaluation.told_columns import told_at
from linnaeus.evaluation.traits import traits_of
from linnaeus.explanation.sheet import explain_answers
from linnaeus.files import add_to_folder
from linnaeus.images.preprocess import Preprocessing
from linnaeus.progress import Progress
from linnaeus.training.card import model_card
from linnaeus.version import __version__

__all__ = ["Ensembled", "Weighed", "make_ensemble"]

TIMED = 30  # pictures: enough for a quartile that a busy moment does not move


@dataclass(frozen=True, eq=False)
class Weighed:
    """How members are combined, and the honest answers of the whole to held-out pictures.

    `method`: "average", "stack" or "folds". `why`: how they were weighed, a clause.
    `rows` (n,) of the data set, `labels` (n,), `logits` (n, classes): given without having learnt
    from the picture in question, so that calibration and promises may rest on them.
    """

    combination: Combination
    method: str
    why: str
    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    logits: NDArray[np.float32]


@dataclass(frozen=True)
class Ensembled:
    """A finished ensemble. `metrics` are those of the whole on pictures that no member has seen.

    `gain`: whether that is better than the best member alone, and the price.
    """

    folder: Path
    metrics: Measured
    gain: EnsembleFacts

    @property
    def bundle(self) -> Path:
        """The folder of the ensemble's bundle."""
        return self.folder / "bundle"

    @property
    def report(self) -> Path:
        """The report's page."""
        return self.folder / "report" / "index.html"

    @property
    def in_plain_words(self) -> tuple[str, ...]:
        """How good it is, and whether the ensemble was worth it, in a few sentences."""
        return (*plain_words(self.metrics), *self.gain.in_plain_words)

    def classifier(self) -> Classifier:
        """The ensemble, opened as `linnaeus.load` does."""
        return load(self.bundle)


def make_ensemble(
    candidates: Sequence[Candidate],
    weighed: Weighed,
    roles: Roles,
    dataset: Dataset,
    scan: Scan,
    preprocessing: Preprocessing,
    *,
    out: Path,
    progress: Progress,
) -> Ensembled:
    """Write the ensemble's bundle, report and predictions to the folder `out`, the bundle last.

    `scan`: of all of `dataset` under `preprocessing`, the bundle's. Raises WriteError where `out`
    holds a bundle.
    """
    groups = together_at(dataset, scan, weighed.rows)
    calibrated = Calibrated.on(weighed.logits, weighed.labels, groups=groups)
    record = _record(candidates, weighed, roles, dataset, preprocessing, calibrated)
    golden = _golden(dataset, weighed.rows, preprocessing)
    with add_to_folder(out, last="bundle") as aside:
        folders = [candidate.folder for candidate in candidates]
        with ensemble_being_made(aside / "bundle", record, folders, golden) as draft:
            held_out = _keep(draft, calibrated, weighed, roles, dataset, scan)
            fitted = taught_unknown(draft.classifier, dataset, roles, weighed.rows, progress)
            if fitted is not None:
                draft = draft.with_unknown(fitted.unknown)  # noqa: PLW2901
            judged = _judge(draft.classifier, candidates, weighed, roles, dataset, scan, progress)
            unknown = judged_unknown(
                draft.classifier,
                dataset,
                judged.rows,
                fitted,
                judged.predictions,
                judged.groups,
                groups,
                progress,
            )
            facts = ensemble_run_facts(
                draft, dataset, roles, judged.gain, weighed.rows, judged.predictions.errors
            )
            draft.write_card(model_card(facts, judged.metrics))
        counted = judged.predictions.at_rate(0)  # as the figures count them
        told = told_at(dataset, judged.rows, judged.groups)
        write_csv(aside / "predictions.csv", counted, beside=told)
        kept = kept_promises(judged.predictions, held_out, groups=judged.groups)
        for sentence in broken_words(kept, unknown):
            progress.warn(sentence)
        write_report(
            aside / "report",
            facts,
            judged.predictions,
            judged.metrics,
            validation=judged.validation,
            promises=kept,
            explained=explain_answers(
                aside / "bundle", dataset, judged.predictions, progress, inside=False
            ),
            compared=Compared(slices=judged.slices),
            unknown=unknown,
            picture_of=lambda name: picture_from(dataset, name),
        )
    made = Ensembled(out, judged.metrics, judged.gain)
    made.classifier()  # what was promised opens: whole, unchanged, and answering as it did
    return made


@dataclass(frozen=True, eq=False)
class _Judged:
    """What was measured on the pictures at `rows` of the data set, which judge the whole."""

    rows: NDArray[np.int64]
    predictions: Predictions
    metrics: Measured
    validation: Measured
    slices: Slices
    gain: EnsembleFacts
    groups: NDArray[np.str_] | None


def _record(
    candidates: Sequence[Candidate],
    weighed: Weighed,
    roles: Roles,
    dataset: Dataset,
    preprocessing: Preprocessing,
    calibrated: Calibrated,
) -> BundleRecord:
    records = [candidate.record for candidate in candidates]
    counts = dataset.class_counts(roles.learnt).tolist()
    return BundleRecord(
        linnaeus_version=__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        classes=dataset.classes,
        preprocessing=preprocessing,
        serving=_serving(records),
        calibration=calibrated.calibration,
        combination=weighed.combination,
        model={
            "name": f"{weighed.method} of {', '.join(one.name for one in candidates)}",
            "architecture": "ensemble",
            "why": f"{len(candidates)} classifiers answer together: {weighed.why}.",
            "parameters": sum(int(record.model.get("parameters", 0)) for record in records),
            "licence_of_weights": ", ".join(
                sorted({str(r.model.get("licence_of_weights", "")) for r in records} - {""})
            ),
        },
        data={
            "name": dataset.name,
            "fingerprint": dataset.fingerprint,
            "train_counts": dict(zip(dataset.classes, counts, strict=True)),
        },
    )


def _serving(records: Sequence[BundleRecord]) -> Serving:
    """How the members were judged, for people to read: each is served as its own record says."""
    engines = {record.serving.engine for record in records}
    engine: Engine = "openvino" if "openvino" in engines else "onnxruntime"
    return Serving(
        engine=engine,
        engine_version=engine_version(engine),
        precision=coarsest([record.serving.precision for record in records]),
        why="as its members do, each as its own bundle.json says",
    )


def _golden(
    dataset: Dataset, rows: NDArray[np.int64], preprocessing: Preprocessing
) -> NDArray[np.uint8]:
    paths = [dataset.paths[row] for row in rows[:GOLDEN_IMAGES]]
    return np.stack([preprocessing.read(dataset.source.read(path))[0] for path in paths])


def _keep(
    draft: Draft,
    calibrated: Calibrated,
    weighed: Weighed,
    roles: Roles,
    dataset: Dataset,
    scan: Scan,
) -> HeldOut:
    """Keep in the bundle what promises rest on, and what may never judge it."""
    ids = [dataset.paths[row] for row in weighed.rows]
    groups = together_at(dataset, scan, weighed.rows)
    held_out = HeldOut.of(ids, calibrated.cross_fitted, weighed.labels, groups)
    write_held_out(draft.folder, held_out)
    files = [[scan.content_digests[row] for row in rows] for rows in (roles.learnt, roles.held_out)]
    pixels = [scan.pixel_digests[row] for row in roles.used]
    write_seen(draft.folder, pixels, SeenFiles.of(*files), dataset.group_names(roles.used))
    return held_out


def _judge(
    classifier: Classifier,
    candidates: Sequence[Candidate],
    weighed: Weighed,
    roles: Roles,
    dataset: Dataset,
    scan: Scan,
    progress: Progress,
) -> _Judged:
    """The figures of the whole on validation and, through itself, on test; and its members'."""
    alone = answers_of(candidates, dataset, roles.test, progress)
    predictions, answers = answers_for(classifier, dataset, alone.rows, alone.labels, progress)
    groups = together_at(dataset, scan, alone.rows)
    held_groups = together_at(dataset, scan, weighed.rows)
    counts = dataset.class_counts(roles.learnt)
    traits = traits_of(dataset, alone.rows, scan, alone.rows)
    return _Judged(
        rows=alone.rows,
        predictions=predictions,
        metrics=judge(predictions, train_counts=counts, groups=groups),
        validation=judge(
            classifier.gather_logits(
                [dataset.paths[row] for row in weighed.rows], weighed.logits, weighed.labels
            ),
            train_counts=counts,
            groups=held_groups,
        ),
        slices=slices_of(predictions, traits, groups, features=gists(answers)),
        gain=gain_of(
            weighed.combination.members,
            alone,
            predictions.probabilities,
            _seconds(classifier, candidates, dataset, alone),
            groups,
            method=weighed.method,
            why=weighed.why,
        ),
        groups=groups,
    )


def _seconds(
    classifier: Classifier, candidates: Sequence[Candidate], dataset: Dataset, alone: Answers
) -> NDArray[np.float64]:
    every = max(1, len(alone.rows) // TIMED)
    pictures = [dataset.source.read(dataset.paths[row]) for row in alone.rows[::every][:TIMED]]
    return seconds_an_answer([*(one.classifier for one in candidates), classifier], pictures)
