"""How fast pictures are read: reduced decoding, the cache, and threads against processes.

    python benchmarks/reading.py [decoding] [cache] [workers]

`decoding`: photographs of 12 megapixels and of 640 × 480 pixels, JPEG 4:2:0 at quality 90 to 95,
brought to 224 × 224, against Pillow's `open().convert("RGB").resize((224, 224))`; picture by
picture on one thread, in processor time, which other programs on the machine do not change, and a
folder through a scan, by the clock, which does more (digests, thumbnails, measures).
They are composed of real photographs and the noise of a sensor, since noise is what makes JPEG
files of cameras large, and decoding the entropy of large files is what no reduction spares.
`cache`: a first epoch that reads and decodes files against a second one over the pixels kept by it.
`workers`: threads against processes that hand the decoded pixels back.
Ends with 1 where a figure of the first two is missed.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image

from _measuring import DATA, machine, needed
from linnaeus.data.cache import Cache
from linnaeus.data.cached_scan import cached_scan
from linnaeus.data.in_threads import processors
from linnaeus.data.pixels import chunks, pixel_rows
from linnaeus.data.scan import scan
from linnaeus.data.sources import load_dataset
from linnaeus.images.preprocess import Preprocessing

SIDE_PX = 224
SIZES = {"4000 × 3000": ((4000, 3000), 6, 5.0), "640 × 480": ((640, 480), 60, 1.5)}
SECOND_EPOCH = 20.0
NOISE = 3.0  # standard deviation in levels of 255: a telephone's in daylight
BATCH = 128
PARTS = ("decoding", "cache", "workers")


def main() -> int:
    """Print the tables; 1 where a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all by default")
    asked = parser.parse_args().parts or PARTS
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        steps = {"decoding": _decoding, "cache": _cache, "workers": _workers}
        reached = [steps[part](Path(folder) / part) for part in asked]
    return int(not all(reached))


def _decoding(folder: Path) -> bool:
    print("\n| photographs | size | Pillow | Linnaeus | times | difference | a folder, by clock |")
    print("|---|---|---|---|---|---|---|")
    rows = [_decoding_row(folder / name, name) for name in SIZES]
    return all(rows)


def _decoding_row(folder: Path, name: str) -> bool:
    size, count, least = SIZES[name]
    files = _photographs(folder, size, count)
    preprocessing = Preprocessing(height_px=SIDE_PX, width_px=SIDE_PX, reduced_scale=True)
    plain_s, ours_s = (
        _median_s(partial(read, files), clock=time.thread_time) / count
        for read in (_with_pillow, preprocessing_read)
    )
    dataset = load_dataset(folder)
    folder_s = _median_s(lambda: scan(dataset, preprocessing=preprocessing)) / count
    size_kb = statistics.mean(file.stat().st_size for file in files) / 1e3
    print(
        f"| {name} | {size_kb:,.0f} kB | {1e3 * plain_s:.2f} ms | {1e3 * ours_s:.2f} ms"
        f" | {plain_s / ours_s:.1f} | {_difference(files):.2f} of 255 | {1e3 * folder_s:.2f} ms |",
        flush=True,
    )
    return plain_s / ours_s >= least


def _with_pillow(files: list[Path]) -> None:
    for file in files:
        Image.open(file).convert("RGB").resize((SIDE_PX, SIDE_PX))


def preprocessing_read(files: list[Path], reduced: bool = True) -> list[np.ndarray]:
    """The model's input of each file; of a module's top, so that processes can be sent to it."""
    preprocessing = Preprocessing(height_px=SIDE_PX, width_px=SIDE_PX, reduced_scale=reduced)
    return [preprocessing.read(file)[0] for file in files]


def _difference(files: list[Path]) -> float:
    reduced, full = (np.stack(preprocessing_read(files[:12], way)) for way in (True, False))
    return float(np.abs(reduced.astype(int) - full).mean())


def _photographs(folder: Path, size: tuple[int, int], count: int) -> list[Path]:
    """Files of two classes: mosaics of real photographs, with the noise of a sensor."""
    rng = np.random.default_rng(0)
    real = list(_real_photographs(120))
    files = []
    for number in range(count):
        image = _mosaic([real[i] for i in rng.integers(0, len(real), 12)], size)
        noisy = np.asarray(image) + rng.normal(0, NOISE, (size[1], size[0], 1)).astype(np.float32)
        file = folder / f"class{number % 2}" / f"{number}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        quality = int(rng.integers(90, 96))
        Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(file, quality=quality)
        files.append(file)
    return files


def _mosaic(pictures: list[Image.Image], size: tuple[int, int]) -> Image.Image:
    whole = Image.new("RGB", size)
    width, height = size[0] // 4, size[1] // 3
    for place, picture in enumerate(pictures):
        corner = (place % 4 * width, place // 4 * height)
        whole.paste(picture.resize((width + 3, height + 3), Image.Resampling.BICUBIC), corner)
    return whole


def _real_photographs(count: int) -> Iterator[Image.Image]:
    with zipfile.ZipFile(needed(DATA / "trashnet192.zip")) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".jpg"))
        for name in names[:: len(names) // count]:
            yield Image.open(io.BytesIO(archive.read(name))).convert("RGB")


def _cache(folder: Path) -> bool:
    print("\n| pictures | first epoch | second epoch | times | opening the cache in another run |")
    print("|---|---|---|---|---|")
    sets = {
        "10,000 PNG of 32 px": (_small_pictures(folder / "small", 10_000), 32),
        "2,527 JPEG of 192 px": (needed(DATA / "trashnet192.zip"), 192),
    }
    rows = [_cache_row(folder, name, *of) for name, of in sets.items()]
    return all(rows)


def _cache_row(folder: Path, name: str, data: Path, side_px: int) -> bool:
    preprocessing = Preprocessing(height_px=side_px, width_px=side_px, reduced_scale=True)
    cache = Cache(folder / "cache")
    dataset = load_dataset(data)
    start_s = time.perf_counter()
    found = cached_scan(dataset, cache=cache, preprocessing=preprocessing)
    first_s = time.perf_counter() - start_s
    rows = pixel_rows(found, dataset, preprocessing)
    order = np.random.default_rng(0).permutation(len(dataset))
    second_s = _median_s(lambda: sum(len(batch) for batch in chunks(rows, order, BATCH)))
    start_s = time.perf_counter()
    cached_scan(load_dataset(data), cache=cache, preprocessing=preprocessing)
    again_s = time.perf_counter() - start_s
    times = first_s / second_s
    print(f"| {name} | {first_s:.2f} s | {second_s:.3f} s | {times:.0f} | {again_s:.2f} s |")
    return times >= SECOND_EPOCH


def _small_pictures(folder: Path, count: int) -> Path:
    """Real photographs cut into pictures of 32 px, as PNG files of two classes."""
    real = [np.asarray(image) for image in _real_photographs(100)]
    rng = np.random.default_rng(0)
    for number in range(count):
        whole = real[number % len(real)]
        top, left = rng.integers(0, whole.shape[0] - 32), rng.integers(0, whole.shape[1] - 32)
        file = folder / f"class{number % 2}" / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(whole[top : top + 32, left : left + 32]).save(file)
    return folder


def _workers(folder: Path) -> bool:
    workers = processors()
    print(f"\n| {workers} workers on | one thread | threads | processes |")
    print("|---|---|---|---|")
    large, medium = (
        _photographs(folder / name, *SIZES[name][:2]) for name in ("4000 × 3000", "640 × 480")
    )
    small = sorted(_small_pictures(folder / "small", 4000).rglob("*.png"))
    for name, files in (("4000 × 3000", large), ("640 × 480", medium), ("32 px PNG", small)):
        alone_s = _median_s(lambda files=files: preprocessing_read(files))
        with ThreadPoolExecutor(workers) as pool:
            threads_s = _median_s(partial(_through, pool, files))
        with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
            _through(pool, files[:workers])  # starting takes seconds, once
            processes_s = _median_s(partial(_through, pool, files))
        milliseconds = [1e3 * s / len(files) for s in (alone_s, threads_s, processes_s)]
        print(f"| {name} | " + " | ".join(f"{ms:.2f} ms" for ms in milliseconds) + " |")
    return True


def _through(pool: Executor, files: list[Path]) -> int:
    """Have `pool` read the files in chunks of up to 32, and take all pixels back."""
    size = min(32, -(-len(files) // (4 * (os.cpu_count() or 1))))
    parts = [files[start : start + size] for start in range(0, len(files), size)]
    return sum(len(part) for part in pool.map(preprocessing_read, parts))


def _median_s(
    work: Callable[[], object], *, clock: Callable[[], float] = time.perf_counter
) -> float:
    times = []
    for _ in range(5):
        start_s = clock()
        work()
        times.append(clock() - start_s)
    return statistics.median(times)


if __name__ == "__main__":
    sys.exit(main())
