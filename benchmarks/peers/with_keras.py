"""The convolutional network of Keras' textbooks, from scratch at 32 px.

    python with_keras.py FOLDER --epochs 16 --log FILE

Three convolutions of 32, 64 and 128 filters, each under a max-pooling, then dense layers; Adam,
batches of 32. The pictures are in memory, as `keras.datasets.cifar10` would have them. FOLDER holds
train/ and test/ with a folder a class. Started by run.py in an environment of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from curve import THREADS, Curve, arguments

SIDE_PX = 32
BATCH = 32


class Judging(keras.callbacks.Callback):  # type: ignore[misc]
    """Judges the test pictures after each epoch, off the clock."""

    def __init__(self, curve: Curve, pixels: Any, labels: Any) -> None:
        super().__init__()
        self.curve, self.pixels, self.labels = curve, pixels, labels

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Write the epoch's line."""
        seconds = self.curve.seconds()
        with self.curve.paused():
            _, right = self.model.evaluate(self.pixels, self.labels, verbose=0, batch_size=500)
        self.curve.note(epoch + 1, seconds, right)


def main() -> None:
    """Train once."""
    asked = arguments(default_epochs=16)
    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    keras.utils.set_random_seed(0)
    train, test = (_arrays(asked.data / side) for side in ("train", "test"))
    model = _network(classes=int(train[1].max()) + 1)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    judging = Judging(Curve("keras textbook CNN", asked.epochs, asked.log), *test)
    model.fit(*train, batch_size=BATCH, epochs=asked.epochs, verbose=0, callbacks=[judging])


def _network(classes: int) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((SIDE_PX, SIDE_PX, 3)),
            *(
                layer
                for filters in (32, 64, 128)
                for layer in (
                    layers.Conv2D(filters, 3, activation="relu", padding="same"),
                    layers.MaxPooling2D(),
                )
            ),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(classes, activation="softmax"),
        ]
    )


def _arrays(folder: Path) -> tuple[Any, Any]:
    """Pixels (n, 32, 32, 3) from 0 to 1, and labels (n,)."""
    batches = keras.utils.image_dataset_from_directory(
        folder, image_size=(SIDE_PX, SIDE_PX), batch_size=1000, shuffle=False
    )
    pixels, labels = zip(*batches.as_numpy_iterator(), strict=True)
    return np.concatenate(pixels).astype(np.float32) / 255, np.concatenate(labels)


if __name__ == "__main__":
    main()
