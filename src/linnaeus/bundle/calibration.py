"""Calibration: how logits become probabilities that mean what they say, without torch.

A temperature divides the logits first. Beyond it a map for each class may follow, of the kind that
`method` names; they are fitted by `linnaeus.evaluation.calibrated`, on validation.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator

from linnaeus.bundle.sigmoid import sigmoid
from linnaeus.bundle.softmax import softmax
from linnaeus.bundle.strict import Strict

__all__ = ["METHODS", "BetaMap", "Calibration", "IsotonicMap", "Method", "log_odds_of"]

Floats = NDArray[np.float64]
Method = Literal["none", "temperature", "vector", "beta", "isotonic"]

METHODS: tuple[Method, ...] = ("none", "temperature", "vector", "beta", "isotonic")
"""The simplest first."""

WORDS: dict[Method, str] = {
    "vector": "by vector scaling, a factor and an offset for each class",
    "beta": "by beta calibration, a curve of three numbers for each class",
    "isotonic": "by isotonic regression, a rising line for each class",
}

FARTHEST = 50.0
"""Log-odds beyond this are cut: float32 has no probability between 1 - exp(-50) and 1."""


class BetaMap(Strict):
    """sigmoid(a ln p - b ln(1 - p) + c) for a probability p (Kull and others 2017)."""

    a: float = Field(ge=0)
    b: float = Field(ge=0)
    c: float

    def log_probability(self, log_odds: Floats) -> Floats:
        """ln of the mapped probability, for log-odds of any shape."""
        y = -self.a * np.logaddexp(0, -log_odds) + self.b * np.logaddexp(0, log_odds) + self.c
        return _log_sigmoid(y)


class IsotonicMap(Strict):
    """A rising line through `log_odds` and the `probabilities` seen there, level beyond its ends.

    `own_share` of an answer is the probability that came in, so that no two answers fall together
    and none becomes 0 or 1.
    """

    log_odds: tuple[float, ...] = Field(min_length=1)
    probabilities: tuple[float, ...] = Field(min_length=1)
    own_share: float = Field(gt=0, le=1)

    @model_validator(mode="after")
    def _rising(self) -> IsotonicMap:
        if len(self.log_odds) != len(self.probabilities):
            raise ValueError("one probability for each of the log-odds expected")
        if any((np.diff(ends) < 0).any() for ends in (self.log_odds, self.probabilities)):
            raise ValueError("an isotonic map has to rise")
        return self

    def log_probability(self, log_odds: Floats) -> Floats:
        """ln of the mapped probability, for log-odds of any shape."""
        seen = np.interp(log_odds, self.log_odds, self.probabilities)
        own = np.exp(_log_sigmoid(log_odds))
        return np.log((1 - self.own_share) * seen + self.own_share * own)


class Calibration(Strict):
    """How logits become probabilities, for one label a picture or for several.

    With z = logits / `temperature`: "none" and "temperature" give softmax(z), "vector" gives
    softmax(`scales` * z + `offsets`). "beta" and "isotonic" take the probability of each class
    against all others, put it through that class's map, and divide by the sum over the classes.
    Where a picture may have several labels, sigmoid stands for softmax, and nothing is divided.

    `log_losses`: what each method that was tried reached on validation pictures that it was not
    fitted on (nats); `why`: how the choice fell, a clause.
    """

    method: Method = "none"
    temperature: float = Field(default=1.0, gt=0)
    scales: tuple[float, ...] = ()
    offsets: tuple[float, ...] = ()
    beta: tuple[BetaMap, ...] = ()
    isotonic: tuple[IsotonicMap, ...] = ()
    log_losses: dict[Method, float] = Field(default_factory=dict)
    why: str = ""

    @model_validator(mode="after")
    def _only_what_the_method_needs(self) -> Calibration:
        maps = {"vector": self.scales, "beta": self.beta, "isotonic": self.isotonic}
        there = [name for name, given in maps.items() if given]
        wanted = [self.method] if self.method in maps else []
        if there != wanted or len(self.scales) != len(self.offsets):
            raise ValueError(f"the maps of {self.method} are missing, or others are there")
        return self

    @property
    def classes(self) -> int | None:
        """How many classes it has maps for; None where it holds for any number."""
        return len(self.scales or self.beta or self.isotonic) or None

    @property
    def fitted(self) -> float | None:
        """The temperature that validation gave; None where there was none to fit it on."""
        return None if self.method == "none" else self.temperature

    @property
    def in_words(self) -> str:
        """What is done to the logits, to stand behind "calibrated"; empty where nothing is."""
        if self.method == "none":
            return ""
        by = f"a temperature of {self.temperature:.3f}"
        return f"by {by}" if self.method == "temperature" else f"{WORDS[self.method]}, behind {by}"

    def probabilities(self, logits: ArrayLike, *, several: bool = False) -> NDArray[np.float32]:
        """(..., classes) float32 in [0, 1]; they sum to 1 unless there may be `several` labels."""
        if self.method in ("none", "temperature"):
            return (sigmoid if several else softmax)(logits, self.temperature)
        z = np.asarray(logits, np.float64) / self.temperature
        if self.method == "vector":
            moved = z * np.array(self.scales) + np.array(self.offsets)
            return sigmoid(moved) if several else softmax(moved)
        with np.errstate(invalid="ignore"):  # of NaN, where a picture could not be read
            mapped = self._log_mapped(log_odds_of(z, several=several))
        return np.exp(mapped).astype(np.float32) if several else softmax(mapped)

    def _log_mapped(self, log_odds: Floats) -> Floats:
        """ln of each class's mapped probability, (..., classes)."""
        maps: tuple[BetaMap | IsotonicMap, ...] = self.beta or self.isotonic
        columns = [one.log_probability(log_odds[..., at]) for at, one in enumerate(maps)]
        return np.stack(columns, axis=-1)


def log_odds_of(logits: ArrayLike, *, several: bool = False) -> Floats:
    """ln(p / (1 - p)) of each class against all others, (..., classes) float64 in [-50, 50].

    Of softmax(`logits`), without the digits that 1 - p loses near 1; of sigmoid(`logits`) where
    there may be `several` labels. Rows of NaN stay NaN.
    """
    z = np.asarray(logits, np.float64)
    if several:
        return np.clip(z, -FARTHEST, FARTHEST)
    behind = z - z.max(axis=-1, keepdims=True)
    powers = np.exp(behind)
    best = np.arange(z.shape[-1]) == z.argmax(axis=-1)[..., None]
    below = np.where(best, 0.0, powers).sum(axis=-1, keepdims=True)
    with np.errstate(divide="ignore"):
        odds = behind - np.log(np.where(best, below, 1.0 + below - powers))
    cut: Floats = np.clip(odds, -FARTHEST, FARTHEST)
    return cut


def _log_sigmoid(x: Floats) -> Floats:
    log: Floats = -np.logaddexp(0, -x)
    return log
