"""Splits: every sample once, classes in proportion, nothing on two sides, the same for the same."""

from __future__ import annotations

import csv
import tarfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from linnaeus.data.scan import scan
from linnaeus.data.sources import load_dataset
from linnaeus.data.split import LEFT_OUT, Split, split
from linnaeus.errors import DataError, UsageError

SIDES = ("train", "validation", "test")
NAMES = [f"class {number}" for number in range(6)]

class_lists = st.lists(st.integers(0, 5), min_size=12, max_size=150)
shares = st.sampled_from([(0.1, 0.2), (0.2, 0.0), (0.0, 0.3), (0.15, 0.15), (0.33, 0.33)])


def parted(labels: list[int] | NDArray[np.int64], **options: object) -> Split:
    """Split, with the classes that there are."""
    present, places = np.unique(labels, return_inverse=True)
    classes = [NAMES[label] for label in present]
    arguments: dict[str, object] = {"classes": classes, "seed": 0, "allow_tiny": True, **options}
    return split(places, **arguments)  # type: ignore[arg-type]


def texts(*values: str) -> NDArray[np.str_]:
    return np.array(values, dtype="<U10")


@given(class_lists, shares, st.integers(0, 5))
def test_every_sample_has_one_side_and_every_class_its_share(
    labels: list[int], parts: tuple[float, float], seed: int
) -> None:
    validation, test = parts
    result = parted(labels, validation=validation, test=test, seed=seed)
    assert set(result.assignment) <= set(SIDES)
    for label in set(labels):
        sides = result.assignment[np.array(labels) == label]
        count = len(sides)
        for side, share in zip(SIDES, (1 - validation - test, validation, test), strict=True):
            here = np.count_nonzero(sides == side)
            assert abs(here - share * count) <= 2
            assert here >= 1 or share == 0 or count < 3
            assert share > 0 or here == 0


@given(class_lists, st.data())
def test_no_group_and_no_copy_straddles(labels: list[int], data: st.DataObject) -> None:
    def drawn(limit: int) -> list[int]:
        numbers = st.integers(0, limit)
        return data.draw(st.lists(numbers, min_size=len(labels), max_size=len(labels)))

    copies = drawn(len(labels) * 2)
    groups = np.array([f"g{number}" if number else "" for number in drawn(40)])
    result = parted(labels, duplicates=copies, groups=groups)
    for values in (copies, groups.tolist()):
        for value in set(values) - {""}:
            rows = [row for row, other in enumerate(values) if other == value]
            assert len(set(result.assignment[rows])) == 1


@given(class_lists, st.integers(0, 3), st.randoms(use_true_random=False))
def test_the_order_of_the_samples_changes_nothing(
    labels: list[int], seed: int, random: object
) -> None:
    rows = list(range(len(labels)))
    copies = [f"{row // 2 if row < 20 else row}" for row in rows]
    random.shuffle(rows)  # type: ignore[attr-defined]
    first = parted(labels, duplicates=copies, seed=seed)
    shuffled = parted(
        [labels[row] for row in rows], duplicates=[copies[row] for row in rows], seed=seed
    )
    assert np.array_equal(first.assignment[rows], shuffled.assignment)


def test_another_seed_gives_another_split_and_the_same_seed_the_same() -> None:
    labels = [0] * 100 + [1] * 100
    assert np.array_equal(parted(labels).assignment, parted(labels).assignment)
    assert not np.array_equal(parted(labels).assignment, parted(labels, seed=1).assignment)


def test_a_hundred_of_a_class_are_parted_seventy_ten_twenty() -> None:
    result = parted([0] * 100 + [1] * 50)
    for label, count in ((0, 100), (1, 50)):
        rows = np.array([0] * 100 + [1] * 50) == label
        counts = [np.count_nonzero(result.assignment[rows] == side) for side in SIDES]
        assert counts == [count * 7 // 10, count // 10, count * 2 // 10]


def test_real_groups_are_kept_whole_and_classes_near_their_shares(
    shared_data: Callable[[str], Path],
) -> None:
    with tarfile.open(shared_data("clothing160.tar")) as tar:
        member = next(name for name in tar.getnames() if name.endswith("metadata.csv"))
        file = tar.extractfile(member)
        assert file is not None
        rows = list(csv.DictReader(file.read().decode().splitlines()))
    classes = sorted({row["label"] for row in rows})
    labels = np.array([classes.index(row["label"]) for row in rows])
    senders = np.array([row["sender_id"] for row in rows])
    result = split(labels, classes=classes, seed=3, groups=senders)
    sides_of = {sender: set(result.assignment[senders == sender]) for sender in set(senders)}
    assert all(len(sides) == 1 for sides in sides_of.values())
    for label in range(len(classes)):
        of_class = result.assignment[labels == label]
        assert 0.1 <= np.mean(of_class == "test") <= 0.3
        assert 0.03 <= np.mean(of_class == "validation") <= 0.2


def test_tiny_classes_are_refused_or_told() -> None:
    labels = [0] * 20 + [1] * 3 + [2] * 2 + [3]
    with pytest.raises(DataError, match=r"too few for a class: 'class 3'.*--allow-tiny"):
        parted(labels, allow_tiny=False)
    result = parted(labels)
    assert sorted(result.assignment[20:23]) == ["test", "train", "validation"]
    assert sorted(result.assignment[23:25]) == ["test", "train"]
    assert result.assignment[25] == "train"
    assert any("never judged: 'class 3'" in remark for remark in result.remarks)
    assert any("'class 2' stands in validation" in remark for remark in result.remarks)


def test_a_class_without_any_picture_left_is_refused_by_name() -> None:
    with pytest.raises(DataError, match=r"photos: not one picture is left of 'cat'\. Replace"):
        parted([0, 1] * 10, classes=["ant", "bee", "cat"], where="photos")


def test_groups_too_few_for_every_side_are_told() -> None:
    groups = ["a"] * 10 + ["b"] * 10 + [f"{number}" for number in range(40)]
    result = parted([0] * 20 + [1] * 40, groups=np.array(groups))
    assert set(result.assignment[:20]) == {"train", "test"}
    assert any("'class 0' stands in validation" in remark for remark in result.remarks)


def test_three_groups_stand_on_three_sides() -> None:
    groups = np.array(["a"] * 30 + ["b"] * 30 + ["c"] * 30)
    assert set(parted([0] * 90, groups=groups).assignment) == set(SIDES)


@pytest.mark.parametrize("parts", [(-0.1, 0.2), (0.5, 0.5), (0.0, 1.0), (float("nan"), 0.2)])
def test_impossible_shares_are_refused(parts: tuple[float, float]) -> None:
    with pytest.raises(UsageError, match=r"--val|--test"):
        parted([0, 1] * 10, validation=parts[0], test=parts[1])


def test_a_whole_published_split_is_kept_as_it_is() -> None:
    published = texts(*["train"] * 6, *["validation"] * 2, *["test"] * 2)
    result = parted([0, 1] * 5, given=published)
    assert np.array_equal(result.assignment, published)
    assert not result.reasons
    assert not result.remarks


@pytest.mark.parametrize(
    ("absent", "share", "told"),
    [("validation", 0.1, "No validation split was given"), ("test", 0.2, "No test split")],
)
def test_what_a_published_split_lacks_is_set_aside_from_train(
    absent: str, share: float, told: str
) -> None:
    other = "test" if absent == "validation" else "validation"
    published = texts(*["train"] * 100, *[other] * 10)
    result = parted([0, 1] * 55, given=published)
    assert np.all(result.assignment[100:] == other)
    assert np.count_nonzero(result.assignment == absent) == pytest.approx(100 * share, abs=2)
    assert any(told in remark for remark in result.remarks)


def test_a_published_split_can_be_set_aside() -> None:
    published = texts(*["train"] * 50, *["test"] * 50)
    result = parted([0, 1] * 50, given=published, resplit=True)
    assert np.count_nonzero(result.assignment == "test") == 20
    assert np.any(result.assignment[50:] == "train")


def test_copies_of_judged_pictures_are_left_out_of_training_by_name() -> None:
    published = texts(*["train"] * 8, *["validation"] * 4, *["test"] * 4)
    pixels = [*"abcdefgh", *"aijk", *"bilm"]
    names = [f"{side}/{number}.png" for number, side in enumerate(published)]
    result = parted([0, 1] * 8, given=published, duplicates=pixels, names=names)
    assert np.all(result.assignment[12:] == "test")
    assert result.reasons == {
        0: "the same pixels stand in validation as validation/8.png",
        1: "the same pixels stand in test as test/12.png",
        9: "the same pixels stand in test as test/13.png",
    }
    assert np.flatnonzero(result.assignment == LEFT_OUT).tolist() == [0, 1, 9]
    (told,) = [remark for remark in result.remarks if "train/0.png, train/1.png" in remark]
    assert "or their groups also stand in validation or test: " in told


def test_members_of_judged_groups_are_left_out_of_training() -> None:
    published = texts(*["train"] * 6, *["test"] * 2)
    groups = np.array(["x", "y", "z", "", "", "w", "x", ""])
    result = parted([0, 1] * 4, given=published, groups=groups, validation=0)
    assert result.reasons == {0: "its group 'x' also stands in test"}


def test_a_published_split_that_leaves_nothing_to_learn_from_is_refused() -> None:
    with pytest.raises(DataError, match="none in train"):
        parted([0, 1] * 4, given=texts(*["test"] * 8))
    with pytest.raises(DataError, match="in no split"):
        parted([0, 1] * 4, given=texts("", *["train"] * 7))
    with pytest.raises(DataError, match="nothing is left to learn from in 'class 1'"):
        published = texts("train", "train", "train", "test", "test")
        parted([0, 0, 1, 0, 1], given=published, duplicates=[*"abcdc"])


def test_real_contradicting_copies_stay_on_one_side(shared_data: Callable[[str], Path]) -> None:
    dataset = load_dataset(shared_data("trashnet192.zip"))
    pairs = [("metal91", "glass115"), ("plastic152", "glass176"), ("plastic332", "glass389")]
    row = {Path(path).stem: place for place, path in enumerate(dataset.paths)}
    digests = scan(dataset, preprocessing=None).pixel_digests
    for seed in range(5):
        result = split(
            dataset.labels, classes=dataset.classes, seed=seed, duplicates=digests
        ).assignment
        assert all(result[row[one]] == result[row[other]] for one, other in pairs)


def test_shares_grow_with_what_is_asked() -> None:
    counts = [
        np.count_nonzero(parted([0] * 100, test=share).assignment == "test")
        for share in (0.1, 0.2, 0.4)
    ]
    assert all(less < more for less, more in pairwise(counts))
