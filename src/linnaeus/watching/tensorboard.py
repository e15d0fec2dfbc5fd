"""Event files that TensorBoard shows, in the folder of a run.

    tensorboard --logdir runs

Training and validation are runs of their own there, so that their loss, and their accuracy, lie in
one drawing: STAGE/loss, STAGE/accuracy. All else is drawn of "training".
"""

from __future__ import annotations

import io
import os
import shutil
import socket
import time
from collections.abc import Sequence
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from linnaeus.errors import MissingError, WriteError
from linnaeus.files import append_whole
from linnaeus.progress import Event, Progress
from linnaeus.watching.scalars import Steps, scalars

__all__ = ["TENSORBOARD", "TensorBoard"]

TENSORBOARD = "tensorboard"
SIDES = {"train_": "training", "validation_": "validation"}
"""What a figure's name begins with, and the run that TensorBoard shows it under."""

VERSION = "brain.Event:2"


class TensorBoard:
    """Writes what is drawn to event files under `folder`; an event can be read when it was heard.

    `before`: the events of a run that goes on. They are drawn again, and what stands in `folder`
    goes away: the process that wrote it may have been further. Raises MissingError where the
    package is not installed.
    """

    def __init__(self, folder: Path, progress: Progress, *, before: Sequence[Event] = ()) -> None:
        if find_spec("tensorboard") is None:
            raise MissingError(
                "TensorBoard's files need its package, which this installation does not have",
                where="--tensorboard",
                mend='Install it with: pip install "linnaeus[watch]"',
            )
        self._folder = folder
        self._progress = progress
        self._files: dict[str, Path] = {}
        self._steps = Steps()
        self._failed = False
        shutil.rmtree(folder, ignore_errors=True)
        for event in before:
            self.hear(event)

    def hear(self, event: Event) -> None:
        """Write what there is to draw. A disk that refuses ends these files, which is told."""
        numbers = scalars(event)
        if not numbers or self._failed:
            return
        try:
            step, at_s = self._steps.of(event), _seconds(event)
            for side, drawn in _by_side(event.stage, numbers).items():
                self._write(side, step, at_s, drawn)
        except WriteError as error:
            self._failed = True
            self._progress.warn(f"TensorBoard's files end here, and the run goes on: {error}")

    def close(self) -> None:
        """Nothing waits to be written."""

    def _write(self, side: str, step: int, at_s: float, numbers: dict[str, float]) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary

        if side not in self._files:
            self._begin(side, at_s)
        values = [Summary.Value(tag=name, simple_value=value) for name, value in numbers.items()]
        self._append(side, wall_time=at_s, step=step, summary=Summary(value=values))

    def _begin(self, side: str, at_s: float) -> None:
        """Name a file as TensorBoard's own writer does, and begin it as that does."""
        name = f"events.out.tfevents.{time.time():010.0f}.{socket.gethostname()}.{os.getpid()}.0"
        self._files[side] = self._folder / side / name
        self._append(side, wall_time=at_s, file_version=VERSION)

    def _append(self, side: str, **content: Any) -> None:
        from tensorboard.compat.proto.event_pb2 import Event as Record
        from tensorboard.summary.writer.record_writer import RecordWriter

        record = io.BytesIO()
        RecordWriter(record).write(Record(**content).SerializeToString())
        append_whole(self._files[side], record.getvalue())


def _seconds(event: Event) -> float:
    """When an event happened, in seconds since 1970."""
    at = event.machine.get("at")
    return time.time() if at is None else datetime.fromisoformat(str(at)).timestamp()


def _by_side(stage: str, numbers: dict[str, float]) -> dict[str, dict[str, float]]:
    """{run of TensorBoard: {tag: number}}."""
    sides: dict[str, dict[str, float]] = {}
    for name, value in numbers.items():
        start = next((start for start in SIDES if name.startswith(start)), "")
        side = SIDES.get(start, "training")
        sides.setdefault(side, {})[f"{stage or 'test'}/{name.removeprefix(start)}"] = value
    return sides
