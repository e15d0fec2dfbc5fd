"""From a finished smaller bundle to the facts that its report tells."""

from __future__ import annotations

from collections.abc import Sequence

from linnaeus.bundle.views import views_in_words
from linnaeus.evaluation.facts import BundleFacts, DataFacts, ModelFacts, RunFacts
from linnaeus.files import bytes_in
from linnaeus.training.finishing import Finished
from linnaeus.training.parted import Parted

__all__ = ["compressed_facts"]


def compressed_facts(finished: Finished, parted: Parted, done: Sequence[str]) -> RunFacts:
    """What the report of a smaller bundle tells besides its figures; `done`: how it was made."""
    record, dataset, serving = finished.record, parted.dataset, finished.record.serving
    rows = {"train": parted.train, "validation": parted.validation, "test": parted.test}
    return RunFacts(
        title=f"{record.data.get('name', dataset.name)} · {record.model['name']}",
        created=record.created,
        linnaeus_version=record.linnaeus_version,
        data=DataFacts(
            name=dataset.name,
            fingerprint=dataset.fingerprint,
            images=len(dataset),
            classes=dataset.classes,
            counts={name: parted.counts(part) for name, part in rows.items()},
            pictures={name: len(part) for name, part in rows.items()},
            remarks=(*dataset.notes, *(f"Of the network, {clause}." for clause in done)),
            unreadable=parted.scan.unreadable | finished.judged.predictions.errors,
        ),
        model=ModelFacts.of(record),
        bundle=BundleFacts(
            runtime=f"{serving.engine} {serving.engine_version}"
            + views_in_words(serving.test_time_augmentation),
            precision=serving.precision,
            precision_why=serving.why,
            calibration=record.calibration,
            size_bytes=bytes_in(finished.folder),
            uncalibrated_error=finished.judged.uncalibrated_error
            if record.calibration.method != "none"
            else None,
            tells_unknown=finished.judged.predictions.familiar is not None,
        ),
        commands=("linnaeus predict NEW/bundle PICTURES", "linnaeus evaluate NEW/bundle DATA"),
    )
