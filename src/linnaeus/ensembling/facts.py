"""From a finished ensemble to the facts that its report tells."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.write import Draft
from linnaeus.data.dataset import Dataset
from linnaeus.ensembling.roles import Roles
from linnaeus.evaluation.ensemble_facts import EnsembleFacts
from linnaeus.evaluation.facts import BundleFacts, DataFacts, ModelFacts, RunFacts
from linnaeus.files import bytes_in

__all__ = ["ensemble_run_facts"]


def ensemble_run_facts(
    draft: Draft,
    dataset: Dataset,
    roles: Roles,
    gain: EnsembleFacts,
    held_out: NDArray[np.int64],
    unreadable: Mapping[str, str],
) -> RunFacts:
    """What the report of an ensemble tells besides its figures."""
    record, classifier = draft.classifier.record, draft.classifier
    rows = {
        "train": roles.learnt,
        "validation": np.setdiff1d(held_out, roles.learnt),  # in folds, all of it taught somebody
        "test": roles.test,
    }
    return RunFacts(
        title=f"{dataset.name} · {record.model['name']}",
        created=record.created,
        linnaeus_version=record.linnaeus_version,
        data=DataFacts(
            name=dataset.name,
            fingerprint=dataset.fingerprint,
            images=len(dataset),
            classes=dataset.classes,
            counts={name: dataset.class_counts(part).tolist() for name, part in rows.items()},
            pictures={name: len(part) for name, part in rows.items()},
            remarks=(*dataset.notes, *roles.remarks),
            unreadable=unreadable,
        ),
        model=ModelFacts.of(record),
        bundle=BundleFacts(
            runtime=classifier.engine,
            precision=classifier.precision,
            precision_why=record.serving.why,
            calibration=record.calibration,
            tells_unknown=classifier.tells_unknown,
            size_bytes=bytes_in(draft.folder),
        ),
        ensemble=gain,
        commands=("linnaeus predict RUN/bundle PICTURES", "linnaeus evaluate RUN/bundle DATA"),
    )
