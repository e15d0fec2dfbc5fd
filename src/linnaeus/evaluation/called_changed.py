"""How many pictures that nobody changed are called changed, and from when on few would be."""

from __future__ import annotations

from linnaeus.bundle.changed import FALSE_ALARMS, LEAST_PICTURES, threshold_from
from linnaeus.bundle.predictions import Predictions
from linnaeus.evaluation.in_100 import between, in_100
from linnaeus.evaluation.intervals import share_figure

__all__ = ["called_changed"]


def called_changed(predictions: Predictions) -> tuple[str, ...]:
    """The false alarms among `predictions`, and the threshold for one in twenty, as sentences; none
    where nobody looked, or no picture could be read."""
    if predictions.moved is None or not predictions.read.any():
        return ()
    distances = predictions.moved.distances[predictions.read]
    called = share_figure(int(predictions.changed.sum()), len(distances))
    alarms = (
        f"{in_100(called.value)} in 100 of these pictures ({between(called)}) are called changed"
        f" above {predictions.moved.changed_above:g}: false alarms, if nobody changed them."
    )
    if len(distances) < LEAST_PICTURES:
        return (f"{alarms} So few cannot tell which distance suits.",)
    suits = f"--changed-above {threshold_from(distances):g}"
    return (f"{alarms} For at most {100 * FALSE_ALARMS:.0f} in 100, give {suits}.",)
