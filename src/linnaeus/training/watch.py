"""Who watches a training while it lasts, and what of that an interrupted run goes on with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from linnaeus.errors import LinnaeusError, MissingError, Terminated
from linnaeus.evaluation.judging import Measured
from linnaeus.progress import Event, Progress
from linnaeus.training.choice import Choice
from linnaeus.training.material import Material
from linnaeus.training.recipe import Recipe
from linnaeus.training.saving import Saver
from linnaeus.training.state import State
from linnaeus.training.team import Team
from linnaeus.version import __version__
from linnaeus.watching.energy import EnergyMeter
from linnaeus.watching.events import event_of
from linnaeus.watching.mlflow import Mlflow, MlflowRun
from linnaeus.watching.run_log import LOG, RunLog, read_log
from linnaeus.watching.tensorboard import TENSORBOARD, TensorBoard
from linnaeus.watching.watched import Watched, Watcher

__all__ = ["begun_event", "finished_event", "gpu_uuids", "watching"]

PART = "watch"  # of what is saved of a run


@contextmanager
def watching(
    folder: Path,
    progress: Progress,
    saver: Saver,
    *,
    data: str,
    tensorboard: bool = False,
    mlflow: str | None = None,
) -> Iterator[Watched]:
    """Give a Progress whose events are written to the log of the run in `folder`.

    Also to event files for TensorBoard, and to the MLflow server at the address `mlflow`, under an
    experiment called `data`. A run that goes on is watched as it was, and its log goes on behind
    the line of its checkpoint.

    Raises MissingError where TensorBoard is not installed or the server does not answer, UsageError
    for what is no address of one. Where only the checkpoint asks for it, that is told, and the run
    goes on without: it may be another machine by now.
    """
    found = saver.take(PART)
    known = {} if found is None else found.facts
    lines = known.get("lines", 0)
    before = [event_of(line) for line in read_log(folder / LOG)[:lines]]
    watchers: list[Watcher] = []
    state = {"lines": lines, "tensorboard": tensorboard or known.get("tensorboard", False)}
    if state["tensorboard"]:
        with _going_on_without("TensorBoard", progress, asked=tensorboard):
            watchers.append(TensorBoard(folder / TENSORBOARD, progress, before=before))
    run = MlflowRun(**known["mlflow"]) if known.get("mlflow") else None
    if address := mlflow or (run.uri if run else None):
        state["mlflow"] = known.get("mlflow")  # also for a process after this one
        with _going_on_without("MLflow", progress, asked=mlflow is not None):
            sent = Mlflow(address, progress, experiment=data, name=folder.name, known=run)
            state["mlflow"] = {"uri": sent.run.uri, "run_id": sent.run.run_id}
            watchers.append(sent)

    def keep(lines: int) -> None:
        saver.keep(PART, State({**state, "lines": lines}))

    keep(lines)
    log = RunLog(folder / LOG, progress, lines=lines, written=keep)
    meter = EnergyMeter()
    watched = Watched(progress, [log, *watchers], meter, before[-1] if before else None)
    try:
        yield watched
    except BaseException as error:
        if log.lines:
            watched.log(Event("ended", figures={"why": _why(error)}))
        raise
    finally:
        meter.close()
        for watcher in (log, *watchers):
            watcher.close()


@contextmanager
def _going_on_without(watcher: str, progress: Progress, *, asked: bool) -> Iterator[None]:
    """Warn of a `watcher` that cannot be had, unless this very command `asked` for it."""
    try:
        yield
    except MissingError as error:
        if asked:
            raise
        progress.warn(f"The run goes on without {watcher}: {error}")


def begun_event(material: Material, recipe: Recipe, choice: Choice) -> Event:
    """What is learnt from, and how, before it begins."""
    dataset = material.dataset
    figures = {
        "data": dataset.name,
        "fingerprint": dataset.fingerprint,
        "task": "single" if dataset.label_sets is None else "multi",
        "classes": len(dataset.classes),
        "pictures": {
            "train": len(material.train),
            "validation": len(material.validation),
            "test": len(material.test),
        },
        "model": choice.name,
        "recipe": recipe.model_dump(mode="json"),
    }
    return Event("begun", figures=figures, machine={"linnaeus_version": __version__})


def finished_event(metrics: Measured, seconds: float) -> Event:
    """What was measured on the test pictures, and how long it was learnt."""
    figures = {
        name: value
        for name, value in metrics.to_json().items()
        if isinstance(value, dict) and value.keys() == {"value", "low", "high"}
    }
    return Event("finished", figures=figures, machine={"seconds": seconds})


def gpu_uuids(device: str, team: Team) -> list[str]:
    """The UUIDs of the GPUs on this machine that learn; none where `device` is no NVIDIA GPU."""
    if torch.device(device).type != "cuda":
        return []
    count = min(team.size, torch.cuda.device_count())
    places = range(count) if count > 1 else [torch.device(device).index or 0]
    found = [str(torch.cuda.get_device_properties(place).uuid) for place in places]
    return [uuid if uuid.startswith("GPU-") else f"GPU-{uuid}" for uuid in found]


def _why(error: BaseException) -> str:
    if isinstance(error, LinnaeusError):
        return str(error)
    if isinstance(error, KeyboardInterrupt):
        return "It was interrupted."
    if isinstance(error, Terminated):
        return "It was ended by SIGTERM."
    return f"A fault of Linnaeus itself ({type(error).__name__})."
