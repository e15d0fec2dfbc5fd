"""Right and wrong answers, each with a map of where it comes from, as a report shows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.predictions import UNKNOWN_LABEL, Predictions
from linnaeus.data.dataset import Dataset
from linnaeus.evaluation.figure import Figure
from linnaeus.progress import Progress
from linnaeus.randomness import generator

__all__ = ["Explain", "ExplainedAnswer", "ExplainedAnswers", "answers_to_explain"]

SHOWN = 12
"""Wrong and right ones together: what a reader looks at, and what takes a moment to make."""

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class ExplainedAnswer:
    """A picture that is `true` and was called `said`; `picture` and `map` are data URIs."""

    id: str
    true: str
    said: str
    confidence: float
    picture: str
    map: str
    tiny: bool


@dataclass(frozen=True)
class ExplainedAnswers:
    """Maps by `method` (of `layer`, empty where it asks nothing of one) of some answers.

    `over_random`: by how much of the probability the maps part what the answers go by from the rest
    better than maps that know nothing do. `trusted`: whether that and the other tests of
    `explanation.trust` speak for the maps, and `verdict` so as a sentence. None, None and empty
    where it was not measured.
    """

    method: str
    layer: str
    wrong: tuple[ExplainedAnswer, ...]
    right: tuple[ExplainedAnswer, ...]
    over_random: Figure | None = None
    trusted: bool | None = None
    verdict: str = ""

    def to_json(self) -> dict[str, Any]:
        """As metrics.json has it: all but the pictures."""
        return {
            "method": self.method,
            "layer": self.layer,
            "over_random": self.over_random.to_json() if self.over_random else None,
            "trusted": self.trusted,
            "verdict": self.verdict,
            "pictures": [
                {name: value for name, value in asdict(one).items() if name in TOLD}
                for one in (*self.wrong, *self.right)
            ],
        }


TOLD = ("id", "true", "said", "confidence")

Explain = Callable[[Path, Dataset, Predictions, Progress], ExplainedAnswers | None]
"""From a bundle's folder, a data set and the bundle's answers to pictures of it to some of these
answers explained; None where there is nothing to explain. It is handed down from above: what looks
inside a network lies higher than what judges answers."""


def answers_to_explain(predictions: Predictions) -> tuple[Rows, Rows]:
    """The rows of wrong and of right answers to show, a dozen together where there are so many.

    Half are the mistakes of highest confidence; the right ones are drawn, of one class after the
    other. Where there are fewer of one, there are more of the other.
    """
    named, labels = predictions.decisions, predictions.labels
    judged = (labels != UNKNOWN_LABEL) & (named >= 0)
    confidence = np.nan_to_num(predictions.probabilities).max(axis=1)
    wrong = np.flatnonzero(judged & (named != labels))
    wrong = wrong[np.argsort(-confidence[wrong], kind="stable")]
    right = _class_after_class(np.flatnonzero(judged & (named == labels)), labels)
    count = max(SHOWN // 2, SHOWN - len(right))
    wrong = wrong[:count]
    return wrong, right[: SHOWN - len(wrong)]


def _class_after_class(rows: Rows, labels: Rows) -> Rows:
    """`rows` in a drawn order in which no class comes again before all others had their turn."""
    drawn = rows[generator(0, "right answers to explain").permutation(len(rows))]
    turns: dict[int, int] = {}
    order = []
    for label in labels[drawn].tolist():
        turns[label] = turns.get(label, -1) + 1
        order.append(turns[label])
    return drawn[np.argsort(order, kind="stable")]
