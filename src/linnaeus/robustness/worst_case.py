"""The worst of many small turns and moves of each picture."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.classifier import Classifier
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import share_figure
from linnaeus.progress import Progress
from linnaeus.randomness import generator
from linnaeus.robustness.shifts import affine

__all__ = ["worst_of_small_moves"]

TURNS_DEG = (-10.0, -5.0, 0.0, 5.0, 10.0)
MOVES = (-1 / 16, 0.0, 1 / 16)  # of a side
MOST_PICTURES = 500  # each is answered 45 times


def worst_of_small_moves(
    classifier: Classifier,
    pixels: NDArray[np.uint8],
    labels: NDArray[np.int64],
    seed: int,
    progress: Progress,
    *,
    most: int = MOST_PICTURES,
) -> tuple[Figure, int]:
    """The share of `pixels` (n, h, w, 3) that are named rightly however they are turned and moved,
    and how many of them were tried: of more than `most`, so many that are drawn by the seed.

    By all of 45 pairs of a turn up to 10 degrees and a move up to a sixteenth of a side each way
    (Engstrom and others 2019 search so). A picture that has failed once is not asked again.
    """
    order = generator(seed, "pictures to move").permutation(len(labels))  # they lie class by class
    standing = np.sort(order[:most])
    tried = len(standing)
    ways = list(itertools.product(TURNS_DEG, MOVES, MOVES))
    with progress.stage("Searching for the worst turn and move", len(ways)) as stage:
        for turn, down, across in ways:
            moved = affine(pixels[standing], turned_deg=turn, down=down, across=across)
            answers = classifier.predict_pixels(moved)
            said = np.array([answer.likeliest for answer in answers], np.int64)
            standing = standing[said == labels[standing]]
            stage.advance()
            if len(standing) == 0:
                break
    return share_figure(len(standing), tried), tried
