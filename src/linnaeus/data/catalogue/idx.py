"""MNIST and its relatives: pixels and labels in IDX files, each compressed by itself.

IDX (Y. LeCun, with MNIST): two zero bytes, the type of the values (8: unsigned bytes), the number
of dimensions, each dimension as four bytes, highest first, and the values.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.catalogue.known import Known, Reader, not_as_published
from linnaeus.data.catalogue.opened import files_ending, the_file
from linnaeus.data.catalogue.pixels import Block, data_set_of_pixels
from linnaeus.data.dataset import Dataset
from linnaeus.data.fetching.remote import Digest, Remote
from linnaeus.data.store import Store

__all__ = ["IDX_SETS"]

GZIP = b"\x1f\x8b"
UNSIGNED_BYTES = 8
MOST_BYTES = 1 << 30
"""More than any data set of this kind; EMNIST's largest is half of it."""

DIGITS = tuple("0123456789")
UPPER = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
BALANCED = (*DIGITS, *UPPER, *"abdefghnqrt")
"""The 47 classes of EMNIST's table: capitals stand for small letters that look like them."""

GARMENTS = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
KANA = tuple("o ki su tsu na ha ma ya re wo".split())


def _read(
    classes: Sequence[str], train: str, test: str, first: int, turned: bool, name: str, store: Store
) -> Dataset:
    """`train` and `test`: how the files begin; `first`: the label of the first class; `turned`:
    whether rows and columns are exchanged, as in EMNIST.
    """
    blocks = []
    for split, begins in (("train", train), ("test", test)):
        pixels = _idx(name, store, f"{begins}-images-idx3-ubyte", 3)
        labels = _idx(name, store, f"{begins}-labels-idx1-ubyte", 1).astype(np.int64) - first
        if len(pixels) != len(labels) or not set(np.unique(labels)) <= set(range(len(classes))):
            raise not_as_published(name, f"pictures and labels of {begins} do not fit together")
        upright = pixels.transpose(0, 2, 1) if turned else pixels
        blocks.append(Block(split, upright, labels))
    return data_set_of_pixels(name, classes, blocks)


def _idx(name: str, store: Store, file: str, dimensions: int) -> NDArray[np.uint8]:
    """The array in an IDX file of unsigned bytes, itself or compressed. Raises DataError."""
    path = the_file(name, store, file if files_ending(store, file) else f"{file}.gz")
    content = store.read_whole(path)
    try:
        if content.startswith(GZIP):
            content = _decompressed(content)
        if content[:4] != bytes([0, 0, UNSIGNED_BYTES, dimensions]):
            raise ValueError("it does not begin as such files do")
        shape = np.frombuffer(content, ">u4", dimensions, offset=4)
        return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape)
    except (ValueError, OSError, EOFError, zlib.error) as error:
        raise not_as_published(name, f"this is no IDX file ({error})", path) from None


def _decompressed(content: bytes) -> bytes:
    """The content of a gzip file. Raises ValueError where it is cut short or absurdly dense."""
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
    plain = unpacking.decompress(content, MOST_BYTES)
    if not unpacking.eof:
        raise ValueError("it is cut short, or expands as only files made to do harm do")
    return plain


def _reader(classes: Sequence[str]) -> Reader:
    return partial(_read, classes, "train", "t10k", 0, False)


def _emnist(kind: str, classes: Sequence[str], first: int = 0) -> Reader:
    return partial(_read, classes, f"emnist-{kind}-train", f"emnist-{kind}-test", first, True)


def _files(mirrors: Sequence[str], digests: str) -> tuple[Remote, ...]:
    names = [
        f"{split}-{kind}-ubyte.gz"
        for split in ("train", "t10k")
        for kind in ("images-idx3", "labels-idx1")
    ]
    return tuple(
        Remote(name, Digest.pinned(digits), tuple(mirror + name for mirror in mirrors))
        for name, digits in zip(names, digests.split(), strict=True)
    )


# Addresses and MD5 digests are those of torchvision 0.26.
IDX_SETS = {
    "mnist": Known(
        what="hand-written digits, 28 × 28 grey",
        pictures=70_000,
        classes=10,
        licence="CC BY-SA 3.0",
        read=_reader(DIGITS),
        download_mb=11.6,
        files=_files(
            (
                "https://ossci-datasets.s3.amazonaws.com/mnist/",
                "http://yann.lecun.com/exdb/mnist/",
            ),
            "f68b3c2dcbeaaa9fbdd348bbdeb94873 d53e105ee54ea40749a09fcbcd1e9432"
            " 9fb629c4189551a2d022fa330f9573f3 ec29112dd5afa0611ce80d1b7f02629c",
        ),
    ),
    "fashion-mnist": Known(
        what="garments, 28 × 28 grey",
        pictures=70_000,
        classes=10,
        licence="MIT",
        read=_reader(GARMENTS),
        download_mb=30.9,
        files=_files(
            ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
            "8d4fb7e6c68d591d4c3dfef9ec88bf0d 25c81989df183df01b3e8a0aad5dffbe"
            " bef4ecab320f06d8554ea6380940ec79 bb300cfdad3c16e7a12a480ee83cd310",
        ),
    ),
    "kmnist": Known(
        what="cursive Japanese characters (Kuzushiji), 28 × 28 grey",
        pictures=70_000,
        classes=10,
        licence="CC BY-SA 4.0",
        read=_reader(KANA),
        download_mb=21.2,
        files=_files(
            ("http://codh.rois.ac.jp/kmnist/dataset/kmnist/",),
            "bdb82020997e1d708af4cf47b453dcf7 e144d726b3acfaa3e44228e80efcd344"
            " 5c965bf0a639b31b8f53240b1b52f4d7 7320c461ea6c1c855c0b718fb2a4b134",
        ),
    ),
    "emnist-letters": Known(
        what="hand-written letters, 28 × 28 grey, large and small as one",
        pictures=145_600,
        classes=26,
        licence="not stated",
        read=_emnist("letters", UPPER, 1),
        download_mb=561.8,
        files=(
            Remote(
                "emnist.zip",
                Digest.pinned("58c8d27c78d21e728a6bc7b3cc06412e"),
                ("https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip",),
            ),
        ),
    ),
    "emnist-balanced": Known(
        what="hand-written digits and letters, 28 × 28 grey",
        pictures=131_600,
        classes=47,
        licence="not stated",
        read=_emnist("balanced", BALANCED),
        download_mb=561.8,
        beside="emnist-letters",
    ),
}
