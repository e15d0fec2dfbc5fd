"""fastai's xresnet18 from scratch at 32 px, one cycle, mirrored at random: as its users train.

    python with_fastai.py FOLDER --epochs 3 --log FILE

FOLDER holds train/ and test/ with a folder a class. Started by run.py in an environment of its own.
"""

from __future__ import annotations

import torch
from curve import THREADS, Curve, arguments
from fastai.vision.all import (
    Callback,
    CrossEntropyLossFlat,
    Flip,
    ImageDataLoaders,
    Learner,
    Normalize,
    accuracy,
    imagenet_stats,
    xresnet18,
)

BATCH = 128
PEAK_RATE = 1e-2  # of Adam over the cycle; the steepest slope that its own finder shows is near
WORKERS = 2


class Judging(Callback):
    """Stops the clock while the test pictures are judged, and notes what came of it."""

    order = 90  # after the recorder, which knows the accuracy

    def __init__(self, curve: Curve) -> None:
        super().__init__()
        self.curve = curve

    def before_validate(self) -> None:
        """Note when training of this epoch ended."""
        self.trained_s = self.curve.seconds()
        self.pause = self.curve.paused()
        self.pause.__enter__()

    def after_epoch(self) -> None:
        """Let the clock go on, and write the epoch's line."""
        self.pause.__exit__(None, None, None)
        self.curve.note(self.epoch + 1, self.trained_s, self.recorder.values[-1][-1])


def main() -> None:
    """Train once."""
    asked = arguments(default_epochs=3)
    torch.set_num_threads(THREADS)
    loaders = ImageDataLoaders.from_folder(
        asked.data,
        train="train",
        valid="test",
        bs=BATCH,
        num_workers=WORKERS,
        batch_tfms=[Flip(), Normalize.from_stats(*imagenet_stats)],
    )
    network = xresnet18(n_out=loaders.c)
    learner = Learner(loaders, network, loss_func=CrossEntropyLossFlat(), metrics=accuracy)
    learner.add_cb(Judging(Curve("fastai xresnet18", asked.epochs, asked.log)))
    learner.fit_one_cycle(asked.epochs, PEAK_RATE)


if __name__ == "__main__":
    main()
