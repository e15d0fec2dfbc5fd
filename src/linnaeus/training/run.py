"""A run: the folder that one training leaves behind, and what can be asked of it.

recipe.json      every choice of the training, with nothing left to choose
split.csv        where each picture went, and why some were left out
audit.json       what was found in the data
predictions.csv  the finished bundle's answer to each test picture
bundle/          the trained classifier; of a cross-validation folds/, with a run for each fold
report/          index.html and metrics.json
log.jsonl        what each pass and stage came to
tensorboard/     the same as event files, where they were asked for
begun.json       what was asked for; `run_folder` says what else is there until a run is finished
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.load import load
from linnaeus.data.findings import Audit
from linnaeus.errors import UsageError
from linnaeus.evaluation.cross_validation import CrossValidated, fold_words
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

    `crossed`: of a cross-validation, its folds. `metrics` are then those of all their answers
    together, there is no bundle, and a whole run of each fold stands in the folder folds/.
    """

    folder: Path
    recipe: Recipe
    audit: Audit
    metrics: Measured
    gain: EnsembleFacts | None = None
    crossed: CrossValidated | None = None

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
        return (*plain_words(self.metrics), *gained, *fold_words(self.crossed))

    def classifier(self) -> Classifier:
        """The trained classifier, opened as `linnaeus.load` does.

        Raises UsageError of a cross-validation, which leaves none for use.
        """
        if self.crossed is not None:
            raise UsageError(
                "a cross-validation tells how good such a training is, and leaves no bundle",
                where=str(self.folder),
                mend="Train once more without folds; each fold's own bundle is in folds/.",
            )
        return load(self.bundle)
