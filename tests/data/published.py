"""Small copies of published data sets, laid out as their publishers lay them out."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import struct
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from trees import saved, write_tree

Arrays = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def arrays(
    count: int, classes: int, shape: tuple[int, ...], *, first: int = 0, seed: int = 0
) -> Arrays:
    """(pictures, labels): noise, and labels from `first` on, each class in its turn."""
    pixels = np.random.default_rng(seed).integers(0, 256, (count, *shape), np.uint8)
    return pixels, (np.arange(count) % classes + first).astype(np.uint8)


def idx(values: NDArray[np.uint8]) -> bytes:
    """An array as an IDX file."""
    return struct.pack(f">4B{values.ndim}I", 0, 0, 8, values.ndim, *values.shape) + values.tobytes()


def mnist_files(train: Arrays, test: Arrays) -> dict[str, bytes]:
    """{name: content} of the four files of MNIST and its like."""
    return {
        f"{split}-{kind}-ubyte.gz": gzip.compress(idx(values))
        for split, (pixels, labels) in (("train", train), ("t10k", test))
        for kind, values in (("images-idx3", pixels), ("labels-idx1", labels))
    }


def cifar10_files(batches: list[Arrays], test: Arrays, classes: list[str]) -> dict[str, bytes]:
    """The binary version; pictures are (n, 32, 32, 3)."""
    named = {f"data_batch_{number}.bin": batch for number, batch in enumerate(batches, start=1)}
    files = {name: _records(*batch) for name, batch in (named | {"test_batch.bin": test}).items()}
    files["batches.meta.txt"] = ("\n".join(classes) + "\n\n").encode()
    files["readme.html"] = b"<html>"
    return {f"cifar-10-batches-bin/{name}": content for name, content in files.items()}


def _records(pixels: NDArray[np.uint8], labels: NDArray[np.uint8]) -> bytes:
    pairs = zip(pixels, labels, strict=True)
    return b"".join(bytes([label]) + one.transpose(2, 0, 1).tobytes() for one, label in pairs)


def usps_file(pixels: NDArray[np.uint8], labels: NDArray[np.uint8]) -> bytes:
    """LIBSVM's lines of grey pictures (n, 16, 16)."""
    lines = []
    for picture, label in zip(pixels, labels, strict=True):
        values = (f"{n}:{v / 127.5 - 1:.7f}" for n, v in enumerate(picture.ravel(), start=1))
        lines.append(f"{label + 1} {' '.join(values)}")
    return bz2.compress("\n".join(lines).encode())


def bitmap(jpeg: bytes) -> bytes:
    """A photograph as a BMP file."""
    with Image.open(io.BytesIO(jpeg)) as image:
        return saved(image.resize((48, 40)), "BMP")


def sipakmed(folder: Path, photographs: dict[str, dict[str, bytes]]) -> Path:
    """Two slides of two cells in each class, as Kaggle's copy has them."""
    pictures = _pictures(photographs)
    files = {}
    for kind in ("Dyskeratotic", "Koilocytotic", "Metaplastic", "Parabasal"):
        files |= _smears(f"im_{kind}/im_{kind}", pictures)
    files |= _smears("im_Superficial-Intermediate/im_Superficial-Intermediate", pictures)
    return write_tree(folder, files)


def _smears(above: str, pictures: Iterator[bytes]) -> dict[str, bytes]:
    files = {}
    for slide in ("001", "002"):
        files[f"{above}/{slide}.bmp"] = bitmap(next(pictures))
        for cell in ("01", "02"):
            files[f"{above}/CROPPED/{slide}_{cell}.bmp"] = bitmap(next(pictures))
            files[f"{above}/CROPPED/{slide}_{cell}_cyt.dat"] = b"1.0,2.0\n"
            files[f"{above}/{slide}_cyt{cell}.dat"] = b"1.0,2.0\n"
    return files


def natural_images(folder: Path, photographs: dict[str, dict[str, bytes]]) -> Path:
    """Two pictures of each class, and all of it once more in data/."""
    pictures = _pictures(photographs)
    classes = "airplane car cat dog flower fruit motorbike person".split()
    once = {
        f"natural_images/{kind}/{kind}_{number:04}.jpg": next(pictures)
        for kind in classes
        for number in range(2)
    }
    return write_tree(folder, once | {f"data/{path}": jpeg for path, jpeg in once.items()})


def cats_and_dogs(folder: Path, photographs: dict[str, dict[str, bytes]]) -> Path:
    """Three of each, one of them broken, with what Windows left between them."""
    pictures = _pictures(photographs)
    files = {"readme[1].txt": b"Read me", "MSR-LA - 3467.docx": b"PK\x03\x04"}
    for kind in ("Cat", "Dog"):
        files |= {f"PetImages/{kind}/{number}.jpg": next(pictures) for number in (0, 1)}
        files[f"PetImages/{kind}/666.jpg"] = b""
        files[f"PetImages/{kind}/Thumbs.db"] = b"\xd0\xcf\x11\xe0"
    return write_tree(folder, files)


def traffic_signs(folder: Path, photographs: dict[str, dict[str, bytes]]) -> Path:
    """Two tracks of two pictures of each of two signs, and three pictures to test on."""
    pictures = _pictures(photographs)
    files = {}
    for kind in ("00000", "00014"):
        files[f"GTSRB/Training/{kind}/GT-{kind}.csv"] = b"Filename;ClassId\n"
        for track in ("00000", "00001"):
            for frame in ("00000", "00001"):
                path = f"GTSRB/Training/{kind}/{track}_{frame}.ppm"
                files[path] = ppm(next(pictures))
    table = io.StringIO()
    rows = csv.writer(table, delimiter=";")
    rows.writerow(["Filename", "Width", "Height", "ClassId"])
    for number, kind in enumerate((14, 0, 14)):
        files[f"GTSRB/Final_Test/Images/{number:05}.ppm"] = ppm(next(pictures))
        rows.writerow([f"{number:05}.ppm", 48, 40, kind])
    files["GT-final_test.csv"] = table.getvalue().encode()
    return write_tree(folder, files)


def ppm(jpeg: bytes) -> bytes:
    with Image.open(io.BytesIO(jpeg)) as image:
        return saved(image.resize((48, 40)), "PPM")


def _pictures(photographs: dict[str, dict[str, bytes]]) -> Iterator[bytes]:
    return cycle(jpeg for files in photographs.values() for jpeg in files.values())
