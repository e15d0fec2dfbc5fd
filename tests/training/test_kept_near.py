"""Near duplicates are searched once, and are the same whether they were searched or kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from linnaeus.data.cache import Cache
from linnaeus.data.scan import scan
from linnaeus.data.sources import load_dataset
from linnaeus.progress import Quiet
from linnaeus.training.kept_near import kept_near_duplicates
from linnaeus.training.kept_work import kept_beside


class Heard(Quiet):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, sentence: str) -> None:
        self.said.append(sentence)


@pytest.fixture
def copied(photo_set: Path, tmp_path: Path) -> Path:
    """Six photographs of two classes, and one of them again, recompressed."""
    for name in ("glass", "metal"):
        (tmp_path / "set" / name).mkdir(parents=True)
        for file in sorted((photo_set / name).iterdir())[:3]:
            (tmp_path / "set" / name / file.name).write_bytes(file.read_bytes())
    first = sorted((tmp_path / "set" / "glass").iterdir())[0]
    Image.open(first).convert("RGB").save(first.with_name("again.jpg"), quality=60)
    return tmp_path / "set"


def test_what_is_kept_is_what_was_found(copied: Path, tmp_path: Path) -> None:
    heard, looked = Heard(), scan(load_dataset(copied))
    kept = kept_beside(Cache(tmp_path / "cache" / "pictures"), heard)
    searched = kept_near_duplicates(looked, kept, progress=heard)
    assert len(searched.pairs) == 1
    assert not heard.said
    taken = kept_near_duplicates(looked, kept, progress=heard)
    assert heard.said == ["Near duplicates are those that an earlier run found."]
    assert np.array_equal(taken.pairs, searched.pairs)
    assert np.array_equal(taken.likeness, searched.likeness)
    assert taken.crowded == searched.crowded


def test_other_pictures_and_mirror_images_are_searched_anew(copied: Path, tmp_path: Path) -> None:
    heard = Heard()
    kept = kept_beside(Cache(tmp_path / "cache" / "pictures"), heard)
    kept_near_duplicates(scan(load_dataset(copied)), kept, progress=heard)
    kept_near_duplicates(scan(load_dataset(copied)), kept, mirrored=True, progress=heard)
    (copied / "glass" / "again.jpg").unlink()
    fewer = kept_near_duplicates(scan(load_dataset(copied)), kept, progress=heard)
    assert not heard.said
    assert not len(fewer.pairs)
