"""Where answers go: tables of three kinds, lines, and folders; and tables that broke off."""

from __future__ import annotations

import csv
import json
import os
import shutil
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import linnaeus
from linnaeus.errors import DataError, UsageError, WriteError
from linnaeus.file_lock import locked
from linnaeus.manifest import write_manifest
from linnaeus.predicting.asked import Answering, Asked
from linnaeus.predicting.picture import Picture
from linnaeus.predicting.sorting import Sorting
from linnaeus.progress import Quiet

if TYPE_CHECKING:
    from linnaeus import Dataset
    from linnaeus.training.run import Run

PICTURES = 90


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory, some_digits: Dataset) -> Path:
    """Ninety digits as files, and two that are none, one of them with an awkward name."""
    folder = tmp_path_factory.mktemp("digits") / "in"
    folder.mkdir()
    for row in range(PICTURES):
        content = some_digits.source.read(some_digits.paths[row])
        (folder / f"{row:03}.pgm").write_bytes(content)
    (folder / '1, "odd"\n.png').write_bytes(b"no picture")
    (folder / "099.png").write_bytes(b"")
    return folder


def read_rows(path: Path) -> list[dict[str, object]]:
    """The rows of a table of any kind, as {column: value}."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    if path.suffix == ".parquet":
        return pytest.importorskip("pyarrow.parquet").read_table(path).to_pylist()
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_each_table_has_a_row_a_picture_with_the_bits_of_the_library(
    digits_run: Run, digits: Path, tmp_path: Path, suffix: str
) -> None:
    table = tmp_path / f"answers{suffix}"
    done = linnaeus.predict(digits_run.folder, digits, out=table, sets=0.9, min_confidence=0.5)
    rows = read_rows(table)
    assert [row["image"] for row in rows] == [str(file) for file in sorted(digits.iterdir())]
    assert (done.pictures, done.unread, done.out) == (PICTURES + 2, 2, table)
    classifier = linnaeus.load(digits_run.bundle)
    answered = classifier.predict([str(row["image"]) for row in rows], unreadable="keep")
    sets = classifier.promise(answered, coverage=0.9)
    for place, (row, one) in enumerate(zip(rows, answered, strict=True)):
        assert (row["prediction"] or "") == one.label
        assert (row["error"] or "") == one.error
        if one.error:
            continue
        numbers = row.get("probabilities") or {n: row[f"p:{n}"] for n in classifier.classes}
        got = np.array([float(numbers[name]) for name in classifier.classes], np.float32)  # type: ignore[index]
        assert got.tobytes() == answered.probabilities[place].tobytes()
        members = row["set"].split("|") if suffix == ".csv" else row["set"]  # type: ignore[attr-defined]
        assert [m for m in members if m] == sets.labels(place, classifier.classes)
        sure = one.unknown or one.confidence >= 0.5
        told = {True: True, "yes": True, False: False, "no": False, None: False, "": False}
        assert told[row["withheld"]] == (not sure)  # type: ignore[index]
    assert sum(done.labels.values()) == PICTURES
    assert list(tmp_path.iterdir()) == [table]


def test_a_picture_is_as_strange_alone_as_beside_others(digits_run: Run, digits: Path) -> None:
    classifier = linnaeus.load(digits_run.bundle)
    files = sorted(digits.glob("*.pgm"))[:40]
    together = classifier.predict(files).familiar
    alone = [classifier.predict(file).familiar for file in files]
    assert together is not None
    assert [one.strangeness[0] for one in alone if one] == together.strangeness.tolist()


def test_of_many_pixels_each_answer_is_what_it_is_alone(digits_run: Run) -> None:
    classifier = linnaeus.load(digits_run.bundle)
    size = classifier.record.preprocessing
    shape = (300, size.height_px, size.width_px, 3)
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    together = classifier.predict_pixels(iter(pixels))
    alone = [classifier.predict_pixels([one])[0] for one in pixels]
    assert len(together) == len(alone)
    for name in ("probabilities", "logits", "features", "sketch"):
        many, single = (
            np.stack([getattr(one, name) for one in both]) for both in (together, alone)
        )
        np.testing.assert_array_equal(many, single)
        assert np.ptp(many, axis=0).max() > 0
    assert classifier.predict_pixels([]) == []


@pytest.mark.parametrize("told", [True, False], ids=["told how many", "not told how many"])
def test_of_many_files_each_answer_is_what_it_is_alone(
    digits_run: Run, digits: Path, told: bool
) -> None:
    classifier = linnaeus.load(digits_run.bundle)
    files = sorted(digits.iterdir()) * 5
    total = len(files) if told else None
    sources = [file if place % 3 else file.read_bytes for place, file in enumerate(files)]
    streamed = list(classifier.stream(zip(files, sources, strict=True), total=total))
    assert [file for file, _ in streamed] == files
    alone = {file: next(classifier.stream([(file, file)]))[1] for file in set(files)}
    for file, answer in streamed:
        single = alone[file]
        assert (answer.error, answer.notes) == (single.error, single.notes)
        for name in ("probabilities", "logits", "features", "sketch"):
            np.testing.assert_array_equal(getattr(answer, name), getattr(single, name))
    assert sum(bool(one.error) for one in alone.values()) == 2
    together = classifier.gather([str(file) for file in files], [one for _, one in streamed])
    each = {file: classifier.gather([str(file)], [one]).familiar for file, one in alone.items()}
    strange = [one.strangeness[0] for file in files if (one := each[file])]
    assert together.familiar is not None
    np.testing.assert_array_equal(together.familiar.strangeness, strange)


def test_top_names_the_likeliest_in_lines_and_tables(
    digits_run: Run, digits: Path, tmp_path: Path
) -> None:
    file = digits / "003.pgm"
    row = linnaeus.load(digits_run.bundle).predict(file).probabilities[0]
    order = [str(at) for at in np.argsort(-row)[:3]]
    lines: list[str] = []
    linnaeus.predict(digits_run.folder, file, top=3, line=lines.append)
    assert [part.split()[0] for part in lines[0].split("\t")[3].split(" | ")] == order
    for suffix in (".csv", ".jsonl"):
        linnaeus.predict(digits_run.folder, file, top=3, out=tmp_path / f"t{suffix}")
    (of_csv,), (of_json,) = read_rows(tmp_path / "t.csv"), read_rows(tmp_path / "t.jsonl")
    assert [of_csv[f"top{n}"] for n in (1, 2, 3)] == order
    assert np.float32(of_csv["p1"]) == row.max()
    assert [one["label"] for one in of_json["top"]] == order  # type: ignore[attr-defined]
    assert "probabilities" not in of_json
    assert not [name for name in of_csv if name.startswith("p:")]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_tables_tell_how_far_answers_moved_and_what_may_be_changed(
    digits_run: Run, digits: Path, tmp_path: Path, suffix: str
) -> None:
    table, above = tmp_path / f"t{suffix}", 1.5
    done = linnaeus.predict(
        digits_run.folder, digits, out=table, squeeze="bits", changed_above=above
    )
    rows = read_rows(table)
    classifier = linnaeus.load(digits_run.bundle).squeezing("bits").detecting(above)
    answered = classifier.predict([str(row["image"]) for row in rows], unreadable="keep")
    called = {True: True, "yes": True, False: False, "no": False, None: None, "": None}
    for row, one in zip(rows, answered, strict=True):
        told = called[row["changed"]]  # type: ignore[index]
        assert told == (None if one.error else one.moved > above)
        if not one.error:
            assert float(row["moved"]) == pytest.approx(one.moved, rel=1e-5)  # type: ignore[arg-type]
    assert done.changed == answered.changed.sum()
    assert 0 < done.changed < PICTURES


def test_lines_and_folders_tell_what_may_be_changed(
    digits_run: Run, digits: Path, tmp_path: Path
) -> None:
    files = sorted(digits.glob("*.pgm"))[:20]
    answered = linnaeus.load(digits_run.bundle).detecting(1.5).predict(files)
    changed = answered.changed & ~answered.unknown
    lines: list[str] = []
    linnaeus.predict(digits_run.folder, files, changed_above=1.5, line=lines.append)
    for line, one in zip(lines, answered, strict=True):
        assert line.split("\t")[3:] == [f"moved {one.moved:.3f}", "changed" * one.changed]
    linnaeus.predict(digits_run.folder, files, changed_above=1.5, sort_into=tmp_path / "sorted")
    aside = sorted(file.name for file in (tmp_path / "sorted/changed").iterdir())
    assert aside == [file.name for file, one in zip(files, changed, strict=True) if one]


def test_what_was_measured_without_squeezing_is_told_and_not_promised(
    digits_run: Run, digits: Path
) -> None:
    seen = Counting()
    linnaeus.predict(digits_run.folder, digits / "003.pgm", squeeze="median", progress=seen)
    assert any("Every picture is squeezed first" in sentence for sentence in seen.told)
    with pytest.raises(UsageError, match="not squeezed first"):
        linnaeus.predict(digits_run.folder, digits, squeeze="median", sets=0.9)


@pytest.mark.parametrize(
    ("suffix", "broken_off"),
    [
        (".csv", "in a row"),
        (".csv", "after a row"),
        (".csv", "in the head"),
        (".jsonl", "in a row"),
        (".parquet", "in a row"),
    ],
)
def test_a_table_that_broke_off_is_gone_on_with_and_is_the_same_in_the_end(
    digits_run: Run, digits: Path, tmp_path: Path, suffix: str, broken_off: str
) -> None:
    whole, table = tmp_path / f"whole{suffix}", tmp_path / f"t{suffix}"
    linnaeus.predict(digits_run.folder, digits, out=whole)
    with pytest.raises(KeyboardInterrupt):
        linnaeus.predict(digits_run.folder, digits, out=table, progress=EndsAfter(60))
    part = table.with_name(f"{table.name}.part")
    assert not table.exists()
    content = part.read_bytes()
    ends = {"in a row": len(content) - 7, "after a row": len(content), "in the head": 5}
    part.write_bytes(content[: ends[broken_off]])
    if broken_off != "in the head":
        with pytest.raises(WriteError, match="Give --resume"):
            linnaeus.predict(digits_run.folder, digits, out=table)
    seen = Counting()
    done = linnaeus.predict(digits_run.folder, digits, out=table, resume=True, progress=seen)
    assert read_rows(table) == read_rows(whole)
    assert (done.pictures, done.unread) == (PICTURES + 2, 2)
    assert seen.done == PICTURES + 2
    assert sorted(tmp_path.iterdir()) == [table, whole]
    if broken_off != "in the head":
        assert any(s.startswith("Going on after ") for s in seen.told)
    with pytest.raises(UsageError, match="finished"):
        linnaeus.predict(digits_run.folder, digits, out=table, resume=True)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_a_name_that_is_no_utf_8_has_its_row_in_every_table(
    digits_run: Run, digits: Path, tmp_path: Path, suffix: str
) -> None:
    table, inbox = tmp_path / f"t{suffix}", tmp_path / "inbox"
    inbox.mkdir()
    for place in range(40):
        name = os.fsencode(inbox) + b"/%02d-\xfc.pgm" % place
        shutil.copy(digits / "003.pgm", os.fsdecode(name))
    with pytest.raises(KeyboardInterrupt):
        linnaeus.predict(digits_run.folder, inbox, out=table, progress=EndsAfter(32))
    linnaeus.predict(digits_run.folder, inbox, out=table, resume=True)
    names = [row["image"] for row in read_rows(table)]
    assert names == [str(inbox / f"{place:02}-\\udcfc.pgm") for place in range(40)]


@pytest.mark.parametrize("link", [False, True])
def test_a_name_with_a_null_in_a_list_is_a_picture_that_cannot_be_read(
    digits_run: Run, digits: Path, tmp_path: Path, link: bool
) -> None:
    (tmp_path / "list").write_bytes(b"%s\nparted\0by.pgm\n" % os.fsencode(digits / "003.pgm"))
    named = {"files_from": tmp_path / "list", "out": tmp_path / "t.csv"}
    done = linnaeus.predict(
        digits_run.folder,
        **named,  # type: ignore[arg-type]
        sort_into=tmp_path / "s",
        link=link,
    )
    assert (done.pictures, done.unread) == (2, 1)
    assert len(read_rows(tmp_path / "t.csv")) == 2
    (sorted_file,) = [file for file in (tmp_path / "s").rglob("*") if not file.is_dir()]
    assert sorted_file.name == "003.pgm"


def test_what_cannot_be_gone_on_with_is_not_advised_to(
    digits_run: Run, digits: Path, tmp_path: Path
) -> None:
    table, ends = tmp_path / "t.csv", EndsAfter(32)
    with pytest.raises(KeyboardInterrupt):
        linnaeus.predict(digits_run.folder, digits, out=table, smooth=2, progress=ends)
    (told,) = [sentence for sentence in ends.told if "are kept in" in sentence]
    assert "--resume" not in told
    advice = f"Remove {table}.part to begin anew, or name another table with --out."
    assert told.endswith(advice)
    with pytest.raises(WriteError) as refused:
        linnaeus.predict(digits_run.folder, digits, out=table, smooth=2)
    assert refused.value.mend == advice


def test_what_is_answered_when_ctrl_c_comes_is_kept(
    digits_run: Run, digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Typed:
        """Standard input of somebody who names two pictures, waits, and ends it."""

        @property
        def buffer(self) -> Iterator[bytes]:
            yield from (b"%s\n" % os.fsencode(digits / f"{place:03}.pgm") for place in (3, 4))
            time.sleep(3)
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdin", Typed())
    with pytest.raises(KeyboardInterrupt):
        linnaeus.predict(digits_run.folder, files_from="-", out=tmp_path / "t.csv")
    assert len((tmp_path / "t.csv.part").read_bytes().splitlines()) == 3


def test_pictures_that_changed_since_their_rows_were_written_are_named(
    digits_run: Run, digits: Path, tmp_path: Path
) -> None:
    pictures, table = shutil.copytree(digits, tmp_path / "digits"), tmp_path / "t.csv"
    archive = tmp_path / "two.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for name in ("a.pgm", "b.pgm"):
            opened.write(digits / "001.pgm", name)
    with pytest.raises(KeyboardInterrupt):
        given = [archive, pictures]
        linnaeus.predict(digits_run.folder, given, out=table, progress=EndsAfter(64))
    os.utime(archive, (1, 1))
    for name in ("003.pgm", "085.pgm"):  # the second has no row yet
        shutil.copy(digits / "020.pgm", pictures / name)
    seen = Counting()
    linnaeus.predict(digits_run.folder, given, out=table, resume=True, progress=seen)
    (told,) = [sentence for sentence in seen.told if "have changed since" in sentence]
    assert told.startswith("The files of 3 pictures have changed since their rows were written")
    assert f"({archive}/a.pgm, {archive}/b.pgm, {pictures / '003.pgm'})" in told
    assert sorted(tmp_path.iterdir()) == [pictures, table, archive]


def test_other_pictures_other_options_and_other_bundles_are_not_gone_on_with(
    digits_run: Run, mlp_run: Run, digits: Path, tmp_path: Path
) -> None:
    table = tmp_path / "t.csv"
    with pytest.raises(KeyboardInterrupt):
        linnaeus.predict(digits_run.folder, digits, out=table, progress=EndsAfter(32))
    with pytest.raises(UsageError, match="begun with top None, and top is 2 now"):
        linnaeus.predict(digits_run.folder, digits, out=table, resume=True, top=2)
    with pytest.raises(UsageError, match="begun with squeeze None, and squeeze is bits now"):
        linnaeus.predict(digits_run.folder, digits, out=table, resume=True, squeeze="bits")
    with pytest.raises(UsageError, match="begun with changed_above None"):
        linnaeus.predict(digits_run.folder, digits, out=table, resume=True, changed_above=0.4)
    with pytest.raises(UsageError, match="begun with sort_into None"):
        linnaeus.predict(
            digits_run.folder, digits, out=table, resume=True, sort_into=tmp_path / "s"
        )
    with pytest.raises(UsageError, match="begun with bundle"):
        linnaeus.predict(mlp_run.folder, digits, out=table, resume=True)
    with pytest.raises(DataError, match=r"picture 1 was .*000\.pgm"):
        linnaeus.predict(digits_run.folder, digits / "003.pgm", out=table, resume=True)
    (tmp_path / "t.csv.part").write_bytes(b"image,error\n\xff\n")
    with pytest.raises(DataError, match="cannot be read"):
        linnaeus.predict(digits_run.folder, digits, out=table, resume=True)


def test_a_table_without_a_row_blocks_nothing(
    digits_run: Run, digits: Path, tmp_path: Path
) -> None:
    table = tmp_path / "t.csv"
    with pytest.raises(KeyboardInterrupt):
        linnaeus.predict(digits_run.folder, digits, out=table, top=2, progress=EndsAfter(32))
    part = tmp_path / "t.csv.part"
    part.write_bytes(part.read_bytes().splitlines(keepends=True)[0])
    linnaeus.predict(digits_run.folder, digits, out=table)
    assert len(read_rows(table)) == PICTURES + 2
    assert list(tmp_path.iterdir()) == [table]


def test_what_is_refused_begins_no_table(digits: Path, digits_run: Run, tmp_path: Path) -> None:
    bundle, table = tmp_path / "bundle", tmp_path / "t.csv"
    shutil.copytree(digits_run.bundle, bundle)
    record = json.loads((bundle / "bundle.json").read_text("utf-8"))
    record["classes"] = ["unknown", *record["classes"][1:]]
    (bundle / "bundle.json").write_text(json.dumps(record), encoding="utf-8")
    write_manifest(bundle)
    with pytest.raises(UsageError, match="a class is called 'unknown'"):
        linnaeus.predict(bundle, digits, out=table, sort_into=tmp_path / "sorted")
    with pytest.raises(UsageError, match="videos are not written"):
        linnaeus.predict(bundle, digits, out=table, video_out=tmp_path / "t.gif")
    assert list(tmp_path.iterdir()) == [bundle]
    linnaeus.predict(bundle, digits, out=table)
    assert len(read_rows(table)) == PICTURES + 2


def test_a_table_that_another_process_writes_is_left_alone(
    digits_run: Run, digits: Path, tmp_path: Path
) -> None:
    table = tmp_path / "t.csv"
    with pytest.raises(KeyboardInterrupt):
        linnaeus.predict(digits_run.folder, digits, out=table, progress=EndsAfter(32))
    part, about = tmp_path / "t.csv.part", tmp_path / "t.csv.part.json"
    rows = part.read_bytes()
    with about.open("rb") as held:
        assert locked(held)  # as another process holds it
        for resume in (True, False):
            with pytest.raises(WriteError, match="another process is writing this table"):
                linnaeus.predict(digits_run.folder, digits, out=table, resume=resume)
        assert part.read_bytes() == rows
    linnaeus.predict(digits_run.folder, digits, out=table, resume=True)
    assert len(read_rows(table)) == PICTURES + 2


def test_pictures_are_sorted_and_nothing_is_overwritten(
    digits_run: Run, digits: Path, tmp_path: Path
) -> None:
    into = tmp_path / "sorted"
    pictures = [digits, digits / "003.pgm"]
    done = linnaeus.predict(digits_run.folder, pictures, sort_into=into, min_confidence=0.6)
    folders = {folder.name: len(list(folder.iterdir())) for folder in into.iterdir()}
    assert folders.pop("unreadable") == 2
    assert folders.get("withheld", 0) == done.withheld
    assert sum(folders.values()) == PICTURES  # the picture given twice stands once
    for file in into.rglob("*.pgm"):
        assert file.read_bytes() == (digits / file.name).read_bytes()
    other = next(folder for folder in into.iterdir() if folder.name.isdigit())
    name = next(other.iterdir()).name
    (other / name).write_bytes(b"somebody's own")
    linnaeus.predict(digits_run.folder, digits / name, sort_into=into)
    assert (other / name).read_bytes() == b"somebody's own"
    assert (other / name).with_stem(f"{Path(name).stem}-2").read_bytes() == (
        digits / name
    ).read_bytes()


def test_links_lead_to_the_pictures(digits_run: Run, digits: Path, tmp_path: Path) -> None:
    for _ in range(2):  # the second time they are there already
        linnaeus.predict(digits_run.folder, digits, sort_into=tmp_path / "s", link=True)
    links = [file for file in (tmp_path / "s").rglob("*") if not file.is_dir()]
    assert len(links) == PICTURES + 2
    assert {link.readlink() for link in links} == set(digits.iterdir())


def test_what_nothing_can_link_to_is_refused_before_the_work(
    digits_run: Run, digits: Path, tmp_path: Path
) -> None:
    """Archives stand behind a folder, whose pictures are not sorted first."""
    archive = Path(shutil.make_archive(str(tmp_path / "digits"), "zip", digits))
    linked = {"sort_into": tmp_path / "s", "link": True}
    for pictures, options, told in (
        ([digits, archive], {}, r"digits\.zip gives pictures that are no files on disk"),
        (["-"], {}, "standard input gives"),
        (["camera:0"], {}, "camera:0 gives"),
        ([digits], {"allow_url": True}, "an address of --allow-url gives"),
    ):
        with pytest.raises(UsageError, match=told):
            linnaeus.predict(digits_run.folder, pictures, **linked, **options)  # type: ignore[arg-type]
    assert not (tmp_path / "s").exists()


def test_an_address_in_a_list_that_is_not_fetched_is_told_and_nothing_links_to_it(
    digits_run: Run, digits: Path, tmp_path: Path
) -> None:
    picture = digits / "003.pgm"
    (tmp_path / "list").write_text(f"https://example.org/a.jpg\n{picture}\n")
    told = linnaeus.predict(
        digits_run.folder, files_from=tmp_path / "list", sort_into=tmp_path / "s", link=True
    )
    assert (told.pictures, told.unread) == (2, 1)
    (link,) = [file for file in (tmp_path / "s").rglob("*") if not file.is_dir()]
    assert link.readlink() == picture


def test_a_picture_that_is_gone_before_it_is_copied_is_told(
    digits_run: Run, digits: Path, tmp_path: Path
) -> None:
    classifier = linnaeus.load(digits_run.bundle)
    files = [tmp_path / name for name in ("stays.pgm", "goes.pgm", "none.pgm")]
    for file in files[:2]:
        shutil.copy(digits / "003.pgm", file)
    pictures = [Picture(file.name, file) for file in files]
    read = classifier.stream((file, file) for file in files)
    answered = Answering(classifier, Asked(unknown_rate=0))(pictures, [one for _, one in read])
    files[1].unlink()
    sorting = Sorting(tmp_path / "sorted", classifier.classes)
    sorting.add(answered)
    assert sorting.gone == ["goes.pgm"], "the row of the third says that it could not be read"
    assert [file.name for file in (tmp_path / "sorted").rglob("*.pgm")] == ["stays.pgm"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"out": "answers.xlsx"}, "not written to files that end in"),
        ({"resume": True}, "only a table can be gone on with"),
        ({"resume": True, "out": "a.csv", "smooth": 2}, "means over frames cannot be gone on with"),
        ({"resume": True, "out": "a.csv", "video_out": "a.mp4"}, "a video cannot be gone on with"),
        ({"files_from": "list.csv", "out": "./list.csv"}, "written over what they are about"),
        ({"link": True}, "no folder to make links in"),
        ({"top": 0}, "0 classes cannot be named"),
        ({"min_confidence": 80}, "80 is no confidence"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(
    digits_run: Run, digits: Path, options: dict[str, object], told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        linnaeus.predict(digits_run.folder, digits, **options)  # type: ignore[arg-type]


def test_smoothing_that_smooths_nothing_is_told(digits_run: Run, digits: Path) -> None:
    progress = Counting()
    linnaeus.predict(digits_run.folder, digits / "003.pgm", smooth=2, progress=progress)
    assert any("--smooth changed nothing" in sentence for sentence in progress.told)


class Counting(Quiet):
    """A Progress that keeps what it is told."""

    def __init__(self) -> None:
        self.done = 0.0
        self.told: list[str] = []

    def say(self, sentence: str) -> None:
        self.told.append(sentence)

    warn = say

    def advance(self, amount: float = 1.0, note: str = "") -> None:
        self.done += amount


class EndsAfter(Counting):
    """Ctrl-C once so many pictures are done."""

    def __init__(self, pictures: int) -> None:
        super().__init__()
        self._pictures = pictures

    def advance(self, amount: float = 1.0, note: str = "") -> None:
        super().advance(amount, note)
        if self.done >= self._pictures:
            raise KeyboardInterrupt
