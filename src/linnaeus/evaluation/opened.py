"""A bundle that is open to be judged, and the labels of the data as its classes have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.answer import Answer
from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.load import bundle_folder, load
from linnaeus.bundle.predictions import UNKNOWN_LABEL, Predictions
from linnaeus.bundle.squeezers import SqueezerName
from linnaeus.data.dataset import Dataset
from linnaeus.data.layout import listed
from linnaeus.errors import DataError
from linnaeus.evaluation.answers_for import answers_for
from linnaeus.progress import Progress

__all__ = ["Opened", "matched", "opened_for"]


@dataclass(frozen=True)
class Opened:
    """A bundle by the `name` it was given, and the data's `labels` as its classes have them."""

    name: str
    folder: Path
    classifier: Classifier
    labels: NDArray[np.int64] | NDArray[np.bool_]

    def answering_so(self, squeeze: SqueezerName | None, changed_above: float | None) -> Opened:
        """The same, whose answers come about as asked; what squeezes first is called so too."""
        classifier = self.classifier.squeezing(squeeze).detecting(changed_above)
        name = self.name if squeeze is None else f"{self.name} --squeeze {squeeze}"
        return replace(self, name=name, classifier=classifier)

    @property
    def usual(self) -> _Usual:
        """What its training pictures mostly were, as far as it tells."""
        data = self.classifier.record.data
        counts = [data.get("train_counts", {}).get(name, 0) for name in self.classifier.classes]
        return _Usual(
            train_counts=counts if any(counts) else None, usual_set=data.get("most_common_set")
        )

    def answers(
        self, dataset: Dataset, rows: NDArray[np.int64], progress: Progress
    ) -> tuple[Predictions, list[Answer]]:
        """Its answers to the pictures at `rows`, as `answers_for` gives them."""
        return answers_for(self.classifier, dataset, rows, self.labels[rows], progress)


class _Usual(TypedDict):
    train_counts: list[int] | None
    usual_set: list[str] | None


def opened_for(bundle: Path, dataset: Dataset) -> Opened:
    """Open a bundle to be judged on `dataset`. Raises as `load` and `matched` do."""
    return matched(load(bundle), bundle, dataset)


def matched(classifier: Classifier, bundle: Path, dataset: Dataset) -> Opened:
    """A bundle that is open already. Raises DataError where it cannot be judged on `dataset`."""
    _check_task(classifier, bundle, dataset)
    labels = _in_order_of(classifier.classes, bundle, dataset)
    return Opened(str(bundle), bundle_folder(bundle), classifier, labels)


def _check_task(classifier: Classifier, bundle: Path, dataset: Dataset) -> None:
    """Refuse to judge one label a picture by several, and several by one."""
    several = dataset.label_sets is not None
    if several and classifier.record.task == "single":
        raise DataError(
            f"it gives each picture one label, and the pictures of '{dataset.name}' may have"
            " several",
            where=str(bundle),
            mend="Give one label column with one label a picture, or a bundle trained on several.",
        )
    if not several and classifier.record.task == "multi":
        raise DataError(
            f"it gives each picture any number of labels, and the pictures of '{dataset.name}' have"
            " one each",
            where=str(bundle),
            mend="If each is all that a picture shows, say so with --label-separator '|'.",
        )


def _in_order_of(
    classes: Sequence[str], bundle: Path, dataset: Dataset
) -> NDArray[np.int64] | NDArray[np.bool_]:
    """The labels of a data set as positions in the bundle's `classes`, or as sets of them."""
    known = {name: place for place, name in enumerate(classes)}
    strange = [name for name in dataset.classes if name not in known]
    if strange:
        raise DataError(
            f"the bundle knows no class {listed(map(repr, strange))}, which '{dataset.name}' has",
            where=str(bundle),
            mend=f"It knows {', '.join(classes[:20])}. Rename the classes of the data, leave them"
            " out, or give a bundle that was trained on them.",
        )
    places = np.array([known[name] for name in dataset.classes], np.int64)
    if dataset.label_sets is not None:
        sets = np.zeros((len(dataset), len(classes)), bool)
        sets[:, places] = dataset.label_sets
        return sets
    return np.where(dataset.labels >= 0, places[dataset.labels], UNKNOWN_LABEL)
