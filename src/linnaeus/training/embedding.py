"""Embedding pictures: the features of a frozen network, once for each, as far as the time goes."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.runtime import Session
from linnaeus.data.pixels import PixelRows, one_by_one
from linnaeus.errors import Stopped
from linnaeus.progress import Progress
from linnaeus.randomness import generator

__all__ = ["View", "embed", "embedding_order", "one_of_each", "past"]

Features = NDArray[np.float32]
Labels = NDArray[np.int64] | NDArray[np.bool_]
Rows = NDArray[np.int64]
View = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]


def embed(
    session: Session,
    pixels: PixelRows,
    rows: Rows,
    *,
    at_least: int,
    stop: Callable[[], bool],
    late: Callable[[], bool],
    progress: Progress,
    view: View | None = None,
    done: list[NDArray[np.float32]] | None = None,
    after_each: Callable[[], None] = lambda: None,
) -> Features:
    """(k, d) features of the first k `rows`: of all where there is time for it.

    `at_least` so many are computed whatever the clock says. `view` makes of a picture (h, w, 3)
    uint8 what is looked at in its place. They are put into `done` one by one, and `after_each` is
    called. Raises Stopped where `stop` says so before that.
    """
    done = [] if done is None else done
    if len(rows) == 0:
        return np.zeros((0, 0), np.float32)
    with progress.stage("Computing features", len(rows)) as stage:
        for picture in one_by_one(pixels, rows):
            asked, enough = stop(), len(done) >= at_least
            if asked and not enough:
                raise Stopped(
                    "stopped before there was a model to keep", mend="Nothing was written."
                )
            if enough and (asked or late()):
                break
            shown = picture if view is None else np.ascontiguousarray(view(picture))
            done.append(session.run_one(shown)[1])
            stage.advance()
            after_each()
    return np.stack(done) if done else np.zeros((0, 0), np.float32)


def embedding_order(labels: Labels, train: Rows, validation: Rows, seed: int) -> Rows:
    """All rows in a seeded order whose every beginning is a fair sample of what there is.

    One training picture of every class comes first, then training and validation in proportion.
    """
    shuffled = generator(seed, "embedding order").permutation(train)
    first = one_of_each(labels[shuffled])
    beginning, rest = shuffled[first], np.delete(shuffled, first)
    judging = generator(seed, "judging order").permutation(validation)
    place = np.concatenate([_spread(len(rest)), _spread(len(judging))])
    mixed = np.concatenate([rest, judging])[np.argsort(place, kind="stable")]
    return np.concatenate([beginning, mixed])


def one_of_each(labels: Labels) -> Rows:
    """The first row of each class that `labels` (n,), or (n, classes) bool, has; in order."""
    if labels.ndim == 1:
        return np.sort(np.unique(labels, return_index=True)[1])
    return np.unique(labels[:, labels.any(axis=0)].argmax(axis=0)).astype(np.int64)


def past(deadline: float | None) -> Callable[[], bool]:
    """Whether `deadline`, in seconds of `time.perf_counter`, is over; never, where it is None."""
    return lambda: deadline is not None and time.perf_counter() > deadline


def _spread(count: int) -> NDArray[np.float64]:
    """(count,) places spread evenly over 0 to 1."""
    return (np.arange(count) + 0.5) / max(count, 1)
