"""One training of a study, in a process of its own: learn, judge, measure what it cost, record."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from linnaeus.bundle.classifier import Classifier
from linnaeus.comparing.jobs import UNFINISHED, Job
from linnaeus.comparing.records import (
    Costs,
    Record,
    weights_told,
    what_decides,
    write_record,
)
from linnaeus.data.cache import the_cache
from linnaeus.data.columns import Columns
from linnaeus.data.dataset import Dataset
from linnaeus.evaluation.answer_table import read_answer_table
from linnaeus.evaluation.answered_pictures import rows_by_name
from linnaeus.evaluation.metrics import Metrics
from linnaeus.files import read_json, sha256_of
from linnaeus.progress import Quiet
from linnaeus.training.choice import choose_model
from linnaeus.training.fit import fit
from linnaeus.training.recipe import recipe_with
from linnaeus.training.run import Run
from linnaeus.watching.memory import peak_memory_bytes

__all__ = ["train_once"]

TIMED = 40
"""Test pictures answered one by one for the time of an answer; the first few are not counted."""

FIRST_ANSWERS = 5


class _Warned(Quiet):
    """Keeps what asks for attention, for the record."""

    def __init__(self) -> None:
        self.remarks: list[str] = []

    def warn(self, sentence: str) -> None:
        self.remarks.append(sentence)


def train_once(job: Job) -> None:
    """Carry out `job` and write its record. Raises as `training.fit.fit` does."""
    began = time.perf_counter()
    dataset, warned = job.data.load(), _Warned()
    choice = choose_model(job.model, weights=job.weights)
    recipe = recipe_with(
        None,
        model=job.model,
        preset=job.preset if choice.classical is None else None,  # it is of networks alone
        epochs=job.epochs,
        seed=job.seed,
        split_file=job.split_file,
        fold=job.fold,
    )
    with _room(job.record.parent) as room:
        run = fit(
            dataset,
            recipe,
            choice,
            out=room,
            workers=job.workers,
            cache=the_cache() if job.cache else None,
            progress=warned,
            figures_only=True,  # the bundle is thrown away, and its page with it
        )
        all_s = time.perf_counter() - began
        answers = read_answer_table(run.folder / "predictions.csv", Columns()).predictions
        rows = rows_by_name(dataset)
        paths = [dataset.paths[rows[name]] for name in answers.ids[: FIRST_ANSWERS + TIMED]]
        answer_s = _answer_s(run.classifier(), dataset, paths)
        split_sha256 = sha256_of(Path(job.split_file))
        pretrained = weights_told(choice.backbone)
        decided_by = what_decides(job, dataset.fingerprint, split_sha256, pretrained)
        record = _record(decided_by, run, tuple(warned.remarks), all_s, answer_s)
    write_record(job.record, record, answers)


def _record(
    decided_by: dict[str, Any],
    run: Run,
    remarks: tuple[str, ...],
    all_s: float,
    answer_s: float,
) -> Record:
    facts, metrics = read_json(run.report.with_name("metrics.json")), run.metrics
    assert isinstance(metrics, Metrics)  # data of several labels were refused
    figures = {
        "accuracy": metrics.accuracy,
        "macro_f1": metrics.macro_f1,
        "log_loss": metrics.log_loss,
    }
    return Record(
        decided_by=decided_by,
        answers_sha256="",
        train_pictures=facts["data"]["pictures"]["train"],
        test_pictures=metrics.images,
        scores={name: figure.value for name, figure in figures.items()},
        parameters=facts["model"]["parameters"],
        input_size=tuple(facts["model"]["input_size"]),
        recipe=run.recipe.model_dump(mode="json"),
        remarks=remarks,
        costs=Costs(
            learning_s=facts["training"]["seconds"],
            all_s=all_s,
            answer_s=answer_s,
            size_bytes=facts["bundle"]["size_bytes"],
            peak_bytes=peak_memory_bytes(),
        ),
    )


@contextmanager
def _room(folder: Path) -> Iterator[Path]:
    """A folder for a run that is measured and thrown away, on the study's own disk."""
    folder.mkdir(parents=True, exist_ok=True)
    room = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=folder))
    try:
        yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _answer_s(classifier: Classifier, dataset: Dataset, paths: Sequence[str]) -> float:
    """Seconds from the bytes of a picture to its answer, one at a time: the median."""
    seconds = []
    for path in paths:
        content = dataset.source.read(path)
        began = time.perf_counter()
        classifier.predict(content, unreadable="keep")
        seconds.append(time.perf_counter() - began)
    return median(seconds[FIRST_ANSWERS:] or seconds)
