"""What validation makes of logits: a calibration, and thresholds where there are several labels."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linnaeus.bundle.calibration import Calibration
from linnaeus.bundle.record import Threshold
from linnaeus.evaluation.calibration import check_logits
from linnaeus.evaluation.choose_calibration import choose_calibration
from linnaeus.evaluation.thresholds import choose_thresholds

__all__ = ["Calibrated"]


@dataclass(frozen=True)
class Calibrated:
    """How a bundle turns logits into answers; `thresholds` are empty for one label a picture.

    `cross_fitted`: (n, classes) float32, the probabilities of the validation pictures, each by a
    calibration of the same kind that was fitted without it.
    """

    calibration: Calibration
    thresholds: tuple[Threshold, ...] = ()
    cross_fitted: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))

    @classmethod
    def on(
        cls,
        logits: NDArray[np.floating],
        truth: NDArray[np.int64] | NDArray[np.bool_],
        *,
        groups: ArrayLike | None = None,
        seed: int = 0,
    ) -> Calibrated:
        """From the `logits` (n, classes) of validation pictures, of which there may be none.

        `truth`: (n,) positions, or (n, classes) bool where a picture may have several labels.
        `groups`: (n,), of pictures that belong together; they are not parted where a calibration
        is fitted on some pictures and judged on others.
        """
        several = truth.ndim == 2
        if not len(truth):
            logits = np.zeros(truth.shape if several else logits.shape)
        check_logits(logits, truth)
        sets = truth.astype(bool) if several else truth[:, None] == np.arange(logits.shape[-1])
        chosen = choose_calibration(logits, sets, several=several, groups=groups, seed=seed)
        if not several:
            return cls(chosen.calibration, (), chosen.cross_fitted)
        answers = chosen.calibration.probabilities(logits, several=True)
        thresholds = choose_thresholds(answers, sets)
        return cls(chosen.calibration, thresholds, chosen.cross_fitted)
