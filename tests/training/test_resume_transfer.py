"""A transfer broken off in each of its stages, and gone on with from its checkpoints."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")

from test_transfer import Photographs, stages

from linnaeus.bundle.runtime import best_engine
from linnaeus.models.backbones import load_backbone
from linnaeus.progress import Quiet, Stage
from linnaeus.training.checkpoint import Checkpoints
from linnaeus.training.learned import Learned
from linnaeus.training.plan import TrainingPlan
from linnaeus.training.saving import Saver
from linnaeus.training.transfer import learn_by_transfer

RECIPE = stages(
    "probe",
    {"learns": "upper", "epochs": 1},
    {"learns": "whole", "epochs": 1},
).model_copy(update={"device": "cpu", "network": TrainingPlan(batch_size=8)})
"""Six steps a stage."""


class BrokenOff(BaseException):
    """What ends a training in a way that nobody expects."""


class Breaking(Quiet):
    """A progress that breaks off at the `unit`-th unit of the `place`-th stage called `name`."""

    def __init__(self, name: str = "", place: int = 1, unit: int = 1) -> None:
        self._name, self._places, self._units = name, place, unit
        self.seen: list[str] = []

    @contextmanager
    def stage(self, name: str, total: float | None = None) -> Iterator[Stage]:
        self.seen.append(name)
        self._places -= name == self._name
        yield self

    def advance(self, amount: float = 1.0, note: str = "") -> None:
        if amount and self._places == 0 and self.seen[-1] == self._name:
            self._units -= 1
            if self._units == 0:
                raise BrokenOff


def learn(ours: Photographs, saver: Saver, progress: Breaking) -> Learned:
    return learn_by_transfer(
        replace(ours.lesson, digests=None),
        ours.backbone,
        load_backbone(ours.backbone),
        ours.preprocessing,
        RECIPE,
        engine=best_engine(),
        progress=progress,
        stop=lambda: False,
        kept=ours.kept,
        saver=saver,
    )


def test_a_transfer_broken_off_in_each_stage_comes_to_the_same_bits(
    photo_set: Path, shared_weights: Path, tmp_path: Path
) -> None:
    ours = Photographs(photo_set, shared_weights)
    whole = learn(ours, Saver(), Breaking())
    for name, place, unit in (
        ("Computing features", 1, 40),
        ("Fitting the head", 1, 2),
        ("Learning", 1, 3),  # in the stage "upper"
        ("Learning", 2, 3),  # that goes on first; here in the stage "whole"
    ):
        with pytest.raises(BrokenOff):
            learn(ours, Saver(Checkpoints(tmp_path), every_s=0.0), Breaking(name, place, unit))
    last = Breaking()
    gone_on = learn(ours, Saver(Checkpoints(tmp_path), every_s=0.0), last)
    assert gone_on.graph == whole.graph
    assert [replace(s, seconds=0.0) for s in gone_on.stages] == [
        replace(s, seconds=0.0) for s in whole.stages
    ]
    assert gone_on.history == whole.history
    assert "Computing features" not in last.seen, "what was computed is not computed again"
