"""Whether one network is better than another, by their answers to the same validation pictures."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from linnaeus.bundle.sigmoid import sigmoid
from linnaeus.bundle.softmax import softmax
from linnaeus.evaluation.calibration import fit_label_temperature, fit_temperature
from linnaeus.training.head import mean_average_precision

__all__ = ["Comparison", "Quality", "compare", "figure_of", "quality"]

LEAST_GAIN = 1e-4
"""Of mean log loss, in nats: less is rounding, however alike it is for all pictures."""

Logits = NDArray[np.float32]
Labels = NDArray[np.int64] | NDArray[np.bool_]


class Quality(NamedTuple):
    """Accuracy, and log loss at the temperature that fits best; NaN without pictures.

    Of pictures with several labels, mean average precision, and log loss summed over the classes.
    """

    accuracy: float
    log_loss: float


class Comparison(NamedTuple):
    """Whether the new network is better, and why, as a clause."""

    better: bool
    why: str


def quality(logits: Logits, labels: Labels) -> Quality:
    """How good the answers `logits` (n, classes) to pictures with `labels` (n,) are."""
    if len(labels) == 0:
        return Quality(math.nan, math.nan)
    loss = float(_losses(logits, labels).mean())
    if labels.ndim == 2:
        scores = torch.from_numpy(logits)
        return Quality(mean_average_precision(torch.from_numpy(labels), scores), loss)
    return Quality(float((logits.argmax(axis=1) == labels).mean()), loss)


def figure_of(labels: Labels | torch.Tensor) -> str:
    """What the accuracy of `quality` is of such labels, to stand behind a percentage."""
    return "right" if labels.ndim == 1 else "mean average precision"


def compare(new: Logits, old: Logits, labels: Labels) -> Comparison:
    """Compare the answers `new` and `old` (n, classes) to the same n pictures.

    The new network is better where its log loss is lower by more than one standard error of the
    mean difference, picture by picture, and by more than rounding is. Log loss, because of 250
    pictures a network that is a point better names two or three more rightly, which is noise, while
    each of the 250 probabilities tells something; each at its own temperature, because the bundle
    is calibrated too; and by a standard error, because the new one was chosen as the best of
    several on these same pictures.
    """
    if len(labels) == 0:
        return Comparison(False, "there were no validation pictures to judge it on")
    difference = _losses(new, labels) - _losses(old, labels)
    mean, error = float(difference.mean()), _standard_error(difference)
    told = f"log loss {mean:+.3f} ± {error:.3f} on validation"
    if mean < -max(error, LEAST_GAIN):
        return Comparison(True, told)
    return Comparison(False, f"{told}, which is not clearly better")


def _losses(logits: Logits, labels: Labels) -> NDArray[np.float64]:
    """(n,) log losses at the temperature that suits `logits`."""
    if labels.ndim == 2:
        signed = np.where(labels, logits, -logits)
        true = sigmoid(signed, fit_label_temperature(logits, labels))
    else:
        answers = softmax(logits, fit_temperature(logits, labels))
        true = answers[np.arange(len(labels)), labels.astype(np.int64), None]
    losses = -np.log(np.maximum(true, np.finfo(np.float32).tiny), dtype=float)
    summed: NDArray[np.float64] = losses.sum(axis=1)
    return summed


def _standard_error(values: NDArray[np.float64]) -> float:
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.inf
