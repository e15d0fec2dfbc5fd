"""The order in which an epoch shows the pictures, with every class equally often where asked."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linnaeus.errors import UsageError
from linnaeus.randomness import generator

__all__ = ["EpochOrder", "check_balanced"]

Labels = NDArray[np.int64]


def check_balanced(*, several: bool) -> None:
    """Raise UsageError where every class is to be shown equally often, and pictures may have
    `several`."""
    if several:
        raise UsageError(
            "pictures with several labels cannot show every class equally often",
            where="the recipe's network.balanced_sampling",
            mend='Leave it out; network.class_weights "balanced" is for them too.',
        )


class EpochOrder:
    """The order of each epoch over n pictures with `labels` (n,), drawn from `seed`.

    An order holds n views. View v is of picture v % n, for the v // n-th time in its epoch beyond
    the first, so that a picture shown twice is augmented as two. `balanced`: every class fills an
    equal part of an epoch.

    Raises UsageError where pictures with several labels are to be balanced.
    """

    def __init__(
        self, seed: int, labels: Labels | NDArray[np.float32], *, balanced: bool = False
    ) -> None:
        if balanced:
            check_balanced(several=labels.ndim > 1)
        self._seed = seed
        self._labels = labels
        self._balanced = balanced
        self._epoch = -1
        self._views: Labels = np.empty(0, np.int64)

    def of(self, epoch: int) -> Labels:
        """(n,) the views of `epoch` in their order."""
        if epoch != self._epoch:
            views = self._evened(epoch) if self._balanced else np.arange(len(self._labels))
            self._views = generator(self._seed, "order", epoch).permutation(views)
            self._epoch = epoch
        return self._views

    def _evened(self, epoch: int) -> Labels:
        """(n,) views with as many of each class, which luck gives one more where it must."""
        classes = np.unique(self._labels)
        shuffled = generator(self._seed, "spare places", epoch).permutation(classes)
        least, spare = divmod(len(self._labels), len(classes))
        return np.concatenate(
            [
                self._of_class(kind, least + (place < spare), epoch)
                for place, kind in enumerate(shuffled)
            ]
        )

    def _of_class(self, kind: int, places: int, epoch: int) -> Labels:
        """(places,) views of the class `kind`: all of its pictures as often, give or take one."""
        members = np.flatnonzero(self._labels == kind)
        rounds = [
            generator(self._seed, "balanced", epoch, int(kind), again).permutation(members)
            + again * len(self._labels)
            for again in range(-(-places // len(members)))
        ]
        return np.concatenate(rounds)[:places] if rounds else members[:0]
