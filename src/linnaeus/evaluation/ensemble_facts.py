"""What an ensemble is made of, what it gains over the best of its members, and what that costs."""

from __future__ import annotations

from dataclasses import dataclass

from linnaeus.evaluation.figure import Figure

__all__ = ["EnsembleFacts", "MemberFacts"]

IDLE = 0.02
"""The weight in a mean below which a member is not worth its time: it moves no answer but those
that hang by a thread."""


@dataclass(frozen=True)
class MemberFacts:
    """One member alone, on the test pictures of the ensemble.

    `weight`: as `bundle.combination.Member` has it. `seconds`: what one answer takes, from the
    bytes of the picture's file on, one picture at a time.
    """

    name: str
    weight: float
    accuracy: Figure
    log_loss: Figure
    seconds: float


@dataclass(frozen=True)
class EnsembleFacts:
    """How members answer together, and whether that is better than the best of them alone.

    `method`: "average", "stack" or "folds". `why`: how they were weighed, a clause.
    `best`: the member that did best on these very test pictures, which favours it; `accuracy_gain`
    and `log_loss_gain` are the ensemble's figures minus its, picture by picture.
    """

    method: str
    why: str
    members: tuple[MemberFacts, ...]
    best: str
    accuracy_gain: Figure
    log_loss_gain: Figure
    seconds: float

    @property
    def is_real(self) -> bool:
        """Whether accuracy or log loss is better than the best member's by more than chance."""
        return self.accuracy_gain.low > 0 or self.log_loss_gain.high < 0

    @property
    def in_plain_words(self) -> tuple[str, ...]:
        """Whether it was worth it, in a few sentences."""
        return (self._of_accuracy(), self._of_probabilities(), self._of_price(), *self._of_idle())

    def _of_accuracy(self) -> str:
        gain, best = self.accuracy_gain, f"its best member alone, “{self.best}”"
        value, low, high = (100 * share for share in (gain.value, gain.low, gain.high))
        if low > 0:
            return (
                f"It names {value:.1f} more pictures in 100 rightly than {best} (between {low:.1f}"
                f" and {high:.1f} more): that is more than chance."
            )
        if high < 0:
            return (
                f"It names {-value:.1f} fewer pictures in 100 rightly than {best} (between"
                f" {-high:.1f} and {-low:.1f} fewer): it is worse."
            )
        return (
            f"That it names more pictures rightly than {best}, is not shown: the difference of"
            f" {value:+.1f} in 100 ({low:+.1f} to {high:+.1f}) may be chance."
        )

    def _of_probabilities(self) -> str:
        gain = self.log_loss_gain
        figures = f"log loss {gain.value:+.3f} ({gain.low:+.3f} to {gain.high:+.3f})"
        if gain.high < 0:
            return f"Its probabilities are better: {figures}."
        if gain.low > 0:
            return f"Its probabilities are worse: {figures}."
        return f"That its probabilities are better is not shown: {figures}."

    def _of_price(self) -> str:
        alone = next(one.seconds for one in self.members if one.name == self.best)
        price = (
            f"An answer takes {1000 * self.seconds:.1f} ms instead of {1000 * alone:.1f} ms,"
            f" {self.seconds / alone:.1f} times as long"
        )
        return f"{price}." if self.is_real else f"{price}: use “{self.best}” alone."

    def _of_idle(self) -> list[str]:
        if self.method != "average":
            return []
        return [
            f"“{one.name}” has a weight of {100 * one.weight:.1f} % and takes"
            f" {1000 * one.seconds:.1f} ms of every answer: leave it out."
            for one in self.members
            if one.weight < IDLE
        ]
