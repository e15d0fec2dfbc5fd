"""The answer in plain words, where a picture may have several labels."""

from __future__ import annotations

from linnaeus.bundle.predictions import NONE_OF_THEM
from linnaeus.evaluation.in_100 import between, in_100, number, times, too_few
from linnaeus.evaluation.label_figures import LabelFigures
from linnaeus.evaluation.label_metrics import LabelMetrics

__all__ = ["is_worthless_for_labels", "label_words", "set_in_words"]

WIDE = 0.2
"""An interval wider than this says little."""

FEWEST = 3
"""Labels missed or wrongly added, below which one leads by accident."""


def label_words(metrics: LabelMetrics) -> tuple[str, ...]:
    """The answer in a few sentences, the most important first; class names in “curly quotes”."""
    sentences = [_given_and_found(metrics), _beside_the_usual(metrics), _whole_sets(metrics)]
    # Without any label given precision is 0 to 1 however many pictures were judged.
    shares = [metrics.micro_recall, *([metrics.micro_precision] if metrics.labels_given else [])]
    if max(share.high - share.low for share in shares) > WIDE:
        sentences.append(too_few(metrics.images, metrics.groups))
    return (*sentences, *_missed(metrics), *_added(metrics), *_absent(metrics))


def is_worthless_for_labels(metrics: LabelMetrics) -> bool:
    """Whether it cannot be told from always giving the most usual labels."""
    return metrics.micro_f1.low <= metrics.usual_f1.value


def set_in_words(labels: tuple[str, ...]) -> str:
    """A set of labels as a reader should see it."""
    return " and ".join(f"“{name}”" for name in labels) if labels else NONE_OF_THEM


def _given_and_found(metrics: LabelMetrics) -> str:
    right, found = metrics.micro_precision, metrics.micro_recall
    finds = f"of 100 labels there are, it finds {in_100(found.value)} ({between(found)})"
    if not metrics.labels_given:
        return f"It gave no picture any label; {finds}."
    verb = "is" if in_100(right.value) == "1" else "are"
    return (
        f"Of 100 labels that it gives, {in_100(right.value)} {verb} right ({between(right)});"
        f" {finds}."
    )


def _beside_the_usual(metrics: LabelMetrics) -> str:
    always = f"Always answering {set_in_words(metrics.usual_set)}"
    scores = f"F1 {metrics.usual_f1.value:.2f}, against {metrics.micro_f1.value:.2f} here"
    if is_worthless_for_labels(metrics):
        return f"{always} may be as good ({scores}): do not rely on it."
    return f"{always} would do worse ({scores})."


def _whole_sets(metrics: LabelMetrics) -> str:
    exact = metrics.subset_accuracy
    return f"All labels of a picture are right {times(exact.value)} in 100 ({between(exact)})."


def _missed(metrics: LabelMetrics) -> list[str]:
    worst = max(metrics.per_class, key=lambda row: row.missed)
    if worst.missed < FEWEST:
        return []
    first = "is missed most often" if _alone(metrics, "missed", worst) else "is missed"
    return [f"“{worst.name}” {first} ({worst.missed:,} of {number(worst.images, 'picture')})."]


def _added(metrics: LabelMetrics) -> list[str]:
    worst = max(metrics.per_class, key=lambda row: row.added)
    if worst.added < FEWEST:
        return []
    most = "is wrongly given most often" if _alone(metrics, "added", worst) else "is wrongly given"
    return [f"“{worst.name}” {most} ({worst.added:,} of {number(worst.answers, 'answer')})."]


def _alone(metrics: LabelMetrics, figure: str, worst: LabelFigures) -> bool:
    counts = [int(getattr(row, figure)) for row in metrics.per_class]
    return counts.count(int(getattr(worst, figure))) == 1


def _absent(metrics: LabelMetrics) -> list[str]:
    absent = [row.name for row in metrics.per_class if not row.images]
    if not absent:
        return []
    more = f" and {len(absent) - 1:,} others" if len(absent) > 1 else ""
    return [f"No judged picture has “{absent[0]}”{more}, so nothing is known of finding it."]
