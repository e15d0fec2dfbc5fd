"""Settling the passes of networks from scratch once: by a study's budget, and what is spent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from statistics import mean

from linnaeus.comparing.jobs import Job, jobs_of
from linnaeus.comparing.passes import LEAST_PASSES, Usual, ceiling_s, passes_below
from linnaeus.comparing.records import Record
from linnaeus.comparing.study import Study
from linnaeus.comparing.workplace import Workplace
from linnaeus.progress import Progress
from linnaeus.training.choice import choose_model

__all__ = ["learns_in_passes", "settle_passes"]

BESIDE_S = 10.0
"""What a training takes beside learning where this study has not measured any yet."""


def learns_in_passes(model: str, weights: Sequence[str]) -> bool:
    """Whether `model` is a network that learns from scratch, in passes over the pictures."""
    choice = choose_model(model, weights=weights)
    return choice.backbone is None and choice.classical is None


def settle_passes(
    study: Study,
    models: Collection[str],
    done: Sequence[Record],
    place: Workplace,
    progress: Progress,
) -> None:
    """Settle how many passes each of `models` makes on each data set, unless that was done before.

    `done`: the trainings that went first. Data sets and models that joined later get what the
    others got.
    """
    assert study.asked.budget_s is not None
    passes, settled = study.passes(), study.settled()
    missing = [
        job
        for job in jobs_of(study)
        if job.model in models
        and job.fold == 0
        and job.share == 1
        and job.model not in passes.get(job.data.name, {})
    ]
    usual = _usual_of(study, missing, done, place, progress)
    if not usual:
        return
    most_s = settled.get("ceiling_s")
    if most_s is None:
        left_s = study.asked.budget_s - sum(record.costs.all_s for record in done)
        most_s = ceiling_s(list(usual.values()), left_s)
        study.settle("ceiling_s", most_s)
    made = passes_below({job.file: one for job, one in usual.items()}, most_s)
    for job in usual:
        passes.setdefault(job.data.name, {})[job.model] = made[job.file]
    study.settle("passes", passes)
    _tell(usual, made, most_s, progress)


def _usual_of(
    study: Study,
    jobs: Sequence[Job],
    done: Sequence[Record],
    place: Workplace,
    progress: Progress,
) -> dict[Job, Usual]:
    """What each network usually does; those whose pace cannot be had keep their usual passes."""
    every = list(jobs_of(study))
    beside_s = mean(one.costs.all_s - one.costs.learning_s for one in done) if done else BESIDE_S
    found = {}
    with progress.stage("Measuring paces", len(jobs)) as stage:
        for job in jobs:
            pace = place.pace(job)
            stage.advance(1, job.title)
            if pace is not None:
                same = [j.share for j in every if (j.data, j.model) == (job.data, job.model)]
                found[job] = Usual(
                    pace["passes"], pace["pass_s"], sum(same), len(same), max(0.0, beside_s)
                )
    return found


def _tell(
    usual: dict[Job, Usual], made: dict[str, float], most_s: float, progress: Progress
) -> None:
    fewer = [job for job, one in usual.items() if made[job.file] < one.passes]
    if not fewer:
        progress.say("The budget is enough for the usual passes of all networks from scratch.")
        return
    progress.say(
        f"To keep to the budget, learning takes at most {most_s:.0f} s in each training:"
        f" {len(fewer)} of {len(usual)} pairs of network and data set make fewer passes than usual."
    )
    if any(made[job.file] == LEAST_PASSES and usual[job].passes > LEAST_PASSES for job in usual):
        progress.warn(
            "The budget is too small for some of them to see every picture once; they make one"
            " pass, and the study may take longer."
        )
