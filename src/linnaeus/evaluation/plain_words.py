"""The answer in plain words: what the figures mean to someone who has never seen one."""

from __future__ import annotations

from collections.abc import Sequence

from linnaeus.evaluation.confusion import ClassFigures
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import share_figure
from linnaeus.evaluation.metrics import Metrics
from linnaeus.evaluation.reliability import ReliabilityBin

__all__ = ["in_100", "is_worthless", "plain_words"]

# An interval wider than this says little: about 90 pictures at 50 % accuracy, 35 at 90 %.
WIDE = 0.2
HARD_CLASS_GAP = 0.05  # how far below the accuracy a class must lie to be worth naming
FEWEST_OF_A_CLASS = 5  # pictures, below which a class says nothing of its hardness
FEWEST_CONFUSED = 3  # below, a pair of many classes leads by accident
SURE = (0.8, 0.97)  # confidences that people call "about 90 %"
ENOUGH_SURE_ANSWERS = 20


def plain_words(metrics: Metrics) -> tuple[str, ...]:
    """The answer in a few sentences, the most important first; class names in “curly quotes”."""
    sentences = [_how_often_right(metrics), _beside_always_the_same(metrics)]
    if metrics.accuracy.high - metrics.accuracy.low > WIDE:
        sentences.append(_too_few(metrics.images))
    if metrics.mistakes:
        sentences += [*_confusion(metrics), *_hardest_class(metrics)]
    sentences += [*_absent_classes(metrics), *_how_sure(metrics)]
    return tuple(sentences)


def is_worthless(metrics: Metrics) -> bool:
    """Whether it cannot be told from always answering the most common class."""
    return metrics.accuracy.low <= metrics.majority_class_accuracy.value


def in_100(share: float) -> str:
    """A share as times in 100; only what never happens is 0, only what always happens is 100.

    >>> in_100(0.853), in_100(0.9961), in_100(0.001)
    ('85', 'more than 99', 'fewer than 1')
    """
    rounded = round(share * 100)
    if rounded == 100 and share < 1:
        return "more than 99"
    if rounded == 0 and share > 0:
        return "fewer than 1"
    return str(rounded)


def _how_often_right(metrics: Metrics) -> str:
    right, images = metrics.accuracy, metrics.images
    if not metrics.mistakes:
        return (
            f"No mistake in {_number(images, 'picture')}; on other pictures of the same kind it "
            f"may still be wrong up to {_times(1 - right.low)} in 100."
        )
    return f"Right {_times(right.value)} in 100 ({_between(right)})."


def _beside_always_the_same(metrics: Metrics) -> str:
    same, name = metrics.majority_class_accuracy, f"“{metrics.majority_class}”"
    if is_worthless(metrics):
        return (
            f"That is no better than always answering {name} (right {_times(same.value)} in 100), "
            f"as far as {_number(metrics.images, 'picture')} can tell: do not rely on it."
        )
    return f"Always answering {name} would be right {_times(same.value)} in 100."


def _too_few(images: int) -> str:
    only = "Only one picture was" if images == 1 else f"Only {images:,} pictures were"
    return f"{only} judged, too few to say it more closely: test on more before relying on it."


def _confusion(metrics: Metrics) -> list[str]:
    if len(metrics.classes) == 2:
        return [_two_classes(metrics)]
    worst = metrics.most_confused[0]
    if worst.count < FEWEST_CONFUSED:
        return []
    images = next(row.images for row in metrics.per_class if row.name == worst.true)
    return [
        (
            f"“{worst.true}” is taken for “{worst.said}” most often "
            f"({worst.count} of {_number(images, 'picture')} of “{worst.true}”)."
        )
    ]


def _two_classes(metrics: Metrics) -> str:
    (first, second), counts = metrics.classes, metrics.counts
    return (
        f"“{first}” was taken for “{second}” in {counts[0, 1]} of {counts[0].sum()} pictures, "
        f"“{second}” for “{first}” in {counts[1, 0]} of {counts[1].sum()}."
    )


def _hardest_class(metrics: Metrics) -> list[str]:
    """The class that is recognised least, where there are several and it stands out."""
    known = [
        (row.recall.value, row)
        for row in metrics.per_class
        if row.recall and row.images >= FEWEST_OF_A_CLASS
    ]
    if not known or len(metrics.classes) < 3:
        return []
    recall, hardest = min(known, key=lambda pair: pair[0])
    if recall > metrics.accuracy.value - HARD_CLASS_GAP:
        return []
    right = round(recall * hardest.images)
    return [
        f"“{hardest.name}” is recognised least: {right} of {_number(hardest.images, 'picture')}."
    ]


def _absent_classes(metrics: Metrics) -> list[str]:
    absent: Sequence[ClassFigures] = [row for row in metrics.per_class if not row.images]
    if not absent:
        return []
    if len(absent) == 1:
        return [f"No judged picture shows “{absent[0].name}”, so nothing is known about it."]
    some = f"{len(absent)} classes, “{absent[0].name}” among them,"
    return [f"{some} have no judged picture, so nothing is known about them."]


def _how_sure(metrics: Metrics) -> list[str]:
    """What its confidence is worth, from its answers of about 90 %, or else from all of them."""
    bins = [b for b in metrics.reliability if SURE[0] <= b.mean_confidence <= SURE[1]]
    if sum(b.images for b in bins) >= ENOUGH_SURE_ANSWERS:
        said, right = _pooled(bins)
        return [
            (
                f"When it says about {_percent(said)}, it is right {_times(right.value)} in 100 "
                f"({_between(right)})."
            )
        ]
    if metrics.images < ENOUGH_SURE_ANSWERS or not metrics.mistakes:
        return []
    said, right = _pooled(list(metrics.reliability))
    return [f"On average it says {_percent(said)}, and is right {_times(right.value)} in 100."]


def _pooled(bins: list[ReliabilityBin]) -> tuple[float, Figure]:
    """The bins' mean confidence and their accuracy, as one."""
    images = sum(b.images for b in bins)
    said = sum(b.mean_confidence * b.images for b in bins) / images
    right = sum(b.accuracy.value * b.images for b in bins)
    return min(said, 1.0), share_figure(min(round(right), images), images)


def _between(figure: Figure) -> str:
    return f"between {in_100(figure.low)} and {in_100(figure.high)}"


def _times(share: float) -> str:
    count = in_100(share)
    return f"{count} time" if count in {"1", "fewer than 1"} else f"{count} times"


def _percent(share: float) -> str:
    return f"{in_100(share)} %"


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
