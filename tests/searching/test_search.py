"""Indexing and searching real pictures: what is found, what is refused, and going on."""

from __future__ import annotations

import json
import shutil
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import linnaeus
from linnaeus.errors import BundleError, DataError, MissingError, UsageError, WriteError
from linnaeus.progress import Quiet
from linnaeus.searching import indexing
from linnaeus.searching.approximate import approximate_nearest, units_of
from linnaeus.searching.indexing import index_pictures

if TYPE_CHECKING:
    from linnaeus import Dataset
    from linnaeus.searching.indexing import Indexed
    from linnaeus.training.run import Run


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory, some_digits: Dataset) -> Path:
    """120 digits as files in class folders, and one file that is no picture."""
    folder = tmp_path_factory.mktemp("digits") / "pictures"
    for row in range(0, len(some_digits), 5):
        file = folder / some_digits.labels_of(row)[0] / f"{row:03}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(some_digits.source.read(some_digits.paths[row]))
    (folder / "0" / "broken.png").write_bytes(b"no picture")
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, digits_run: Run, pictures: Path) -> Indexed:
    """The index of them. Leave it alone."""
    return linnaeus.index(digits_run.folder, pictures, tmp_path_factory.mktemp("index") / "it")


def test_each_picture_finds_itself_first_and_those_of_its_class(
    made: Indexed, pictures: Path
) -> None:
    asked = sorted(pictures.glob("*/*.png"))[1::5]
    found = linnaeus.search(made.folder, [file for file in asked if file.stem != "broken"], top=5)
    same = []
    for query in found.queries:
        itself, *others = query.neighbours
        assert itself.id == Path(query.id).relative_to(pictures).as_posix()
        assert itself.similarity == pytest.approx(1, abs=1e-5)
        assert others[0].similarity >= others[-1].similarity
        same += [one.label == itself.label for one in others]
    assert np.mean(same) > 0.7  # one in ten by chance


def test_similarities_are_those_of_the_bundle_s_own_features(
    made: Indexed, pictures: Path, digits_run: Run
) -> None:
    files = [file for file in sorted(pictures.glob("*/*.png")) if file.stem != "broken"]
    classifier = linnaeus.load(digits_run.folder)
    features = np.stack([answer.features for _, answer in classifier.stream(enumerate(files))])
    seen = (features - features.mean(0, dtype=np.float64)) / np.maximum(features.std(0), 1e-12)
    seen[:, features.std(0) < 1e-12] = 0
    (query,) = linnaeus.search(made.folder, files[7], top=120).queries
    assert len(query.neighbours) == 120
    for one in query.neighbours:
        other = seen[files.index(pictures / one.id)]
        cosine = seen[7] @ other / (np.linalg.norm(seen[7]) * np.linalg.norm(other))
        assert one.similarity == pytest.approx(cosine, abs=1e-4)


def test_what_cannot_be_read_is_told_and_left_out(made: Indexed) -> None:
    assert made.record.pictures == 120
    assert list(made.record.skipped) == ["0/broken.png"]


def test_a_folder_without_labels_is_taken_as_it_is_and_that_is_told(
    digits_run: Run, pictures: Path, tmp_path: Path
) -> None:
    shutil.copytree(pictures / "3", tmp_path / "loose")
    (tmp_path / "loose" / "notes.txt").write_text("not a picture")
    made = linnaeus.index(digits_run.folder, tmp_path / "loose", tmp_path / "index")
    assert list(made.record.left_alone) == ["notes.txt"]
    query = next((tmp_path / "loose").glob("*.png"))
    found = linnaeus.search(made.folder, query, out=tmp_path / "page.html")
    assert {one.label for one in found.queries[0].neighbours} == {""}
    assert (tmp_path / "page.html").read_text().count("data:image/png") == 11


def test_pictures_that_are_gone_are_named_on_the_page(
    digits_run: Run, pictures: Path, tmp_path: Path
) -> None:
    shutil.copytree(pictures / "3", tmp_path / "loose")
    made = linnaeus.index(digits_run.folder, tmp_path / "loose", tmp_path / "index")
    shutil.move(tmp_path / "loose", tmp_path / "moved")
    query = next((tmp_path / "moved").glob("*.png"))
    linnaeus.search(made.folder, query, top=3, out=tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "3 of the pictures found are not shown, only named" in page
    assert page.count("data:image/png") == 1


def test_a_file_that_is_gone_when_its_turn_comes_is_told_as_any_that_cannot_be_read(
    digits_run: Run, pictures: Path, tmp_path: Path
) -> None:
    shutil.copytree(pictures, tmp_path / "pictures")
    dataset = linnaeus.load_dataset(tmp_path / "pictures")
    gone = dataset.paths[-1]
    (tmp_path / "pictures" / gone).unlink()
    made = linnaeus.index(digits_run.folder, dataset, tmp_path / "index")
    assert "No such file" in made.record.skipped[gone]
    assert made.record.pictures == 119


def test_where_not_one_picture_can_be_read_nothing_is_left_behind(
    digits_run: Run, tmp_path: Path
) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "broken.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"of 1 picture none could be read; of broken\.png"):
        linnaeus.index(digits_run.folder, tmp_path / "pictures", tmp_path / "index")
    assert [one.name for one in tmp_path.iterdir()] == ["pictures"]


def test_another_bundle_is_refused(made: Indexed, mlp_run: Run, pictures: Path) -> None:
    with pytest.raises(BundleError, match="made with another bundle"):
        linnaeus.search(made.folder, next(pictures.glob("*/*.png")), bundle=mlp_run.folder)


@pytest.mark.parametrize(
    "file",
    [
        "frame.safetensors",
        "pieces/000000.safetensors",
        "pieces/000000.json",
        "index.json",
        "manifest.json",
    ],
)
def test_a_changed_file_is_refused(
    made: Indexed, pictures: Path, tmp_path: Path, file: str
) -> None:
    copy = shutil.copytree(made.folder, tmp_path / "copy")
    content = bytearray((copy / file).read_bytes())
    content[-3] ^= 1
    (copy / file).write_bytes(content)
    with pytest.raises(DataError, match=file.rpartition("/")[2]):
        linnaeus.search(copy, next((pictures / "3").iterdir()))


def test_a_folder_that_is_no_index_and_a_finished_one_are_refused(
    made: Indexed, digits_run: Run, pictures: Path, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="no index here"):
        linnaeus.search(tmp_path, next((pictures / "3").iterdir()))
    with pytest.raises(WriteError, match="already exists"):
        linnaeus.index(digits_run.folder, pictures, made.folder)
    with pytest.raises(UsageError, match=r"Let it end in .csv, .json, .html"):
        linnaeus.search(made.folder, next((pictures / "3").iterdir()), out=tmp_path / "found.txt")
    with pytest.raises(UsageError, match="--top"):
        linnaeus.search(made.folder, next((pictures / "3").iterdir()), top=0)


class Broken(Exception):
    pass


class Heard(Quiet):
    """What is told of an index, its warnings apart, and how many pictures were embedded before."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.warnings: list[str] = []
        self.before = 0.0

    def say(self, sentence: str) -> None:
        self.said.append(sentence)

    def warn(self, sentence: str) -> None:
        self.warnings.append(sentence)

    def advance(self, amount: float = 1.0, note: str = "") -> None:
        self.before += amount if note == "embedded before" else 0


@pytest.fixture
def broken_off(
    digits_run: Run, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Dataset:
    """A copy of the pictures, of which two pieces of fifty are embedded for tmp_path/index."""
    monkeypatch.setattr(indexing, "PIECE", 50)
    dataset = linnaeus.load_dataset(shutil.copytree(pictures, tmp_path / "pictures"))
    read = dataset.source.read

    def failing(path: str) -> bytes:
        if path == dataset.paths[110]:
            raise Broken
        return read(path)

    with monkeypatch.context() as patched:
        patched.setattr(dataset.source, "read", failing)
        heard = Heard()
        with pytest.raises(Broken):
            index_pictures(digits_run.folder, dataset, tmp_path / "index", progress=heard)
    assert "100 pictures are kept" in heard.said[-1]
    assert not (tmp_path / "index").exists()
    return dataset


def test_an_index_that_was_broken_off_goes_on_and_comes_out_the_same(
    made: Indexed,
    broken_off: Dataset,
    digits_run: Run,
    mlp_run: Run,
    pictures: Path,
    tmp_path: Path,
) -> None:
    with pytest.raises(UsageError, match="another bundle"):
        index_pictures(mlp_run.folder, broken_off, tmp_path / "index")
    heard = Heard()
    again = index_pictures(digits_run.folder, broken_off, tmp_path / "index", progress=heard)
    assert (heard.before, heard.warnings) == (100, [])
    assert again.record.pieces == (49, 50, 21)
    assert not (tmp_path / "index.unfinished").exists()
    query = pictures / "3" / sorted((pictures / "3").iterdir())[0].name
    one, other = (linnaeus.search(index.folder, query) for index in (made, again))
    assert [near.id for near in one.queries[0].neighbours] == [
        near.id for near in other.queries[0].neighbours
    ]


def test_what_changed_while_an_index_was_broken_off_is_embedded_anew_and_told(
    broken_off: Dataset, digits_run: Run, tmp_path: Path
) -> None:
    """One picture of the first piece is another now, and one that could not be read can be."""
    first, last = broken_off.paths[1], broken_off.paths[-1]
    known = {path: (tmp_path / "pictures" / path).read_bytes() for path in (first, last)}
    (tmp_path / "pictures" / first).write_bytes(known[last])
    (tmp_path / "pictures" / "0" / "broken.png").write_bytes(known[first])
    heard = Heard()
    made = index_pictures(digits_run.folder, broken_off, tmp_path / "index", progress=heard)
    assert heard.before == 50
    (told,) = heard.warnings
    assert "2 of the pictures" in told and first in told and "0/broken.png" in told
    assert made.record.skipped == {}
    found = linnaeus.search(made.folder, tmp_path / "pictures" / last, top=2)
    assert {one.id for one in found.queries[0].neighbours} == {first, last}


def test_a_label_that_changed_while_an_index_was_broken_off_is_the_new_one(
    broken_off: Dataset, digits_run: Run, tmp_path: Path
) -> None:
    labels = broken_off.labels.copy()
    labels[60] = broken_off.classes.index("9")
    heard = Heard()
    relabelled = replace(broken_off, labels=labels)
    made = index_pictures(digits_run.folder, relabelled, tmp_path / "index", progress=heard)
    assert heard.before == 50 and broken_off.paths[60] in heard.warnings[0]
    query = tmp_path / "pictures" / broken_off.paths[60]
    assert linnaeus.search(made.folder, query, top=1).queries[0].neighbours[0].label == "9"


def test_beyond_a_bound_faiss_finds_what_looking_at_all_finds(
    made: Indexed, digits_run: Run, some_digits: Dataset, tmp_path: Path
) -> None:
    pytest.importorskip("faiss")
    exact = index_pictures(digits_run.folder, some_digits, tmp_path / "exact")
    fast = index_pictures(digits_run.folder, some_digits, tmp_path / "fast", exact_to=500)
    assert fast.record.approximate is not None
    assert fast.record.approximate.recall >= 0.99
    assert fast.record.approximate.lists > 1
    queries = []
    for row in range(0, 120, 12):
        queries.append(tmp_path / f"{row}.png")
        queries[-1].write_bytes(some_digits.source.read(some_digits.paths[row]))
    looked, found = (linnaeus.search(index.folder, queries, top=10) for index in (exact, fast))
    assert "are found on average" in " ".join(found.remarks)
    same = []
    for one, other in zip(looked.queries, found.queries, strict=True):
        known = {near.id: near.similarity for near in one.neighbours}
        same += [near.id in known for near in other.neighbours]
        assert all(
            near.similarity == pytest.approx(known[near.id], abs=1e-5)
            for near in other.neighbours
            if near.id in known
        )
    assert np.mean(same) >= 0.97


@pytest.mark.parametrize("hurt", ["gone", "short", "other names"])
def test_a_damaged_piece_of_what_faiss_searches_is_told(
    digits_run: Run, some_digits: Dataset, tmp_path: Path, hurt: str
) -> None:
    pytest.importorskip("faiss")
    index = index_pictures(digits_run.folder, some_digits, tmp_path / "i", exact_to=500).folder
    piece, names = index / "pieces" / "000000.safetensors", index / "pieces" / "000000.json"
    if hurt == "gone":
        piece.unlink()
    elif hurt == "short":
        piece.write_bytes(piece.read_bytes()[:-40])
    else:
        told = json.loads(names.read_text())
        names.write_text(json.dumps({**told, "labels": told["labels"][::-1]}))
    (tmp_path / "q.png").write_bytes(some_digits.source.read(some_digits.paths[3]))
    with pytest.raises(DataError, match=r"000000\.(safetensors|json): this file of an index"):
        linnaeus.search(index, tmp_path / "q.png")


def test_of_many_queries_what_faiss_finds_is_ranked_as_of_each_alone(
    digits_run: Run, some_digits: Dataset, tmp_path: Path
) -> None:
    pytest.importorskip("faiss")
    index = index_pictures(digits_run.folder, some_digits, tmp_path / "i", exact_to=500)
    queries = next(units_of(index.folder, index.record))[:200]  # more than are ranked at a time
    together, similar = approximate_nearest(index.folder, index.record, queries, 5)
    for row in (0, 80, 81, 199):
        alone, _ = approximate_nearest(index.folder, index.record, queries[row : row + 1], 5)
        assert together[row].tolist() == alone[0].tolist()
    assert together[:, 0].tolist() == list(range(200))
    assert similar.shape == (200, 5)


def test_pixels_of_what_is_looked_for_are_kept_for_a_page_alone(
    made: Indexed, pictures: Path, tmp_path: Path
) -> None:
    query = next((pictures / "3").iterdir())
    for ending, kept in ((".csv", False), (".html", True)):
        found = linnaeus.search(made.folder, query, out=tmp_path / f"found{ending}")
        assert (found.queries[0].source is not None) == kept


def test_without_faiss_the_extra_is_named_before_the_work(
    digits_run: Run, some_digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(MissingError, match=r'pip install "linnaeus\[search\]"'):
        index_pictures(digits_run.folder, some_digits, tmp_path / "index", exact_to=500)
    assert not (tmp_path / "index.unfinished").exists()


def test_what_is_found_is_written_as_json_and_as_a_table(
    made: Indexed, pictures: Path, tmp_path: Path
) -> None:
    found = linnaeus.search(
        made.folder,
        [pictures / "0" / "broken.png", *sorted((pictures / "3").iterdir())[:2]],
        top=4,
        out=[tmp_path / "found.csv", tmp_path / "found.json"],
    )
    assert list(found.skipped) == [str(pictures / "0" / "broken.png")]
    told = json.loads((tmp_path / "found.json").read_text())
    assert [len(one["found"]) for one in told["queries"]] == [4, 4]
    assert told["queries"][0]["found"][0]["label"] == "3"
    lines = (tmp_path / "found.csv").read_text().splitlines()
    assert len(lines) == 1 + 8 + 1
    assert lines[0] == "query,rank,similarity,label,picture,error"
    assert lines[1].split(",")[1:4] == ["1", "1.0000", "3"]


def test_what_is_looked_for_may_lie_in_an_archive_or_be_a_data_set(
    made: Indexed, pictures: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "asked.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for file in sorted((pictures / "3").iterdir())[:2]:
            packed.write(file, f"3/{file.name}")
    page = tmp_path / "page.html"
    found = linnaeus.search(made.folder, archive, top=1, out=page)
    assert [Path(query.neighbours[0].id).name for query in found.queries] == [
        file.name for file in sorted((pictures / "3").iterdir())[:2]
    ]
    assert page.read_text("utf-8").count("data:image") == 4
    listed = tmp_path / "asked.txt"
    listed.write_text(f"{next((pictures / '5').iterdir())}\n", "utf-8")
    (query,) = linnaeus.search(made.folder, files_from=listed, top=1).queries
    assert query.neighbours[0].similarity == pytest.approx(1, abs=1e-5)
    with pytest.raises(UsageError, match="no pictures are named"):
        linnaeus.search(made.folder)
