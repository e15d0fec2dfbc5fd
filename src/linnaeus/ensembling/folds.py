"""Members that held out a fold each: all weigh alike, and the folds calibrate the whole.

No picture was held out by all of them, so there is nothing to weigh them by. But each picture of a
fold has an honest answer: that of the one member that did not learn from it. The whole is mostly
better than that, so what rests on these answers promises rather too little than too much.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from linnaeus.bundle.combination import CombinationMethod, log_probabilities
from linnaeus.data.dataset import Dataset
from linnaeus.ensembling.answers import answers_of
from linnaeus.ensembling.candidates import Candidate
from linnaeus.ensembling.combined import weighted
from linnaeus.ensembling.made import Weighed
from linnaeus.ensembling.roles import Roles
from linnaeus.errors import UsageError
from linnaeus.progress import Progress

__all__ = ["of_folds"]


def of_folds(
    candidates: Sequence[Candidate],
    dataset: Dataset,
    roles: Roles,
    method: CombinationMethod,
    progress: Progress,
) -> Weighed:
    """`candidates` with equal weights, and out-of-fold answers to all pictures that were held out.

    Raises UsageError for another method than "average".
    """
    assert roles.keeper is not None
    if method != "average":
        raise UsageError(
            "members of folds have no pictures that all of them held out, to learn weights on",
            where="--method",
            mend="Leave it out: their answers are averaged.",
        )
    progress.say(
        f"{len(roles.held_out):,} pictures calibrate the whole, each by the answer of the one"
        f" member that held it out, and {len(roles.test):,} that none has seen judge it."
    )
    kept = [
        answers_of([candidate], dataset, roles.held_out[roles.keeper == place], progress)
        for place, candidate in enumerate(candidates)
    ]
    rows = np.concatenate([answers.rows for answers in kept])
    labels = np.concatenate([answers.labels for answers in kept])
    logits = np.concatenate([log_probabilities(answers.probabilities[0]) for answers in kept])
    order = np.argsort(rows)
    names = [candidate.name for candidate in candidates]
    return Weighed(
        combination=weighted(names, np.full(len(names), 1 / len(names))),
        method="folds",
        why="equal weights, since each held out a fold of its own",
        rows=rows[order],
        labels=labels[order],
        logits=logits[order].astype(np.float32),
    )
