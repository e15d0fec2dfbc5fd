"""Split files: what was saved is used again, to the picture; no change of the data goes untold."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from trees import png, write_tree

import linnaeus
from linnaeus.data.audit import audit
from linnaeus.data.pinned import pinned
from linnaeus.data.scan import scan
from linnaeus.data.sources import load_dataset
from linnaeus.data.split import LEFT_OUT, Split
from linnaeus.data.split_file import read_split_file
from linnaeus.errors import DataError, UsageError, WriteError
from linnaeus.files import sha256_of


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Forty pictures of noise in two class folders."""
    names = {f"{'ab'[number % 2]}/{number:02d}.png": png(number) for number in range(40)}
    return write_tree(tmp_path / "pictures", names)


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def used_again(data: Path, file: Path, **chosen: int) -> tuple[dict[str, str], Split]:
    """{path: side} of a split file used on data, and the split itself."""
    dataset = load_dataset(data)
    found = pinned(read_split_file(file), dataset, scan(dataset), **chosen)
    return dict(zip(dataset.paths, found.assignment.tolist(), strict=True)), found


def test_a_saved_split_pins_every_picture_by_its_digest(pictures: Path, tmp_path: Path) -> None:
    saved = linnaeus.split(pictures, out=tmp_path / "split.csv", seed=3)
    rows = rows_of(saved.file)
    assert [*rows[0]] == ["image", "label", "split", "reason", "sha256"]
    assert len(rows) == 40
    assert all(row["sha256"] == sha256_of(pictures / row["image"]) for row in rows)
    assert all(row["label"] == row["image"][0] for row in rows)
    sides, found = used_again(pictures, saved.file)
    assert sides == {row["image"]: row["split"] for row in rows}
    assert not found.reasons
    assert found.remarks == (f"Parted as {saved.file} says.",)


def test_folds_are_saved_and_chosen(pictures: Path, tmp_path: Path) -> None:
    file = linnaeus.split(pictures, out=tmp_path / "folds.csv", folds=4, repeats=2).file
    tested: dict[int, list[str]] = {0: [], 1: []}
    for repeat in (0, 1):
        for fold in range(4):
            sides, _ = used_again(pictures, file, fold=fold, repeat=repeat)
            tested[repeat] += [path for path, side in sides.items() if side == "test"]
            assert {*sides.values()} == {"train", "validation", "test"}
    _, found = used_again(pictures, file, fold=2, repeat=1)
    assert found.remarks == (f"Parted as {file} says in fold 2 of repeat 1.",)
    everything = sorted(row["image"] for row in rows_of(file))
    assert sorted(tested[0]) == sorted(tested[1]) == everything
    assert used_again(pictures, file, fold=2)[0] == used_again(pictures, file, fold=2, repeat=0)[0]


def test_inner_folds_are_the_validation_in_turn(pictures: Path, tmp_path: Path) -> None:
    file = linnaeus.split(pictures, out=tmp_path / "nested.csv", folds=4, inner=3).file
    chosen = [used_again(pictures, file, fold=1, inner=inner)[0] for inner in range(3)]
    tested = {path for path, side in chosen[0].items() if side == "test"}
    validated = [{path for path, side in one.items() if side == "validation"} for one in chosen]
    assert set.union(*validated) | tested == set(chosen[0])
    assert sum(map(len, validated)) + len(tested) == 40


def test_domains_take_turns(tmp_path: Path) -> None:
    write_tree(tmp_path, {f"{number}.png": png(number) for number in range(24)})
    lines = [f"{n}.png,{'ab'[n % 2]},{'north south west'.split()[n % 3]}" for n in range(24)]
    table = tmp_path / "list.csv"
    table.write_text("\n".join(["image,label,site", *lines]) + "\n", encoding="utf-8")
    saved = linnaeus.split(table, out=tmp_path / "sites.csv", domain_column="site")
    assert [remark.split(".")[0] for remark in saved.remarks] == [
        "Fold 0 tests 'north'",
        "Fold 1 tests 'south'",
        "Fold 2 tests 'west'",
    ]
    sides, _ = used_again(table, saved.file, fold=1)
    assert {path for path, side in sides.items() if side == "test"} == {
        f"{number}.png" for number in range(1, 24, 3)
    }


def test_a_renamed_picture_is_found_by_its_bytes_and_told(pictures: Path, tmp_path: Path) -> None:
    file = linnaeus.split(pictures, out=tmp_path / "s.csv").file
    before, _ = used_again(pictures, file)
    (pictures / "a/00.png").rename(pictures / "a/new name.png")
    after, found = used_again(pictures, file)
    assert after["a/new name.png"] == before["a/00.png"]
    assert any("1 picture was renamed since" in r and "new name" in r for r in found.remarks)


def test_two_pictures_that_changed_names_keep_their_sides(pictures: Path, tmp_path: Path) -> None:
    file = linnaeus.split(pictures, out=tmp_path / "s.csv").file
    before, _ = used_again(pictures, file)
    one = next(path for path, side in before.items() if side == "test")
    other = next(path for path, side in before.items() if side == "train" and path[0] == one[0])
    (pictures / one).rename(pictures / "aside")
    (pictures / other).rename(pictures / one)
    (pictures / "aside").rename(pictures / other)
    after, found = used_again(pictures, file)
    assert (after[one], after[other]) == ("train", "test")
    assert any("2 pictures were renamed" in remark for remark in found.remarks)


def test_a_new_picture_is_left_out_and_told(pictures: Path, tmp_path: Path) -> None:
    file = linnaeus.split(pictures, out=tmp_path / "s.csv").file
    write_tree(pictures, {"a/extra.png": png(99)})
    sides, found = used_again(pictures, file)
    assert sides["a/extra.png"] == LEFT_OUT
    assert [*found.reasons.values()] == ["the split file does not know it"]
    assert any("not known to the split file" in r and "a/extra.png" in r for r in found.remarks)


@pytest.mark.parametrize("kind", ["changed", "missing", "unreadable"])
def test_pictures_that_are_not_as_they_were_are_named(
    pictures: Path, tmp_path: Path, kind: str
) -> None:
    file = linnaeus.split(pictures, out=tmp_path / "s.csv").file
    if kind == "missing":
        (pictures / "b/01.png").unlink()
    else:
        (pictures / "b/01.png").write_bytes(png(100) if kind == "changed" else b"")
    told = r"is not in pictures" if kind == "missing" else r"1 picture changed since"
    with pytest.raises(DataError, match=rf"s\.csv: .*{told}.*: b/01\.png\. Restore"):
        used_again(pictures, file)


def test_a_picture_of_another_label_keeps_its_side_and_is_told(
    pictures: Path, tmp_path: Path
) -> None:
    file = linnaeus.split(pictures, out=tmp_path / "s.csv").file
    before, _ = used_again(pictures, file)
    (pictures / "a/00.png").rename(pictures / "b/00.png")
    after, found = used_again(pictures, file)
    assert after["b/00.png"] == before["a/00.png"]
    assert any("of another label than when" in remark for remark in found.remarks)


def test_pictures_that_cannot_be_read_are_saved_as_left_out(pictures: Path, tmp_path: Path) -> None:
    (pictures / "a/broken.png").write_bytes(b"no picture")
    file = linnaeus.split(pictures, out=tmp_path / "s.csv").file
    row = next(row for row in rows_of(file) if row["image"] == "a/broken.png")
    assert row["split"] == LEFT_OUT
    assert row["reason"]
    sides, found = used_again(pictures, file)
    assert sides["a/broken.png"] == LEFT_OUT
    assert [*found.reasons.values()] == [row["reason"]]
    (pictures / "a/broken.png").unlink()
    _, found = used_again(pictures, file)
    assert any("1 picture that the split left out was gone" in r for r in found.remarks)


def test_a_copy_put_on_the_other_side_by_hand_is_left_out_of_training(
    pictures: Path, tmp_path: Path
) -> None:
    write_tree(pictures, {"a/copy.png": (pictures / "a/00.png").read_bytes()})
    file = linnaeus.split(pictures, out=tmp_path / "s.csv").file
    rows = rows_of(file)
    for row in rows:
        row["split"] = {"a/00.png": "test", "a/copy.png": "train"}.get(row["image"], row["split"])
    write_rows(file, rows)
    sides, found = used_again(pictures, file)
    assert (sides["a/00.png"], sides["a/copy.png"]) == ("test", LEFT_OUT)
    assert [*found.reasons.values()] == ["the same pixels stand in test as a/00.png"]


def test_an_audit_of_a_split_file_tells_of_copies_on_two_sides(
    pictures: Path, tmp_path: Path
) -> None:
    write_tree(pictures, {"a/copy.png": (pictures / "a/00.png").read_bytes()})
    file = linnaeus.split(pictures, out=tmp_path / "s.csv").file
    rows = rows_of(file)
    for row in rows:
        row["split"] = {"a/00.png": "test", "a/copy.png": "train"}.get(row["image"], row["split"])
    write_rows(file, rows)
    dataset = load_dataset(pictures)
    looked = scan(dataset)
    split = pinned(read_split_file(file), dataset, looked, as_written=True)
    found = audit(dataset, looked, split=split)
    (leak,) = [finding for finding in found.findings if finding.kind == "leak-across-splits"]
    assert leak.files == [["a/00.png", "a/copy.png"]]


def write_rows(file: Path, rows: Sequence[dict[str, str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as table:
        writer = csv.DictWriter(table, [*rows[0]])
        writer.writeheader()
        writer.writerows(rows)


def test_folds_that_are_not_there_are_told(pictures: Path, tmp_path: Path) -> None:
    plain = linnaeus.split(pictures, out=tmp_path / "plain.csv").file
    folds = linnaeus.split(pictures, out=tmp_path / "folds.csv", folds=3, repeats=2).file
    nested = linnaeus.split(pictures, out=tmp_path / "nested.csv", folds=3, inner=2).file
    for file, chosen, told in (
        (plain, {"fold": 0}, r"--fold: .*holds one split and no folds"),
        (plain, {"inner": 0}, r"--inner: .*holds one split and no folds"),
        (folds, {}, r"--fold: .*which of them is meant is not said. Give one of 0 to 2"),
        (folds, {"fold": 3}, r"--fold: .*no fold 3 of repeat 0. It has folds 0 to 2"),
        (folds, {"fold": 0, "repeat": 2}, r"--fold and --repeat: .*no fold 0 of repeat 2"),
        (folds, {"fold": 0, "inner": 0}, r"--inner: .*has no inner folds"),
        (nested, {"fold": 0}, r"--inner: .*which of them is meant is not said. Give one of 0 to 1"),
        (nested, {"fold": 0, "inner": 2}, r"--inner: .*none is 2. Give one of 0 to 1"),
    ):
        with pytest.raises(UsageError, match=told):
            read_split_file(file).chosen(**chosen)


DIGEST = "0" * 64


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the table is empty"),
        (b"image,split,sha256\n", "the table has no rows"),
        (b"path,label\na,b\n", "no split file: it has no column 'image'"),
        (b"image,split\na,train\n", "no split file: it has no column 'sha256'"),
        (f"image,sha256\na,{DIGEST}\n".encode(), "no split file: it has no column 'split'"),
        (b"image,split,sha256\na,train,12\n", r"line 2: '12' is no SHA-256 digest"),
        (f"image,split,sha256\na,dev,{DIGEST}\n".encode(), "line 2, column 'split': 'dev' is no"),
        (
            f"image,split,sha256\na,train,{DIGEST}\na,test,{DIGEST}\n".encode(),
            "line 3: the picture a stands on line 2 already",
        ),
        (
            f"image,split,repeat0_fold0,sha256\na,train,test,{DIGEST}\n".encode(),
            "columns of one split and of folds",
        ),
        (b"image,split,sha256\n\xff,train,\n", "not UTF-8"),
        (b"image,split,sha256\na,train\n", "the line has 2 fields"),
        (png(0), "not UTF-8"),
    ],
)
def test_files_that_are_no_split_files_are_told(tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "broken.csv"
    file.write_bytes(content)
    with pytest.raises(DataError, match=rf"broken\.csv.*{told}"):
        read_split_file(file)


def test_a_split_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.csv: there is no such split file"):
        read_split_file(tmp_path / "none.csv")
    with pytest.raises(UsageError, match="could not be read"):
        read_split_file(tmp_path)


def test_a_split_file_saved_by_a_spreadsheet_is_read(pictures: Path, tmp_path: Path) -> None:
    file = linnaeus.split(pictures, out=tmp_path / "s.csv").file
    before, _ = used_again(pictures, file)
    text = file.read_text(encoding="utf-8").replace(",", ";").replace("\n", "\r\n")
    file.write_bytes(text.encode("utf-8-sig"))
    assert used_again(pictures, file)[0] == before


def test_nothing_is_written_over(pictures: Path, tmp_path: Path) -> None:
    file = tmp_path / "s.csv"
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(WriteError, match=r"s\.csv: there is something of this name already"):
        linnaeus.split(pictures, out=file)
    assert file.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        ({"repeats": 2}, "--repeats: it is not said into how many folds"),
        ({"inner": 2}, "--inner: it is not said into how many folds"),
        ({"folds": 3, "time_column": "when"}, "--time-column: folds take turns"),
        ({"folds": 3, "domain_column": "site"}, "--domain-column: folds take turns"),
        ({"near_duplicates": "drop"}, "--near-duplicates: 'drop' is neither"),
        ({"folds": 3, "test": 0.3}, "--test: each of 3 folds is the test in turn"),
        ({"domain_column": "site", "test": 0.3}, "--test: a domain is the whole test"),
        ({"folds": 3, "inner": 2, "val": 0.1}, "--val: each of 2 inner folds is the validation"),
        ({"folds": 3, "val": 1.0}, "--val: 1 is no share"),
        ({"val": 0.6, "test": 0.4}, "leave nothing to learn from"),
    ],
)
def test_choices_that_contradict_each_other_are_refused(
    pictures: Path, tmp_path: Path, choices: dict[str, object], told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        linnaeus.split(pictures, out=tmp_path / "s.csv", **choices)  # type: ignore[arg-type]
    assert not (tmp_path / "s.csv").exists()


def test_the_same_pictures_in_another_order_are_parted_alike(
    pictures: Path, tmp_path: Path
) -> None:
    sides = {}
    for name, order in (("one", range(40)), ("other", np.random.default_rng(0).permutation(40))):
        folder = tmp_path / name
        files = sorted(path for path in pictures.rglob("*.png"))
        place = {file: number for number, file in zip(order, files, strict=True)}
        write_tree(folder, {f"{f.parent.name}/{place[f]:02d}.png": f.read_bytes() for f in files})
        saved = linnaeus.split(folder, out=tmp_path / f"{name}.csv", folds=4)
        sides[name] = {row["sha256"]: row["repeat0_fold2"] for row in rows_of(saved.file)}
    assert sides["one"] == sides["other"]
