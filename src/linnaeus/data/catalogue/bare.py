"""Data sets published as arrays in containers of their own: STL-10, SVHN, USPS and Semeion."""

from __future__ import annotations

import bz2

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.catalogue.known import Known, not_as_published
from linnaeus.data.catalogue.matlab import read_matlab
from linnaeus.data.catalogue.opened import files_ending, the_file
from linnaeus.data.catalogue.pixels import Block, data_set_of_pixels
from linnaeus.data.dataset import Dataset
from linnaeus.data.fetching.remote import Digest, Remote
from linnaeus.data.store import Store

__all__ = ["BARE_SETS"]

DIGITS = tuple("0123456789")
MOST_TEXT_BYTES = 100 << 20
"""Three times what USPS comes to."""

STL_SHAPE = (-1, 3, 96, 96)
UNLABELLED_NOTE = "The pictures without labels (unlabeled_X.bin) are left alone."


def _stl10(name: str, store: Store) -> Dataset:
    """SPLIT_X.bin: pictures of three planes, column by column; SPLIT_y.bin: labels from 1."""
    text = store.read_whole(the_file(name, store, "class_names.txt")).decode("utf-8", "replace")
    classes = text.split()
    blocks = []
    for split in ("train", "test"):
        path = the_file(name, store, f"{split}_X.bin")
        values = np.frombuffer(store.read_whole(path), np.uint8)
        labels = np.frombuffer(store.read_whole(the_file(name, store, f"{split}_y.bin")), np.uint8)
        if len(values) != len(labels) * 3 * 96 * 96:
            raise not_as_published(name, f"it holds other pictures than {split}_y.bin labels", path)
        pixels = values.reshape(STL_SHAPE).transpose(0, 3, 2, 1)
        blocks.append(_block(name, split, pixels, labels.astype(np.int64) - 1, len(classes)))
    unlabelled = files_ending(store, "unlabeled_X.bin")
    return data_set_of_pixels(name, classes, blocks, notes=[UNLABELLED_NOTE] if unlabelled else [])


def _svhn(name: str, store: Store) -> Dataset:
    """SPLIT_32x32.mat: X, pictures along the last axis, and y, where 10 stands for the digit 0."""
    blocks = []
    for split in ("train", "test"):
        path = the_file(name, store, f"{split}_32x32.mat")
        try:
            arrays = read_matlab(store.read_whole(path))
            pixels = np.asarray(arrays["X"], np.uint8).transpose(3, 0, 1, 2)
            labels = arrays["y"].reshape(-1).astype(np.int64) % 10
        except (ValueError, KeyError) as error:
            raise not_as_published(name, f"it does not hold X and y ({error})", path) from None
        blocks.append(_block(name, split, pixels, labels, len(DIGITS)))
    return data_set_of_pixels(name, DIGITS, blocks)


def _usps(name: str, store: Store) -> Dataset:
    """Lines of LIBSVM: a label from 1, and 256 values from -1 to 1 behind their numbers."""
    blocks = []
    for split, file in (("train", "usps"), ("test", "usps.t")):
        path = the_file(name, store, f"{file}.bz2")
        try:
            text = bz2.BZ2Decompressor().decompress(store.read_whole(path), MOST_TEXT_BYTES)
            rows = [line.split() for line in text.splitlines()]
            values = np.array([[float(v.partition(b":")[2]) for v in row[1:]] for row in rows])
            if np.abs(values).max() > 1:
                raise ValueError("there is a value beyond 1")
            labels = np.array([int(row[0]) for row in rows], np.int64) - 1
            pixels = np.rint((values + 1) * 127.5).astype(np.uint8).reshape(-1, 16, 16)
        except (ValueError, OSError) as error:
            raise not_as_published(name, f"it cannot be read ({error})", path) from None
        blocks.append(_block(name, split, pixels, labels, len(DIGITS)))
    return data_set_of_pixels(name, DIGITS, blocks)


def _semeion(name: str, store: Store) -> Dataset:
    """Lines of 256 zeros and ones, and a one in the place of the digit."""
    path = the_file(name, store, "semeion.data")
    try:
        values = np.array([line.split() for line in store.read_whole(path).splitlines()], float)
        pixels = (values[:, :256] * 255).astype(np.uint8).reshape(-1, 16, 16)
        labels = values[:, 256:266].argmax(axis=1)
    except (ValueError, IndexError) as error:
        raise not_as_published(name, f"it cannot be read ({error})", path) from None
    return data_set_of_pixels(name, DIGITS, [_block(name, "", pixels, labels, len(DIGITS))])


def _block(
    name: str, split: str, pixels: NDArray[np.uint8], labels: NDArray[np.int64], classes: int
) -> Block:
    """A block whose labels are known to be of classes. Raises DataError."""
    if (
        len(pixels) != len(labels)
        or not len(labels)
        or not 0 <= labels.min() <= labels.max() < classes
    ):
        where = f" of {split}" if split else ""
        raise not_as_published(name, f"pictures and labels{where} do not fit together")
    return Block(split, pixels, labels)


# Addresses and MD5 digests are those of torchvision 0.26.
BARE_SETS = {
    "svhn": Known(
        what="digits of house numbers, 32 × 32 in colour",
        pictures=99_289,
        classes=10,
        licence="for non-commercial use",
        read=_svhn,
        download_mb=246.3,
        files=(
            Remote(
                "train_32x32.mat",
                Digest.pinned("e26dedcc434d2e4c54c9b2d4a06d8373"),
                ("http://ufldl.stanford.edu/housenumbers/train_32x32.mat",),
            ),
            Remote(
                "test_32x32.mat",
                Digest.pinned("eb5a983be6a315427106f1b164d9cef3"),
                ("http://ufldl.stanford.edu/housenumbers/test_32x32.mat",),
            ),
        ),
    ),
    "stl10": Known(
        what="things and animals, 96 × 96 in colour, few of each",
        pictures=13_000,
        classes=10,
        licence="not stated",
        read=_stl10,
        download_mb=2640.4,
        files=(
            Remote(
                "stl10_binary.tar.gz",
                Digest.pinned("91f7769df0f17e558f3565bffb0c7dfb"),
                ("http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",),
            ),
        ),
    ),
    "usps": Known(
        what="hand-written digits of American letters, 16 × 16 grey",
        pictures=9_298,
        classes=10,
        licence="not stated",
        read=_usps,
        download_mb=8.4,
        files=(
            Remote(
                "usps.bz2",
                Digest.pinned("ec16c51db3855ca6c91edd34d0e9b197"),
                ("https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/usps.bz2",),
            ),
            Remote(
                "usps.t.bz2",
                Digest.pinned("8ea070ee2aca1ac39742fdd1ef5ed118"),
                ("https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/usps.t.bz2",),
            ),
        ),
    ),
    "semeion": Known(
        what="hand-written digits, 16 × 16 black and white",
        pictures=1_593,
        classes=10,
        licence="CC BY 4.0",
        read=_semeion,
        download_mb=2.9,
        files=(
            Remote(
                "semeion.data",
                Digest.pinned("cb545d371d2ce14ec121470795a77432"),
                ("http://archive.ics.uci.edu/ml/machine-learning-databases/semeion/semeion.data",),
            ),
        ),
    ),
}
