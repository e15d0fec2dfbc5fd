"""From a finished smaller bundle to the facts that its report tells."""

from __future__ import annotations

from collections.abc import Sequence

from linnaeus.bundle.views import views_in_words
from linnaeus.evaluation.facts import BundleFacts, DataFacts, ModelFacts, RunFacts
from linnaeus.training.finishing import Finished
from linnaeus.training.parted import Parted

__all__ = ["compressed_facts"]


def compressed_facts(finished: Finished, parted: Parted, done: Sequence[str]) -> RunFacts:
    """What the report of a smaller bundle tells besides its figures; `done`: how it was made."""
    record, dataset = finished.record, parted.dataset
    size, serving = record.preprocessing, record.serving
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
        model=ModelFacts(
            name=record.model["name"],
            why=record.model["why"],
            input_size=(size.height_px, size.width_px),
            parameters=int(record.model.get("parameters", 0)),
        ),
        bundle=BundleFacts(
            runtime=f"{serving.engine} {serving.engine_version}"
            + views_in_words(serving.test_time_augmentation),
            precision=serving.precision,
            precision_why=serving.why,
            calibration=record.calibration,
            size_bytes=sum(f.stat().st_size for f in finished.folder.rglob("*") if f.is_file()),
            uncalibrated_error=finished.judged.uncalibrated_error
            if record.calibration.method != "none"
            else None,
            tells_unknown=finished.judged.predictions.familiar is not None,
        ),
        commands=("linnaeus predict NEW/bundle PICTURES", "linnaeus evaluate NEW/bundle DATA"),
    )
