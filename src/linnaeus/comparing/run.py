"""A comparison from end to end: folds, trainings one by one, what was found, and the page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from linnaeus.comparing.folds import saved_folds
from linnaeus.comparing.jobs import UNFINISHED, Job, jobs_of
from linnaeus.comparing.looks import looks_at
from linnaeus.comparing.records import (
    Record,
    kept_record,
    read_answers,
    weights_told,
    what_decides,
)
from linnaeus.comparing.results import Comparison, SetFound, Trained, compared, found_on
from linnaeus.comparing.settle import learns_in_passes, settle_passes
from linnaeus.comparing.study import Study
from linnaeus.comparing.workplace import Workplace
from linnaeus.data.dataset import Dataset
from linnaeus.errors import Stopped
from linnaeus.evaluation.answered_pictures import name_in_table, rows_by_name
from linnaeus.files import sha256_of
from linnaeus.progress import Progress
from linnaeus.training.choice import choose_model

__all__ = ["carried_out"]


def carried_out(study: Study, sets: dict[str, Dataset], progress: Progress) -> Comparison:
    """Carry out what is left of `study`, and put together what was found.

    `sets`: its data sets by name. What an earlier start finished is not done again. A training
    that fails is told, and leaves its model without figures on that data set; the rest goes on.
    The lock on the study is the caller's. Raises Stopped on Ctrl-C, where the same command goes on
    later, DataError where pictures cannot be told from each other in a table.
    """
    for left in (study.folder / "records").glob(f"*/*/{UNFINISHED}*"):
        shutil.rmtree(left, ignore_errors=True)
    for name, dataset in sets.items():
        rows_by_name(dataset)
        saved_folds(study, name, dataset, progress)
    work = _Work(study, sets, progress)
    with _told_when_stopped(work):
        work.do()
    return work.found()


@dataclass
class _Work:
    """The state of a study at work: what is done, and what has failed."""

    study: Study
    sets: dict[str, Dataset]
    progress: Progress
    pretrained: dict[str, str] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)
    gaps: dict[str, dict[str, str]] = field(default_factory=dict)
    curveless: set[tuple[str, str]] = field(default_factory=set)  # data set and model

    def do(self) -> None:
        """Do every job that has no record yet.

        Within a budget, what learns in passes comes last, for its passes go by the time left.
        """
        with Workplace() as place:
            if self.study.asked.budget_s is None:
                self._do_all(list(jobs_of(self.study)), place)
                return
            timed = self._timed_models()
            self._do_all([job for job in jobs_of(self.study) if job.model not in timed], place)
            settle_passes(self.study, timed, list(self.records.values()), place, self.progress)
            self._do_all([job for job in jobs_of(self.study) if job.model in timed], place)

    def _do_all(self, jobs: list[Job], place: Workplace) -> None:
        decided = {job.file: self._decided_by(job) for job in jobs}
        self._take_kept(jobs, decided)
        left = [job for job in jobs if job.file not in self.records]
        if len(left) < len(jobs):
            done = len(jobs) - len(left)
            self.progress.say(f"{done:,} of {len(jobs):,} trainings are done already.")
        with self.progress.stage("Comparing", len(left)) as stage:
            for job in left:
                stage.advance(0, job.title)
                if not self._is_lost(job):
                    self._carry_out(job, place, decided[job.file])
                stage.advance()

    def _is_lost(self, job: Job) -> bool:
        """Whether what `job` is for has no figures any more, whatever comes of it."""
        without_curve = job.share < 1 and (job.data.name, job.model) in self.curveless
        return without_curve or job.model in self.gaps.get(job.data.name, {})

    def _timed_models(self) -> set[str]:
        """The models that learn in passes over the pictures, of which a budget allows fewer."""
        weights = self.study.asked.weights
        return {m for m in self.study.asked.models if learns_in_passes(m, weights)}

    def found(self) -> Comparison:
        """What was found, on all data sets."""
        return compared([self._found_on(name) for name in self.sets])

    @property
    def done(self) -> int:
        """How many trainings are recorded."""
        return len(self.records)

    def _take_kept(self, jobs: list[Job], decided: dict[str, dict[str, object]]) -> None:
        for job in jobs:
            record = kept_record(job.record, decided[job.file])
            if record is not None:
                self.records[job.file] = record
            elif job.record.exists():
                self.progress.say(f"{job.title} is done anew: its record is of another training.")

    def _carry_out(self, job: Job, place: Workplace, decided: dict[str, object]) -> None:
        failed = place.carry_out(job)
        record = None if failed else kept_record(job.record, decided)
        if record is not None:
            self.records[job.file] = record
            return
        why = failed or "its record is not as it was written"
        if job.share < 1:
            told = f"{job.model} has no learning curve there"
            self.progress.warn(f"{job.title} failed, and {told}: {why}")
            self.curveless.add((job.data.name, job.model))
            return
        self.progress.warn(f"{job.title} failed, and {job.model} is left out there: {why}")
        self.gaps.setdefault(job.data.name, {})[job.model] = why

    def _decided_by(self, job: Job) -> dict[str, object]:
        fingerprint = self.sets[job.data.name].fingerprint
        split_sha256 = sha256_of(Path(job.split_file))
        return what_decides(job, fingerprint, split_sha256, self._weights_of(job.model))

    def _weights_of(self, model: str) -> str:
        """The weights that `model` starts from; "" where it learns from scratch."""
        if model not in self.pretrained:
            choice = choose_model(model, weights=self.study.asked.weights)
            self.pretrained[model] = weights_told(choice.backbone)
        return self.pretrained[model]

    def _found_on(self, name: str) -> SetFound:
        dataset, gaps = self.sets[name], self.gaps.get(name, {})
        trained = [
            self._trained(name, model) for model in self.study.asked.models if model not in gaps
        ]
        groups, of_each = None, dataset.groups_at(np.arange(len(dataset)))
        if of_each is not None:
            names = map(name_in_table, dataset.paths)  # as records have them
            groups = dict(zip(names, map(str, of_each), strict=True))
        return found_on(
            name,
            dataset.fingerprint,
            dataset.classes,
            trained,
            gaps,
            groups=groups,
            looks=looks_at(dataset, name, self.study, self.progress),
        )

    def _trained(self, name: str, model: str) -> Trained:
        jobs = [j for j in jobs_of(self.study) if (j.data.name, j.model) == (name, model)]
        classes = self.sets[name].classes
        if (name, model) in self.curveless:
            jobs = [job for job in jobs if job.share == 1]
        read = [(job, (self.records[job.file], read_answers(job.record, classes))) for job in jobs]
        whole = [one for job, one in read if job.share == 1]
        return Trained(model, whole, [one for job, one in read if job.share < 1])


@contextmanager
def _told_when_stopped(work: _Work) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        few = {0: "before a training was done", 1: "with one training done, which is kept"}
        how_far = few.get(work.done, f"with {work.done:,} trainings done, which are kept")
        raise Stopped(
            f"interrupted {how_far}",
            where=str(work.study.folder),
            mend="The same command goes on from there.",
        ) from None
