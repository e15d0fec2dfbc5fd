"""Answers to the frames of a video, steadied by those just before."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.answer import Answer
from linnaeus.errors import UsageError
from linnaeus.predicting.picture import Picture

__all__ = ["Smoothing"]


class Smoothing:
    """Means of probabilities over the frames of the last `seconds` of the same video.

    Where the time falls back, another clip begins, whose frames are averaged by themselves. Frames
    that could not be read, and pictures that are no frames, stay as they are. Whether a
    frame shows something unknown, or was changed, is told of that frame alone. Raises UsageError
    for no time.
    """

    def __init__(self, seconds: float) -> None:
        if not (math.isfinite(seconds) and seconds > 0):
            raise UsageError(
                f"{seconds:g} is no time to smooth over",
                where="--smooth",
                mend="Give seconds, such as 2.",
            )
        self._seconds = seconds
        self._of = ""
        self._kept: deque[tuple[float, NDArray[np.float32]]] = deque()

    @property
    def has_begun(self) -> bool:
        """Whether any frame of a video has come."""
        return bool(self._of)

    def __call__(self, picture: Picture, answer: Answer) -> Answer:
        """The answer with steadier probabilities; calls have to come in order."""
        frame = picture.frame
        if frame is None or answer.error:
            return answer
        backwards = bool(self._kept) and frame.at_s < self._kept[-1][0]  # clips that were joined
        if frame.of != self._of or backwards:
            self._of = frame.of
            self._kept.clear()
        self._kept.append((frame.at_s, answer.probabilities))
        while self._kept[0][0] <= frame.at_s - self._seconds:
            self._kept.popleft()
        stacked = np.stack([kept for _, kept in self._kept]).astype(np.float64)
        mean: NDArray[np.float32] = (stacked.sum(axis=0) / len(stacked)).astype(np.float32)
        return replace(answer, probabilities=mean)
