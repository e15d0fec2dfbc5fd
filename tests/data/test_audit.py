"""What an audit finds in real pictures, clean and spoilt on purpose."""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from trees import png, saved, write_tree

from linnaeus.data.audit import CHECKS, audit
from linnaeus.data.findings import Audit, Finding
from linnaeus.data.scan import scan
from linnaeus.data.sources import load_dataset
from linnaeus.data.split import split

SharedData = Callable[[str], Path]
PAGE = Path(__file__).parents[2] / "docs/reference/audit.md"


def audited(data: Path, **options: str) -> Audit:
    dataset = load_dataset(data, **options)  # type: ignore[arg-type]
    return audit(dataset, scan(dataset, preprocessing=None))


def finding(found: Audit, kind: str) -> Finding:
    (only,) = [one for one in found.findings if one.kind == kind]
    return only


def stems(one: Finding) -> set[frozenset[str]]:
    return {frozenset(Path(path).stem for path in group) for group in one.files}


def test_the_three_contradicting_pairs_of_trashnet_are_found_and_no_other(
    shared_data: SharedData,
) -> None:
    found = audited(shared_data("trashnet192.zip"))
    assert stems(finding(found, "contradicting-labels")) == {
        frozenset({"metal91", "glass115"}),
        frozenset({"plastic152", "glass176"}),
        frozenset({"plastic332", "glass389"}),
    }
    assert {one.kind for one in found.findings} == {
        "contradicting-labels",
        "near-duplicates",
        "imbalance",
        "blurred",
        "stray-files",
    }
    assert found.findings[0].kind == "contradicting-labels"
    assert found.images == found.readable == 2527


def test_the_turned_photographs_of_hand_signs_are_found(shared_data: SharedData) -> None:
    one = finding(audited(shared_data("sign_language_digits.tar.xz")), "exif-rotated")
    assert one.count == 3
    assert one.severity == "note"


@pytest.mark.slow
def test_senders_on_both_sides_of_a_real_split_are_found(
    shared_data: SharedData, tmp_path: Path
) -> None:
    shutil.unpack_archive(shared_data("clothing160.tar"), tmp_path, filter="data")
    found = audited(next(tmp_path.rglob("metadata.csv")), group_column="sender_id")
    one = finding(found, "group-leak")
    assert one.count == 113
    assert "113 of 312 groups" in one.sentence
    for files in one.files:  # the first two show the leak
        assert len({path.split("/")[-3] for path in files[:2]}) == 2


def spoilt(folder: Path) -> Path:
    """Spoil a clean folder in one way of each kind."""
    glass, metal = (sorted((folder / name).iterdir()) for name in ("glass", "metal"))
    shutil.copy(glass[0], folder / "glass" / "copy.jpg")
    shutil.copy(glass[1], folder / "metal" / "glass.jpg")
    with Image.open(metal[2]) as image:
        grey, frames = (
            image.convert("L"),
            [image.resize((64, 64)), image.resize((64, 64)).rotate(9)],
        )
    moving = io.BytesIO()
    frames[0].save(moving, "GIF", save_all=True, append_images=frames[1:])
    deep = Image.fromarray(np.full((40, 40), 5000, np.uint16))
    return write_tree(
        folder,
        {
            "glass/grey.png": saved(grey, "PNG"),
            "glass/moving.gif": moving.getvalue(),
            "glass/broken.jpg": b"broken",
            "glass/deep.png": saved(deep, "PNG"),
            "metal/thumb.png": png(5, (9, 30)),
            "metal/long.png": png(6, (400, 60)),
            "rare/1.png": png(7),
            "LICENSE": b"text",
            "loose.jpg": glass[0].read_bytes(),
        },
    )


def test_each_thing_that_is_wrong_is_found(photo_folder: Path) -> None:
    take_out_a_photograph_shot_twice(photo_folder)
    metal = sorted(path.name for path in (photo_folder / "metal").iterdir())
    found = audited(spoilt(photo_folder))
    files = {one.kind: [list(group) for group in one.files] for one in found.findings}
    glass = sorted(path.name for path in (photo_folder / "glass").glob("glass*.jpg"))
    assert files == {
        "unreadable": [["glass/broken.jpg"]],
        "contradicting-labels": [[f"glass/{glass[1]}", "metal/glass.jpg"]],
        "tiny-class": [],
        "near-contradicting-labels": [["glass/grey.png", "glass/moving.gif", f"metal/{metal[2]}"]],
        "exact-duplicates": [["glass/copy.jpg", f"glass/{glass[0]}"]],
        "near-duplicates": [["glass/grey.png", "glass/moving.gif"]],
        "imbalance": [],
        "unlabelled-pictures": [["loose.jpg"]],
        "animated": [["glass/moving.gif"]],
        "constant": [["glass/deep.png"]],
        "near-black": [["glass/deep.png"]],
        "mixed-modes": [["glass/deep.png"], ["glass/grey.png"]],
        "tiny": [["metal/thumb.png"]],
        "odd-aspect": [["metal/long.png"]],
        "converted": [["glass/deep.png"]],
        "stray-files": [["LICENSE"]],
    }
    severities = [one.severity for one in found.findings]
    assert severities == sorted(severities, key=["error", "warning", "note"].index)
    assert found.images - found.readable == 1
    assert finding(found, "tiny-class").severity == "error"


def test_pictures_of_a_kind_that_is_not_read_are_told_apart(photo_folder: Path) -> None:
    files = {"glass/1.heic": b"", "glass/inner/2.CR2": b"", "3.dng": b"", "LICENSE": b""}
    found = audited(write_tree(photo_folder, files))
    one = finding(found, "unread-kinds")
    assert one.severity == "warning"
    assert [path for (path,) in one.files] == ["3.dng", "glass/1.heic", "glass/inner/2.CR2"]
    assert all("save it as JPEG or PNG" in why for why in one.reasons.values())
    assert finding(found, "stray-files").files == [["LICENSE"]]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_refused_pictures_are_told_and_are_no_unlabelled_ones(photo_folder: Path) -> None:
    for place in ("glass/gone.jpg", "gone.jpg"):
        (photo_folder / place).symlink_to("nowhere.jpg")
    found = audited(photo_folder)
    one = finding(found, "refused-pictures")
    assert one.severity == "warning"
    assert [path for (path,) in one.files] == ["glass/gone.jpg", "gone.jpg"]
    assert "2 pictures were refused" in one.sentence
    assert {"unlabelled-pictures", "stray-files"}.isdisjoint(f.kind for f in found.findings)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_class_of_one_split_that_is_refused_as_a_whole_is_an_error(tmp_path: Path) -> None:
    files = {f"set/{split}/{c}/1.png": png(ord(c)) for split in ("train", "test") for c in "ab"}
    write_tree(tmp_path, files)
    gone = tmp_path / "set/test/b/1.png"
    gone.unlink()
    gone.symlink_to("nowhere.png")
    one = finding(audited(tmp_path), "refused-pictures")
    assert one.severity == "error"
    assert one.files == [["test/b/1.png"]]


def test_of_many_copies_a_sentence_names_a_few_and_the_finding_all(tmp_path: Path) -> None:
    files = {f"a/{number}.png": png(1) for number in range(300)}
    write_tree(tmp_path, {**files, "a/other.png": png(2), "b/1.png": png(3), "b/2.png": png(1)})
    one = finding(audited(tmp_path), "contradicting-labels")
    assert "(first: a/0.png = a/1.png = a/10.png = a/100.png = a/101.png and 296 more)" in (
        one.sentence
    )
    assert [len(paths) for paths in one.files] == [301]


def test_a_search_that_may_have_missed_near_copies_says_so(tmp_path: Path) -> None:
    one = np.random.default_rng(5).integers(60, 200, (32, 32), np.uint8)
    files = {}
    for place in range(60):
        pixels = one.copy()
        pixels[place // 32, place % 32] += 40
        files[f"{'ab'[place % 2]}/{place}.png"] = saved(Image.fromarray(pixels), "PNG")
    assert "60 pictures are at first sight like so many others that not all were compared" in (
        " ".join(audited(write_tree(tmp_path, files)).notes)
    )


def test_leaks_across_a_published_split_are_found_until_they_are_left_out(tmp_path: Path) -> None:
    names = [f"{s}/{c}/{s}{c}{n}.png" for s in ("train", "test") for c in "ab" for n in range(12)]
    files = {name: png(seed) for seed, name in enumerate(names)}
    files["train/a/leak.png"] = files["test/a/testa3.png"]
    dataset = load_dataset(write_tree(tmp_path, files))
    seen = scan(dataset, preprocessing=None)
    leak = finding(audit(dataset, seen), "leak-across-splits")
    assert [sorted(group) for group in leak.files] == [["test/a/testa3.png", "train/a/leak.png"]]
    assert leak.severity == "error"
    parted = split(
        dataset.labels,
        classes=dataset.classes,
        seed=0,
        given=dataset.splits,
        duplicates=seen.pixel_digests,
    )
    after = audit(dataset, seen, split=parted)
    assert "leak-across-splits" not in {one.kind for one in after.findings}


def test_the_three_lines_say_the_worst_first(photo_folder: Path) -> None:
    lines = audited(spoilt(photo_folder)).in_three_lines()
    assert len(lines) == 3
    assert "from 1 (rare) to 17 (glass)" in lines[0]
    assert "glass/broken.jpg" in lines[1]
    assert "contradicting-labels (1)" in lines[2]


def take_out_a_photograph_shot_twice(folder: Path) -> None:
    """paper101 and paper108 show one newspaper, taken one after the other."""
    (folder / "paper" / "paper108.jpg").unlink()


def test_photographs_taken_one_after_the_other_are_near_copies(photo_folder: Path) -> None:
    (one,) = audited(photo_folder).findings
    assert one.kind == "near-duplicates"
    assert one.files == [["paper/paper101.jpg", "paper/paper108.jpg"]]
    assert one.figures["pairs"] == 1
    assert 0.9 < one.figures["least_likeness"] < 1


def test_near_copies_across_a_published_split_are_found(photo_folder: Path) -> None:
    for split_name in ("train", "test"):
        for name in ("glass", "metal"):
            (photo_folder / split_name / name).mkdir(parents=True)
    for name in ("glass", "metal"):
        for place, file in enumerate(sorted((photo_folder / name).iterdir())):
            file.rename(photo_folder / ("test" if place % 3 == 0 else "train") / name / file.name)
        (photo_folder / name).rmdir()
    shutil.rmtree(photo_folder / "paper")
    original = sorted((photo_folder / "test" / "glass").iterdir())[0]
    with Image.open(original) as image:
        image.resize((130, 100)).save(photo_folder / "train" / "glass" / "small.jpg", quality=70)
    leak = finding(audited(photo_folder), "near-leak-across-splits")
    assert [sorted(group) for group in leak.files] == [
        [f"test/glass/{original.name}", "train/glass/small.jpg"]
    ]
    assert leak.severity == "error"


def test_clean_pictures_are_said_to_be_clean(photo_folder: Path) -> None:
    take_out_a_photograph_shot_twice(photo_folder)
    found = audited(photo_folder)
    assert found.worst() is None
    assert found.in_three_lines()[1] == "Nothing wrong was found in the files."


def test_the_json_keeps_to_its_schema(photo_folder: Path) -> None:
    written = json.loads(json.dumps(audited(spoilt(photo_folder)).to_json(), allow_nan=False))
    assert set(written) == {"schema_version", "data", "notes", "mended", "findings"}
    assert written["schema_version"] == 1
    assert set(written["data"]) == {
        "name",
        "fingerprint",
        "images",
        "readable",
        "classes",
        "splits",
    }
    assert re.fullmatch("[0-9a-f]{64}", written["data"]["fingerprint"])
    assert written["data"]["classes"]["paper"] == 12
    for one in written["findings"]:
        assert set(one) == {
            "kind",
            "severity",
            "count",
            "sentence",
            "advice",
            "files",
            "reasons",
            "figures",
        }
        assert one["severity"] in {"error", "warning", "note"}
        assert one["count"] >= 1
        assert one["sentence"].endswith(".") and one["advice"].endswith(".")
        assert not one["files"] or len(one["files"]) == one["count"]


def test_every_kind_of_finding_is_in_the_reference() -> None:
    if not PAGE.exists():
        pytest.skip("docs/reference/audit.md is not here")
    findings = PAGE.read_text(encoding="utf-8").partition("## The JSON")[0]
    documented = set(re.findall(r"^\| `([a-z-]+)` \|", findings, flags=re.MULTILINE))
    of_scans = {check.__name__.strip("_").replace("_", "-") for check in CHECKS}
    assert documented == of_scans | {"label-errors"}  # which needs features
