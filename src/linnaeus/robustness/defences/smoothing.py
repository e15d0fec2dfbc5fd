"""Randomised smoothing: the answer to a picture is what most of its noisy copies are called.

Such an answer is proven not to change within a distance (Cohen, Rosenfeld and Kolter 2019). It asks
the bundle alone, so it works for all of them, without torch. Pictures are (h, w, 3) in levels of 0
to 255, at the size that the bundle sees; distances are Euclidean, in the range of the levels (the
length of the change of all levels of a picture, where black to white is 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.classifier import Classifier
from linnaeus.randomness import generator
from linnaeus.robustness.clopper_pearson import at_least, probability_at_least

__all__ = ["ALPHA", "Certificate", "Smoothed"]

Picture = NDArray[np.uint8] | NDArray[np.float32]

ALPHA = 0.001
"""How often a certificate, or an answer that is no abstention, may be wrong about the noise."""

FIRST_DRAWS = 100  # to choose the class that a certificate is then tried for, as in the paper
AT_ONCE = 64


@dataclass(frozen=True)
class Certificate:
    """The class that is answered, -1 where it abstains, and how far no change can alter that."""

    answer: int
    radius: float


class Smoothed:
    """`classifier` with Gaussian noise of the deviation `noise`, a share of the range of levels.

    Noisy levels are rounded and cut off as a file's are, before the bundle sees them: that is a
    part of the function that is smoothed, and takes nothing from the proof. What is drawn is a
    function of the `seed`, the purpose and the picture's `index`.
    """

    def __init__(self, classifier: Classifier, noise: float, seed: int = 0) -> None:
        self._classifier = classifier.knowing(None)  # whether it is known is not asked
        self.noise = noise
        self.seed = seed

    def certify(self, picture: Picture, draws: int, index: int = 0) -> Certificate:
        """The answer to `picture`, and its certified radius from `draws` noisy copies.

        Its class is chosen on other copies; the radius is the noise times the normal quantile of
        Clopper and Pearson's lower bound of that class's share.
        """
        chosen = int(self.counts(picture, FIRST_DRAWS, "choice", index).argmax())
        found = int(self.counts(picture, draws, "certificate", index)[chosen])
        share = at_least(found, draws, ALPHA)
        if share <= 0.5:
            return Certificate(-1, 0.0)
        return Certificate(chosen, self.noise * NormalDist().inv_cdf(share))

    def answer(self, picture: Picture, draws: int, index: int = 0) -> int:
        """The class of most of `draws` noisy copies; -1 where the second might be as frequent."""
        counts = self.counts(picture, draws, "answer", index)
        second, first = np.sort(counts)[-2:].tolist()
        if 2 * probability_at_least(first, first + second, 0.5) > ALPHA:
            return -1
        return int(counts.argmax())

    def counts(self, picture: Picture, draws: int, purpose: str, index: int) -> NDArray[np.int64]:
        """(classes,) what `draws` noisy copies of `picture` were called."""
        counts = np.zeros(len(self._classifier.classes), np.int64)
        for place, start in enumerate(range(0, draws, AT_ONCE)):
            drawn = generator(self.seed, f"smoothing: {purpose}", index, place)
            shape = (min(AT_ONCE, draws - start), *picture.shape)
            noisy = picture + 255 * self.noise * drawn.standard_normal(shape, np.float32)
            copies = noisy.round().clip(0, 255).astype(np.uint8)
            for one in self._classifier.predict_pixels(copies):
                counts[one.likeliest] += 1
        return counts

    def farthest(self, draws: int) -> float:
        """The largest radius that `draws` copies can certify: where all are called the same."""
        return self.noise * NormalDist().inv_cdf(ALPHA ** (1 / draws))
