"""The answer in plain words: what the figures mean to someone who has never seen one."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from linnaeus.counted import are
from linnaeus.evaluation.confusion import ClassFigures
from linnaeus.evaluation.in_100 import between, in_100, judged, number, times, too_few
from linnaeus.evaluation.judging import Measured
from linnaeus.evaluation.label_metrics import LabelMetrics
from linnaeus.evaluation.label_words import is_worthless_for_labels, label_words
from linnaeus.evaluation.metrics import Metrics
from linnaeus.evaluation.sure_answers import ENOUGH

__all__ = ["is_worthless", "plain_words"]

# An interval wider than this says little: about 90 pictures at 50 % accuracy, 35 at 90 %.
WIDE = 0.2
HARD_CLASS_GAP = 0.05  # how far below the accuracy a class must lie to be worth naming
FEWEST_OF_A_CLASS = 5  # pictures, below which a class says nothing of its hardness
FEWEST_CONFUSED = 3  # below, a pair of many classes leads by accident


def plain_words(metrics: Measured) -> tuple[str, ...]:
    """The answer in a few sentences, the most important first; class names in “curly quotes”."""
    if isinstance(metrics, LabelMetrics):
        return label_words(metrics)
    sentences = [_how_often_right(metrics), _beside_always_the_same(metrics)]
    if metrics.accuracy.high - metrics.accuracy.low > WIDE:
        sentences.append(too_few(metrics.images, metrics.groups))
    if metrics.mistakes:
        sentences += [*_confusion(metrics), *_hardest_class(metrics)]
    sentences += [*_absent_classes(metrics), *_how_sure(metrics), *_unlabelled(metrics)]
    return tuple(sentences)


def is_worthless(metrics: Measured) -> bool:
    """Whether it cannot be told from always answering the most common class, or set of labels.

    Of one class alone nothing tells that: always answering it would be right every time.
    """
    if isinstance(metrics, LabelMetrics):
        return is_worthless_for_labels(metrics)
    return (
        not metrics.of_one_class and metrics.accuracy.low <= metrics.majority_class_accuracy.value
    )


def _how_often_right(metrics: Metrics) -> str:
    right, images = metrics.accuracy, metrics.images
    if not metrics.mistakes:
        return (
            f"No mistake in {number(images, 'picture')}; on other pictures of the same kind it "
            f"may still be wrong up to {_at_most(1 - right.low)}."
        )
    return f"Right {times(right.value)} in 100 ({between(right)})."


def _beside_always_the_same(metrics: Metrics) -> str:
    right, same = metrics.accuracy, metrics.majority_class_accuracy.value
    always = f"always answering “{metrics.majority_class}” (right {times(same)} in 100)"
    if metrics.of_one_class:
        return (
            "All judged pictures are of one class, so nothing tells how much better this is than"
            " always giving the same answer."
        )
    if not is_worthless(metrics):
        return f"Always answering “{metrics.majority_class}” would be right {times(same)} in 100."
    if right.value > same:
        return (
            f"That may be no better than {always}, as far as "
            f"{judged(metrics.images, metrics.groups)} can tell: do not rely on it."
        )
    better = "worse than" if right.high < same else "no better than"
    return f"That is {better} {always}: do not rely on it."


def _unlabelled(metrics: Metrics) -> list[str]:
    if not metrics.unlabelled:
        return []
    without = number(metrics.unlabelled, "picture")
    stay = are(metrics.unlabelled)
    return [f"{without} without a label that the classifier knows {stay} not judged."]


def _confusion(metrics: Metrics) -> list[str]:
    if len(metrics.classes) == 2:
        return [_two_classes(metrics)]
    worst, *others = metrics.most_confused
    if worst.count < FEWEST_CONFUSED:
        return []
    images = next(row.images for row in metrics.per_class if row.name == worst.true)
    taken = f"({worst.count:,} of {number(images, 'picture')} of “{worst.true}”)"
    if others and others[0].count == worst.count:
        return [
            f"No mistake is more frequent than “{worst.true}” taken for “{worst.said}” {taken}."
        ]
    return [f"“{worst.true}” is taken for “{worst.said}” most often {taken}."]


def _two_classes(metrics: Metrics) -> str:
    """Both ways of going wrong; only one where the other class has no picture."""
    first, second = metrics.classes
    ways = [(first, second, metrics.counts[0]), (second, first, metrics.counts[1][::-1])]
    mistakes = [
        f"“{true}” was taken for “{said}” in {wrong:,} of {number(right + wrong, 'picture')}"
        for true, said, (right, wrong) in ways
        if right + wrong
    ]
    return f"{'; '.join(mistakes)}."


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
    right = f"{round(recall * hardest.images):,} of {number(hardest.images, 'picture')}"
    if sum(share == recall for share, _ in known) > 1:
        return [f"No class is recognised less often than “{hardest.name}”: {right}."]
    return [f"“{hardest.name}” is recognised least: {right}."]


def _absent_classes(metrics: Metrics) -> list[str]:
    absent: Sequence[ClassFigures] = [row for row in metrics.per_class if not row.images]
    if not absent:
        return []
    if len(absent) == 1:
        return [f"No judged picture shows “{absent[0].name}”, so nothing is known about it."]
    classes = f"{len(absent):,} of the {len(metrics.classes):,} classes"
    return [
        (
            f"No judged picture shows {classes}, “{absent[0].name}” among them, "
            "so nothing is known about these."
        )
    ]


def _how_sure(metrics: Metrics) -> list[str]:
    """What its confidence is worth, from its answers of about 90 %, or else from all of them."""
    if metrics.sure:
        said, right = _percent(metrics.sure.mean_confidence), metrics.sure.accuracy
        often = f"{times(right.value)} in 100 ({between(right)})"
        return [f"When it says about {said}, it is right {often}."]
    if metrics.images < ENOUGH or not metrics.mistakes:
        return []
    mean = sum(b.mean_confidence * b.images for b in metrics.reliability) / metrics.images
    right_in_100 = times(metrics.accuracy.value)
    return [f"On average it says {_percent(min(mean, 1.0))}, and is right {right_in_100} in 100."]


def _at_most(share: float) -> str:
    """A small share above 0 rounded upwards, in 100 or as many more as make it once or oftener."""
    among = 100
    while share * among < 1:
        among *= 10
    return f"{ceil(share * among)} times in {among:,}"


def _percent(share: float) -> str:
    return f"{in_100(share)} %"
