"""How the answers of an ensemble's members become one: by a weighted mean, or a small model."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator

from linnaeus.bundle.strict import Strict

__all__ = ["LEAST_PROBABILITY", "Combination", "CombinationMethod", "Member", "log_probabilities"]

CombinationMethod = Literal["average", "stack"]

LEAST_PROBABILITY = 1e-7
"""What a probability of 0 counts as. Those of members are float32, and near 1 their steps are of
this size: below it they tell nothing, and a logarithm of 0 would let one member overrule all."""


class Member(Strict):
    """One of an ensemble's members: a whole bundle in a folder of the ensemble's.

    `name`: for people. `weight`: its share of the mean where answers are averaged, and where they
    are stacked the mean weight of its log probabilities over the classes, which may be negative.
    """

    folder: str = Field(pattern=r"^members/[0-9]{2,4}$")
    name: str
    weight: float


class Combination(Strict):
    """The members of an ensemble, and how their calibrated probabilities are combined.

    "average": the logits are the logarithms of the mean of the members' probabilities, by their
    weights. "stack": the logit of class c is the sum over members of `trust` (members, classes)
    times the logarithm of what the member gives to c, plus `bias` (classes,); both are empty for
    an average. Other classes' probabilities do not count for a class, so that there is little to
    be learnt from few pictures.
    """

    method: CombinationMethod
    members: tuple[Member, ...] = Field(min_length=2)
    trust: tuple[tuple[float, ...], ...] = ()
    bias: tuple[float, ...] = ()

    @model_validator(mode="after")
    def _of_one_shape(self) -> Combination:
        rows = len(self.members) if self.method == "stack" else 0
        if len(self.trust) != rows or {len(row) for row in self.trust} - {len(self.bias)}:
            raise ValueError("a stacked ensemble needs a weight for each member and class")
        if self.method == "average" and not self._are_shares():
            raise ValueError("the weights of an average must be shares of 1")
        return self

    def logits(self, probabilities: ArrayLike) -> NDArray[np.float32]:
        """(..., classes) float32 from the `probabilities` (members, ..., classes) of all members.

        Those of an average are logarithms of probabilities already.
        """
        given = np.asarray(probabilities, np.float64)
        if self.method == "average":
            weights = np.array([member.weight for member in self.members])
            return log_probabilities(np.tensordot(weights, given, axes=1)).astype(np.float32)
        trusted = np.einsum("m...c,mc->...c", log_probabilities(given), np.array(self.trust))
        return np.asarray(trusted + np.array(self.bias), np.float32)

    def _are_shares(self) -> bool:
        weights = [member.weight for member in self.members]
        return min(weights) >= 0 and abs(sum(weights) - 1) < 1e-6


def log_probabilities(probabilities: ArrayLike) -> NDArray[np.float64]:
    """Logarithms, finite also where a probability is 0; NaN stays NaN."""
    given = np.asarray(probabilities, np.float64)
    logarithms: NDArray[np.float64] = np.log(np.maximum(given, LEAST_PROBABILITY))
    return logarithms
