"""What is asked of each answer, and the answers made from it, some pictures at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from linnaeus.bundle.answer import Answer
from linnaeus.bundle.changed import check_changed_above
from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.label_sets import Method, check_coverage
from linnaeus.bundle.predictions import Predictions
from linnaeus.bundle.promises import Promise, Promised
from linnaeus.bundle.silence import check_error
from linnaeus.bundle.squeezers import SqueezerName, check_squeezer
from linnaeus.bundle.unknown import UNKNOWN_RATE, check_rate
from linnaeus.errors import UsageError
from linnaeus.predicting.picture import Picture
from linnaeus.predicting.smoothing import Smoothing

__all__ = ["Answered", "Answering", "Asked"]


@dataclass(frozen=True)
class Asked:
    """What is wanted of each answer. Raises UsageError for what cannot be.

    `top`: how many classes are named with their probabilities, None for all. `sets`: the coverage
    of label sets, made by `sets_method` ("lac" if None). `max_error`: the share of wrong answers
    among those given. `min_confidence`: answers below it are withheld. `unknown_rate`: as in
    `Classifier.gather`. `smooth`: seconds of a video over which its answers are averaged. `squeeze`
    and `changed_above`: as in `Classifier.squeezing` and `Classifier.detecting`.
    """

    top: int | None = None
    sets: float | None = None
    sets_method: Method | None = None
    max_error: float | None = None
    min_confidence: float | None = None
    unknown_rate: float | None = None
    smooth: float | None = None
    squeeze: SqueezerName | None = None
    changed_above: float | None = None

    def __post_init__(self) -> None:
        if self.sets is not None:
            check_coverage(self.sets)
        elif self.sets_method is not None:
            raise UsageError(
                "there are no label sets that could be made so",
                where="--sets-method",
                mend="Ask for some with --sets 0.9, or leave it out.",
            )
        if self.max_error is not None:
            check_error(self.max_error)
        if self.unknown_rate is not None:
            check_rate(self.unknown_rate)
        if self.min_confidence is not None and not 0 < self.min_confidence <= 1:
            raise UsageError(
                f"{self.min_confidence:g} is no confidence",
                where="--min-confidence",
                mend="Give one above 0 and up to 1, such as 0.8.",
            )
        if self.squeeze is not None:
            check_squeezer(self.squeeze)
        if self.changed_above is not None:
            check_changed_above(self.changed_above)
        if self.smooth is not None:
            Smoothing(self.smooth)  # refuses what is no time
        if self.smooth is not None and (self.sets is not None or self.max_error is not None):
            raise UsageError(
                "what is promised holds for answers to single pictures, not for means of several",
                where="--smooth",
                mend="Leave --sets and --max-error out; --min-confidence can be given.",
            )
        if self.top is not None and self.top < 1:
            raise UsageError(
                f"{self.top} classes cannot be named",
                where="--top",
                mend="Give a number of 1 or more, such as 5.",
            )


class Answered(NamedTuple):
    """Some pictures with their answers, row for row, and what was promised of these."""

    pictures: Sequence[Picture]
    predictions: Predictions
    promised: Promised


class Answering:
    """Makes what was `asked` of the answers of `classifier`, which is then made ready for that.

    `top` is as asked, and at most the number of classes. `remarks`: what to know of all answers,
    as sentences. Raises BundleError and UsageError where the bundle cannot give what is asked.
    """

    def __init__(self, classifier: Classifier, asked: Asked) -> None:
        classifier = classifier.squeezing(asked.squeeze).detecting(asked.changed_above)
        self.classifier = classifier
        self._rate = asked.unknown_rate
        self.top = None if asked.top is None else min(asked.top, len(classifier.classes))
        self._smoothing = None if asked.smooth is None else Smoothing(asked.smooth)
        self._promise = Promise(least=asked.min_confidence)
        if asked.sets is not None or asked.max_error is not None:
            _ = classifier.held_out  # what cannot be promised is said first
        if asked.unknown_rate:
            _ = classifier.unknown
        if asked.sets is not None or asked.max_error is not None:
            rules = classifier.promising(
                coverage=asked.sets,
                method="lac" if asked.sets_method is None else asked.sets_method,
                max_error=asked.max_error,
                unknown_rate=self._unknown_rate(),
            )
            self._promise = replace(rules, least=asked.min_confidence)
        nothing = self([], [])
        self.remarks = (
            *classifier.remarks(nothing.predictions),
            *self._promise.remarks(classifier.classes),
        )

    def __call__(self, pictures: Sequence[Picture], answers: Sequence[Answer]) -> Answered:
        """What is said of `pictures`, whose `answers` these are."""
        if self._smoothing is not None:
            pairs = zip(pictures, answers, strict=True)
            answers = [self._smoothing(picture, answer) for picture, answer in pairs]
        names = [picture.name for picture in pictures]
        drawn_from = [one.drawn_from() if one.drawn_from else one.name for one in pictures]
        predictions = self.classifier.gather(
            names, answers, unknown_rate=self._rate, drawn_from=drawn_from
        )
        return Answered(pictures, predictions, self._promise(predictions))

    @property
    def smooths_nothing(self) -> bool:
        """Whether smoothing was asked for, and no frame of a video has come."""
        return self._smoothing is not None and not self._smoothing.has_begun

    def _unknown_rate(self) -> float | None:
        if not self.classifier.tells_unknown:
            return None
        return UNKNOWN_RATE if self._rate is None else self._rate
