"""The cache of decoded pictures: nothing is decoded twice, and nothing wrong comes out of it."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from trees import png, write_tree

from linnaeus.data.cache import Cache, the_cache
from linnaeus.data.cached_scan import cached_scan
from linnaeus.data.dataset import Dataset
from linnaeus.data.scan import Scan, scan
from linnaeus.data.sources import load_dataset
from linnaeus.errors import UsageError
from linnaeus.images import preprocess
from linnaeus.images.preprocess import Preprocessing
from linnaeus.progress import Quiet

SMALL = Preprocessing(height_px=24, width_px=32, reduced_scale=True)


class Told(Quiet):
    """A Progress that remembers what was said."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def say(self, sentence: str) -> None:
        self.sentences.append(sentence)

    def warn(self, sentence: str) -> None:
        self.sentences.append(sentence)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


@pytest.fixture
def dataset(photo_folder: Path) -> Dataset:
    """Three classes of twelve photographs, and a file that is none."""
    (photo_folder / "glass" / "none.jpg").write_bytes(b"no picture")
    return load_dataset(photo_folder)


def same(one: Scan, other: Scan) -> bool:
    """Whether two scans hold the same in every field, whatever fields there are."""
    for field in dataclasses.fields(Scan):
        first, second = getattr(one, field.name), getattr(other, field.name)
        if isinstance(first, np.ndarray):
            if first.dtype != second.dtype or not np.array_equal(first, second):
                return False
        elif first != second or type(first) is not type(second):
            return False
    return True


def from_cache(dataset: Dataset, cache: Cache | None, **options: object) -> tuple[Scan, list[str]]:
    """(what is found, what was said) of a data set that is loaded anew, as in another run."""
    told = Told()
    fresh = load_dataset(dataset.source.store.folder)  # type: ignore[attr-defined]
    settings = {"preprocessing": SMALL, "progress": told, **options}
    return cached_scan(fresh, cache=cache, **settings), told.sentences  # type: ignore[arg-type]


def is_from_cache(sentences: list[str]) -> bool:
    return any("nothing is decoded again" in sentence for sentence in sentences)


def test_a_second_run_finds_the_same_in_every_field_and_decodes_nothing(
    dataset: Dataset, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, said = from_cache(dataset, cache)
    assert not is_from_cache(said)
    assert same(first, scan(dataset, preprocessing=SMALL))

    def never(*_: object, **__: object) -> None:
        raise AssertionError("a picture is decoded")

    monkeypatch.setattr(preprocess, "decode", never)
    second, said = from_cache(dataset, cache)
    assert is_from_cache(said)
    assert same(first, second)
    assert list(second.unreadable) == ["glass/none.jpg"]


def test_the_whole_scan_of_an_audit_is_kept_too(dataset: Dataset, cache: Cache) -> None:
    first, _ = from_cache(dataset, cache, preprocessing=None)
    second, said = from_cache(dataset, cache, preprocessing=None)
    assert is_from_cache(said)
    assert second.pixels is None
    assert same(first, second)


def test_another_size_is_another_entry(dataset: Dataset, cache: Cache) -> None:
    from_cache(dataset, cache)
    other, said = from_cache(dataset, cache, preprocessing=SMALL.model_copy(update={"fit": "pad"}))
    assert not is_from_cache(said)
    assert same(other, scan(dataset, preprocessing=SMALL.model_copy(update={"fit": "pad"})))
    assert len(cache.entries()) == 2


def test_a_changed_file_is_noticed_though_its_name_size_and_date_are_the_same(
    dataset: Dataset, cache: Cache, photo_folder: Path
) -> None:
    from_cache(dataset, cache)
    file = photo_folder / dataset.paths[0]
    stat, content = file.stat(), bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    again, said = from_cache(dataset, cache)
    assert not is_from_cache(said)
    assert same(again, scan(load_dataset(photo_folder), preprocessing=SMALL))


def test_a_corrected_label_decodes_nothing_anew(dataset: Dataset, cache: Cache) -> None:
    cached_scan(dataset, cache=cache, preprocessing=SMALL)
    corrected = dataclasses.replace(dataset, labels=dataset.labels[::-1].copy())
    told = Told()
    cached_scan(corrected, cache=cache, preprocessing=SMALL, progress=told)
    assert is_from_cache(told.sentences)


@pytest.mark.parametrize("name", ["pixels.npy", "thumbnails.npy", "modes.json", "contents.json"])
@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_a_damaged_entry_is_never_believed(
    dataset: Dataset, cache: Cache, name: str, damage: str
) -> None:
    from_cache(dataset, cache)
    file = cache.entries()[0].folder / name
    content = bytearray(file.read_bytes())
    if damage == "remove":
        file.unlink()
    else:
        content[-2] ^= 255
        file.write_bytes(content if damage == "flip" else content[:-1])
    again, said = from_cache(dataset, cache)
    assert not is_from_cache(said)
    assert same(again, scan(dataset, preprocessing=SMALL))
    _, said = from_cache(dataset, cache)
    assert is_from_cache(said)
    assert len(list(cache.folder.iterdir())) == 1, "what was damaged is gone"


def test_the_oldest_entry_goes_first_when_the_bound_is_reached(
    dataset: Dataset, cache: Cache
) -> None:
    for side in (16, 24, 32):
        from_cache(dataset, cache, preprocessing=Preprocessing(height_px=side, width_px=side))
    sizes = [entry.size_bytes for entry in cache.entries()]
    from_cache(dataset, cache, preprocessing=Preprocessing(height_px=16, width_px=16))  # of use
    bounded = dataclasses.replace(cache, limit_bytes=sum(sizes) + 1000)
    _, said = from_cache(dataset, bounded, preprocessing=Preprocessing(height_px=20, width_px=20))
    assert "photos" in next(sentence for sentence in said if "make room" in sentence)
    sides = {np.load(entry.folder / "pixels.npy").shape[1] for entry in cache.entries()}
    assert sides == {16, 20, 32}
    assert sum(entry.size_bytes for entry in cache.entries()) <= bounded.bound_bytes()


def test_what_is_larger_than_the_bound_is_not_kept_and_that_is_told(
    dataset: Dataset, cache: Cache
) -> None:
    tiny = dataclasses.replace(cache, limit_bytes=10_000)
    found, said = from_cache(dataset, tiny)
    assert any("more than the cache may hold" in sentence for sentence in said)
    assert same(found, scan(dataset, preprocessing=SMALL))
    assert cache.entries() == []


def test_a_cache_that_cannot_be_written_is_told_of_and_done_without(
    dataset: Dataset, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    found, said = from_cache(dataset, Cache(tmp_path / "file" / "cache"))
    assert any("The cache is done without" in sentence for sentence in said)
    assert same(found, scan(dataset, preprocessing=SMALL))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a way to fill a disk")
def test_a_full_disk_is_told_of_and_the_work_goes_on(dataset: Dataset, cache: Cache) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        found, said = from_cache(dataset, cache)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert any("The cache is done without" in sentence for sentence in said)
    assert same(found, scan(dataset, preprocessing=SMALL))
    assert cache.entries() == []


KILLED = """
import sys
from pathlib import Path
from linnaeus.data.cache import Cache
from linnaeus.data.cached_scan import cached_scan
from linnaeus.data.sources import load_dataset
from linnaeus.images.preprocess import Preprocessing

if __name__ == "__main__":
    data, cache, wait = sys.argv[1:]
    dataset = load_dataset(data)
    class Slow:
        def read(self, path, whole=dataset.source):
            if wait == "yes" and path == dataset.paths[-1]:
                print("half way", flush=True)
                import time; time.sleep(60)
            return whole.read(path)
    object.__setattr__(dataset, "source", Slow())
    small = Preprocessing(height_px=24, width_px=32, reduced_scale=True)
    cached_scan(dataset, cache=Cache(Path(cache)), preprocessing=small)
    print("done", flush=True)
"""


def process(tmp_path: Path, *arguments: object) -> subprocess.Popen[str]:
    script = tmp_path / "one_process.py"
    script.write_text(KILLED)
    command = [sys.executable, str(script), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_after_a_killed_writer_there_is_no_entry_and_its_leftovers_go(
    dataset: Dataset, cache: Cache, photo_folder: Path, tmp_path: Path
) -> None:
    writer = process(tmp_path, photo_folder, cache.folder, "yes")
    assert writer.stdout is not None
    assert writer.stdout.readline() == "half way\n"
    assert cache.entries() == []
    cache.sweep()
    assert len(list(cache.folder.iterdir())) == 1, "what a living process writes stays"
    writer.kill()
    writer.wait()
    writer.stdout.close()
    found, said = from_cache(dataset, cache)
    assert not is_from_cache(said)
    assert same(found, scan(dataset, preprocessing=SMALL))
    assert [entry.folder for entry in cache.entries()] == list(cache.folder.iterdir())


def test_two_processes_at_once_both_write_and_either_entry_is_whole(
    dataset: Dataset, cache: Cache, photo_folder: Path, tmp_path: Path
) -> None:
    both = [process(tmp_path, photo_folder, cache.folder, "no") for _ in range(2)]
    assert [one.communicate()[0] for one in both] == ["done\n"] * 2
    found, said = from_cache(dataset, cache)
    assert is_from_cache(said)
    assert same(found, scan(dataset, preprocessing=SMALL))


@pytest.mark.skipif(sys.platform == "win32", reason="files in use stay there")
def test_who_reads_keeps_what_it_reads_while_another_clears(dataset: Dataset, cache: Cache) -> None:
    from_cache(dataset, cache)
    found, _ = from_cache(dataset, cache)
    removed, in_use = cache.clear()
    assert (len(removed), in_use) == (1, [])
    assert list(cache.folder.iterdir()) == []
    assert same(found, scan(dataset, preprocessing=SMALL))


def test_clearing_by_age_leaves_what_was_used_since(dataset: Dataset, cache: Cache) -> None:
    from_cache(dataset, cache)
    from_cache(dataset, cache, preprocessing=None)
    old = cache.entries()[0]
    long_ago = time.time() - 8 * 86400
    os.utime(old.folder / "contents.json", (long_ago, long_ago))
    removed, _ = cache.clear(older_than_s=7 * 86400)
    assert [entry.folder for entry in removed] == [old.folder]
    assert len(cache.entries()) == 1


def test_clearing_leaves_what_is_not_of_the_cache(cache: Cache, tmp_path: Path) -> None:
    write_tree(cache.folder, {"holiday/1.png": png(1), "contents.json": b"{}"})
    cache.clear()
    assert sorted(path.name for path in cache.folder.iterdir()) == ["contents.json", "holiday"]


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [("20GB", 20 * 10**9), ("500 MB", 500 * 10**6), ("0", 0), ("1.5g", 1_500_000_000), ("7", 7)],
)
def test_the_bound_is_given_as_people_write_sizes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, size_bytes: int
) -> None:
    monkeypatch.setenv("LINNAEUS_CACHE", str(tmp_path))
    monkeypatch.setenv("LINNAEUS_CACHE_LIMIT", text)
    assert the_cache().bound_bytes() == size_bytes
    assert the_cache().folder.is_relative_to(tmp_path)


@pytest.mark.parametrize("text", ["much", "-3GB", "3 parrots", "GB", "５GB", "1_0GB"])
def test_a_bound_that_is_no_size_is_told(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("LINNAEUS_CACHE_LIMIT", text)
    with pytest.raises(UsageError, match="is not a size"):
        the_cache()


def test_without_a_cache_nothing_is_written(
    dataset: Dataset, tmp_path: Path, shared_data: Callable[[str], Path]
) -> None:
    found, said = from_cache(dataset, None)
    assert said == []
    assert same(found, scan(dataset, preprocessing=SMALL))
