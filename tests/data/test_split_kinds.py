"""Kinds of split: look-alikes on one side, by time, by domain, large groups, several labels."""

from __future__ import annotations

import csv
import tarfile
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from trees import png

from linnaeus.data.dataset import Dataset
from linnaeus.data.near import near_duplicates
from linnaeus.data.part import part
from linnaeus.data.parting import Parting
from linnaeus.data.scan import scan
from linnaeus.data.sources import load_dataset
from linnaeus.data.split import LEFT_OUT, Split, split
from linnaeus.data.times import by_time
from linnaeus.errors import DataError, UsageError

SIDES = ("train", "validation", "test")


def texts(*values: str) -> NDArray[np.str_]:
    return np.array(values, dtype="<U10")


def table_of(folder: Path, rows: Sequence[dict[str, str]], **columns: str) -> Dataset:
    """A data set of one noisy picture a row, from a table of these rows."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(len(rows)):
        (folder / f"{number}.png").write_bytes(png(number))
    with (folder / "list.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, ["image", *rows[0]])
        table.writeheader()
        table.writerows({"image": f"{number}.png", **row} for number, row in enumerate(rows))
    return load_dataset(folder / "list.csv", **columns)


def parted(dataset: Dataset, **choices: object) -> Split:
    looked = scan(dataset)
    near = near_duplicates(looked.thumbnails, looked.readable).pairs
    return part(dataset, looked, Parting(**choices), near)  # type: ignore[arg-type]


def sides(dataset: Dataset, found: Split) -> dict[str, str]:
    return dict(zip(dataset.paths, found.assignment.tolist(), strict=True))


# Look-alikes


@given(st.data())
def test_pictures_that_look_alike_stay_on_one_side_over_any_number_of_steps(
    data: st.DataObject,
) -> None:
    labels = np.array(data.draw(st.lists(st.integers(0, 2), min_size=20, max_size=30)))
    _, labels = np.unique(labels, return_inverse=True)
    row = st.integers(0, len(labels) - 1)
    pairs = np.array(data.draw(st.lists(st.tuples(row, row), max_size=12)), np.int64).reshape(-1, 2)
    names = [f"{number}" for number in range(labels.max() + 1)]
    result = split(labels, classes=names, seed=1, near=pairs, allow_tiny=True)
    for one, other in pairs.tolist():  # thirty pictures of a class are always kept together
        assert result.assignment[one] == result.assignment[other]


@given(st.randoms(use_true_random=False))
def test_the_order_of_samples_and_of_pairs_changes_nothing(random: object) -> None:
    rows = list(range(90))
    pixels = [f"{row}" for row in rows]
    near = [(row, row + 1) for row in range(0, 60, 3)] + [(row, row + 3) for row in range(0, 85, 2)]
    random.shuffle(rows)  # type: ignore[attr-defined]
    random.shuffle(near)  # type: ignore[attr-defined]
    place = np.argsort(rows)
    labels = np.arange(90) % 3
    plain = split(labels, classes="abc", seed=4, duplicates=pixels, near=np.array(sorted(near)))
    shuffled = split(
        labels[rows],
        classes="abc",
        seed=4,
        duplicates=[pixels[row] for row in rows],
        near=place[np.array(near)],
    )
    assert np.array_equal(plain.assignment[rows], shuffled.assignment)


def test_look_alikes_are_counted_and_exact_copies_not_among_them() -> None:
    pixels = [*"aabcdefghijklmnopqrst"]
    near = np.array([(0, 1), (2, 3), (3, 4)])
    result = split(np.zeros(21, int), classes=["x"], seed=0, duplicates=pixels, near=near)
    assert "3 pictures that look alike were kept together." in result.remarks
    assert any("1 set of pictures (copies" in remark for remark in result.remarks)


def test_a_chain_of_a_whole_class_is_cut_so_that_it_can_be_judged_and_told() -> None:
    labels = np.array([0] * 200 + [1] * 200)
    chain = np.column_stack([np.arange(199), np.arange(1, 200)])
    result = split(labels, classes=["blank", "other"], seed=0, near=chain)
    assert {*result.assignment[:200].tolist()} == set(SIDES)
    assert 0.1 <= np.mean(result.assignment[:200] == "test") <= 0.3
    assert any("may stand on two sides" in remark for remark in result.remarks)
    assert sum(result.assignment[one] != result.assignment[other] for one, other in chain) <= 20


def test_a_chain_of_pictures_without_any_label_is_cut_too() -> None:
    sets = np.zeros((300, 2), bool)
    sets[200:250, 0] = sets[250:, 1] = True
    chain = np.column_stack([np.arange(199), np.arange(1, 200)])
    labels = np.full(300, -1)
    result = split(labels, label_sets=sets, classes=["sea", "sky"], seed=0, near=chain)
    assert {*result.assignment[:200].tolist()} == set(SIDES)


def test_a_given_split_leaves_look_alikes_of_judged_pictures_out_by_name() -> None:
    published = texts(*["train"] * 6, "validation", "test", "test")
    near = np.array([(0, 7), (1, 2), (2, 8), (3, 6), (6, 7)])
    names = [f"{side}/{number}.png" for number, side in enumerate(published)]
    result = split(np.zeros(9, int), classes=["x"], seed=0, given=published, near=near, names=names)
    assert result.reasons == {
        0: "a near duplicate of it stands in test as test/7.png",
        2: "a near duplicate of it stands in test as test/8.png",
        6: "a near duplicate of it stands in test as test/7.png",
    }
    assert result.assignment[1] == "train"  # it only looks like one that is left out itself
    assert result.assignment[3] == "train"
    assert np.all(result.assignment[7:] == "test")


def test_near_copies_of_real_photographs_are_kept_together(
    tmp_path: Path, photo_folder: Path
) -> None:
    from PIL import Image

    copies = {}
    for file in sorted(photo_folder.rglob("*.jpg"))[::3]:
        again = file.with_name(f"again-{file.stem}.jpg")
        with Image.open(file) as image:
            image.save(again, quality=60)
        copies[again.relative_to(photo_folder).as_posix()] = file.relative_to(photo_folder)
    dataset = load_dataset(photo_folder)
    for seed in range(3):
        found = parted(dataset, seed=seed)
        side = sides(dataset, found)
        assert all(side[copy] == side[one.as_posix()] for copy, one in copies.items())
    assert any("look alike were kept together" in remark for remark in found.remarks)
    ignoring = parted(dataset, near_duplicates="ignore")
    assert any("may stand on two sides, as was asked for" in one for one in ignoring.remarks)
    assert not any("kept together" in remark for remark in ignoring.remarks)


# By time


def dated(tmp_path: Path, times: Sequence[str], **more: Sequence[str]) -> Dataset:
    rows = [
        {"label": "ab"[number % 2], "taken_at": time}
        | {name: values[number] for name, values in more.items()}
        for number, time in enumerate(times)
    ]
    return table_of(
        tmp_path / "dated", rows, **({"group_column": "group"} if "group" in more else {})
    )


@pytest.mark.parametrize(
    "written",
    [
        "2024-01-{:02d}",
        "2024-01-{:02d}T12:00:00+02:00",
        "2024:01:{:02d} 08:30:00",
        "202401{:02d}",
        "{}.5",
        "20{:02d}-07",
    ],
)
def test_the_newest_pictures_are_the_test(tmp_path: Path, written: str) -> None:
    days = np.random.default_rng(0).permutation(20) + 1
    dataset = dated(tmp_path, [written.format(day) for day in days])
    found = parted(dataset, time_column="taken_at")
    row = [int(Path(path).stem) for path in dataset.paths]
    expected = {
        day: "train" if day <= 14 else "validation" if day <= 16 else "test" for day in days
    }
    assert found.assignment.tolist() == [expected[days[number]] for number in row]
    first = written.format(17)
    assert any(f"test begins with {first}." in remark for remark in found.remarks)


@given(
    st.lists(st.integers(0, 30), min_size=10, max_size=200).filter(lambda a: len(set(a)) >= 3),
    st.sampled_from([(0.1, 0.2), (0.25, 0.25), (0.0, 0.2), (0.2, 0.0)]),
)
def test_no_picture_is_older_than_one_that_is_learnt_from(
    times: list[int], shares: tuple[float, float]
) -> None:
    when = np.array(times, np.float64)
    sides_of = by_time(when, *shares)
    used = [side for side, share in zip(SIDES, (1, *shares), strict=True) if share > 0]
    assert set(sides_of) == set(used)
    for older, newer in pairwise(used):
        assert when[sides_of == older].max() < when[sides_of == newer].min()
    largest = max(times.count(time) for time in set(times))
    test = np.count_nonzero(sides_of == "test")
    assert abs(test - shares[1] * len(times)) <= max(largest, 1)


def test_pictures_of_one_time_stay_on_one_side(tmp_path: Path) -> None:
    dataset = dated(tmp_path, ["2024-01-01"] * 10 + ["2024-01-02"] * 4 + ["2024-01-03"] * 6)
    found = parted(dataset, time_column="taken_at")
    by_day = [found.assignment[[int(Path(p).stem) in days for p in dataset.paths]]
              for days in (range(10), range(10, 14), range(14, 20))]  # fmt: skip
    assert [set(day.tolist()) for day in by_day] == [{"train"}, {"validation"}, {"test"}]


def test_groups_that_last_over_the_border_are_left_out_of_training(tmp_path: Path) -> None:
    times = [f"2024-01-{day + 1:02d}" for day in range(20)]
    groups = ["" for _ in range(20)]
    groups[0] = groups[19] = "p"
    dataset = dated(tmp_path, times, group=groups)
    found = parted(dataset, time_column="taken_at")
    assert sides(dataset, found)["0.png"] == LEFT_OUT
    assert sides(dataset, found)["19.png"] == "test"
    assert [*found.reasons.values()] == ["its group 'p' also stands in test"]


@pytest.mark.parametrize(
    ("times", "told"),
    [
        (["2024-01-01"] * 9 + ["soon"], r"no time that can be read for 9\.png \('soon'\)"),
        (["2024-01-01"] * 9 + ["0000:00:00 00:00:00"], r"no time that can be read for 9\.png"),
        (["2024-01-01"] * 8 + ["", ""], r"'taken_at' is empty for 8\.png, 9\.png"),
        ([*"123456789", ""], r"'taken_at' is empty for 9\.png"),
        (["2024-01-01"] * 9 + ["2024-01-01T10:00Z"], r"say their zone and others do not.* 9\.png"),
        (["2024-01-01"] * 10, r"1 different times, too few for 3 splits"),
    ],
)
def test_times_that_cannot_be_used_are_named(
    tmp_path: Path, times: Sequence[str], told: str
) -> None:
    with pytest.raises(DataError, match=told):
        parted(dated(tmp_path, times), time_column="taken_at")


def test_a_class_that_is_only_new_is_refused_and_one_that_is_only_old_told(tmp_path: Path) -> None:
    times = [f"2024-01-{day + 1:02d}" for day in range(20)]
    rows = [{"label": "ab"[day >= 17], "taken_at": time} for day, time in enumerate(times)]
    with pytest.raises(DataError, match="every picture of 'b' would judge"):
        parted(table_of(tmp_path / "new", rows), time_column="taken_at")
    rows = [{"label": "ab"[day < 5], "taken_at": time} for day, time in enumerate(times)]
    found = parted(table_of(tmp_path / "old", rows), time_column="taken_at")
    assert "No picture of 'b' is among those of test." in found.remarks


def test_a_column_that_is_not_there_is_told_with_the_nearest(tmp_path: Path) -> None:
    dataset = dated(tmp_path, [f"{day}" for day in range(10)])
    with pytest.raises(UsageError, match=r"--time-column: .*'taken'.* Did you mean 'taken_at'\?"):
        parted(dataset, time_column="taken")


# By domain


def of_hospitals(tmp_path: Path, hospitals: str) -> Dataset:
    rows = [{"label": "xy"[n % 2], "hospital": name} for n, name in enumerate(hospitals)]
    return table_of(tmp_path / "domains", rows)


def test_one_domain_is_the_test_and_nothing_else_is(tmp_path: Path) -> None:
    dataset = of_hospitals(tmp_path, "A" * 8 + "B" * 20 + "C" * 12)
    found = parted(dataset, domain_column="hospital", test_domain="A")
    hospitals = dataset.metadata["hospital"]
    assert np.array_equal(found.assignment == "test", hospitals == "A")
    assert np.count_nonzero(found.assignment == "validation") in (3, 4)


def test_domains_written_as_numbers_are_found(tmp_path: Path) -> None:
    dataset = of_hospitals(tmp_path, "1" * 8 + "2" * 20)
    found = parted(dataset, domain_column="hospital", test_domain="1")
    assert np.array_equal(found.assignment == "test", dataset.metadata["hospital"] == 1)


def test_a_domain_is_called_as_its_number_is_written(tmp_path: Path) -> None:
    rows = [{"label": "xy"[n % 2], "site": "1.1" if n < 8 else "2.0"} for n in range(28)]
    dataset = table_of(tmp_path / "domains", rows)
    for tested, number in (("1.1", 1.1), ("2", 2.0)):
        found = parted(dataset, domain_column="site", test_domain=tested)
        assert np.array_equal(found.assignment == "test", dataset.metadata["site"] == number)


def test_domains_that_cannot_be_meant_are_told(tmp_path: Path) -> None:
    dataset = of_hospitals(tmp_path, "A" * 8 + "B" * 20)
    with pytest.raises(UsageError, match=r"no domain 'Z' in the column 'hospital'.*There are A, B"):
        parted(dataset, domain_column="hospital", test_domain="Z")
    with pytest.raises(UsageError, match="which of the domains is the test"):
        parted(dataset, domain_column="hospital")
    with pytest.raises(UsageError, match="--test-domain: the domain 'A' of which column"):
        Parting(test_domain="A")
    with pytest.raises(UsageError, match="--time-column and --domain-column"):
        Parting(time_column="a", domain_column="b")
    rows = [{"label": "xy"[n % 2], "hospital": "" if n == 3 else "A"} for n in range(9)]
    with pytest.raises(DataError, match=r"'hospital' is empty for 3\.png"):
        parted(table_of(tmp_path / "e", rows), domain_column="hospital", test_domain="A")
    with pytest.raises(UsageError, match="none is left to learn from"):
        parted(of_hospitals(tmp_path / "o", "A" * 9), domain_column="hospital", test_domain="A")


# Several labels


def label_sets_of(count: int, seed: int) -> NDArray[np.bool_]:
    """(count, 8): labels from common (half of all) to rare (one in a hundred), some together."""
    random = np.random.default_rng(seed)
    sets = random.random((count, 8)) < np.geomspace(0.5, 0.01, 8)
    sets[:, 5] &= sets[:, 1]
    sets[:8] |= np.eye(8, dtype=bool)
    return np.asarray(sets)


def spread(sets: NDArray[np.bool_], assignment: NDArray[np.str_]) -> float:
    """The mean distance of each label's share in each split from the share of the split."""
    shares = np.array([sets[assignment == side].sum(axis=0) / sets.sum(axis=0) for side in SIDES])
    return float(np.abs(shares - np.array([[0.7], [0.1], [0.2]])).mean())


def test_several_labels_are_dealt_nearer_to_their_shares_than_by_chance() -> None:
    sets = label_sets_of(2000, 0)
    labels = np.full(len(sets), -1)
    names = [*"abcdefgh"]
    dealt = [
        spread(sets, split(labels, label_sets=sets, classes=names, seed=seed).assignment)
        for seed in range(3)
    ]
    random = np.random.default_rng(1)
    by_chance = [
        spread(sets, random.permutation(np.repeat(SIDES, (1400, 200, 400)))) for _ in range(20)
    ]
    assert max(dealt) < 0.01
    assert max(dealt) < min(by_chance)


def test_real_labels_and_groups_are_dealt_nearer_than_by_chance(
    shared_data: Callable[[str], Path],
) -> None:
    with tarfile.open(shared_data("clothing160.tar")) as tar:
        member = next(name for name in tar.getnames() if name.endswith("metadata.csv"))
        file = tar.extractfile(member)
        assert file is not None
        rows = list(csv.DictReader(file.read().decode().splitlines()))
    garments = sorted({row["label"] for row in rows})
    sets = np.array([[row["label"] == name for name in garments] for row in rows])
    above_the_waist = {"longsleeve", "outwear", "shirt", "t-shirt"}
    sets = np.column_stack([sets, [row["label"] in above_the_waist for row in rows]])
    senders = np.array([row["sender_id"] for row in rows])
    labels = np.full(len(rows), -1)
    names = [*garments, "above the waist"]
    found = split(labels, label_sets=sets, classes=names, seed=0, groups=senders)
    random = np.random.default_rng(0)
    people = np.unique(senders)
    by_chance = []
    for _ in range(20):
        side_of = dict(
            zip(people, random.choice(SIDES, len(people), p=[0.7, 0.1, 0.2]), strict=True)
        )
        by_chance.append(spread(sets, np.array([side_of[sender] for sender in senders])))
    assert spread(sets, found.assignment) < min(by_chance)
    assert spread(sets, found.assignment) < 0.03


@given(st.integers(0, 50), st.data())
def test_units_of_several_labels_are_whole_and_no_side_is_empty(
    seed: int, data: st.DataObject
) -> None:
    sets = label_sets_of(60, seed)
    numbers = st.lists(st.integers(0, 25), min_size=60, max_size=60)
    groups = np.array([f"g{number}" if number else "" for number in data.draw(numbers)])
    arguments = {"label_sets": sets, "classes": [*"abcdefgh"], "seed": seed, "allow_tiny": True}
    pixels = np.array([f"{row}" for row in range(60)])
    labels = np.full(60, -1)
    found = split(labels, groups=groups, duplicates=pixels, **arguments).assignment  # type: ignore[arg-type]
    for group in set(groups) - {""}:
        assert len(set(found[groups == group])) == 1
    assert set(found) == set(SIDES)
    assert np.all(sets[found == "train"].any(axis=0) | (sets.sum(axis=0) == 0))
    order = np.random.default_rng(seed).permutation(60)
    arguments["label_sets"] = sets[order]
    again = split(labels, groups=groups[order], duplicates=pixels[order], **arguments)  # type: ignore[arg-type]
    assert np.array_equal(again.assignment, found[order])


def test_pictures_without_any_label_are_dealt_like_others(tmp_path: Path) -> None:
    labels = ["sea|sky", "sea", "sky", "", ""] * 12
    rows = [{"label": label} for label in labels]
    dataset = table_of(tmp_path / "several", rows, label_separator="|")
    found = parted(dataset)
    assert dataset.label_sets is not None
    bare = ~dataset.label_sets.any(axis=1)
    assert np.count_nonzero(bare) == 24
    assert 3 <= np.count_nonzero(found.assignment[bare] == "test") <= 7
    assert LEFT_OUT not in found.assignment


# Large groups, against scikit-learn


def test_large_groups_are_parted_no_worse_than_scikit_learn_parts_them() -> None:
    selection = pytest.importorskip("sklearn.model_selection")
    random = np.random.default_rng(5)
    groups = random.choice(40, 1500, p=random.dirichlet(np.full(40, 0.8)))
    tendency = random.dirichlet(np.ones(6), 40)
    labels = np.array([random.choice(6, p=tendency[group]) for group in groups])
    totals = np.bincount(labels)

    def off(tested: NDArray[np.bool_]) -> float:
        return float(np.abs(np.bincount(labels[tested], minlength=6) / totals - 0.2).mean())

    theirs, ours = [], []
    for seed in range(5):
        folds = selection.StratifiedGroupKFold(5, shuffle=True, random_state=seed)
        for _, test in folds.split(labels, labels, groups):
            theirs.append(off(np.isin(np.arange(1500), test)))
        names = [f"{label}" for label in range(6)]
        found = split(labels, classes=names, seed=seed, groups=np.array([f"{g}" for g in groups]))
        ours.append(off(found.assignment == "test"))
    assert np.mean(ours) <= np.mean(theirs) + 0.005
