"""Attacking what a training has just made, where its defence asks for a warning."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from linnaeus.bundle.predictions import UNKNOWN_LABEL, Predictions
from linnaeus.bundle.record import read_record
from linnaeus.data.dataset import Dataset
from linnaeus.evaluation.intervals import share_figure
from linnaeus.evaluation.under_attack import UnderAttack
from linnaeus.models.reopened import reopen
from linnaeus.progress import Progress
from linnaeus.randomness import generator
from linnaeus.robustness.attacks.problem import Problem
from linnaeus.robustness.tried import STRONG, right_in, try_all
from linnaeus.robustness.unit_levels import answering_unit_levels, in_unit_levels

__all__ = ["attack_answers"]

EPS = 8 / 255
MOST_PICTURES = 200  # whose accuracy is known within seven points; an attack takes long


def attack_answers(
    defence: str, bundle: Path, dataset: Dataset, predictions: Predictions, progress: Progress
) -> UnderAttack:
    """Attack the network of `bundle` on up to 200 pictures, drawn from those of `predictions`, by
    FGSM and by the strong ensemble, at 8/255 in the norm linf.

    Raises BundleError where the bundle holds no network that PyTorch can be given.
    """
    judged = np.flatnonzero((predictions.labels != UNKNOWN_LABEL) & (predictions.decisions >= 0))
    drawn = generator(0, "pictures to attack").permutation(len(judged))[:MOST_PICTURES]
    rows = np.sort(judged[drawn])
    how = read_record(bundle).preprocessing
    names = [predictions.ids[row] for row in rows]
    pixels = np.stack([how.read(dataset.source.read(name), name=name)[0] for name in names])
    problem = Problem(
        answering_unit_levels(reopen(bundle)),
        in_unit_levels(pixels),
        torch.from_numpy(predictions.labels[rows]),
        EPS,
    )
    right = right_in(problem)
    tried = try_all(problem, right, ("fgsm", *STRONG), 0, progress)
    return UnderAttack(
        defence=defence,
        pictures=len(rows),
        eps=EPS,
        clean=share_figure(int(right.sum()), len(rows)),
        one_step=tried.accuracy["fgsm"],
        strong=share_figure(int(tried.standing.sum()), len(rows)),
    )
