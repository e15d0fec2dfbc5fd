"""Row: one line of a training's history."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Row"]


class Row(NamedTuple):
    """One line of a run's history. Losses are means of cross-entropy (training's is smoothed).

    `epoch` counts passes over the training pictures and may be broken; `seconds` are the clock's.
    `pictures_a_second` is how fast it learnt since the row before, validation left out.
    Those of training are means since the row before, of the views that were learnt from and of the
    weights at each step. The validation figures are those of the averaged weights; NaN without
    validation pictures. `train_accuracy` is NaN where a picture may have several labels.
    """

    epoch: float
    seconds: float
    pictures_a_second: float
    learning_rate: float
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
