"""What is looked at, and what is passed over, while folders are watched."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from linnaeus.errors import DataError
from linnaeus.predicting.watched import watched

LOOKS = 4


def looked_at(folder: Path, said: list[str]) -> Iterator[str]:
    """The names of pictures that came in some looks."""
    looks = watched([folder], (), said.append, sleep=lambda _: None)
    for _, pictures in zip(range(LOOKS), looks, strict=False):
        yield from (Path(picture.name).name for picture in pictures)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """A picture before and one behind a folder that cannot be listed, as its path is too long."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "a.jpg").write_bytes(b"a")
    above = os.open(inbox, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("m" * 250, dir_fd=above)
        below = os.open("m" * 250, os.O_RDONLY, dir_fd=above)
        os.close(above)
        above = below
    os.close(above)
    (inbox / "z").mkdir()
    (inbox / "z" / "z.jpg").write_bytes(b"z")
    return inbox


def test_a_folder_that_cannot_be_listed_keeps_nothing_else_back_and_is_told_once(
    inbox: Path,
) -> None:
    said: list[str] = []
    assert list(looked_at(inbox, said)) == ["a.jpg", "z.jpg"]
    (told,) = said
    assert "the folder cannot be opened (File name too long)" in told


def test_a_link_to_itself_keeps_nothing_back(tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    (tmp_path / "z.jpg").write_bytes(b"z")
    said: list[str] = []
    assert list(looked_at(tmp_path, said)) == ["z.jpg"]
    assert not said


def test_a_watched_folder_that_is_gone_is_an_error(inbox: Path) -> None:
    looks = watched([inbox], (), print, sleep=lambda _: None)
    next(looks)
    shutil.rmtree(inbox)
    with pytest.raises(DataError, match="cannot be opened"):
        next(looks)
