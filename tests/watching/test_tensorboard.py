"""Event files, read back by TensorBoard's own reader."""

from __future__ import annotations

from pathlib import Path

import pytest

from linnaeus.progress import Event, Quiet
from linnaeus.watching.tensorboard import TensorBoard

accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")


def a_pass(stage: str, step: int, loss: float, validation: float | None) -> Event:
    figures = {"pass": step / 10, "step": step, "learning_rate": 0.1, "train_loss": loss}
    figures |= {"train_accuracy": None, "validation_loss": validation}
    machine = {"at": "2026-11-25T12:00:00.500+00:00", "pictures_a_second": 100.0}
    return Event("pass", stage, figures, machine)


def read(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """{tag: [(step, value)]} by TensorBoard itself."""
    events = accumulator.EventAccumulator(str(folder)).Reload()
    tags = events.Tags()["scalars"]
    return {tag: [(e.step, pytest.approx(e.value)) for e in events.Scalars(tag)] for tag in tags}


def test_training_and_validation_lie_in_one_drawing(tmp_path: Path) -> None:
    board = TensorBoard(tmp_path / "tensorboard", Quiet())
    board.hear(a_pass("head", 10, 2.0, 2.5))
    board.hear(a_pass("whole", 5, 1.0, 1.5))
    board.hear(a_pass("whole", 10, 0.5, None))
    training = read(tmp_path / "tensorboard" / "training")
    assert training["head/loss"] == [(10, 2.0)]
    assert training["whole/loss"] == [(5, 1.0), (10, 0.5)]
    assert training["whole/pictures_a_second"] == [(5, 100.0), (10, 100.0)]
    assert training["whole/learning_rate"] == [(5, 0.1), (10, 0.1)]
    validation = read(tmp_path / "tensorboard" / "validation")
    assert validation == {"head/loss": [(10, 2.5)], "whole/loss": [(5, 1.5)]}


def test_each_event_can_be_read_while_the_run_goes_on_at_the_time_it_happened(
    tmp_path: Path,
) -> None:
    board = TensorBoard(tmp_path / "tensorboard", Quiet())
    board.hear(a_pass("scratch", 1, 2.0, None))
    events = accumulator.EventAccumulator(str(tmp_path / "tensorboard" / "training")).Reload()
    (event,) = events.Scalars("scratch/loss")
    assert event.wall_time == 1795608000.5
    board.hear(a_pass("scratch", 2, 1.0, None))
    assert len(events.Reload().Scalars("scratch/loss")) == 2


def test_the_strengths_of_a_head_and_the_figures_of_the_test_are_drawn(tmp_path: Path) -> None:
    board = TensorBoard(tmp_path / "tensorboard", Quiet())
    for strength in (0.1, 0.01):
        figures = {"strength": strength, "train_loss": strength, "validation_accuracy": 0.5}
        board.hear(Event("strength", "probe", figures))
    figure = {"value": 0.8, "low": 0.7, "high": 0.9}
    board.hear(Event("finished", "", {"accuracy": figure}))
    training = read(tmp_path / "tensorboard" / "training")
    assert training["probe/loss"] == [(1, 0.1), (2, 0.01)]
    assert training["test/accuracy"] == [(0, 0.8)]
    assert training["test/accuracy_low"] == [(0, 0.7)]


def test_a_run_that_goes_on_is_drawn_from_its_log_and_not_twice(tmp_path: Path) -> None:
    folder = tmp_path / "tensorboard"
    first = TensorBoard(folder, Quiet())
    lost = [a_pass("whole", 5, 1.0, 1.5), a_pass("whole", 10, 0.9, 1.4), a_pass("whole", 15, 9, 9)]
    for event in lost:
        first.hear(event)
    again = TensorBoard(folder, Quiet(), before=lost[:2])
    again.hear(a_pass("whole", 15, 0.8, 1.3))
    assert read(folder / "training")["whole/loss"] == [(5, 1.0), (10, 0.9), (15, 0.8)]
    assert read(folder / "validation")["whole/loss"] == [(5, 1.5), (10, 1.4), (15, 1.3)]
