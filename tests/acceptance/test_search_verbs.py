"""`linnaeus index` and `linnaeus search` as a user has them, in one go."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from command_line import linnaeus

if TYPE_CHECKING:
    from linnaeus import Dataset
    from linnaeus.training.run import Run


def test_pictures_are_indexed_and_found(
    digits_run: Run, some_digits: Dataset, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for row in range(40):
        (folder / f"{row:02}.png").write_bytes(some_digits.source.read(some_digits.paths[row]))
    (folder / "broken.png").write_bytes(b"no picture")
    index = tmp_path / "index"
    done = linnaeus("index", digits_run.folder, folder, "--out", index)
    assert done.code == 7  # one picture could not be read
    assert f"Index: {index}" in done.out
    assert "Could not be read: broken.png: " in done.err
    page = tmp_path / "page.html"
    done = linnaeus("search", index, folder / "05.png", "--top", 3, "--out", page)
    assert done.code == 0, done.err
    first, *others = (line.split("\t") for line in done.out.splitlines()[:-1])
    assert first == [str(folder / "05.png"), "1", "1.0000", "", "05.png"]
    assert [row[1] for row in others] == ["2", "3"]
    assert "<img" in page.read_text(encoding="utf-8")
    done = linnaeus("search", tmp_path, folder / "05.png")
    assert (done.code, "there is no index here" in done.sentence) == (3, True)
