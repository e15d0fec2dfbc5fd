"""A smaller model as the bundle that it would be: finished, and judged beside the original."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.predictions import Predictions
from linnaeus.bundle.record import BundleRecord, Serving
from linnaeus.bundle.seen import add_seen
from linnaeus.compression.before import Before, right_on_validation
from linnaeus.compression.facts import compressed_facts
from linnaeus.compression.making import Making
from linnaeus.compression.model import Model
from linnaeus.compression.original import Original
from linnaeus.compression.packed import packed_bytes
from linnaeus.compression.serving import served_best
from linnaeus.evaluation.calibrated import Calibrated
from linnaeus.evaluation.contest import Contest, pair
from linnaeus.evaluation.facts import RunFacts
from linnaeus.evaluation.figure import Figure
from linnaeus.files import bytes_in
from linnaeus.training.card import model_card
from linnaeus.training.facts import Judged as OnTest
from linnaeus.training.finishing import bundle_finished
from linnaeus.training.serving import Served
from linnaeus.version import __version__

__all__ = ["Judged", "judged"]


@dataclass(frozen=True, eq=False)
class Judged:
    """A smaller model beside the original, before it is timed.

    `folder`: its bundle, whole, as long as it is being tried; `size_bytes`: what all files of that
    take, and `packed_bytes` what they take when packed. `facts` and `on_test` are for its report.
    `on_validation`: the share of held-out pictures that it has right, by which one of several is
    chosen. `contest`: the original against it on the
    test pictures, whose `difference` is what was lost. `agreement`: the share of test pictures that
    both answer alike.
    """

    method: str
    model: Model
    served: Served
    folder: Path
    facts: RunFacts
    on_test: OnTest
    size_bytes: int
    packed_bytes: int
    graph_bytes: int
    on_validation: float
    contest: Contest
    agreement: float
    classifier: Classifier

    @property
    def serving(self) -> Serving:
        """How it is served."""
        return self.served.serving

    @property
    def lost(self) -> Figure:
        """The share of right answers that it lost, below 0 where it has more; with the interval."""
        return self.contest.difference


def judged(method: str, model: Model, making: Making, first: Before, folder: Path) -> Judged:
    """Make a whole bundle of `model` at `folder`, fitted anew, and judge it beside the original."""
    original, parted = making.original, making.original.parted
    served = served_best(model, original, making.seed, making.progress)
    with bundle_finished(
        folder,
        parted,
        served,
        model.graph,
        model.save_weights,
        lambda calibrated: _record(original, method, model, served, calibrated),
        seed=making.seed,
        progress=making.progress,
    ) as finished:
        add_seen(finished.folder, original.folder)  # data may hold a part of it only
        facts = compressed_facts(finished, parted, model.done)
        finished.write_card(model_card(facts, finished.judged.test))
    after = finished.judged.predictions
    return Judged(
        method=method,
        model=model,
        served=served,
        folder=folder,
        facts=facts,
        on_test=finished.judged,
        size_bytes=bytes_in(folder),
        packed_bytes=packed_bytes(folder),
        graph_bytes=len(model.graph),
        on_validation=right_on_validation(finished.record, parted, served.logits),
        contest=_contest(first, after, original),
        agreement=float((first.predictions.given == after.given).all(axis=1).mean()),
        classifier=finished.draft.classifier.knowing(None),
    )


def _contest(first: Before, after: Predictions, original: Original) -> Contest:
    tested = original.parted.groups_at(original.parted.test)
    return pair(first.predictions, after, ("before", "after"), tested).accuracy


def _record(
    original: Original, method: str, model: Model, served: Served, calibrated: Calibrated
) -> BundleRecord:
    """The original's record, with what is different now."""
    name = str(original.record.model.get("name", ""))
    return original.record.model_copy(
        update={
            "linnaeus_version": __version__,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "serving": served.serving,
            "calibration": calibrated.calibration,
            "thresholds": calibrated.thresholds,
            "model": {
                **model.facts,
                "name": f"{name}, {method}",
                "why": f"It was made of {name}: {', and '.join(model.done)}.",
                "compressed": {"from": name, "method": method, "created": original.record.created},
            },
        }
    )
