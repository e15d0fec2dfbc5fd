"""From a finished training to the facts that its report tells."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from linnaeus.bundle.predictions import Predictions
from linnaeus.bundle.record import BundleRecord
from linnaeus.bundle.views import views_in_words
from linnaeus.evaluation.facts import BundleFacts, DataFacts, ModelFacts, RunFacts, TrainingFacts
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.judging import Measured
from linnaeus.evaluation.promises import Kept
from linnaeus.evaluation.slices import Slices
from linnaeus.evaluation.unknowns import UnknownTold
from linnaeus.files import bytes_in
from linnaeus.training.learned import Learned
from linnaeus.training.material import Material
from linnaeus.training.recipe import Recipe
from linnaeus.watching.spent import Spent

__all__ = ["Judged", "run_facts"]


@dataclass(frozen=True)
class Judged:
    """The bundle's answers to the test pictures, and what was measured on them and on validation.

    `uncalibrated_error` is the test's calibration error without the calibration. `promises`: how
    label sets and silence did on the test; None without validation pictures to fit them on.
    `slices`: on which kinds of test pictures it is weaker.
    `unknown`: how pictures of something else were told; None where the bundle cannot tell them.
    """

    predictions: Predictions
    test: Measured
    validation: Measured | None
    uncalibrated_error: Figure
    promises: Kept | None = None
    slices: Slices | None = None
    unknown: UnknownTold | None = None


def run_facts(
    material: Material,
    learned: Learned,
    judged: Judged,
    record: BundleRecord,
    recipe: Recipe,
    bundle: Path,
    spent: Spent,
) -> RunFacts:
    """What the report of a training tells besides its figures.

    `bundle` is the folder of the bundle's files as they are now; `recipe` the resolved one.
    """
    calibrated = record.calibration.method != "none"
    return RunFacts(
        title=f"{record.data['name']} · {record.model['name']}",
        created=record.created,
        linnaeus_version=record.linnaeus_version,
        data=_data_facts(material, judged),
        model=ModelFacts.of(record),
        training=TrainingFacts(
            seconds=learned.seconds,
            device=recipe.device,
            budget_s=recipe.budget_s,
            stopped_early=_why_early(learned),
            augmentation=learned.augmentation,
            history=learned.history,
            stages=learned.stages,
            strengths=learned.strengths,
            speeds=learned.speeds,
            spent=spent,
        ),
        bundle=BundleFacts(
            runtime=f"{record.serving.engine} {record.serving.engine_version}"
            + views_in_words(record.serving.test_time_augmentation),
            precision=record.serving.precision,
            precision_why=record.serving.why,
            calibration=record.calibration,
            size_bytes=bytes_in(bundle),
            uncalibrated_error=judged.uncalibrated_error if calibrated else None,
            tells_unknown=judged.predictions.familiar is not None,
        ),
        recipe=recipe.model_dump(mode="json"),
        commands=("linnaeus predict RUN/bundle PICTURES", "linnaeus evaluate RUN/bundle DATA"),
    )


def _data_facts(material: Material, judged: Judged) -> DataFacts:
    dataset, parted = material.dataset, material.split
    rows = {"train": material.train, "validation": material.validation, "test": material.test}
    counts = {name: material.counts(part) for name, part in rows.items()}
    left_out = {
        dataset.paths[row]: why
        for row, why in parted.reasons.items()
        if dataset.paths[row] not in material.scan.unreadable
    }
    return DataFacts(
        name=dataset.name,
        fingerprint=dataset.fingerprint,
        images=len(dataset),
        classes=dataset.classes,
        counts=counts,
        pictures={name: len(part) for name, part in rows.items()},
        remarks=(*dataset.notes, *parted.remarks),
        left_out=left_out,
        unreadable=material.scan.unreadable | judged.predictions.errors,
        audit=tuple(finding.sentence for finding in material.audit.findings),
    )


def _why_early(learned: Learned) -> str:
    if learned.ended == "stopped":
        return "It was ended by hand; this is the best model until then."
    if learned.ended == "patience":
        count = learned.recipe.network.patience
        return f"It was ended after {count} validations in a row without a better score."
    return "The budget was spent before all was done." if learned.ended == "budget" else ""
