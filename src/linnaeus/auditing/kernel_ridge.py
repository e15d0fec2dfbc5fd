"""What a picture's neighbours say of its class: kernel ridge regression, each picture left out.

Regression on class indicators with a Gaussian kernel has its leave-one-out answers in closed form,
so every picture is judged by a model that learnt from all the others, at the cost of one fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnaeus.progress import Progress, Quiet
from linnaeus.randomness import generator

__all__ = ["left_out_scores"]

SHARPNESS = 0.6
"""Of the kernel, exp(-0.6 · squared distance): two pictures taken at random are 2 apart."""

STRENGTH = 0.1
"""Of the ridge. Both numbers were chosen on planted errors in photographs, clothes and hand signs;
three times more or less of either changes the share found by at most two points."""

LANDMARKS = 3_000
"""Pictures that the kernel is spanned by (Nyström's method); up to so many, it is exact."""

NUGGET = 1e-4
"""Added to the landmarks' own kernel, so that copies among them do not make it singular."""

BATCH = 1_024

Values = NDArray[np.float32]
Rows = NDArray[np.int64]


def left_out_scores(
    values: Values,
    rows: Rows,
    labels: Rows,
    units: Rows,
    *,
    classes: int,
    progress: Progress | None = None,
) -> Values:
    """How much each picture belongs to each class, as told by all pictures outside its unit.

    `values`: (any, d) standardised features, 2 apart in the mean square, of which the `rows` (n,)
    are the pictures. `labels`: (n,) in [0, classes). `units`: (n,) numbers, equal for pictures that
    must not judge each other, such as copies. Returns (n, classes) float32; about 1 for a class
    that all neighbours have, 0 for one that none has.

    With n pictures and m = min(n, 3,000) landmarks it takes 4 n m² + 2 n m d multiplications, and
    n classes + 4 m² numbers of memory besides `values`. Where n is m at most, the answers are those
    of fitting anew without each unit, but for the classes' shares.
    """
    shares = np.bincount(labels, minlength=classes) / len(labels)
    targets = (np.eye(classes)[labels] - shares).astype(np.float32)
    kernel = _Kernel.spanned_by(values[_landmarks(rows)])
    batches = _whole_units(units)
    scores = np.empty_like(targets)
    with (progress or Quiet()).stage("Judging labels", 2 * len(rows)) as stage:
        gram = np.diag(np.full(len(kernel.factor), STRENGTH))
        products = np.zeros((len(gram), classes))
        for batch in batches:
            spanned = kernel(values[rows[batch]])
            gram += spanned.T @ spanned
            products += spanned.T @ targets[batch]
            stage.advance(len(batch))
        factor = np.linalg.cholesky(gram).astype(np.float32)
        weights = _solved(factor, products.astype(np.float32))
        for batch in batches:
            reached = _solved(factor, kernel(values[rows[batch]]).T).T
            misses = targets[batch] - reached @ weights
            scores[batch] = targets[batch] - _left_out(misses, reached, units[batch])
            stage.advance(len(batch))
    return scores + shares.astype(np.float32)


@dataclass(frozen=True, eq=False)
class _Kernel:
    """The kernel as finite features: `landmarks` (m, d), and their own kernel's Cholesky factor."""

    landmarks: Values
    factor: Values

    @classmethod
    def spanned_by(cls, landmarks: Values) -> _Kernel:
        own = _gaussian(landmarks, landmarks).astype(np.float64)
        own[np.diag_indices_from(own)] += NUGGET
        return cls(landmarks, np.linalg.cholesky(own).astype(np.float32))

    def __call__(self, values: Values) -> Values:
        """(b, m) features whose products are the kernel of `values` (b, d)."""
        return _solved(self.factor, _gaussian(values, self.landmarks).T).T


def _solved(factor: Values, right: Values) -> Values:
    """x in `factor` x = `right`, where `factor` is lower triangular."""
    from scipy.linalg import solve_triangular

    solution: Values = solve_triangular(factor, right, lower=True, check_finite=False)
    return solution


def _gaussian(some: Values, others: Values) -> Values:
    squares = np.square(some).sum(axis=1)[:, None] + np.square(others).sum(axis=1)
    kernel: Values = np.exp(-SHARPNESS * np.maximum(squares - 2 * some @ others.T, 0))
    return kernel


def _landmarks(rows: Rows) -> Rows:
    """All of `rows`, or as many as the kernel is spanned by, drawn evenly."""
    if len(rows) <= LANDMARKS:
        return rows
    drawn = generator(0, "landmarks of a kernel").choice(len(rows), LANDMARKS, replace=False)
    return rows[np.sort(drawn)]


def _whole_units(units: Rows) -> list[Rows]:
    """All rows in batches of about `BATCH` that part no unit."""
    order = np.argsort(units, kind="stable")
    starts = np.flatnonzero(np.diff(units[order], prepend=-1))
    wanted = np.searchsorted(starts, np.arange(BATCH, len(order), BATCH))
    cuts = np.unique(np.append(starts, len(order))[wanted])
    return [batch for batch in np.split(order, cuts) if len(batch)]


def _left_out(misses: Values, reached: Values, units: Rows) -> Values:
    """(b, classes) what is missed where a picture's unit was not learnt from.

    `misses`: (b, classes) what is missed of the targets where it was. `reached`: (b, m) features in
    which the fit is a projection, whole units in a row. For a unit with features R the former is
    the latter divided by I - R Rᵀ (Allen 1974; for sets of rows as for single ones).
    """
    errors: Values = misses / (1 - np.square(reached).sum(axis=1, keepdims=True))
    for unit in _several(units):
        own = reached[unit]
        errors[unit] = np.linalg.solve(np.eye(len(own)) - own @ own.T, misses[unit])
    return errors


def _several(units: Rows) -> Iterator[slice]:
    """The units of more than one row, where the rows of each stand together."""
    starts = np.flatnonzero(np.diff(units, prepend=-1))
    for start, end in zip(starts, np.append(starts[1:], len(units)), strict=True):
        if end - start > 1:
            yield slice(start, end)
