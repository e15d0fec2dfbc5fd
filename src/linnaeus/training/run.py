"""A run: the folder that one training leaves behind, and what can be asked of it.

recipe.json      every choice of the training, with nothing left to choose
split.csv        where each picture went, and why some were left out
audit.json       what was found in the data
predictions.csv  the finished bundle's answer to each test picture
bundle/          the trained classifier
report/          index.html and metrics.json
log.jsonl        what each pass and stage came to
tensorboard/     the same as event files, where they were asked for
begun.json       what was asked for; `run_folder` says what else is there until a run is finished
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from linnaeus.bundle.classifier import Classifier, load
from linnaeus.data.findings import Audit
from linnaeus.evaluation.ensemble_facts import EnsembleFacts
from linnaeus.evaluation.judging import Measured
from linnaeus.evaluation.plain_words import plain_words
from linnaeus.runs.state import BUNDLE
from linnaeus.training.recipe import Recipe

__all__ = ["BUNDLE", "Run"]


@dataclass(frozen=True)
class Run:
    """One finished training. `metrics` are those of the bundle on pictures it never saw.

    `gain`: of an ensemble, whether that is better than its best member alone; None where one
    classifier answers. Its members are whole runs in the folder members/.
    """

    folder: Path
    recipe: Recipe
    audit: Audit
    metrics: Measured
    gain: EnsembleFacts | None = None

    @property
    def bundle(self) -> Path:
        """The folder of the trained classifier."""
        return self.folder / BUNDLE

    @property
    def report(self) -> Path:
        """The report's page."""
        return self.folder / "report" / "index.html"

    @property
    def in_plain_words(self) -> tuple[str, ...]:
        """What the report says, in a few sentences."""
        gained = self.gain.in_plain_words if self.gain else ()
        return (*plain_words(self.metrics), *gained)

    def classifier(self) -> Classifier:
        """The trained classifier, opened as `linnaeus.load` does."""
        return load(self.bundle)
