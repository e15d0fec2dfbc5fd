"""A disk that refuses a write, flush or rename, or all from one on: nothing is left broken."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

from linnaeus import load, load_dataset
from linnaeus.data.cache import Cache
from linnaeus.data.cached_scan import cached_scan
from linnaeus.disk import Disk, another_disk
from linnaeus.errors import WriteError
from linnaeus.files import add_to_folder, append_whole, whole_folder, write_whole
from linnaeus.images.preprocess import Preprocessing
from linnaeus.progress import Quiet
from linnaeus.training.run import Run

MOST = 300  # calls that what is written here takes, at most


class Refusing(Disk):
    """Refuses its call number `at`, counted from 1, and with `forever` all that come after it.

    A write that is refused has written half.
    """

    def __init__(self, at: int, *, forever: bool) -> None:
        self.calls = 0
        self._at = at
        self._forever = forever

    def write(self, file: BinaryIO, content: bytes) -> None:
        if self._refuses():
            file.write(content[: len(content) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")
        super().write(file, content)

    def flush(self, file: BinaryIO) -> None:
        if self._refuses():
            raise OSError(errno.EIO, "Input/output error")
        super().flush(file)

    def rename(self, source: Path, target: Path) -> None:
        if self._refuses():
            raise OSError(errno.EIO, "Input/output error")
        super().rename(source, target)

    def _refuses(self) -> bool:
        self.calls += 1
        return self.calls == self._at or (self._forever and self.calls > self._at)


class Warned(Quiet):
    """A progress that keeps the warnings."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, sentence: str) -> None:
        self.warnings.append(sentence)


def refusals(forever: bool) -> Iterator[Refusing]:
    """Disks that refuse the first call, the second, … until one has not come to refuse any."""
    for at in range(1, MOST):
        disk = Refusing(at, forever=forever)
        yield disk
        if disk.calls < at:
            return
    raise AssertionError("it never came to its end")


def refused(disk: Disk, work: Callable[[], object]) -> bool:
    """Whether `disk` refused `work`, and it said so in a sentence."""
    try:
        with another_disk(disk):
            work()
    except WriteError as error:
        assert "could not be written" in str(error)
        assert "nothing that stood here was changed" in str(error)
        return True
    return False


def left_over(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob(".unfinished-*")]


forever = pytest.mark.parametrize("forever", [False, True], ids=["once", "from then on"])


@forever
def test_a_file_is_the_old_or_the_new_one(tmp_path: Path, forever: bool) -> None:
    file = tmp_path / "file.txt"
    write_whole(file, "old")
    times = 0
    for disk in refusals(forever):
        failed = refused(disk, lambda: write_whole(file, "new"))
        assert file.read_text() == ("old" if failed else "new")
        assert left_over(tmp_path) == []
        times += failed
    assert times == 3  # the write, the flush and the rename


@forever
def test_a_line_of_a_log_is_there_or_not(tmp_path: Path, forever: bool) -> None:
    log = tmp_path / "log.jsonl"
    append_whole(log, '{"pass": 1}\n')
    for disk in refusals(forever):
        failed = refused(disk, lambda: append_whole(log, '{"pass": 2}\n'))
        assert log.read_text() == '{"pass": 1}\n' + ("" if failed else '{"pass": 2}\n')


@forever
def test_the_checkpoint_before_stands(tmp_path: Path, forever: bool) -> None:
    torch = pytest.importorskip("torch")
    from linnaeus.training.checkpoint import Checkpoints
    from linnaeus.training.state import State

    def parts(step: int) -> dict[str, State]:
        weights = torch.full((1000,), float(step))
        return {"loop": State({"step": step}, {"weights": weights}), "run": State({"seed": 1})}

    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(parts(0))
    newest = 0
    for step, disk in enumerate(refusals(forever), 1):
        failed = refused(disk, lambda step=step: checkpoints.save(parts(step)))  # type: ignore[misc]
        newest = newest if failed else step
        warned = Warned()
        found = checkpoints.newest(warned)
        assert found["loop"].facts == {"step": newest}
        assert found["loop"].tensors["weights"].tolist() == [newest] * 1000
        assert found["run"].facts == {"seed": 1}
        assert warned.warnings == []
        assert left_over(tmp_path) == []
    assert newest > 5


@forever
def test_results_are_moved_into_a_run_until_the_bundle_is(tmp_path: Path, forever: bool) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "begun.json").write_text("{}")

    def finish() -> None:
        with add_to_folder(run, last="bundle") as aside:
            write_whole(aside / "recipe.json", "{}")
            with whole_folder(aside / "report") as report:
                write_whole(report / "index.html", "page")
            with whole_folder(aside / "bundle") as bundle:
                write_whole(bundle / "model.onnx", "graph")

    for disk in refusals(forever):
        failed = refused(disk, finish)
        assert (run / "bundle").exists() != failed
        assert left_over(run) == []
    assert (run / "bundle" / "model.onnx").read_text() == "graph"
    assert (run / "report" / "index.html").read_text() == "page"
    assert sorted(p.name for p in run.iterdir()) == [
        "begun.json",
        "bundle",
        "recipe.json",
        "report",
    ]


@forever
def test_pictures_are_read_whatever_becomes_of_the_cache(
    tmp_path: Path, photo_set: Path, forever: bool
) -> None:
    dataset = load_dataset(photo_set).subset(range(6))
    preprocessing = Preprocessing(height_px=16, width_px=16)
    whole = cached_scan(dataset, cache=None, preprocessing=preprocessing).pixels
    for number, disk in enumerate(refusals(forever)):
        cache, warned = Cache(tmp_path / str(number)), Warned()
        with another_disk(disk):
            found = cached_scan(
                dataset, cache=cache, preprocessing=preprocessing, progress=warned
            ).pixels
        assert np.array_equal(found, whole)  # type: ignore[arg-type]
        failed = bool(warned.warnings)
        assert all("The cache is done without" in sentence for sentence in warned.warnings)
        assert len(cache.entries()) == (0 if failed else 1)
        again = Warned()
        kept = cached_scan(dataset, cache=cache, preprocessing=preprocessing, progress=again).pixels
        assert np.array_equal(kept, whole)  # type: ignore[arg-type]
        assert again.warnings == []
        assert len(cache.entries()) == 1
    assert not failed


@pytest.mark.slow
@forever
def test_a_bundle_is_whole_or_not_there(digits_run: Run, tmp_path: Path, forever: bool) -> None:
    from linnaeus.bundle.write import bundle_being_made

    made = digits_run.bundle
    record = load(made).record
    graph, weights = ((made / name).read_bytes() for name in ("model.onnx", "weights.safetensors"))
    pixels = np.zeros(
        (2, record.preprocessing.height_px, record.preprocessing.width_px, 3), np.uint8
    )

    def make() -> None:
        with bundle_being_made(
            tmp_path / "bundle",
            record,
            graph,
            lambda path: write_whole(path, weights),
            pixels,
        ) as draft:
            draft.write_card("card")

    for disk in refusals(forever):
        failed = refused(disk, make)
        assert (tmp_path / "bundle").exists() != failed
        assert left_over(tmp_path) == []
    assert load(tmp_path / "bundle").classes == record.classes
