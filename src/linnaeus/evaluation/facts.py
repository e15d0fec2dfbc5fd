"""RunFacts: what a report says besides its figures, of data, model, training and bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from linnaeus.bundle.record import BundleRecord, Calibration
from linnaeus.evaluation.ensemble_facts import EnsembleFacts
from linnaeus.evaluation.figure import Figure
from linnaeus.watching.spent import Spent

__all__ = [
    "BundleFacts",
    "DataFacts",
    "EpochFacts",
    "ModelFacts",
    "RunFacts",
    "StageFacts",
    "StrengthFacts",
    "TrainingFacts",
]


@dataclass(frozen=True)
class DataFacts:
    """What went in.

    `counts`: for each split ("train", "validation", "test"), the pictures of each class, by the
    class's position in `classes`; `pictures` how many pictures that is in all, which is another
    number where a picture has several labels or none. `left_out` and `unreadable`: reason by path.
    `remarks`: what the split had to decide, as sentences. `alarms`: those among them that make the
    figures doubtful. `audit`: what was found in the pictures, as sentences.
    """

    name: str
    fingerprint: str
    images: int
    classes: tuple[str, ...]
    counts: Mapping[str, Sequence[int]] = field(default_factory=dict)
    pictures: Mapping[str, int] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    unreadable: Mapping[str, str] = field(default_factory=dict)
    audit: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModelFacts:
    """What learned: its name, why it was chosen (a sentence), (height, width), parameter count."""

    name: str
    why: str
    input_size: tuple[int, int]
    parameters: int

    @classmethod
    def of(cls, record: BundleRecord) -> ModelFacts:
        """What a bundle's record tells of it."""
        model, size = record.model, record.preprocessing
        return cls(
            name=str(model.get("name", "")),
            why=str(model.get("why", "")),
            input_size=(size.height_px, size.width_px),
            parameters=int(model.get("parameters", 0)),
        )


@dataclass(frozen=True)
class EpochFacts:
    """One row of the training's history; a figure that was not taken is None.

    `epoch` counts passes through the training pictures, those of earlier stages too. Training's
    figures are of the views that were learnt from, while they were. `stage`: "scratch", or that of
    `StageFacts` by its name.
    """

    epoch: float
    train_loss: float | None = None
    validation_loss: float | None = None
    validation_accuracy: float | None = None
    train_accuracy: float | None = None
    stage: str = "scratch"


@dataclass(frozen=True)
class StageFacts:
    """What one stage of a training brought and cost.

    The figures are of its own network on validation, the loss at the temperature that suits it
    best; None where there were no pictures, or the stage was left out. `kept`: whether its network
    was better than the one before. `why`: that, as a clause.
    """

    name: str
    seconds: float
    validation_accuracy: float | None
    validation_loss: float | None
    kept: bool
    why: str


@dataclass(frozen=True)
class StrengthFacts:
    """What one strength of regularisation gave a head that was fitted to frozen features.

    Mean log losses, and shares that were right, on validation and on what it was fitted to; None
    where that is no number.
    """

    strength: float
    validation_loss: float | None
    validation_accuracy: float | None
    train_loss: float | None
    train_accuracy: float | None


@dataclass(frozen=True)
class TrainingFacts:
    """How it learned. `stopped_early`: why, as a sentence, or empty. `budget_s`: None: no limit.

    `augmentation`: how views differed from their pictures, as sentences; empty: not at all.
    `stages`: those of a pretrained network, in order; empty where it learned from scratch.
    `strengths`: those tried for a head on frozen features, in order. `speeds`: pictures a
    second that each stage learnt from, validation left out. `spent`: what the whole run took of the
    machine.
    """

    seconds: float
    device: str
    budget_s: float | None = None
    stopped_early: str = ""
    augmentation: str = ""
    history: tuple[EpochFacts, ...] = ()
    stages: tuple[StageFacts, ...] = ()
    strengths: tuple[StrengthFacts, ...] = ()
    speeds: Mapping[str, float] = field(default_factory=dict)
    spent: Spent = field(default_factory=Spent)


@dataclass(frozen=True)
class BundleFacts:
    """What came out and answers now.

    `precision_why`: a clause, to stand behind "float32:". `uncalibrated_error`: the test's
    calibration error without the calibration, where there is one and that was measured.
    `tells_unknown`: whether it can call a picture unknown.
    """

    runtime: str
    precision: str
    precision_why: str
    calibration: Calibration
    size_bytes: int
    uncalibrated_error: Figure | None = None
    tells_unknown: bool = False

    def to_json(self) -> dict[str, Any]:
        """As metrics.json has it; of the calibration what people ask, not its maps."""
        told = self.calibration.model_dump(include={"method", "temperature", "log_losses", "why"})
        error = self.uncalibrated_error
        return {
            "runtime": self.runtime,
            "precision": self.precision,
            "precision_why": self.precision_why,
            "calibration": told,
            "temperature": self.calibration.fitted,
            "size_bytes": self.size_bytes,
            "tells_unknown": self.tells_unknown,
            "uncalibrated_error": error.to_json() if error else None,
        }


@dataclass(frozen=True)
class RunFacts:
    """All that a report tells besides `Metrics`. What is None was not part of the run.

    `created`: ISO 8601, UTC. `recipe`: every choice of the training, as plain JSON values.
    `commands`: what to type to use the result again, one command a line.
    """

    title: str
    created: str
    linnaeus_version: str
    data: DataFacts
    model: ModelFacts | None = None
    training: TrainingFacts | None = None
    bundle: BundleFacts | None = None
    ensemble: EnsembleFacts | None = None
    recipe: Mapping[str, Any] = field(default_factory=dict)
    commands: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The facts as metrics.json has them: plain dicts, lists, strings and numbers."""
        return {
            "linnaeus_version": self.linnaeus_version,
            "created": self.created,
            "title": self.title,
            "data": asdict(self.data),
            "model": asdict(self.model) if self.model else None,
            "training": asdict(self.training) if self.training else None,
            "bundle": self.bundle.to_json() if self.bundle else None,
            "ensemble": asdict(self.ensemble) if self.ensemble else None,
            "recipe": dict(self.recipe),
            "commands": list(self.commands),
        }
