"""What evaluate tells of the files it is given: copies, strays, repeated rows, known groups."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

import linnaeus
from linnaeus.bundle.seen import SEEN_FILE, add_seen, group_digests, read_seen_groups, write_seen
from linnaeus.bundle.seen import short_digests as short
from linnaeus.errors import LinnaeusError

if TYPE_CHECKING:
    from linnaeus.training.run import Run


@pytest.fixture(scope="module")
def new_digits() -> linnaeus.Dataset:
    """Eighty digits that are not among `some_digits`."""
    digits = linnaeus.load_dataset("digits")
    return digits.subset(range(1, 1797, 3)[::7][:80])


def written(dataset: linnaeus.Dataset, folder: Path, copies: int = 1) -> Path:
    """Class folders of the pictures of `dataset`, each so often under another name."""
    for row, path in enumerate(dataset.paths):
        (label,) = dataset.labels_of(row)
        (folder / label).mkdir(parents=True, exist_ok=True)
        for copy in range(copies):
            name = f"{copy}-{Path(path).name}"
            (folder / label / name).write_bytes(dataset.source.read(path))
    return folder


def in_a_table(dataset: linnaeus.Dataset, folder: Path, groups: Iterable[str]) -> Path:
    """A table of the pictures of `dataset`, each in one of `groups`."""
    folder.mkdir()
    with (folder / "t.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["image", "label", "patient"])
        for row, group in enumerate(groups):
            path = dataset.paths[row]
            (folder / f"{row}.pgm").write_bytes(dataset.source.read(path))
            rows.writerow([f"{row}.pgm", *dataset.labels_of(row), group])
    return folder / "t.csv"


def document(judged: linnaeus.Evaluation) -> dict[str, Any]:
    assert judged.report is not None
    found: dict[str, Any] = json.loads((judged.report.parent / "metrics.json").read_text())
    return found


def told_of_copies(remarks: Iterable[str]) -> list[str]:
    return [one for one in remarks if "pixel for pixel" in one]


def test_copies_make_nothing_surer(
    digits_run: Run, new_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    alone = linnaeus.evaluate(digits_run.bundle, written(new_digits, tmp_path / "alone"))
    tenfold = linnaeus.evaluate(
        digits_run.bundle, written(new_digits, tmp_path / "tenfold", 10), out=tmp_path / "out"
    )
    one, ten = alone.metrics.accuracy, tenfold.metrics.accuracy
    assert (alone.metrics.groups, tenfold.metrics.groups) == (None, 80)
    assert ten.value == one.value
    assert ten.low == pytest.approx(one.low, abs=0.01)
    assert ten.high == pytest.approx(one.high, abs=0.01)
    assert not tenfold.slices.weaker
    (told,) = told_of_copies(tenfold.remarks)
    assert told.startswith("Of 800 pictures to judge by, 720 are copies of others")
    assert told_of_copies(document(tenfold)["data"]["remarks"]) == [told]
    assert "720 are copies of others" in (tmp_path / "out/report/index.html").read_text()
    assert not told_of_copies(alone.remarks)


def test_copies_make_nothing_surer_in_the_test_of_a_training(
    new_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    photos = written(new_digits, tmp_path / "threefold", 3)
    run = linnaeus.train(photos, out=tmp_path / "run", model="small_cnn", epochs=1)
    assert run.metrics.groups == run.metrics.images / 3


def test_a_single_copy_is_told_and_changes_next_to_nothing(
    digits_run: Run, new_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    photos = written(new_digits, tmp_path / "digits")
    before = linnaeus.evaluate(digits_run.bundle, photos).metrics.accuracy
    first = next(photos.glob("*/*"))
    shutil.copy(first, first.with_name(f"again-{first.name}"))
    judged = linnaeus.evaluate(digits_run.bundle, photos)
    (told,) = told_of_copies(judged.remarks)
    assert told.startswith("Of 81 pictures to judge by, 1 is a copy of another")
    assert judged.metrics.groups == 80
    assert judged.metrics.accuracy.low == pytest.approx(before.low, abs=0.01)


def test_copies_join_the_groups_that_were_asked_for(
    digits_run: Run, new_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    rows = [*range(40), 0, 0]  # a picture of p0 again, under p1 and p2
    groups = [*(f"p{row % 20}" for row in range(40)), "p1", "p2"]
    table = in_a_table(new_digits.subset(rows), tmp_path / "t", groups)
    judged = linnaeus.evaluate(digits_run.bundle, table, group_column="patient")
    assert judged.metrics.groups == 18


def test_what_lies_beside_the_pictures_is_told_as_the_audit_tells_it(
    digits_run: Run,
    new_digits: linnaeus.Dataset,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    photos = written(new_digits, tmp_path / "photos")
    for name in ("phone.heic", "raw.dng", "noext"):
        (photos / "3" / name).write_bytes(b"x")
    (photos / "3/dead.jpg").symlink_to("nowhere.jpg")
    (photos / "loose.jpg").write_bytes(b"x")
    from linnaeus.cli.telling import plain_teller

    judged = linnaeus.evaluate(
        digits_run.bundle, photos, out=tmp_path / "out", progress=plain_teller()
    )
    assert judged.audit is not None
    found = {one.kind: one.sentence for one in judged.audit.findings}
    audited = linnaeus.audit(photos, label_errors=False, cache=False).findings
    strays = {"refused-pictures", "unlabelled-pictures", "unread-kinds", "stray-files"}
    assert found.keys() >= strays
    assert {one.kind: one.sentence for one in audited if one.kind in strays} == {
        kind: found[kind] for kind in strays
    }
    assert document(judged)["data"]["audit"] == list(found.values())
    assert "3/phone.heic" in (tmp_path / "out/report/index.html").read_text()
    said = capsys.readouterr().err
    for line in judged.audit.in_three_lines():
        assert line in said
    assert "3/dead.jpg: it is a link to nothing" in said


def test_near_copies_are_left_to_the_audit(
    digits_run: Run, new_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    photos = written(new_digits, tmp_path / "photos")
    first = next(photos.glob("*/*"))
    with Image.open(first) as picture:
        picture.point(lambda level: min(level + 9, 255)).save(first.with_name("again.png"))
    judged = linnaeus.evaluate(digits_run.bundle, photos)
    audited = linnaeus.audit(photos, label_errors=False, cache=False).findings
    assert judged.audit is not None
    assert [one.kind for one in audited if one.kind.startswith("near-dup")] == ["near-duplicates"]
    assert not [one for one in judged.audit.findings if one.kind.startswith("near-")]


def test_what_is_left_out_is_told_first_and_has_no_part_in_what_is_found(
    digits_run: Run,
    some_digits: linnaeus.Dataset,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from linnaeus.cli.telling import plain_teller

    # Of the zeros, only those that were learnt from are saved as WebP, and turned by EXIF.
    photos, learnt = tmp_path / "photos", set[str]()
    whole = linnaeus.evaluate(digits_run.bundle, some_digits)
    for row, path in enumerate(some_digits.paths):
        (label,) = some_digits.labels_of(row)
        (photos / label).mkdir(parents=True, exist_ok=True)
        content, ending = some_digits.source.read(path), "pgm"
        if path not in whole.predictions.ids and label == "0":
            with Image.open(io.BytesIO(content)) as picture, io.BytesIO() as saved:
                picture.convert("RGB").save(saved, "WEBP", lossless=True)
                content, ending = saved.getvalue(), "webp"
            learnt.add(f"0/{row}.webp")
        (photos / label / f"{row}.{ending}").write_bytes(content)
    (photos / "5/broken.png").write_bytes(b"x")
    (photos / "5/phone.heic").write_bytes(b"x")
    judged = linnaeus.evaluate(digits_run.bundle, photos, progress=plain_teller())
    assert learnt
    assert judged.audit is not None
    offered = linnaeus.audit(photos, label_errors=False, cache=False).findings
    assert "shortcut-format" in {one.kind for one in offered}
    found = {one.kind: one.sentence for one in judged.audit.findings}
    assert "shortcut-format" not in found
    assert {"unreadable", "unread-kinds"} <= found.keys()
    count = len(judged.predictions)
    assert judged.audit.images == count
    said = capsys.readouterr().err
    told = f"of {len(some_digits) + 1} pictures offered are left out as learnt from, which leaves"
    assert f"{told} {count} to judge by." in said
    assert said.index(told) < said.index(judged.audit.in_three_lines()[0])


def test_a_repeated_row_and_files_without_one_are_told(
    digits_run: Run, new_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    table = in_a_table(new_digits, tmp_path / "t", [""] * 80)
    lines = table.read_text().splitlines()
    table.write_text("\n".join([*lines[:-1], lines[1], ""]))
    judged = linnaeus.evaluate(digits_run.bundle, table)
    assert judged.audit is not None
    told = " ".join(one.sentence for one in judged.audit.findings)
    assert "line 81: it repeats line 2" in told
    assert "no row names 1 of its pictures (79.pgm)" in told


def test_pictures_learnt_from_are_named_among_those_left_out(
    digits_run: Run, some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    judged = linnaeus.evaluate(digits_run.bundle, some_digits, out=tmp_path / "out")
    left_out = document(judged)["data"]["left_out"]
    assert len(left_out) + len(judged.predictions) == len(some_digits)
    assert not set(left_out) & set(judged.predictions.ids)


@pytest.fixture(scope="module")
def of_patients(tmp_path_factory: pytest.TempPathFactory, some_digits: linnaeus.Dataset) -> Run:
    """Two hundred digits of fifty patients, learnt in a single pass."""
    pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("patients")
    groups = [f"Ann Onym {row % 50}" for row in range(200)]
    table = in_a_table(some_digits.subset(range(0, 599, 3)), folder / "t", groups)
    return linnaeus.train(
        table, group_column="patient", out=folder / "run", model="small_cnn", epochs=1
    )


def test_pictures_of_groups_that_were_learnt_from_raise_an_alarm(
    of_patients: Run, new_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    with (of_patients.folder / "split.csv").open() as file:
        sides = {int(Path(row["image"]).stem) % 50: row["split"] for row in csv.DictReader(file)}
    used = [f"Ann Onym {at}" for at, side in sorted(sides.items()) if side != "test"]
    unused = [f"Ann Onym {at}" for at, side in sorted(sides.items()) if side == "test"]
    groups = [*used[:3] * 10, *unused[:3] * 10, *(["Zoe New", ""] * 10)]
    table = in_a_table(new_digits.subset(range(80)), tmp_path / "t", groups)
    out = tmp_path / "out"
    judged = linnaeus.evaluate(of_patients.bundle, table, group_column="patient", out=out)
    (alarm,) = [one for one in judged.remarks if "too good" in one]
    assert alarm.startswith("30 of 80 pictures are of groups that the bundle was trained or")
    assert "3 of 7 groups: " in alarm
    assert all(f"“{name}”" in alarm for name in used[:3])
    assert document(judged)["data"]["alarms"] == [alarm]
    head = (out / "report/index.html").read_text().split("<main>")[0]
    assert "are of groups that the bundle was trained or calibrated on too" in head


def test_nothing_is_said_of_other_groups_or_of_a_bundle_that_keeps_none(
    of_patients: Run, digits_run: Run, new_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    strangers = in_a_table(new_digits, tmp_path / "new", [f"new {at % 9}" for at in range(80)])
    known = in_a_table(new_digits, tmp_path / "known", [f"Ann Onym {at % 50}" for at in range(80)])
    for bundle, table in ((of_patients.bundle, strangers), (digits_run.bundle, known)):
        judged = linnaeus.evaluate(bundle, table, group_column="patient")
        assert not [one for one in judged.remarks if "too good" in one]
    assert not [
        one for one in linnaeus.evaluate(of_patients.bundle, known).remarks if "too good" in one
    ]


def test_a_bundle_keeps_no_name_of_a_group(of_patients: Run) -> None:
    kept = [file.read_bytes() for file in of_patients.bundle.rglob("*") if file.is_file()]
    assert not any(b"Ann Onym" in content for content in kept)
    assert (of_patients.bundle / SEEN_FILE).stat().st_size < 8 * 1024


def test_what_is_made_of_two_bundles_knows_the_groups_of_both(tmp_path: Path) -> None:
    for name, groups in (("one", ["ann", "bob"]), ("other", ["bob", "cid"]), ("older", [])):
        (tmp_path / name).mkdir()
        write_seen(tmp_path / name, [], groups=groups)
    add_seen(tmp_path / "one", tmp_path / "other")
    add_seen(tmp_path / "one", tmp_path / "older")
    known = read_seen_groups(tmp_path / "one")
    assert np.array_equal(known, short(group_digests(["ann", "bob", "cid"])))


def test_unknown_pictures_cannot_judge_a_bundle_of_several_labels(
    pairs_run: Run, pairs_table: Path, photo_folder: Path
) -> None:
    with pytest.raises(LinnaeusError, match="calls no picture unknown") as raised:
        linnaeus.evaluate(
            pairs_run.bundle, pairs_table, label_separator="|", unknown=photo_folder / "metal"
        )
    assert raised.value.where == "--unknown"


def test_the_bundle_that_does_not_fit_is_the_one_that_is_named(
    digits_run: Run, photo_run: Run, new_digits: linnaeus.Dataset
) -> None:
    with pytest.raises(LinnaeusError, match="the bundle knows no class '0'") as raised:
        linnaeus.evaluate(digits_run.bundle, new_digits, against=photo_run.folder)
    assert raised.value.where == str(photo_run.folder)
