"""Folders for results: claimed before long work, filled aside, and told of by their final name."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from linnaeus.errors import BundleError, WriteError
from linnaeus.files import claim_folder, release_folder, whole_folder, write_whole

FILL_THE_DISK = """
import resource, sys
from pathlib import Path
from linnaeus.errors import WriteError
from linnaeus.files import whole_folder, write_whole
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    with whole_folder(Path(sys.argv[1])) as run, whole_folder(run / "bundle") as bundle:
        write_whole(bundle / "graph.onnx", bytes(100_000))
except WriteError as error:
    print(error)
"""


def names_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_claimed_folder_is_there_and_can_be_filled(tmp_path: Path) -> None:
    folder = claim_folder(tmp_path / "deep" / "run")
    assert folder.is_dir()
    assert names_in(folder.parent) == ["run"]
    with whole_folder(folder) as aside:
        (aside / "file").touch()
    assert names_in(folder) == ["file"]


def test_an_empty_folder_may_be_claimed_and_a_used_one_not(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert claim_folder(tmp_path / "empty") == tmp_path / "empty"
    for used in (tmp_path, tmp_path / "file"):
        (tmp_path / "file").touch()
        with pytest.raises(WriteError, match="already exists and is not empty") as told:
            claim_folder(used)
        assert told.value.where == str(used)


def test_of_many_who_claim_a_name_at_once_each_gets_another(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        claims = pool.map(lambda _: claim_folder(tmp_path / "runs" / "x", numbered=True), range(40))
        claimed = list(claims)
    assert len(set(claimed)) == 40
    assert {"x", "x-2", "x-40"} <= set(names_in(tmp_path / "runs"))
    assert len(names_in(tmp_path / "runs")) == 40


def test_a_claim_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(WriteError, match=r"notes\.txt is a file") as told:
        claim_folder(tmp_path / "notes.txt" / "a" / "run")
    assert told.value.where == str(tmp_path / "notes.txt" / "a" / "run")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="only Linux has such a folder")
def test_a_claim_where_nothing_can_be_made_is_refused() -> None:
    with pytest.raises(WriteError, match="could not be written"):
        claim_folder(Path("/proc/nowhere/run"))
    with pytest.raises(WriteError, match="could not be written"):
        claim_folder(Path("/proc/run"), numbered=True)


def test_the_working_directory_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for here in (Path(), tmp_path):
        with pytest.raises(WriteError, match=r"Name a new folder in it, such as .*run"):
            claim_folder(here)
        with pytest.raises(WriteError, match="working directory"), whole_folder(here):
            pytest.fail("the block must not run")
    assert claim_folder(Path("run")) == tmp_path / "run"


def test_a_claim_in_vain_is_undone_and_a_used_folder_is_not(tmp_path: Path) -> None:
    release_folder(claim_folder(tmp_path / "vain"))
    (claim_folder(tmp_path / "used") / "file").touch()
    release_folder(tmp_path / "used")
    assert names_in(tmp_path) == ["used"]


def test_a_link_to_an_empty_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    try:
        (tmp_path / "link").symlink_to(tmp_path / "real", target_is_directory=True)
    except OSError:
        pytest.skip("no links may be made here")
    with whole_folder(claim_folder(tmp_path / "link")) as aside:
        (aside / "file").touch()
    assert names_in(tmp_path / "real") == ["file"]


def test_a_full_disk_is_told_with_the_final_name(tmp_path: Path) -> None:
    pytest.importorskip("resource", reason="limits of file size are POSIX only")
    run = tmp_path / "run"
    done = subprocess.run(
        [sys.executable, "-c", FILL_THE_DISK, str(run)], capture_output=True, text=True, check=True
    )
    told = done.stdout.strip()
    assert told.startswith(f"{run / 'bundle' / 'graph.onnx'}: could not be written")
    assert names_in(tmp_path) == []


def test_a_failure_to_read_something_else_is_not_called_a_failure_to_write(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), whole_folder(tmp_path / "run"):
        (tmp_path / "source that vanished").read_bytes()
    with pytest.raises(ConnectionError), whole_folder(tmp_path / "run"):
        raise ConnectionResetError
    assert names_in(tmp_path) == []


def test_a_failure_of_the_block_names_the_final_place(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="could not be written") as told:  # noqa: SIM117
        with whole_folder(tmp_path / "run") as aside:
            (aside / "missing" / "file").write_text("x")
    assert told.value.where == str(tmp_path / "run")
    with pytest.raises(BundleError) as refused, whole_folder(tmp_path / "run") as aside:
        raise BundleError("is odd", where=str(aside / "bundle"), mend="Mend it.")
    assert refused.value.where == str(tmp_path / "run" / "bundle")


@pytest.mark.skipif(not hasattr(os, "umask"), reason="no masks here")
def test_writing_never_touches_the_mask_of_the_process(tmp_path: Path) -> None:
    """Another thread's files would be open to everybody for as long as it does."""
    seen: set[int] = set()
    stop = threading.Event()

    def watch() -> None:
        for n in range(100_000):
            if stop.is_set():
                return
            file = tmp_path / f"watched {n % 10}"
            file.touch()
            seen.add(file.stat().st_mode)
            file.unlink()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for n in range(200):
            write_whole(tmp_path / "file", str(n))
    finally:
        stop.set()
        watcher.join()
    assert len(seen) == 1
