"""What a report says of a finished bundle and of the pictures that it was judged on."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.predictions import Predictions
from linnaeus.bundle.squeezers import SQUEEZERS_IN_WORDS
from linnaeus.bundle.views import views_in_words
from linnaeus.data.dataset import Dataset
from linnaeus.data.findings import Audit
from linnaeus.evaluation.facts import BundleFacts, DataFacts, ModelFacts, RunFacts
from linnaeus.evaluation.to_judge import Chosen
from linnaeus.files import bytes_in
from linnaeus.version import __version__

__all__ = ["judged_facts"]


def judged_facts(
    classifier: Classifier,
    dataset: Dataset,
    folder: Path,
    remarks: tuple[str, ...],
    predictions: Predictions,
    chosen: Chosen,
    found: Audit,
) -> RunFacts:
    """What the report of an evaluation tells besides its figures.

    `folder`: of the bundle. `found`: the audit of the pictures that judge, those that are `chosen`.
    """
    record = classifier.record
    counts = predictions.true_counts()
    return RunFacts(
        title=f"{record.data.get('name', 'A bundle')} on {dataset.name}",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        linnaeus_version=__version__,
        data=DataFacts(
            name=dataset.name,
            fingerprint=dataset.fingerprint,
            images=len(dataset),
            classes=record.classes,
            counts={"test": counts.tolist()},
            pictures={"test": len(predictions)},
            remarks=remarks,
            alarms=chosen.alarms,
            left_out=chosen.left_out,
            unreadable=predictions.errors,
            audit=tuple(finding.sentence for finding in found.findings),
        ),
        model=ModelFacts.of(record),
        bundle=BundleFacts(
            runtime=classifier.engine
            + views_in_words(record.serving.test_time_augmentation)
            + _squeezed_in_words(classifier),
            precision=classifier.precision,
            precision_why=record.serving.why,
            calibration=record.calibration,
            size_bytes=bytes_in(folder),
            tells_unknown=classifier.tells_unknown,
        ),
        commands=(f"linnaeus predict {folder} PICTURES{_options(classifier)}",),
    )


def _squeezed_in_words(classifier: Classifier) -> str:
    """A clause to stand behind the name of a runtime; empty where nothing is squeezed."""
    name = classifier.squeezer
    return "" if name is None else f", behind {SQUEEZERS_IN_WORDS[name]}"


def _options(classifier: Classifier) -> str:
    """What to give `linnaeus predict` for the answers that were judged."""
    asked = {"squeeze": classifier.squeezer, "changed-above": classifier.changed_above}
    return "".join(f" --{name} {one}" for name, one in asked.items() if one is not None)
