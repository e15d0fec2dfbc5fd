"""What pictures can be named by: the same answers, whatever they come from."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import tarfile
import zipfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import linnaeus
from linnaeus.errors import DataError, UsageError
from linnaeus.predicting.sources import sources_of
from linnaeus.progress import Quiet

if TYPE_CHECKING:
    from linnaeus.bundle.predictions import Prediction
    from linnaeus.training.run import Run


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory, photo_set: Path) -> Path:
    """Four photographs: a.jpg and b.jpg, and c.jpg and d.jpg in the folder sub."""
    folder = tmp_path_factory.mktemp("inbox") / "photos"
    (folder / "sub").mkdir(parents=True)
    found = sorted(photo_set.rglob("*.jpg"))[::20]
    for file, name in zip(found, ("a.jpg", "b.jpg", "sub/c.jpg", "sub/d.jpg"), strict=False):
        shutil.copy(file, folder / name)
    return folder


@pytest.fixture(scope="module")
def expected(photo_run: Run, pictures: Path) -> list[tuple[str, float]]:
    """What the classifier says of the four, asked one by one."""
    classifier = linnaeus.load(photo_run.bundle)
    answers = [classifier.predict(file)[0] for file in sorted(pictures.rglob("*.jpg"))]
    return [(one.label, one.confidence) for one in answers]


def said(answers: tuple[Prediction, ...]) -> list[tuple[str, float]]:
    return [(one.label, one.confidence) for one in answers]


def names(answers: tuple[Prediction, ...]) -> list[str]:
    return [one.id for one in answers]


def test_a_folder_its_files_and_patterns_of_them_are_the_same(
    photo_run: Run, pictures: Path, expected: list[tuple[str, float]]
) -> None:
    files = sorted(str(file) for file in pictures.rglob("*.jpg"))
    for given in (
        pictures,
        files,
        f"{pictures}/**/*.jpg",
        [f"{pictures}/[ab].jpg", f"{pictures}/s*/{{c,d}}.jpg"],
        f"{pictures.parent}/ph*",  # fits folders only, which are entered
    ):
        answered = linnaeus.predict(photo_run.folder, given)
        assert names(answered.answers) == files
        assert [(a, pytest.approx(b, nan_ok=True)) for a, b in expected] == said(answered.answers)
        assert (answered.pictures, answered.unread) == (4, 0)


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_an_archive_is_read_in_place(
    photo_run: Run, pictures: Path, expected: list[tuple[str, float]], tmp_path: Path, kind: str
) -> None:
    archive = tmp_path / f"photos.{kind}"
    inside = [file.relative_to(pictures.parent).as_posix() for file in pictures.rglob("*.jpg")]
    if kind == "zip":
        with zipfile.ZipFile(archive, "w") as opened:
            for name in inside:
                opened.write(pictures.parent / name, name)
            opened.writestr("photos/notes.txt", "no picture")
    else:
        with tarfile.open(archive, "w:gz") as tar:
            for name in inside:
                tar.add(pictures.parent / name, name)
    answered = linnaeus.predict(photo_run.folder, archive)
    assert names(answered.answers) == [f"{archive}/{name}" for name in sorted(inside)]
    assert [(a, pytest.approx(b, nan_ok=True)) for a, b in expected] == said(answered.answers)


def test_a_table_names_pictures_from_its_folder_and_a_lost_one_has_its_row(
    photo_run: Run, pictures: Path, expected: list[tuple[str, float]]
) -> None:
    lines = ["photo,colour", "sub/d.jpg,red", "gone.jpg,blue", "a.jpg,red", "a.jpg,red"]
    table = pictures.parent / "list.csv"
    table.write_text("\n".join(lines), "utf-8")
    answered = linnaeus.predict(photo_run.folder, table)
    assert names(answered.answers) == ["photos/sub/d.jpg"[7:], "gone.jpg", "a.jpg", "a.jpg"]
    assert answered.unread == 4  # the table does not lie beside them
    shutil.move(table, pictures / "list.csv")
    answered = linnaeus.predict(photo_run.folder, pictures / "list.csv", image_column="photo")
    (pictures / "list.csv").unlink()
    assert answered.unread == 1
    assert "no such file" in answered.answers[1].error.lower()
    rows = [said(answered.answers)[at] for at in (0, 2, 3)]
    assert rows == [
        (expected[at][0], pytest.approx(expected[at][1], nan_ok=True)) for at in (3, 0, 0)
    ]


def test_a_list_names_a_path_a_line(
    photo_run: Run, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [pictures / "b.jpg", "", tmp_path / "gone.jpg", "parted\0by\0none", pictures / "a.jpg"]
    content = "\n".join(map(str, lines)).encode()
    (tmp_path / "list").write_bytes(content)
    answered = linnaeus.predict(photo_run.folder, files_from=tmp_path / "list")
    assert [Path(name).name for name in names(answered.answers)] == [
        "b.jpg",
        "gone.jpg",
        "parted\0by\0none",
        "a.jpg",
    ]
    assert answered.unread == 2
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    again = linnaeus.predict(photo_run.folder, files_from="-")
    assert names(again.answers) == names(answered.answers)


def test_standard_input_is_one_picture(
    photo_run: Run,
    pictures: Path,
    expected: list[tuple[str, float]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = (pictures / "a.jpg").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    (one,) = linnaeus.predict(photo_run.folder, "-").answers
    assert (one.id, one.label) == ("-", expected[0][0])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    linnaeus.predict(photo_run.folder, "-", sort_into=tmp_path, unknown_rate=0)
    (sorted_file,) = tmp_path.rglob("*.jpg")
    assert sorted_file.read_bytes() == content  # which can be read only once
    assert sorted_file.parent.name == one.label


def test_the_set_of_a_picture_on_standard_input_is_drawn_from_what_it_holds(
    photo_run: Run, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier = linnaeus.load(photo_run.bundle)
    asked = {"sets": 0.5, "sets_method": "aps", "unknown_rate": 0}
    for file in sorted(pictures.rglob("*.jpg")):
        content = file.read_bytes()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        out = tmp_path / f"{file.stem}.jsonl"
        linnaeus.predict(photo_run.folder, "-", out=out, **asked)  # type: ignore[arg-type]
        one = classifier.predict(content, unknown_rate=0)
        told = classifier.promise(one, coverage=0.5, method="aps")
        assert json.loads(out.read_text())["set"] == told.labels(0, classifier.classes)


def test_hidden_folders_pipes_and_dead_links_neither_hang_nor_vanish(
    photo_run: Run, pictures: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "odd"
    (folder / ".hidden").mkdir(parents=True)
    shutil.copy(pictures / "a.jpg", folder / "a.jpg")
    shutil.copy(pictures / "a.jpg", folder / ".hidden" / "a.jpg")
    (folder / "dead.jpg").symlink_to(tmp_path / "nowhere")
    (folder / "loop").symlink_to(folder)
    (folder / "circle").symlink_to(folder / "circle")
    (folder / "circle.jpg").symlink_to(folder / "circle.jpg")
    os.mkfifo(folder / "pipe.jpg")
    told: list[str] = []
    answered = linnaeus.predict(photo_run.folder, folder, progress=Heard(told))
    answered_names = [Path(name).name for name in names(answered.answers)]
    assert answered_names == ["a.jpg", "circle.jpg", "dead.jpg"]
    assert answered.unread == 2
    assert any("4 other files left alone" in sentence for sentence in told)
    assert any(f"Could not be read: {folder / 'dead.jpg'}" in sentence for sentence in told)


def test_what_holds_nothing_is_refused_by_name(photo_run: Run, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as archive:
        archive.writestr("notes.txt", "no picture")
    (tmp_path / "no.csv").write_text("colour\nred\n")
    for given, told in (
        ("empty.zip", "no pictures are in this archive"),
        ("no.csv", "no column has a name"),
        ("gone.jpg", "there is no such file"),
        ("*.jpg", "nothing fits this pattern"),
    ):
        with pytest.raises(DataError, match=told):
            linnaeus.predict(photo_run.folder, tmp_path / given)
    with pytest.raises(UsageError, match="no pictures are named"):
        linnaeus.predict(photo_run.folder)
    with pytest.raises(UsageError, match="standard input can be read once"):
        linnaeus.predict(photo_run.folder, ["-", "-"])


def test_a_data_set_is_taken_by_its_name_unless_something_here_is_called_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sklearn")
    monkeypatch.chdir(tmp_path)
    with ExitStack() as opened:
        (source,) = sources_of(["digits"], opened)
        first = next(source.pictures())
        assert (source.total, first.name) == (1797, "digits/0/0000.pgm")
        assert callable(first.source)
        assert first.source().startswith(b"P5\n8 8\n255\n")
        (tmp_path / "digits").mkdir()
        (tmp_path / "digits" / "a.png").touch()
        (source,) = sources_of(["digits"], opened)
        assert [picture.name for picture in source.pictures()] == ["digits/a.png"]


class Heard(Quiet):
    """A Progress that keeps its sentences."""

    def __init__(self, told: list[str]) -> None:
        self._told = told

    def say(self, sentence: str) -> None:
        self._told.append(sentence)
