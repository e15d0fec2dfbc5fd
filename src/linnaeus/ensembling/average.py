"""The weights of a mean of probabilities, under which held-out pictures are likeliest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.combination import LEAST_PROBABILITY

__all__ = ["average_weights"]

PRIOR_PICTURES = 1.0
# Of each member: too little to move the weights that a hundred pictures give, enough that of a
# handful no member is thrown out for one mistake. The prior's mode is equal weights.
ROUNDS = 10_000
CLOSE = 1e-10


def average_weights(
    probabilities: NDArray[np.float64], labels: NDArray[np.int64]
) -> NDArray[np.float64]:
    """(members,) shares of 1 that minimise the log loss of the mean of `probabilities`.

    `probabilities` (members, n, classes) are the members' calibrated answers to n pictures with
    `labels` (n,), which they were not taught. The problem is convex; this is the EM algorithm for
    the shares of a mixture (Dempster, Laird and Rubin 1977, 4.3) with a weak Dirichlet prior.
    Without pictures the weights are equal.
    """
    members = len(probabilities)
    true = np.maximum(probabilities[:, np.arange(len(labels)), labels], LEAST_PROBABILITY)
    weights = np.full(members, 1 / members)
    for _ in range(ROUNDS):
        joint = weights[:, None] * true
        shares = (joint / joint.sum(axis=0)).sum(axis=1) + PRIOR_PICTURES
        following = shares / shares.sum()
        moved = float(np.abs(following - weights).max())
        weights = following
        if moved < CLOSE:
            break
    return weights
