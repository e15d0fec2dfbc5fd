"""Whether members are better together than the best of them is alone, on the same pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.combination import Member
from linnaeus.ensembling.answers import Answers
from linnaeus.evaluation.ensemble_facts import EnsembleFacts, MemberFacts
from linnaeus.evaluation.gains import accuracy_gain, log_loss_gain
from linnaeus.evaluation.intervals import Resampling, accuracy_figure, mean_figure
from linnaeus.evaluation.metrics import MOST_LOG_LOSS, log_losses

__all__ = ["gain_of"]


def gain_of(
    members: Sequence[Member],
    answers: Answers,
    together: NDArray[np.floating],
    seconds: NDArray[np.float64],
    groups: NDArray[np.str_] | None,
    *,
    method: str,
    why: str,
) -> EnsembleFacts:
    """Compare the answers `together` (n, classes) with those of `members` alone.

    `answers`: the members', to the same n test pictures. `seconds` (members + 1,): what an answer
    of each takes, and last of the whole. The best member is the one that did best on these very
    pictures: that favours it, so that a gain over it is a gain over any of them.
    """
    resampling = Resampling.of(len(answers.labels), groups)
    alone = [
        MemberFacts(
            name=member.name,
            weight=member.weight,
            accuracy=accuracy_figure(given.argmax(axis=1) == answers.labels, resampling),
            log_loss=mean_figure(log_losses(answers.labels, given), MOST_LOG_LOSS, resampling),
            seconds=float(took),
        )
        for member, given, took in zip(members, answers.probabilities, seconds, strict=False)
    ]
    best = max(alone, key=lambda one: (one.accuracy.value, -one.log_loss.value))
    pair = together, answers.probabilities[alone.index(best)], answers.labels, resampling
    return EnsembleFacts(
        method=method,
        why=why,
        members=tuple(alone),
        best=best.name,
        accuracy_gain=accuracy_gain(*pair),
        log_loss_gain=log_loss_gain(*pair),
        seconds=float(seconds[-1]),
    )
