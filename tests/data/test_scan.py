"""One pass over the pictures: what it sees, whoever does the work, and what cannot be read."""

from __future__ import annotations

import csv
import hashlib
import io
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from trees import png, saved, write_tree

from linnaeus.data.dataset import Dataset
from linnaeus.data.memory import available_memory_bytes, roomy_pixels
from linnaeus.data.scan import scan
from linnaeus.data.sources import load_dataset
from linnaeus.data.tars import TarStore
from linnaeus.errors import UsageError
from linnaeus.images.preprocess import Preprocessing
from linnaeus.progress import Quiet, Stage

SharedData = Callable[[str], Path]
SMALL = Preprocessing(height_px=24, width_px=32)


def test_pixels_are_those_of_pillow(photo_folder: Path) -> None:
    dataset = load_dataset(photo_folder)
    seen = scan(dataset, preprocessing=SMALL)
    assert seen.pixels is not None
    assert seen.pixels.shape == (36, 24, 32, 3)
    for row in (0, 17, 35):
        with Image.open(photo_folder / dataset.paths[row]) as image:
            resized = image.convert("RGB").resize((32, 24), Image.Resampling.BICUBIC)
            assert tuple(seen.sizes_px[row]) == image.size
        assert np.array_equal(seen.pixels[row], np.asarray(resized))
    assert set(seen.formats) == {"JPEG"}
    assert set(seen.modes) == {"RGB"}
    assert seen.readable.all()


def test_no_worker_is_the_one_thread_that_it_takes_and_fewer_are_refused(photo_set: Path) -> None:
    dataset = load_dataset(photo_set).subset(range(0, 72, 9))
    none, two = (scan(dataset, preprocessing=SMALL, workers=number) for number in (0, 2))
    assert none.pixel_digests == two.pixel_digests
    with pytest.raises(UsageError, match="-1 threads cannot read"):
        scan(dataset, preprocessing=SMALL, workers=-1)


def test_the_number_of_workers_changes_nothing(shared_data: SharedData) -> None:
    dataset = load_dataset(shared_data("sign_language_digits.tar.xz"))
    rows = [*range(0, len(dataset), 9)]
    one, five = (scan(dataset, rows, preprocessing=SMALL, workers=number) for number in (1, 5))
    assert np.array_equal(one.pixels, five.pixels)  # type: ignore[arg-type]
    assert one.pixel_digests == five.pixel_digests
    assert one.content_digests == five.content_digests
    assert one.notes == five.notes
    assert np.array_equal(one.sizes_px, five.sizes_px)
    assert one.indices.tolist() == rows


def test_the_digest_of_pixels_depends_on_nothing_but_them(tmp_path: Path) -> None:
    image = Image.open(io.BytesIO(png(3, (31, 17))))
    turned_left = Image.Exif()
    turned_left[0x0112] = 6
    lying = image.transpose(Image.Transpose.ROTATE_90)
    files = {
        "a/1.png": saved(image, "PNG"),
        "a/2.bmp": saved(image, "BMP"),
        "b/3.webp": saved(image, "WEBP", lossless=True),
        "b/4.png": saved(lying, "PNG", exif=turned_left),
        "b/5.png": png(4, (31, 17)),
        "b/6.png": saved(Image.frombytes("RGB", (17, 31), image.tobytes()), "PNG"),
    }
    seen = scan(load_dataset(write_tree(tmp_path, files)), preprocessing=None)
    first, *same, other, reshaped = seen.pixel_digests
    assert same == [first] * 3
    assert len({first, other, reshaped}) == 3
    assert seen.pixels is None
    assert "upright" in seen.notes["b/4.png"][0]


def test_the_fingerprint_after_a_scan_needs_no_second_reading(photo_folder: Path) -> None:
    fresh = load_dataset(photo_folder).fingerprint
    dataset = load_dataset(photo_folder)
    seen = scan(dataset, preprocessing=None)
    for path in dataset.paths:
        (photo_folder / path).unlink()
    assert dataset.fingerprint == fresh
    assert len(seen.content_digests) == len(dataset)


def test_unreadable_pictures_are_named_with_reasons_and_the_rest_is_read(
    photo_folder: Path,
) -> None:
    whole = (photo_folder / "glass").iterdir()
    content = next(iter(sorted(whole))).read_bytes()
    write_tree(
        photo_folder,
        {
            "glass/empty.jpg": b"",
            "glass/half.jpg": content[: len(content) // 2],
            "glass/text.png": b"no picture",
        },
    )
    dataset = load_dataset(photo_folder)
    gone = photo_folder / dataset.paths[-1]
    gone.unlink()
    seen = scan(dataset, preprocessing=SMALL)
    assert set(seen.unreadable) == {
        "glass/empty.jpg",
        "glass/half.jpg",
        "glass/text.png",
        dataset.paths[-1],
    }
    assert all(seen.unreadable.values())
    assert seen.readable.sum() == len(dataset) - 4
    assert seen.pixels is not None
    assert not seen.pixels[~seen.readable].any()


def test_pictures_beyond_the_limit_are_refused_unread(tmp_path: Path) -> None:
    files = {"a/large.png": png(1, (50, 40)), "b/small.png": png(2, (10, 10))}
    dataset = load_dataset(write_tree(tmp_path, files))
    seen = scan(dataset, preprocessing=None, max_pixels=1000)
    assert list(seen.unreadable) == ["a/large.png"]
    assert "50 × 40 pixels" in seen.unreadable["a/large.png"]


def test_every_hostile_file_is_read_or_named(shared_data: SharedData) -> None:
    store = TarStore(shared_data("hostile_files.tar.xz"))
    manifest = store.read("hostile/manifest.csv").decode()
    outcomes = {row["path"]: row["outcome"] for row in csv.DictReader(manifest.splitlines())}
    paths = tuple(sorted(store.listing.files))
    dataset = Dataset(
        name="hostile",
        classes=("a", "b"),
        paths=paths,
        labels=np.arange(len(paths)) % 2,
        splits=np.full(len(paths), ""),
        groups=None,
        left_alone={},
        source=store,
    )
    seen = scan(dataset, preprocessing=SMALL)
    assert len(seen) == len(paths)
    assert set(seen.unreadable) == {
        path for path, readable in zip(paths, seen.readable, strict=True) if not readable
    }
    never = {path for path in paths if outcomes.get(path.removeprefix("hostile/")) != "ok"}
    read = {path for path in paths if path not in seen.unreadable}
    assert len(read - never) > 1000
    assert not [path for path in read & never if "unidentified" in outcomes.get(path[8:], "")]


class _StopsSoon(Quiet):
    """A Progress whose user presses Ctrl-C at the first news."""

    @contextmanager
    def stage(self, name: str, total: float | None = None) -> Iterator[Stage]:
        yield self

    def advance(self, amount: float = 1.0, note: str = "") -> None:
        raise KeyboardInterrupt


def test_an_interrupt_stops_the_threads(shared_data: SharedData) -> None:
    dataset = load_dataset(shared_data("trashnet192.zip"))
    with pytest.raises(KeyboardInterrupt):
        scan(dataset, preprocessing=None, workers=3, progress=_StopsSoon())
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("scan")]


def test_progress_counts_every_picture(photo_folder: Path) -> None:
    done: list[float] = []

    class Counting(_StopsSoon):
        def advance(self, amount: float = 1.0, note: str = "") -> None:
            done.append(amount)

    scan(load_dataset(photo_folder), preprocessing=None, progress=Counting())
    assert sum(done) == 36


@pytest.mark.skipif(sys.platform == "win32", reason="files are not sparse there")
def test_pixels_that_outgrow_the_memory_lie_in_a_file() -> None:
    row = 1_000_000
    rows = available_memory_bytes() // 3 // row + 1
    pixels = roomy_pixels((rows, 1000, 1000))
    assert isinstance(pixels, np.memmap)
    pixels[-1] = 7
    assert pixels[-1].min() == 7
    assert not pixels[0].any()
    assert not isinstance(roomy_pixels((3, 8, 8, 3)), np.memmap)


def test_content_digests_are_those_of_the_files(photo_folder: Path) -> None:
    dataset = load_dataset(photo_folder)
    seen = scan(dataset, [4, 2], preprocessing=None)
    for row, digest in zip((4, 2), seen.content_digests, strict=True):
        content = (photo_folder / dataset.paths[row]).read_bytes()
        assert digest == hashlib.sha256(content).hexdigest()
