"""How many copies planted across a split the search of duplicates finds, and how many it makes up.

Of each of two sets, 100 pictures a kind are taken for the test side, and a copy of each is put into
the train side: the same file, encoded anew, resized, cut, or shifted in brightness. Then the whole
is scanned and searched as the audit does. Found is a copy that is paired with its own original. A
pair of pictures that were in the set before is false unless people who looked at it saw one
photograph, or one object shot twice without moving it (`ONE_SCENE`).

    python benchmarks/planted_leaks.py [--show FOLDER]

`--show` writes a picture of all pairs of each set that are not planted, to look at.

Ends with 1 where a figure is missed: exact copies 100 %, every other kind at least 97 %, at most
0.5 % of the pictures in a false pair.
"""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from _measuring import DATA, machine, needed
from linnaeus.data.dataset import Dataset
from linnaeus.data.near import near_duplicates
from linnaeus.data.scan import scan
from linnaeus.data.sources import load_dataset

SETS = ("clothing160.tar", "trashnet192.zip")
OF_EACH = 100
SEED = 1707
MOST_CUT = 0.05
QUALITY, USUAL_QUALITY = 60, 90
LEAST_FOUND, MOST_FALSE = 0.97, 0.005

ONE_SCENE: dict[str, set[frozenset[str]]] = {
    "clothing160.tar": {
        frozenset(("6075b4a5-5b1a-4ce0-aea0-9dbfbca7c35c", "637a56e4-7fa6-4f75-8859-0f8902461554"))
    },
    "trashnet192.zip": {
        frozenset(pair.split())
        for pair in (
            "metal122 metal57",
            "metal141 metal390",
            "metal394 metal76",
            "paper101 paper108",
            "paper123 paper547",
            "paper135 paper496",
            "paper136 paper148",
            "paper147 paper99",
            "paper176 paper549",
            "paper180 paper284",
            "paper185 paper390",
            "paper2 paper40",
            "paper246 paper349",
            "paper265 paper408",
            "paper305 paper308",
            "paper345 paper451",
            "paper459 paper466",
            "paper540 paper56",
            "paper68 paper74",
            "plastic118 plastic137",
        )
    },
}
"""Pairs, by the stems of their files, that were looked at and are no mistake."""

Draw = np.random.Generator
Alter = Callable[[Image.Image, Draw], bytes]


def encoded(image: Image.Image, quality: int = USUAL_QUALITY) -> bytes:
    content = io.BytesIO()
    image.save(content, "JPEG", quality=quality)
    return content.getvalue()


def resized(image: Image.Image, draw: Draw) -> Image.Image:
    factor = draw.uniform(0.5, 1.5)
    return image.resize((round(image.width * factor), round(image.height * factor)))


def cut(image: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    """The picture without these shares of its width and height."""
    width, height = image.size
    edges = left * width, top * height, (1 - right) * width, (1 - bottom) * height
    return image.crop(tuple(round(edge) for edge in edges))


def cut_at_one(image: Image.Image, draw: Draw) -> Image.Image:
    shares = [0.0] * 4
    shares[draw.integers(4)] = MOST_CUT
    return cut(image, *shares)


def cut_at_a_corner(image: Image.Image, draw: Draw) -> Image.Image:
    edge = int(draw.integers(4))
    return cut(image, *[MOST_CUT if place in (edge, (edge + 1) % 4) else 0.0 for place in range(4)])


def shaded(image: Image.Image, factor: float, shift: float) -> Image.Image:
    return image.point(lambda value: min(255, max(0, round(value * factor + shift))))


KINDS: dict[str, Alter] = {
    "encoded at quality 60": lambda image, _: encoded(image, QUALITY),
    "resized by 0.5 to 1.5": lambda image, draw: encoded(resized(image, draw)),
    "resized, quality 60": lambda image, draw: encoded(resized(image, draw), QUALITY),
    "cut 5 % on all sides": lambda image, _: encoded(cut(image, *[MOST_CUT] * 4)),
    "cut 5 % on one side": lambda image, draw: encoded(cut_at_one(image, draw)),
    "cut 0 to 5 % a side": lambda image, draw: encoded(
        cut(image, *draw.uniform(0, MOST_CUT, 4).tolist())
    ),
    "cut 5 %, quality 60": lambda image, _: encoded(cut(image, *[MOST_CUT] * 4), QUALITY),
    "cut 5 % at a corner": lambda image, draw: encoded(cut_at_a_corner(image, draw)),
    "brightness × 0.7 to 1.3": lambda image, draw: encoded(
        shaded(image, draw.uniform(0.7, 1.3), 0)
    ),
    "brightness × 0.7 or 1.3": lambda image, draw: encoded(
        shaded(image, draw.choice([0.7, 1.3]), 0)
    ),
    "brightness + 40 or - 40": lambda image, draw: encoded(
        shaded(image, 1, draw.choice([-40, 40]))
    ),
}
"""What is done to a copy that is not exact."""


@dataclass(frozen=True)
class InMemory:
    """The files of a data set, and copies of some of them under new names."""

    dataset: Dataset
    copies: dict[str, bytes]

    def read(self, path: str) -> bytes:
        return self.copies[path] if path in self.copies else self.dataset.source.read(path)


def planted(dataset: Dataset) -> tuple[Dataset, dict[str, list[tuple[int, int]]]]:
    """The data set with copies at its end, and {kind: (row of the original, row of the copy)}."""
    draw = np.random.default_rng(SEED)
    rows = iter(draw.permutation(len(dataset)).tolist())
    copies: dict[str, bytes] = {}
    pairs: dict[str, list[tuple[int, int]]] = {}
    for kind in ("exact", *KINDS):
        pairs[kind] = []
        for _ in range(OF_EACH):
            row = next(rows)
            content = dataset.source.read(dataset.paths[row])
            if kind != "exact":
                image = Image.open(io.BytesIO(content)).convert("RGB")
                content = KINDS[kind](image, draw)
            pairs[kind].append((row, len(dataset) + len(copies)))
            copies[f"planted/{kind}/{dataset.paths[row]}"] = content
    originals = [row for of_kind in pairs.values() for row, _ in of_kind]
    grown = dataset.subset([*range(len(dataset)), *originals])
    return (
        Dataset(
            name=dataset.name,
            classes=dataset.classes,
            paths=(*dataset.paths, *copies),
            labels=grown.labels,
            splits=grown.splits,
            groups=None,
            left_alone={},
            source=InMemory(dataset, copies),
        ),
        pairs,
    )


def measured(name: str, show: Path | None) -> bool:
    """Print the table of one set; whether a figure is missed."""
    dataset = load_dataset(needed(DATA / name))
    whole, planted_pairs = planted(dataset)
    seen = scan(whole)
    start_s = time.perf_counter()
    near = near_duplicates(seen.thumbnails, seen.readable)
    taken_s = time.perf_counter() - start_s
    found = {tuple(pair) for pair in near.pairs.tolist()}
    print(f"{name}: {len(whole):,} pictures, searched in {taken_s:.1f} s")
    missed = False
    for kind, pairs in planted_pairs.items():
        share = sum(pair in found for pair in pairs) / len(pairs)
        short = share < (1 if kind == "exact" else LEAST_FOUND)
        missed |= short
        print(f"  {kind:26s} {share:7.1%}{'  missed' if short else ''}")
    false, real = unplanted(near.pairs, whole, planted_pairs, seen.pixel_digests, name)
    in_false = len(np.unique(false)) / len(whole)
    missed |= in_false > MOST_FALSE
    print(
        f"  pictures in a false pair   {in_false:7.2%} ({len(false)} pairs; {real} of one scene)\n"
    )
    if show:
        side_by_side(whole, false, show / f"{Path(name).stem}.png")
    return missed


def unplanted(
    pairs: NDArray[np.int64],
    whole: Dataset,
    planted_pairs: dict[str, list[tuple[int, int]]],
    digests: tuple[str, ...],
    name: str,
) -> tuple[NDArray[np.int64], int]:
    """The false pairs, and how many are of one scene: neither planted nor with equal pixels.

    A copy stands for its original: with another picture it is as false as that one.
    """
    original = {copy: row for of_kind in planted_pairs.values() for row, copy in of_kind}
    false, real = [], 0
    for one, other in pairs.tolist():
        rows = {original.get(one, one), original.get(other, other)}
        if len(rows) == 1 or len({digests[row] for row in rows}) == 1:
            continue
        if frozenset(Path(whole.paths[row]).stem for row in rows) in ONE_SCENE.get(name, set()):
            real += 1
        else:
            false.append([one, other])
    return np.array(false, np.int64).reshape(-1, 2), real


def side_by_side(whole: Dataset, pairs: NDArray[np.int64], to: Path, side: int = 128) -> None:
    sheet = Image.new("RGB", (2 * side, side * max(1, len(pairs))), "white")
    for place, pair in enumerate(pairs.tolist()):
        for column, row in enumerate(pair):
            image = Image.open(io.BytesIO(whole.source.read(whole.paths[row]))).convert("RGB")
            sheet.paste(image.resize((side, side)), (column * side, place * side))
    to.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(to)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--show", type=Path, help="a folder for pictures of the false pairs")
    options = asked.parse_args()
    print(f"{OF_EACH} copies a kind; {machine()}\n")
    missed = [measured(name, options.show) for name in SETS]
    sys.exit(1 if any(missed) else 0)


if __name__ == "__main__":
    main()
