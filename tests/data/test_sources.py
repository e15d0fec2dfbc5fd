"""Data sets from folders, archives, tables and names; what is refused, and in which words."""

from __future__ import annotations

import bz2
import hashlib
import shutil
import stat
import sys
import tarfile
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from trees import png, tar_of, write_tree, zip_of

from linnaeus.data.scan import scan
from linnaeus.data.sources import load_dataset
from linnaeus.errors import DataError, UnreadableImage, UsageError

SharedData = Callable[[str], Path]


@pytest.mark.parametrize(
    ("name", "images", "splits"),
    [
        ("trashnet192.zip", 2527, {"": 2527}),
        ("clothing160.tar", 3781, {"train": 3068, "validation": 341, "test": 372}),
        ("sign_language_digits.tar.xz", 2062, {"": 2062}),
        ("deeppcb_crops.tar.xz", 11262, {"train": 7701, "test": 3561}),
        ("cifar10.tar.xz", 60000, {"train": 50000, "test": 10000}),
    ],
)
def test_real_archives_load_as_their_makers_describe_them(
    shared_data: SharedData, name: str, images: int, splits: dict[str, int]
) -> None:
    dataset = load_dataset(shared_data(name))
    assert len(dataset) == images
    totals = {split: sum(classes.values()) for split, classes in dataset.counts().items()}
    assert totals == splits
    assert dataset.name == name.split(".", maxsplit=1)[0]


def test_the_strays_of_a_real_archive_are_named(shared_data: SharedData) -> None:
    dataset = load_dataset(shared_data("clothing160.tar"))
    assert set(dataset.left_alone) == {"LICENSE"}


FORMS = {
    "zip": lambda folder, to: zip_of(folder, to / "a.zip"),
    "zip in one folder": lambda folder, to: zip_of(folder, to / "a.zip", beneath="one/"),
    "zip in two folders": lambda folder, to: zip_of(folder, to / "a.zip", beneath="one/two/"),
    "tar": lambda folder, to: tar_of(folder, to / "a.tar"),
    "tar.gz": lambda folder, to: tar_of(folder, to / "a.tar.gz"),
    "tar.bz2": lambda folder, to: tar_of(folder, to / "a.tar.bz2"),
    "tar.xz in a folder": lambda folder, to: tar_of(folder, to / "a.tar.xz", beneath="photos"),
    "zip without its ending": lambda folder, to: zip_of(folder, to / "download"),
    "tar.xz called zip": lambda folder, to: tar_of(folder, to / "a.xz").rename(to / "a.zip"),
}


@pytest.mark.parametrize("form", FORMS)
def test_an_archive_is_the_same_data_set_as_its_folder(
    photo_folder: Path, tmp_path: Path, form: str
) -> None:
    from_folder = load_dataset(photo_folder)
    from_archive = load_dataset(FORMS[form](photo_folder, tmp_path))
    assert from_archive.fingerprint == from_folder.fingerprint
    assert from_archive.paths == from_folder.paths
    path = from_folder.paths[7]
    assert from_archive.source.read(path) == (photo_folder / path).read_bytes()


def test_the_fingerprint_tells_of_every_change(photo_folder: Path) -> None:
    seen = {load_dataset(photo_folder).fingerprint}
    one = sorted((photo_folder / "glass").iterdir())[0]
    shutil.copy(one, photo_folder / "glass" / "copy.jpg")
    seen.add(load_dataset(photo_folder).fingerprint)
    (photo_folder / "glass" / "copy.jpg").rename(photo_folder / "metal" / "copy.jpg")
    seen.add(load_dataset(photo_folder).fingerprint)
    (photo_folder / "metal" / "copy.jpg").write_bytes(b"other")
    seen.add(load_dataset(photo_folder).fingerprint)
    assert len(seen) == 4


def test_split_folders_are_known_by_their_usual_names(tmp_path: Path) -> None:
    names = {"Train": "train", "valid": "validation", "TEST": "test"}
    files = {f"{s}/{c}/{c}{s}.png": png(1) for s in names for c in ("cat", "dog")}
    dataset = load_dataset(write_tree(tmp_path / "set", files))
    assert dataset.classes == ("cat", "dog")
    for path, split in zip(dataset.paths, dataset.splits, strict=True):
        assert split == names[path.split("/")[0]]


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    files = {f"{name}/1.png": png(1) for name in ("bus", "car", "train")}
    dataset = load_dataset(write_tree(tmp_path / "set", files))
    assert dataset.classes == ("bus", "car", "train")
    assert set(dataset.splits) == {""}


def test_classes_are_sorted_as_people_sort(tmp_path: Path) -> None:
    files = {f"{name}/1.png": png(1) for name in ("10", "9", "2", "1")}
    assert load_dataset(write_tree(tmp_path, files)).classes == ("1", "2", "9", "10")


def test_strays_are_named_with_reasons_and_left_alone(photo_folder: Path) -> None:
    strays = [
        "LICENSE",
        "labels.csv",
        "loose.jpg",
        "glass/.DS_Store",
        "glass/Thumbs.db",
        "glass/notes.txt",
        "glass/._glass1.jpg",
        "metal/clip.mp4",
    ]
    before = load_dataset(photo_folder)
    write_tree(photo_folder, {stray: png(1) for stray in strays})
    write_tree(photo_folder, {"__MACOSX/glass/._1.jpg": b"", ".git/HEAD": b""})
    dataset = load_dataset(photo_folder)
    assert dataset.paths == before.paths
    assert set(dataset.left_alone) == {*strays, "__MACOSX/", ".git/"}
    assert all(dataset.left_alone.values())


def test_a_file_that_is_no_picture_but_is_called_one_is_a_sample(photo_folder: Path) -> None:
    (photo_folder / "glass" / "broken.jpg").write_bytes(b"not a picture")
    assert "glass/broken.jpg" in load_dataset(photo_folder).paths


def test_archives_of_macos_are_seen_through(photo_folder: Path, tmp_path: Path) -> None:
    archive = zip_of(photo_folder, tmp_path / "mac.zip", beneath="photos/")
    with zipfile.ZipFile(archive, "a") as written:
        written.writestr("__MACOSX/photos/glass/._glass1.jpg", b"resource")
        written.writestr("photos/.DS_Store", b"settings")
    dataset = load_dataset(archive)
    assert dataset.paths == load_dataset(photo_folder).paths
    assert set(dataset.left_alone) == {".DS_Store", "../__MACOSX/"}


@pytest.mark.parametrize("name", ["grün", "gru\u0308n", "猫"])
@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2])
def test_names_of_a_zip_in_utf_8_are_read_where_the_zip_does_not_say_so(
    tmp_path: Path, name: str, compression: int
) -> None:
    archive = tmp_path / "a.zip"
    stored = {f"{name}/1.png".encode().decode("cp437"): png(1), "ant/2.png": png(2)}
    with zipfile.ZipFile(archive, "w", compression) as written:
        for path, content in stored.items():
            member = _InOldCharacters(path)
            member.compress_type = compression
            written.writestr(member, content)
    dataset = load_dataset(archive)
    assert dataset.classes == ("ant", unicodedata.normalize("NFC", name))
    assert dataset.source.read(dataset.paths[1]) == png(1)


def test_names_of_a_zip_in_old_characters_are_kept(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr(_InOldCharacters("grün/1.png"), png(1))
        written.writestr(_InOldCharacters("ant/2.png"), png(2))
    dataset = load_dataset(archive)
    assert dataset.classes == ("ant", "grün")
    assert dataset.source.read("grün/1.png") == png(1)


class _InOldCharacters(zipfile.ZipInfo):
    """A member whose name is written in the characters of code page 437, as old programs do."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - the library's name
        return self.filename.encode("cp437"), self.flag_bits


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_that_cannot_be_followed_is_named(photo_folder: Path) -> None:
    before = load_dataset(photo_folder).paths
    (photo_folder / "glass" / "itself.jpg").symlink_to("itself.jpg")
    (photo_folder / "LICENSE").symlink_to("LICENSE")
    dataset = load_dataset(photo_folder)
    assert dataset.paths == before
    assert dataset.left_alone.keys() == {"glass/itself.jpg", "LICENSE"}
    assert all("cannot be opened" in why for why in dataset.left_alone.values())


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_in_a_folder_are_followed_and_loops_are_not(photo_folder: Path) -> None:
    (photo_folder / "linked").symlink_to(photo_folder / "glass")
    (photo_folder / "glass" / "round").symlink_to(photo_folder)
    dataset = load_dataset(photo_folder)
    assert "linked" in dataset.classes
    assert "glass/round/" in dataset.left_alone


def _nothing(folder: Path) -> Path:
    return write_tree(folder, {"a/readme.txt": b""})


def _nested(folder: Path) -> Path:
    return write_tree(folder, {f"{s}/{c}/1.png": png(1) for s in "xy" for c in "ab"})


def _one_class(folder: Path) -> Path:
    return write_tree(folder, {"cat/1.png": png(1), "cat/2.png": png(2)})


def _empty_class(folder: Path) -> Path:
    (folder / "bird").mkdir(parents=True)
    return write_tree(folder, {"cat/1.png": png(1), "dog/2.png": png(2)})


def _loose(folder: Path) -> Path:
    return write_tree(folder, {f"{number}.png": png(number) for number in range(7)})


def _loose_test(folder: Path) -> Path:
    files = {f"train/{c}/1.png": png(1) for c in "ab"}
    return write_tree(folder, {**files, "test/1.png": png(1)})


def _only_in_test(folder: Path) -> Path:
    files = {f"train/{c}/1.png": png(1) for c in "ab"}
    return write_tree(folder, {**files, "test/b/1.png": png(1), "test/bee/2.png": png(2)})


def _telephones(folder: Path) -> Path:
    return write_tree(folder, {f"{c}/{n}.HEIC": b"" for c in "ab" for n in range(3)})


def _one_telephone(folder: Path) -> Path:
    return write_tree(folder, {"a/1.png": png(1), "b/2.png": png(2), "c/3.heic": b"", "c/4": b""})


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (_telephones, ["other kinds: 6", "6 pictures are of kinds that are not read: .heic"]),
        (
            _one_telephone,
            ["without a picture: c that is read (1 picture is of", ".heic", "as JPEG"],
        ),
        (_nothing, ["no picture", "other kinds: 1", ".jpg"]),
        (_nested, ["x/a, x/b, y/a, y/b", "move the pictures up"]),
        (_one_class, ["only one class, 'cat'", "add pictures"]),
        (_empty_class, ["without a picture: bird", "take them out"]),
        (_loose, ["7 pictures lie loose", "without a label", "one folder a class"]),
        (_loose_test, ["1 picture lies loose in 'test'", "without a label"]),
        (_only_in_test, ["test but not in train: bee", "spelling", "a, b"]),
    ],
)
def test_each_mistake_of_layout_gives_one_clear_sentence(
    tmp_path: Path, build: Callable[[Path], Path], words: list[str]
) -> None:
    folder = build(tmp_path / "set")
    with pytest.raises(DataError) as caught:
        load_dataset(folder)
    message = str(caught.value)
    assert message.startswith(str(folder))
    assert "\n" not in message
    for word in words:
        assert word in message


def test_a_class_that_test_lacks_is_noted(tmp_path: Path) -> None:
    files = {f"train/{c}/1.png": png(1) for c in "abc"}
    files |= {f"test/{c}/1.png": png(1) for c in "ab"}
    dataset = load_dataset(write_tree(tmp_path, files))
    assert dataset.notes == ("No picture in test shows c.",)


def test_an_empty_class_folder_of_one_split_is_noted(tmp_path: Path) -> None:
    folder = write_tree(tmp_path, {f"{s}/a/1.png": png(1) for s in ("train", "test")})
    write_tree(folder, {"train/b/1.png": png(2), "test/b/notes.txt": b""})
    assert load_dataset(folder).notes == ("No picture in test shows b.",)


def test_pictures_beside_the_splits_are_told(tmp_path: Path) -> None:
    files = {f"{s}/{c}/1.png": png(1) for s in ("train", "test", "more") for c in "ab"}
    dataset = load_dataset(write_tree(tmp_path, files))
    assert len(dataset) == 4
    assert "in no split; pictures in it: 2" in dataset.left_alone["more/"]


def test_a_folder_of_archives_says_which_could_be_meant(tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "downloads", {"set.zip": b"", "notes.txt": b""})
    with pytest.raises(DataError, match=r"Did you mean a file in it: set\.zip\?"):
        load_dataset(folder)


def test_a_path_that_does_not_exist_suggests_what_does(photo_folder: Path) -> None:
    with pytest.raises(DataError, match=r"photoz: there is no such file.*Did you mean photos\?"):
        load_dataset(photo_folder.with_name("photoz"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(600), "7z archives are not read"),
        (b"<!doctype html>" + b" " * 600, "neither a folder, nor a zip"),
    ],
)
def test_a_file_that_is_no_data_set_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "download"
    file.write_bytes(content)
    with pytest.raises(DataError, match=words):
        load_dataset(file)


@pytest.mark.parametrize("ending", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
@pytest.mark.parametrize("part", [0.4, 0.97])
def test_an_archive_cut_short_is_refused(
    photo_folder: Path, tmp_path: Path, ending: str, part: float
) -> None:
    archive = tmp_path / f"cut.{ending}"
    (zip_of if ending == "zip" else tar_of)(photo_folder, archive)
    content = archive.read_bytes().rstrip(b"\0") if ending == "tar" else archive.read_bytes()
    archive.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(DataError, match="damaged or not whole"):
        load_dataset(archive)


def test_a_picture_damaged_inside_a_zip_is_named_and_the_others_are_read(
    photo_folder: Path, tmp_path: Path
) -> None:
    archive = zip_of(photo_folder, tmp_path / "a.zip")
    with zipfile.ZipFile(archive) as opened:
        hurt = next(member for member in opened.infolist() if member.filename.endswith(".jpg"))
    content = bytearray(archive.read_bytes())
    content[hurt.header_offset + 200] ^= 0xFF
    archive.write_bytes(content)
    dataset = load_dataset(archive)
    assert set(scan(dataset, preprocessing=None).unreadable) == {hurt.filename}
    with pytest.raises(UnreadableImage, match="damaged inside the archive"):
        dataset.source.read(hurt.filename)


def test_members_that_would_leave_the_archive_are_named_and_never_read(
    photo_folder: Path, tmp_path: Path
) -> None:
    archive = zip_of(photo_folder, tmp_path / "a.zip")
    strange = ["../glass/escape.png", "/tmp/absolute.png", "C:\\windows.png", "glass/../../x.png"]
    with zipfile.ZipFile(archive, "a") as written:
        for name in strange:
            written.writestr(name, png(1))
        link = zipfile.ZipInfo("glass/link.png")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        written.writestr(link, "/etc/passwd")
    dataset = load_dataset(archive)
    assert dataset.paths == load_dataset(photo_folder).paths
    assert set(dataset.left_alone) == {*strange, "glass/link.png"}


def test_links_and_devices_in_a_tar_are_named_and_never_followed(
    photo_folder: Path, tmp_path: Path
) -> None:
    archive = tar_of(photo_folder, tmp_path / "a.tar")
    kinds = {"soft": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE, "pipe": tarfile.FIFOTYPE}
    with tarfile.open(archive, "a") as written:
        for name, kind in kinds.items():
            member = tarfile.TarInfo(f"glass/{name}.png")
            member.type, member.linkname = kind, "/etc/passwd"
            written.addfile(member)
    dataset = load_dataset(archive)
    assert dataset.paths == load_dataset(photo_folder).paths
    assert set(dataset.left_alone) == {f"glass/{name}.png" for name in kinds}


def linked(archive: Path, names: list[str], pictures: list[str]) -> Path:
    """A zip with `pictures`, and with links called `names` whose folders nothing else tells of."""
    with zipfile.ZipFile(archive, "w") as written:
        for number, name in enumerate(pictures):
            written.writestr(name, png(number))
        for name in names:
            link = zipfile.ZipInfo(name)
            link.external_attr = (stat.S_IFLNK | 0o777) << 16
            written.writestr(link, "elsewhere.png")
    return archive


def test_a_class_whose_pictures_are_all_refused_does_not_vanish(tmp_path: Path) -> None:
    archive = linked(tmp_path / "a.zip", ["c/1.png", "c/2.png"], ["a/1.png", "b/1.png"])
    with pytest.raises(DataError, match=r"without a picture: c \(2 pictures are refused.*a link"):
        load_dataset(archive)


def test_an_archive_of_refused_pictures_says_why(tmp_path: Path) -> None:
    archive = linked(tmp_path / "a.zip", ["a/1.png", "b/1.png"], [])
    with pytest.raises(DataError, match=r"no picture in it \(refused: 2, first: a/1\.png: it is a"):
        load_dataset(archive)


def test_what_would_leave_an_archive_or_is_hidden_is_no_class(tmp_path: Path) -> None:
    strays = ["../c/1.png", "/c/1.png", "C:\\c\\1.png", ".c/1.png", "__MACOSX/c/1.png"]
    archive = linked(tmp_path / "a.zip", strays, ["a/1.png", "b/1.png"])
    assert load_dataset(archive).classes == ("a", "b")


def test_a_locked_zip_is_refused_and_a_locked_member_is_named(tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "set", {f"{c}/{n}.png": png(n) for c in "ab" for n in range(3)})
    archive = zip_of(folder, tmp_path / "a.zip")
    content = bytearray(archive.read_bytes())
    entries = [at for at in range(len(content)) if content[at : at + 4] == b"PK\x01\x02"]
    files = [at for at in entries if content[at + 20 : at + 24] != bytes(4)]
    content[files[0] + 8] |= 1
    archive.write_bytes(content)
    dataset = load_dataset(archive)
    assert len(dataset) == 5
    assert list(dataset.left_alone.values()) == ["it is locked with a password"]
    for entry in files:
        content[entry + 8] |= 1
    archive.write_bytes(content)
    with pytest.raises(DataError, match=r"locked with a password\. Unpack"):
        load_dataset(archive)


@given(
    st.sampled_from(["zip", "tar", "tar.gz"]),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_a_damaged_archive_gives_a_data_set_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, ending: str, hits: list[tuple[float, int]]
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    write_tree(folder / "set", {f"{c}/{n}.png": png(n, (4, 4)) for c in "ab" for n in range(2)})
    archive = folder / f"a.{ending}"
    (zip_of if ending == "zip" else tar_of)(folder / "set", archive)
    content = bytearray(archive.read_bytes())
    for place, value in hits:
        content[int(place * (len(content) - 1))] = value
    archive.write_bytes(content)
    try:
        dataset = load_dataset(archive)
    except DataError as error:
        assert "\n" not in str(error)
    else:
        seen = scan(dataset, preprocessing=None, workers=1)
        assert len(dataset.fingerprint) == 64
        assert len(seen.unreadable) + seen.readable.sum() == len(dataset)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems want names in Unicode")
@pytest.mark.parametrize("form", ["folder", "tar"])
def test_names_that_are_not_unicode_are_escaped(tmp_path: Path, form: str) -> None:
    name = b"K\xe4fer/1.png".decode("utf-8", "surrogateescape")
    folder = write_tree(tmp_path / "set", {name: png(1), "ant/1.png": png(2)})
    dataset = load_dataset(folder if form == "folder" else tar_of(folder, tmp_path / "a.tar"))
    assert dataset.classes == ("ant", r"K\udce4fer")
    assert dataset.source.read(dataset.paths[0]) == png(1)
    assert dataset.fingerprint


def test_bombs_are_refused(tmp_path: Path) -> None:
    zipped = zip_of(write_tree(tmp_path / "set", {"a/1.png": png(1)}), tmp_path / "a.zip")
    content = bytearray(zipped.read_bytes())
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = b"\xf0\xff\xff\xff"
    zipped.write_bytes(content)
    with pytest.raises(DataError, match="made to do harm"):
        load_dataset(zipped)

    packed = tmp_path / "b.tar.bz2"
    packed.write_bytes(bz2.compress(bytes(20_000_000)) * 15)
    with pytest.raises(DataError, match="made to do harm"):
        load_dataset(packed)


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files by /proc")
def test_an_archive_is_closed_when_its_data_set_is_gone(photo_folder: Path, tmp_path: Path) -> None:
    archive = tar_of(photo_folder, tmp_path / "a.tar.gz")
    before = _open_files()
    dataset = load_dataset(archive)
    assert _open_files() == before + 1
    assert list(tmp_path.iterdir()).count(archive) == 1
    del dataset
    assert _open_files() == before


def test_digits_are_those_of_scikit_learn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = load_dataset("digits")
    reference = load_digits()
    assert dataset.classes == tuple("0123456789")
    assert np.bincount(dataset.labels).tolist() == np.bincount(reference.target).tolist()
    number = int(dataset.paths[100].split("/")[1].split(".")[0])
    pixels = np.frombuffer(dataset.source.read(dataset.paths[100])[-64:], np.uint8).reshape(8, 8)
    assert np.array_equal(np.rint(pixels / 255 * 16), reference.images[number])
    assert dataset.labels[100] == reference.target[number]

    monkeypatch.chdir(write_tree(tmp_path, {f"digits/{c}/1.png": png(1) for c in "ab"}))
    assert len(load_dataset("digits")) == 1797
    assert len(load_dataset("./digits")) == 2


def test_columns_are_for_tables(photo_folder: Path) -> None:
    with pytest.raises(UsageError, match="for a table only"):
        load_dataset(photo_folder, label_column="label")


def test_a_subset_keeps_its_rows_together(photo_folder: Path) -> None:
    dataset = load_dataset(photo_folder)
    part = dataset.subset([5, 20])
    assert part.paths == (dataset.paths[5], dataset.paths[20])
    assert part.labels.tolist() == [dataset.labels[5], dataset.labels[20]]
    assert part.classes == dataset.classes
    digest = hashlib.sha256(part.source.read(part.paths[1])).hexdigest()
    assert digest == hashlib.sha256((photo_folder / dataset.paths[20]).read_bytes()).hexdigest()
