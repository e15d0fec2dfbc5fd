"""What a bundle promises of each answer: the label set of a picture, or silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.held_out import HeldOut
from linnaeus.bundle.label_sets import Method, Sets, tie_breakers
from linnaeus.bundle.predictions import Predictions
from linnaeus.bundle.silence import CERTAINTY, Silence
from linnaeus.bundle.spelt import share_text, threshold_text
from linnaeus.counted import counted

__all__ = ["Promise", "Promised"]


@dataclass(frozen=True, eq=False)
class Promised:
    """Promises row for row with `Predictions`; what was not asked for is None.

    `inside`: (n, classes) bool, the classes in each label set. `given`: (n,) bool, which answers
    are sure enough to be given. A picture that is called unknown has an empty set and no answer.
    `remarks`: what to know of them, as sentences.
    """

    sets: Sets | None = None
    inside: NDArray[np.bool_] | None = None
    silence: Silence | None = None
    given: NDArray[np.bool_] | None = None
    remarks: tuple[str, ...] = ()

    def labels(self, place: int, classes: Sequence[str]) -> list[str]:
        """The classes in the set of the picture at `place`; none where there are no sets."""
        if self.inside is None:
            return []
        return [name for name, held in zip(classes, self.inside[place], strict=True) if held]

    def withheld(self, place: int) -> bool:
        """Whether the answer at `place` is not sure enough to be given."""
        return self.given is not None and not self.given[place]


@dataclass(frozen=True, eq=False)
class Promise:
    """The rules by which promises are kept, made once and then held to any number of answers.

    `least`: answers below this confidence are withheld too, which promises nothing. `groups`: of
    how many groups the held-out pictures are, where these are fewer than they.
    """

    sets: Sets | None = None
    silence: Silence | None = None
    least: float | None = None
    groups: int | None = None

    @classmethod
    def of(
        cls,
        held_out: HeldOut,
        *,
        coverage: float | None = None,
        method: Method = "lac",
        max_error: float | None = None,
    ) -> Promise:
        """Label sets with `coverage`, and silence beyond `max_error`.

        What is called unknown gets neither a set nor an answer, so `held_out` must be of pictures
        that would not be called so. Raises UsageError for a share or a method that cannot be.
        """
        return cls(
            None if coverage is None else held_out.sets(coverage, method),
            None if max_error is None else held_out.silence(max_error),
            groups=held_out.fewer_groups,
        )

    def __call__(self, predictions: Predictions) -> Promised:
        """The promises of finished `predictions`."""
        inside = None
        if self.sets is not None:
            chance = tie_breakers(predictions.drawn_from or predictions.ids)
            inside = self.sets(predictions.probabilities, chance)
            inside &= ~predictions.unknown[:, None]
        given, remarks = self._given(predictions), self.remarks(predictions.classes)
        return Promised(self.sets, inside, self.silence, given, remarks)

    def remarks(self, classes: tuple[str, ...]) -> tuple[str, ...]:
        """What to know of the promises, as sentences."""
        return (
            *(_of_sets(self.sets, classes, self.groups) if self.sets else ()),
            *((_of_silence(self.silence),) if self.silence else ()),
        )

    def _given(self, predictions: Predictions) -> NDArray[np.bool_] | None:
        """(n,) which answers are sure enough; None where all are given."""
        if self.silence is None and self.least is None:
            return None
        given = ~predictions.unknown
        with np.errstate(invalid="ignore"):
            if self.silence is not None:
                given &= predictions.probabilities.max(axis=1) >= self.silence.confidence
            if self.least is not None:
                sure = np.array([one.confidence for one in predictions], np.float32)
                given &= sure >= self.least  # in the precision that confidences are told in
        return given


def _of_sets(sets: Sets, classes: tuple[str, ...], groups: int | None) -> list[str]:
    return [*_always_inside(sets, classes), *_taken_as_independent(groups)]


def _taken_as_independent(groups: int | None) -> list[str]:
    if groups is None:
        return []
    come = f"The held-out pictures come in {counted(groups, 'group')}"
    independent = "and label sets take each picture as independent"
    return [f"{come}, {independent}: they may hold the true class less often than is promised."]


def _always_inside(sets: Sets, classes: tuple[str, ...]) -> list[str]:
    always = [classes[place] for place in sets.unjudged]
    if not always:
        return []
    named = ", ".join(always[:5]) + (f" and {len(always) - 5} more" if len(always) > 5 else "")
    promised = share_text(sets.coverage)
    return [f"Too few held-out pictures for sets of {promised}: every set holds {named}."]


def _of_silence(silence: Silence) -> str:
    held_out = f"{silence.pictures:,} held-out pictures"
    if silence.groups is not None:
        held_out += f" in {counted(silence.groups, 'group')}"
    most = share_text(silence.max_error)
    if silence.answered:
        return (
            f"Answers below a confidence of {threshold_text(silence.confidence)} are withheld, so"
            f" that at most {most} of those given are wrong (with"
            f" {100 * CERTAINTY:.0f} % certainty): of {held_out}"
            f" {100 * silence.answered:.0f} % were answered."
        )
    return (
        f"No answer is given: {held_out} cannot show that at most"
        f" {most} of any answers would be wrong. Allow a larger"
        " --max-error, or train with more validation pictures."
    )
