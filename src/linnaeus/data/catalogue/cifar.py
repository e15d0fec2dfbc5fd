"""CIFAR-10 and CIFAR-100 from their binary versions: the Python versions are pickles.

A record is the label (CIFAR-100: the coarse one, then the fine one), a byte each, and 32 × 32
pixels of red, then of green, then of blue (A. Krizhevsky 2009).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from linnaeus.data.catalogue.known import Known, not_as_published
from linnaeus.data.catalogue.opened import the_file
from linnaeus.data.catalogue.pixels import Block, data_set_of_pixels
from linnaeus.data.dataset import Dataset
from linnaeus.data.fetching.remote import Digest, Remote
from linnaeus.data.memory import roomy_pixels
from linnaeus.data.store import Store

__all__ = ["CIFAR_SETS"]

SIDE_PX = 32
PIXEL_BYTES = 3 * SIDE_PX * SIDE_PX


def _read(
    train: Sequence[str], test: Sequence[str], names: str, label_bytes: int, name: str, store: Store
) -> Dataset:
    """`names`: the file of class names; the last of `label_bytes` is the label."""
    lines = store.read_whole(the_file(name, store, names)).decode("utf-8", "replace").split("\n")
    classes = [line.strip() for line in lines if line.strip()]
    blocks = [
        _block(split, files, classes, label_bytes, name, store)
        for split, files in (("train", train), ("test", test))
    ]
    return data_set_of_pixels(name, classes, blocks)


def _block(
    split: str,
    files: Sequence[str],
    classes: Sequence[str],
    label_bytes: int,
    name: str,
    store: Store,
) -> Block:
    record_bytes = label_bytes + PIXEL_BYTES
    paths = [the_file(name, store, file) for file in files]
    counts = [store.size_bytes(path) // record_bytes for path in paths]
    pixels = roomy_pixels((sum(counts), SIDE_PX, SIDE_PX, 3))
    labels = np.zeros(sum(counts), np.int64)
    begin = 0
    for path, count in zip(paths, counts, strict=True):
        content = np.frombuffer(store.read_whole(path), np.uint8)
        if not count or len(content) != count * record_bytes:
            what = f"its {len(content):,} bytes are no whole number of pictures"
            raise not_as_published(name, what, path)
        records = content.reshape(count, record_bytes)
        labels[begin : begin + count] = records[:, label_bytes - 1]
        planes = records[:, label_bytes:].reshape(count, 3, SIDE_PX, SIDE_PX)
        pixels[begin : begin + count] = planes.transpose(0, 2, 3, 1)
        begin += count
    if labels.max() >= len(classes):
        what = f"there is a label {labels.max()}, but there are {len(classes)} class names"
        raise not_as_published(name, what)
    return Block(split, pixels, labels)


# The MD5 digests are those that the publisher's page prints beside the binary versions.
CIFAR_SETS = {
    "cifar10": Known(
        what="things and animals, 32 × 32 in colour",
        pictures=60_000,
        classes=10,
        licence="not stated",
        read=partial(
            _read,
            [f"data_batch_{number}.bin" for number in range(1, 6)],
            ["test_batch.bin"],
            "batches.meta.txt",
            1,
        ),
        download_mb=170.1,
        files=(
            Remote(
                "cifar-10-binary.tar.gz",
                Digest.pinned("c32a1d4ab5d03f1284b67883e8d87530"),
                ("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",),
            ),
        ),
    ),
    "cifar100": Known(
        what="things and living beings, 32 × 32 in colour",
        pictures=60_000,
        classes=100,
        licence="not stated",
        read=partial(_read, ["train.bin"], ["test.bin"], "fine_label_names.txt", 2),
        download_mb=168.5,
        files=(
            Remote(
                "cifar-100-binary.tar.gz",
                Digest.pinned("03b5dce01913d631647c71ecec9e9cb8"),
                ("https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",),
            ),
        ),
    ),
}
