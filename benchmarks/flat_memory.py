"""Whether memory stays flat: one epoch over 200,000 pictures of 224 px with 2 GB allowed.

    python benchmarks/flat_memory.py [--pictures 200000] [--mapped]

The process may not allocate more than 2 GB of private memory (RLIMIT_DATA, Linux); the kernel's
page cache does not count. 30 GB of pixels need not be anywhere: JPEG files of 256 × 256 pixels are
made on the fly from real photographs, each told apart by a comment in it, and every batch is read
and decoded when its turn comes, by the threads and the loop that training uses. With `--mapped` the
pixels are in a mapped file instead, as the cache's are: it takes 150 kB a picture of the disk.

What is measured is the way of the pictures, so the network is next to nothing: the mean of a few
pixels and a linear layer. Prints private memory (RssAnon) as the epoch goes on, and ends with 1
where it grew by more than 50 MB after the first tenth.
"""

from __future__ import annotations

import argparse
import io
import resource
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from _measuring import DATA, machine, needed
from linnaeus.data.dataset import Dataset
from linnaeus.data.kept_scan import mapped_pixels
from linnaeus.data.pixels import ArrayRows, DecodedRows, PixelRows
from linnaeus.images.preprocess import Preprocessing
from linnaeus.progress import Quiet
from linnaeus.training.augmentation.plan import AugmentPlan
from linnaeus.training.clock import Clock
from linnaeus.training.loop import TrainingPlan, fit_network

ALLOWED_BYTES = 2 << 30
MAY_GROW_MB = 50.0
SIDE_PX = 224
PHOTOGRAPHS = 200


def main() -> int:
    """Print the table; 1 where memory grew."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pictures", type=int, default=200_000)
    parser.add_argument("--mapped", action="store_true", help="pixels in a mapped file")
    asked = parser.parse_args()
    print(machine())
    dataset = _made_up(asked.pictures)
    resource.setrlimit(resource.RLIMIT_DATA, (ALLOWED_BYTES, ALLOWED_BYTES))
    with tempfile.TemporaryDirectory() as folder:
        watch = _Watch(asked.pictures)
        pixels = _rows(dataset, Path(folder) if asked.mapped else None)
        _one_epoch(pixels, dataset, watch)
    print(f"| end | {watch.seconds():.0f} s | {_private_mb():,.0f} MB |")
    print(f"after the first tenth it grew by {watch.grown_mb:.0f} MB; peak {watch.peak_mb:,.0f} MB")
    return int(watch.grown_mb > MAY_GROW_MB)


class _OnTheFly:
    """A source whose files are made when they are read: path "17" is one of 200 photographs."""

    def __init__(self) -> None:
        self.files = []
        with zipfile.ZipFile(needed(DATA / "trashnet192.zip")) as archive:
            names = sorted(name for name in archive.namelist() if name.endswith(".jpg"))
            for name in names[:: len(names) // PHOTOGRAPHS][:PHOTOGRAPHS]:
                large = Image.open(io.BytesIO(archive.read(name))).resize((256, 256))
                content = io.BytesIO()
                large.save(content, "JPEG", quality=90)
                self.files.append(content.getvalue())

    def read(self, path: str) -> bytes:
        comment = path.encode()
        segment = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
        content = self.files[int(path) % len(self.files)]
        return content[:2] + segment + content[2:]


def _made_up(count: int) -> Dataset:
    return Dataset(
        name="made up",
        classes=("even", "odd"),
        paths=tuple(map(str, range(count))),
        labels=np.arange(count, dtype=np.int64) % 2,
        splits=np.full(count, ""),
        groups=None,
        left_alone={},
        source=_OnTheFly(),
    )


def _rows(dataset: Dataset, folder: Path | None) -> PixelRows:
    preprocessing = Preprocessing(height_px=SIDE_PX, width_px=SIDE_PX, reduced_scale=True)
    decoded = DecodedRows(dataset, preprocessing)
    if folder is None:
        return decoded
    pixels = mapped_pixels(folder, (len(dataset), SIDE_PX, SIDE_PX, 3))
    some = decoded.take(np.arange(PHOTOGRAPHS))
    for start in range(0, len(dataset), PHOTOGRAPHS):
        pixels[start : start + PHOTOGRAPHS] = some[: len(dataset) - start]
    return ArrayRows(pixels)


class _Glance(nn.Module):
    """(n, h, w, 3) uint8 → logits (n, 2): the mean of every 64th pixel, and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(3, 2)

    def forward(self, pixels: Tensor) -> Tensor:
        return self.head(pixels[:, ::8, ::8].float().mean((1, 2)) / 255)


class _Watch(Quiet):
    """A Progress that prints how much private memory is taken, ten times an epoch."""

    def __init__(self, pictures: int) -> None:
        self.pictures, self.done, self.tenth = pictures, 0, -1
        self.peak_mb = self.first_mb = self.grown_mb = 0.0
        self.began_s = time.perf_counter()
        print("| pictures | time | private memory |\n|---|---|---|")

    def seconds(self) -> float:
        return time.perf_counter() - self.began_s

    def advance(self, amount: float = 1.0, note: str = "") -> None:
        self.done += 1
        now_mb = _private_mb()
        self.peak_mb = max(self.peak_mb, now_mb)
        tenth = 10 * self.done * _batch_size(self.pictures) // self.pictures
        if tenth >= 1:
            self.first_mb = self.first_mb or self.peak_mb
            self.grown_mb = self.peak_mb - self.first_mb
        if tenth > self.tenth:
            self.tenth = tenth
            count = self.done * _batch_size(self.pictures)
            print(f"| {count:,} | {self.seconds():.0f} s | {now_mb:,.0f} MB |", flush=True)


def _batch_size(pictures: int) -> int:
    return min(64, pictures)


def _one_epoch(pixels: PixelRows, dataset: Dataset, watch: _Watch) -> None:
    held_out = np.zeros((0, SIDE_PX, SIDE_PX, 3), np.uint8), np.zeros(0, np.int64)
    plan = TrainingPlan(
        epochs=1,
        batch_size=_batch_size(len(dataset)),
        precision="float32",
        augment=AugmentPlan(mirror=True),
    )
    torch.manual_seed(0)
    fit_network(
        _Glance(),
        pixels,
        dataset.labels,
        held_out,
        plan=plan,
        clock=Clock(),
        progress=watch,
    )


def _private_mb() -> float:
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon"))


if __name__ == "__main__":
    sys.exit(main())
