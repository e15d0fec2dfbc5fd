"""What validation makes of logits: a temperature, and thresholds where there are several labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.record import Calibration, Threshold
from linnaeus.bundle.sigmoid import sigmoid
from linnaeus.evaluation.calibration import fit_label_temperature, fit_temperature
from linnaeus.evaluation.thresholds import choose_thresholds

__all__ = ["Calibrated"]


@dataclass(frozen=True)
class Calibrated:
    """How a bundle turns logits into answers; `thresholds` are empty for one label a picture."""

    calibration: Calibration
    thresholds: tuple[Threshold, ...] = ()

    @classmethod
    def on(
        cls, logits: NDArray[np.float32], truth: NDArray[np.int64] | NDArray[np.bool_]
    ) -> Calibrated:
        """From the `logits` (n, classes) of validation pictures, of which there may be none.

        `truth`: (n,) positions, or (n, classes) bool where a picture may have several labels.
        """
        if truth.ndim == 1:
            temperature = fit_temperature(logits, truth) if len(truth) else None
            return cls(_calibration(temperature))
        sets = truth.astype(bool)
        if not len(sets):
            return cls(Calibration(), choose_thresholds(np.zeros(sets.shape, np.float32), sets))
        temperature = fit_label_temperature(logits, sets)
        thresholds = choose_thresholds(sigmoid(logits, temperature), sets)
        return cls(_calibration(temperature), thresholds)


def _calibration(temperature: float | None) -> Calibration:
    if temperature is None:
        return Calibration()
    return Calibration(method="temperature", temperature=temperature)
