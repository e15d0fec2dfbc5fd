"""A run's facts with no field left empty, so that a report of them shows all that it can."""

from __future__ import annotations

import pytest

from linnaeus.bundle.calibration import Calibration
from linnaeus.evaluation.ensemble_facts import EnsembleFacts, MemberFacts
from linnaeus.evaluation.facts import (
    BundleFacts,
    DataFacts,
    EpochFacts,
    ModelFacts,
    RunFacts,
    StageFacts,
    StrengthFacts,
    TrainingFacts,
)
from linnaeus.evaluation.figure import Figure
from linnaeus.watching.spent import Spent


@pytest.fixture
def full_facts() -> RunFacts:
    """Facts of a training on eight classes."""
    classes = tuple(f"class {i}" for i in range(8))
    return RunFacts(
        title="eight things · small_cnn",
        created="2026-01-02T03:04:05+00:00",
        linnaeus_version="0.1.0",
        data=DataFacts(
            name="eight things",
            fingerprint="ab" * 32,
            images=1001,
            classes=classes,
            counts={"train": [70] * 8, "validation": [10] * 8, "test": [40] * 8},
            pictures={"train": 560, "validation": 80, "test": 320},
            remarks=("The split was drawn by class.",),
            left_out={"copy.jpg": "the same pixels as first.jpg"},
            unreadable={"broken.jpg": "the file is empty"},
            audit=("One file could not be read.",),
        ),
        model=ModelFacts("small_cnn", "No pretrained network was at hand.", (48, 64), 123_456),
        training=TrainingFacts(
            seconds=75.0,
            device="cpu",
            budget_s=120.0,
            stopped_early="The budget was spent before all was done.",
            augmentation="Views were mirrored and moved by up to 6 % of a side.",
            history=tuple(
                EpochFacts(i, 2 / i, 2.2 / i, 1 - 0.8 / i, 1 - 0.7 / i, "upper")
                for i in range(1, 6)
            ),
            strengths=(
                StrengthFacts(0.1, 1.2, 0.6, 1.1, 0.65),
                StrengthFacts(0.01, 0.9, 0.75, 0.6, 0.9),
                StrengthFacts(0.001, 1.0, 0.7, 0.3, 0.99),
            ),
            speeds={"upper": 321.0},
            spent=Spent(1_234_567_890, 2_345_678_901, 7200.0, 90_000.0),
            stages=(
                StageFacts("probe", 8.0, 0.75, 0.81, True, "the first one"),
                StageFacts("upper", 20.0, 0.77, 0.74, True, "log loss -0.070 ± 0.020"),
                StageFacts("whole", 0.0, None, None, False, "left out: there was no time"),
            ),
        ),
        bundle=BundleFacts(
            runtime="onnxruntime 1.20",
            precision="float32",
            precision_why="It was asked for.",
            calibration=Calibration(
                method="temperature",
                temperature=1.25,
                log_losses={"none": 0.71, "temperature": 0.62},
                why="log loss 0.620, 0.710 without",
            ),
            size_bytes=2_345_678,
            uncalibrated_error=Figure(0.08, 0.05, 0.11),
        ),
        ensemble=EnsembleFacts(
            method="average",
            why="the weights under which 80 held-out pictures are likeliest",
            members=(
                MemberFacts("mlp", 0.3, Figure(0.8, 0.7, 0.9), Figure(0.5, 0.4, 0.6), 0.004),
                MemberFacts("small_cnn", 0.7, Figure(0.9, 0.8, 0.95), Figure(0.4, 0.3, 0.5), 0.01),
            ),
            best="small_cnn",
            accuracy_gain=Figure(0.01, -0.01, 0.03),
            log_loss_gain=Figure(-0.02, -0.03, -0.01),
            seconds=0.015,
        ),
        recipe={"seed": 0, "model": "auto", "budget_s": 120.0},
        commands=("linnaeus predict RUN/bundle PICTURES",),
    )
