"""A linear support vector machine, or logistic regression, on features."""

from __future__ import annotations

import numpy as np

from linnaeus.models.export import append_head
from linnaeus.training.classical.task import Fitted, Task
from linnaeus.training.head import Loss, fit_head

__all__ = ["fit_linear"]


def fit_linear(task: Task, loss: Loss) -> Fitted:
    """Each class against the rest by the squared hinge loss, or all at once by log loss.

    The strength of regularisation is the one with the least log loss on validation.
    """
    head = fit_head(
        task.train.features,
        task.train.labels,
        (task.validation.features, task.validation.labels),
        classes=task.classes,
        parts=task.parts,
        strengths=task.strengths,
        progress=task.progress,
        stop=task.late,
        loss=loss,
        class_weights=task.class_weights if np.ptp(task.class_weights) else None,
    )
    how = f"the best of {len(head.tried)} on validation" if head.tried else "the default"
    return Fitted(
        graph=append_head(task.graph, head.weight, head.bias),
        parameters=head.weight.size + head.bias.size,
        remark=f"Its regularisation has strength {head.strength:g}, {how}.",
        tried=head.tried,
    )
