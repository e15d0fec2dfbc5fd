"""Pictures in which it is known where the class is: noise with a small patch at a random place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

SIDE, PATCH = 48, 12
CLASSES = ("crosses", "rings")


def patch_of(name: str) -> np.ndarray:
    """(PATCH, PATCH) bool: a cross or a ring."""
    rows, columns = np.mgrid[:PATCH, :PATCH] - (PATCH - 1) / 2
    if name == "crosses":
        return (np.abs(rows) < 2) | (np.abs(columns) < 2)
    distance = np.hypot(rows, columns)
    return (distance > 3) & (distance < 6)


def write_patches(folder: Path, count: int, seed: int = 0) -> dict[str, tuple[int, int, int, int]]:
    """`count` PNG pictures of each class in class folders; the box of each patch by its path.

    A third class, plain, has no patch: of two classes alone a network may look for the patch of
    one, and tell the other by its absence.
    """
    random = np.random.default_rng(seed)
    boxes = {}
    for name in CLASSES:
        (folder / name).mkdir(parents=True)
        for number in range(count):
            pixels = random.integers(60, 150, (SIDE, SIDE, 3))
            left, top = (int(at) for at in random.integers(0, SIDE - PATCH + 1, 2))
            view = pixels[top : top + PATCH, left : left + PATCH]
            view[patch_of(name)] = (235, 225, 90)
            file = folder / name / f"{number:03}.png"
            Image.fromarray(pixels.astype(np.uint8)).save(file)
            boxes[str(file)] = (left, top, left + PATCH, top + PATCH)
    (folder / "plain").mkdir()
    for number in range(count):
        pixels = random.integers(60, 150, (SIDE, SIDE, 3))
        Image.fromarray(pixels.astype(np.uint8)).save(folder / "plain" / f"{number:03}.png")
    return boxes


def write_dots(folder: Path, count: int, seed: int = 0) -> None:
    """Two classes of noise that differ by nothing but a red dot in the top left corner of nine in
    ten pictures of "dotted"."""
    random = np.random.default_rng(seed)
    for name in ("dotted", "plain"):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            pixels = random.integers(60, 150, (SIDE, SIDE, 3))
            if name == "dotted" and number % 10:
                pixels[1:7, 1:7] = (230, 20, 20)
            Image.fromarray(pixels.astype(np.uint8)).save(folder / name / f"{number:03}.png")
