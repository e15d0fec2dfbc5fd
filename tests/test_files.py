"""Whole-or-nothing writing, and manifests that name what was changed."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linnaeus.errors import BundleError, WriteError
from linnaeus.files import (
    check_unused,
    claim_folder,
    read_json,
    sha256_of,
    whole_folder,
    write_json,
    write_whole,
)
from linnaeus.manifest import MANIFEST, verify_manifest, write_manifest

FILL_THE_DISK = """
import resource, sys
from pathlib import Path
from linnaeus.errors import WriteError
from linnaeus.files import whole_folder, write_whole
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
file = Path(sys.argv[1])
try:
    write_whole(file, bytes(100_000))
except WriteError as error:
    print(error)
try:
    with whole_folder(file.parent / "folder") as aside:
        (aside / "small").write_bytes(b"x")
        (aside / "large").write_bytes(bytes(100_000))
except WriteError as error:
    print(error)
"""

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.floats(-1e9, 1e9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


def names_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_file_is_written_and_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "down" / "file.txt"
    write_whole(file, "ä\n")
    assert file.read_bytes() == "ä\n".encode()
    write_whole(file, b"second")
    assert file.read_bytes() == b"second"
    assert names_in(file.parent) == ["file.txt"]


def test_a_name_that_is_no_unicode_is_spelt_out(tmp_path: Path) -> None:
    write_whole(tmp_path / "names.txt", "caf\udce9.jpg, café.jpg")
    assert (tmp_path / "names.txt").read_bytes() == b"caf\\udce9.jpg, caf\xc3\xa9.jpg"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_files_and_folders_have_the_permissions_of_any_new_one(tmp_path: Path) -> None:
    usual = tmp_path / "usual"
    usual.touch()
    write_whole(tmp_path / "file", b"")
    with whole_folder(tmp_path / "folder") as aside:
        (aside / "inside").touch(0o600)
    mode = stat.S_IMODE(usual.stat().st_mode)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == mode
    assert stat.S_IMODE((tmp_path / "folder" / "inside").stat().st_mode) == mode


def test_a_full_disk_leaves_what_stood_there(tmp_path: Path) -> None:
    pytest.importorskip("resource", reason="limits of file size are POSIX only")
    file = tmp_path / "kept.txt"
    file.write_text("old")
    done = subprocess.run(
        [sys.executable, "-c", FILL_THE_DISK, str(file)], capture_output=True, text=True, check=True
    )
    sentences = done.stdout.splitlines()
    assert len(sentences) == 2
    assert sentences[0].startswith(f"{file}: could not be written")
    assert sentences[1].startswith(f"{tmp_path / 'folder'}: could not be written")
    assert file.read_text() == "old"
    assert names_in(tmp_path) == ["kept.txt"]


@pytest.mark.skipif(
    sys.platform == "win32" or (hasattr(os, "geteuid") and os.geteuid() == 0),
    reason="root and Windows ignore a folder's permissions",
)
def test_a_folder_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(WriteError, match="could not be written"):
            write_whole(tmp_path / "file", b"x")
    finally:
        tmp_path.chmod(0o700)


def test_a_name_that_none_can_be_is_told(tmp_path: Path) -> None:
    place = tmp_path / "a\0b"
    for write in (claim_folder, check_unused, lambda path: write_whole(path, b"x")):
        with pytest.raises(WriteError, match="a null character"):
            write(place)
    assert list(tmp_path.iterdir()) == []


def test_a_file_where_a_folder_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WriteError, match="could not be written"):
        write_whole(tmp_path / "file" / "below.txt", b"x")
    with pytest.raises(WriteError, match="already exists"), whole_folder(tmp_path / "file"):
        pass
    assert (tmp_path / "file").read_text() == "in the way"


@settings(max_examples=30)
@given(json_values)
def test_json_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    file = tmp_path_factory.mktemp("json") / "value.json"
    write_json(file, value)
    assert read_json(file) == value


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_json_has_no_word_for_is_refused(tmp_path: Path, number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "value.json", {"loss": number})
    assert names_in(tmp_path) == []


def test_a_folder_appears_whole(tmp_path: Path) -> None:
    with whole_folder(tmp_path / "made") as aside:
        (aside / "sub").mkdir()
        (aside / "sub" / "file").write_text("x")
        assert not (tmp_path / "made").exists()
    assert (tmp_path / "made" / "sub" / "file").read_text() == "x"
    assert names_in(tmp_path) == ["made"]


def test_a_folder_that_fails_does_not_appear(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), whole_folder(tmp_path / "made") as aside:
        (aside / "file").write_text("x")
        raise KeyboardInterrupt
    assert names_in(tmp_path) == []


def test_a_used_folder_is_refused_and_an_empty_one_taken(tmp_path: Path) -> None:
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "mine").write_text("x")
    with pytest.raises(WriteError, match="already exists"), whole_folder(tmp_path / "used"):
        pytest.fail("the block must not run")
    assert names_in(tmp_path / "used") == ["mine"]
    (tmp_path / "empty").mkdir()
    with whole_folder(tmp_path / "empty") as aside:
        (aside / "file").touch()
    assert names_in(tmp_path / "empty") == ["file"]


@given(st.binary(max_size=3000))
def test_digests_are_sha256(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.mktemp("digest") / "file"
    file.write_bytes(content)
    assert sha256_of(file) == hashlib.sha256(content).hexdigest()


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    """A folder of three files, one in a folder below, with its manifest."""
    folder = tmp_path / "sealed"
    (folder / "sub").mkdir(parents=True)
    for name in ("a.bin", "b.bin", "sub/c.bin"):
        (folder / name).write_bytes(name.encode() * 50)
    write_manifest(folder)
    return folder


def test_an_untouched_folder_is_accepted(sealed: Path) -> None:
    assert set(verify_manifest(sealed)) == {"a.bin", "b.bin", "sub/c.bin"}
    listed = json.loads((sealed / MANIFEST).read_text())
    assert listed["files"]["a.bin"] == hashlib.sha256(b"a.bin" * 50).hexdigest()


@settings(max_examples=30)
@given(place=st.integers(0, 249), bit=st.integers(0, 7))
def test_one_bit_changed_is_refused_by_name(
    tmp_path_factory: pytest.TempPathFactory, place: int, bit: int
) -> None:
    folder = tmp_path_factory.mktemp("sealed")
    (folder / "a.bin").write_bytes(bytes(250))
    write_manifest(folder)
    content = bytearray(250)
    content[place] ^= 1 << bit
    (folder / "a.bin").write_bytes(content)
    with pytest.raises(BundleError, match=r"a\.bin: was changed"):
        verify_manifest(folder)


@pytest.mark.parametrize("name", ["a.bin", "sub/c.bin"])
def test_a_missing_file_is_refused_by_name(sealed: Path, name: str) -> None:
    (sealed / name).unlink()
    with pytest.raises(BundleError, match="is missing") as told:
        verify_manifest(sealed)
    assert told.value.where == str(sealed / name)


@pytest.mark.parametrize("name", ["more.bin", "sub/manifest.json"])
def test_an_added_file_is_refused_by_name(sealed: Path, name: str) -> None:
    (sealed / name).write_bytes(b"")
    with pytest.raises(BundleError, match="was added") as told:
        verify_manifest(sealed)
    assert told.value.where == str(sealed / name)


@pytest.mark.parametrize(
    "content",
    [None, b"", b"\xff", b"[]", b"{}", b'{"files": []}', b'{"files": 3}', b'{"files": {"a": 1}}'],
)
def test_a_manifest_that_says_nothing_is_refused(sealed: Path, content: bytes | None) -> None:
    (sealed / MANIFEST).unlink()
    if content is not None:
        (sealed / MANIFEST).write_bytes(content)
    with pytest.raises(BundleError):
        verify_manifest(sealed)
