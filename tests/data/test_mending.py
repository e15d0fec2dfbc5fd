"""`audit(fix=…)`: a cleaned table that loads, trains and is clean, and a log of what was done."""

from __future__ import annotations

import csv
import hashlib
import shutil
from pathlib import Path
from typing import NoReturn

import pytest
from PIL import Image

import linnaeus
from linnaeus.data.findings import Audit
from linnaeus.errors import DataError, UsageError, WriteError
from linnaeus.progress import Quiet

MENDED = {
    "unreadable",
    "empty",
    "truncated",
    "contradicting-labels",
    "exact-duplicates",
    "leak-across-splits",
    "near-leak-across-splits",
}


def fixed(data: Path, out: Path, **options: str) -> Audit:
    return linnaeus.audit(data, fix=out, label_errors=False, cache=False, **options)  # type: ignore[arg-type]


class Idle(Quiet):
    """A Progress under which nothing may be begun."""

    def stage(self, name: str, total: float | None = None) -> NoReturn:
        raise AssertionError(name)


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def digests(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*")
        if file.is_file()
    }


@pytest.fixture
def split_folder(photo_folder: Path) -> Path:
    """Photographs under train/, validation/ and test/, spoilt in every way that is mended."""
    folder = photo_folder.parent / "spoilt"
    for name in ("glass", "metal", "paper"):
        for place, file in enumerate(sorted((photo_folder / name).iterdir())):
            side = "test" if place % 4 == 0 else "validation" if place % 4 == 1 else "train"
            (folder / side / name).mkdir(parents=True, exist_ok=True)
            shutil.copy(file, folder / side / name / file.name)
    glass = {side: sorted((folder / side / "glass").iterdir()) for side in ("train", "test")}
    metal = sorted((folder / "train/metal").iterdir())
    shutil.copy(glass["train"][0], folder / "train/glass/again.jpg")
    shutil.copy(glass["test"][0], folder / "train/glass/leak.jpg")
    shutil.copy(glass["train"][1], folder / "train/metal/said twice.jpg")
    with Image.open(glass["test"][1]) as image:
        image.resize((150, 120)).save(folder / "train/glass/near.jpg", quality=70)
    (folder / "train/paper/empty.jpg").write_bytes(b"")
    (folder / "train/paper/half.jpg").write_bytes(metal[0].read_bytes()[:3000])
    return folder


def test_what_is_certain_is_left_out_and_each_choice_is_told(
    split_folder: Path, tmp_path: Path
) -> None:
    before = digests(split_folder)
    names = {
        side: sorted((split_folder / side / "glass").glob("glass*")) for side in ("train", "test")
    }
    found = fixed(split_folder, tmp_path / "mended")
    assert digests(split_folder) == before

    choices = {row["file"]: row for row in rows_of(tmp_path / "mended/choices.csv")}
    left = {file: row["kind"] for file, row in choices.items() if row["done"] == "left out"}
    assert left == {
        f"train/glass/{names['train'][0].name}": "exact-duplicates",
        "train/glass/leak.jpg": "leak-across-splits",
        f"train/glass/{names['train'][1].name}": "contradicting-labels",
        "train/metal/said twice.jpg": "contradicting-labels",
        "train/glass/near.jpg": "near-leak-across-splits",
        "train/paper/empty.jpg": "unreadable",
        "train/paper/half.jpg": "unreadable",
    }
    leak, near = choices["train/glass/leak.jpg"], choices["train/glass/near.jpg"]
    assert leak["instead"] == f"test/glass/{names['test'][0].name}"
    assert near["instead"] == f"test/glass/{names['test'][1].name}"
    assert choices["train/paper/empty.jpg"]["why"] == "the file is empty"

    kept = {row["path"] for row in rows_of(tmp_path / "mended/table.csv")}
    assert len(kept) == found.images - len(left)
    assert (
        f"Of {found.images} pictures {len(kept)} are kept and {len(left)} left out"
        in (found.mended[0])
    )
    assert all((tmp_path / "mended" / path).is_file() for path in kept)
    assert not (tmp_path / "mended/images").exists()


@pytest.mark.slow
def test_the_cleaned_table_is_clean_and_trains(split_folder: Path, tmp_path: Path) -> None:
    before = linnaeus.audit(split_folder, label_errors=False, cache=False)
    assert {one.kind for one in before.findings} >= MENDED
    fixed(split_folder, tmp_path / "mended")
    table = tmp_path / "mended/table.csv"
    after = linnaeus.audit(table, label_errors=False, cache=False)
    assert {one.kind for one in after.findings} & MENDED == set()
    assert set(after.counts) == {"train", "validation", "test"}
    run = linnaeus.train(
        table, out=tmp_path / "run", model="small_cnn", epochs=1, allow_tiny=True, cache=False
    )
    assert not [row for row in rows_of(run.folder / "split.csv") if row["split"] == "left out"]


def test_pictures_of_an_archive_are_copied_beside_the_table(
    split_folder: Path, tmp_path: Path
) -> None:
    archive = Path(shutil.make_archive(str(tmp_path / "photos"), "zip", split_folder))
    fixed(split_folder, tmp_path / "of folder")
    found = fixed(archive, tmp_path / "of archive")
    of_folder, of_archive = (
        linnaeus.load_dataset(tmp_path / name / "table.csv") for name in ("of folder", "of archive")
    )
    assert len(of_archive) == len(of_folder)
    assert of_archive.counts() == of_folder.counts()
    assert any("copied to" in sentence for sentence in found.mended)
    archive.unlink()
    assert Image.open(tmp_path / "of archive" / of_archive.paths[0]).size == (144, 192)


def test_splits_groups_and_other_columns_are_kept(photo_folder: Path, tmp_path: Path) -> None:
    lines = ["path,label,split,shot by,weight"]
    for name in ("glass", "metal", "paper"):
        for place, file in enumerate(sorted((photo_folder / name).iterdir())):
            side = "test" if place % 3 == 0 else "train"
            lines.append(f"{name}/{file.name},{name},{side},p{place % 3}-{side},{place / 4}")
    (photo_folder / "all.csv").write_text("\n".join(lines))
    found = fixed(photo_folder / "all.csv", tmp_path / "mended", group_column="shot by")
    assert any("--group-column group" in sentence for sentence in found.mended)
    first = linnaeus.load_dataset(photo_folder / "all.csv", group_column="shot by")
    again = linnaeus.load_dataset(tmp_path / "mended/table.csv", group_column="group")
    stems = {Path(path).name: row for row, path in enumerate(first.paths)}
    assert 0 <= len(first) - len(again) <= 1  # paper101 and paper108 are two shots of one scene
    for row, path in enumerate(again.paths):
        other = stems[Path(path).name]
        assert again.groups is not None and first.groups is not None
        assert again.labels_of(row) == first.labels_of(other)
        assert again.splits[row] == first.splits[other]
        assert again.groups[row] == first.groups[other]
        assert again.metadata["weight"][row] == first.metadata["weight"][other]


def test_suspects_are_named_and_kept(photo_folder: Path, tmp_path: Path) -> None:
    fixed(photo_folder, tmp_path / "mended")
    choices = rows_of(tmp_path / "mended/choices.csv")
    assert [(row["file"], row["done"], row["kind"]) for row in choices] == [
        ("paper/paper101.jpg", "suspect", "near-duplicates"),
        ("paper/paper108.jpg", "suspect", "near-duplicates"),
    ]
    assert len(rows_of(tmp_path / "mended/table.csv")) == 36


def test_classes_spelt_alike_are_suspects_for_that_and_no_other_reason(
    photo_folder: Path, tmp_path: Path
) -> None:
    (photo_folder / "paper").rename(photo_folder / "Metals")
    fixed(photo_folder, tmp_path / "mended")
    choices = rows_of(tmp_path / "mended/choices.csv")
    why = {row["why"] for row in choices if row["kind"] == "similar-class-names"}
    assert why == {"in one of the classes 'metal' and 'Metals', which are spelt alike"}


def test_what_was_written_into_the_folder_of_the_data_is_no_class(photo_folder: Path) -> None:
    fixed(photo_folder, photo_folder / "mended")
    linnaeus.audit(photo_folder, out=photo_folder / "looked/at", label_errors=False, cache=False)
    again = linnaeus.load_dataset(photo_folder)
    assert again.classes == ("glass", "metal", "paper")
    assert again.left_alone == {"looked/": "Linnaeus wrote it", "mended/": "Linnaeus wrote it"}


def test_a_train_side_of_which_nothing_would_be_left_is_refused(
    photo_folder: Path, tmp_path: Path
) -> None:
    for side in ("train", "test"):
        for name in ("glass", "metal"):
            shutil.copytree(photo_folder / name, tmp_path / "data" / side / name)
    with pytest.raises(DataError, match="no picture would be left in train of glass, metal"):
        fixed(tmp_path / "data", tmp_path / "mended")
    assert not (tmp_path / "mended").exists()


def test_a_class_and_a_side_without_a_picture_left_are_told(
    photo_folder: Path, tmp_path: Path
) -> None:
    for name in ("glass", "metal", "paper"):
        shutil.copytree(photo_folder / name, tmp_path / "data/train" / name)
        spoilt = tmp_path / "data/validation" / name / "broken.jpg"
        spoilt.parent.mkdir(parents=True)
        spoilt.write_bytes(b"broken")
    for file in (tmp_path / "data/train/paper").iterdir():
        file.write_bytes(b"")
    found = fixed(tmp_path / "data", tmp_path / "mended")
    assert "No picture is left of the class paper." in found.mended
    assert "No picture is left in validation." in found.mended


def test_a_class_name_that_no_table_holds_is_refused_before_the_work(
    photo_folder: Path, tmp_path: Path
) -> None:
    (photo_folder / "paper").rename(photo_folder / "paper ")
    with pytest.raises(UsageError, match="'paper ' begins or ends with a space"):
        linnaeus.audit(photo_folder, fix=tmp_path / "mended", cache=False, progress=Idle())


def test_the_page_is_written_though_nothing_can_be_mended(
    photo_folder: Path, tmp_path: Path
) -> None:
    for name in ("glass", "same"):
        shutil.copytree(photo_folder / "glass", tmp_path / "data" / name)
    with pytest.raises(DataError, match="none of its classes"):
        linnaeus.audit(
            tmp_path / "data",
            out=tmp_path / "page",
            fix=tmp_path / "mended",
            label_errors=False,
            cache=False,
        )
    assert "contradicting-labels" in (tmp_path / "page/audit.json").read_text()


def test_nothing_that_stands_is_overwritten(photo_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mended").mkdir()
    (tmp_path / "mended/notes.txt").write_text("mine")
    with pytest.raises(WriteError, match="not empty"):
        fixed(photo_folder, tmp_path / "mended")
    assert [file.name for file in (tmp_path / "mended").iterdir()] == ["notes.txt"]


def test_a_set_that_mending_would_leave_with_one_class_is_refused(
    photo_folder: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    for name in ("glass", "same"):
        shutil.copytree(photo_folder / "glass", data / name)
    with pytest.raises(DataError, match="none of its classes"):
        fixed(data, tmp_path / "mended")
    assert not (tmp_path / "mended").exists()
