"""Choosing the views of a picture that a bundle's answers are the mean over."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.views import VIEWS, AskedViews, Views
from linnaeus.progress import Progress
from linnaeus.training.better import compare
from linnaeus.training.serving import Served

__all__ = ["served_with_views"]


def served_with_views(
    serve: Callable[[Views], Served],
    labels: NDArray[np.int64] | NDArray[np.bool_],
    *,
    asked: AskedViews,
    mirrored: bool,
    progress: Progress,
) -> Served:
    """What `serve` gives for the views `asked` for, or for "auto" those that are clearly better.

    `serve` answers the validation pictures with `labels` (n,) or (n, classes). `mirrored`: whether
    mirror images may be tried, because the network has learnt from them and twice the time of an
    answer is worth a better one. They are kept where the log loss of the pictures falls by more
    than a standard error; what came of the trial is told.
    """
    served = serve("none" if asked == "auto" else asked)
    if asked == "auto" and mirrored and len(labels):
        both = serve("mirror")
        better, why = compare(both.logits, served.logits, labels)
        if not better:
            progress.say(f"Answers are for pictures as they are, not for mirror images too: {why}.")
        else:
            served = both
            progress.say(f"Answers are the mean for a picture and its mirror image: {why}.")
    count = VIEWS[served.serving.test_time_augmentation]
    if count > 1:
        progress.say(
            f"Every answer is the mean over {count} views and takes {count} times as long."
        )
    return served
