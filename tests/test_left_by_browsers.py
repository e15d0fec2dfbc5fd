"""A bundle that somebody looked at in a file browser is still the bundle that was made."""

from __future__ import annotations

from pathlib import Path

import pytest

from linnaeus.errors import BundleError
from linnaeus.manifest import verify_manifest, write_manifest


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "graph").write_bytes(b"x")
    write_manifest(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", [".DS_Store", "sub/.DS_Store", "Thumbs.db", "sub/desktop.ini"])
def test_what_a_file_browser_leaves_is_no_change(sealed: Path, name: str) -> None:
    (sealed / name).write_bytes(b"positions of icons")
    assert set(verify_manifest(sealed)) == {"sub/graph"}


@pytest.mark.parametrize("name", [".DS_Store.onnx", ".hidden", "sub/Thumbs.db.json"])
def test_any_other_file_is_one(sealed: Path, name: str) -> None:
    (sealed / name).write_bytes(b"x")
    with pytest.raises(BundleError, match="was added after the bundle was made"):
        verify_manifest(sealed)


def test_what_was_there_before_is_not_sealed_with_the_rest(tmp_path: Path) -> None:
    for name in ("graph", ".DS_Store"):
        (tmp_path / name).write_bytes(b"x")
    assert set(write_and_verify(tmp_path)) == {"graph"}
    (tmp_path / ".DS_Store").unlink()
    assert set(verify_manifest(tmp_path)) == {"graph"}


def write_and_verify(folder: Path) -> dict[str, str]:
    write_manifest(folder)
    return verify_manifest(folder)
