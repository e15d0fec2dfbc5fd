"""Folds: each picture judges once a repeat, what hangs together judges together, nested or not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from linnaeus.data.folds import Folds, folds
from linnaeus.data.leaks import Ties
from linnaeus.data.samples import Samples
from linnaeus.errors import DataError, UsageError

SIDES = {"train", "validation", "test"}


def samples(
    labels: NDArray[np.int64],
    groups: NDArray[np.str_] | None = None,
    near: NDArray[np.int64] | None = None,
    pixels: NDArray[np.str_] | None = None,
    label_sets: NDArray[np.bool_] | None = None,
) -> Samples:
    pairs = np.empty((0, 2), np.int64) if near is None else near
    pixels = np.array([f"{row}" for row in range(len(labels))]) if pixels is None else pixels
    width = labels.max() + 1 if label_sets is None else label_sets.shape[1]
    names = [f"class {label}" for label in range(width)]
    paths = [f"{row}.png" for row in range(len(labels))]
    return Samples(labels, names, paths, Ties(pixels, groups, pairs), label_sets, "photos")


def judging(found: Folds) -> NDArray[np.int64]:
    """(repeats, n): which fold tests each sample."""
    is_test = np.array([[one.assignment == "test" for one in of] for of in found.splits])
    assert np.all(is_test.sum(axis=1) == 1)
    return np.asarray(is_test.argmax(axis=1))


@given(
    st.lists(st.integers(0, 3), min_size=40, max_size=80),
    st.integers(2, 6),
    st.integers(1, 3),
    st.integers(0, 9),
)
def test_every_sample_is_tested_once_a_repeat_and_classes_are_even(
    drawn: list[int], count: int, repeats: int, seed: int
) -> None:
    labels = np.array([*drawn, *[0, 1, 2, 3] * 6])
    plan = {"repeats": repeats, "validation": 0.1, "seed": seed}
    by_fold = judging(folds(samples(labels), count, **plan))  # type: ignore[arg-type]
    for of_repeat in by_fold:
        sizes = np.bincount(of_repeat, minlength=count)
        assert sizes.max() - sizes.min() <= 2
        for label in range(4):
            of_class = np.bincount(of_repeat[labels == label], minlength=count)
            assert of_class.max() - of_class.min() <= 1


@given(st.data(), st.sampled_from([0, 2, 3]))
def test_groups_copies_and_look_alikes_judge_together(data: st.DataObject, inner: int) -> None:
    labels = np.arange(120) % 3
    numbers = st.lists(st.integers(0, 60), min_size=120, max_size=120)
    groups = np.array([f"g{number}" if number else "" for number in data.draw(numbers)])
    pairs = np.array([(row, row + 3) for row in range(0, 30, 6)])
    pixels = np.array([f"{row // 2 if row > 100 else row}" for row in range(120)])
    together = samples(labels, groups, pairs, pixels)
    for of_repeat in folds(together, 3, repeats=2, inner=inner, validation=0.2, seed=0).splits:
        for one in of_repeat:
            for values in (groups, pixels):
                for value in set(values.tolist()) - {""}:
                    assert len(set(one.assignment[values == value])) == 1
            assert all(one.assignment[a] == one.assignment[b] for a, b in pairs)


@given(st.integers(0, 20))
def test_the_order_of_the_samples_changes_nothing(seed: int) -> None:
    order = np.random.default_rng(seed).permutation(60)
    labels = np.arange(60) % 3
    pixels = np.array([f"{row}" for row in range(60)])
    plan = {"repeats": 2, "inner": 2, "validation": 0.1, "seed": seed}
    plain = folds(samples(labels, pixels=pixels), 4, **plan)  # type: ignore[arg-type]
    shuffled = folds(samples(labels[order], pixels=pixels[order]), 4, **plan)  # type: ignore[arg-type]
    for one, other in zip(sum(plain.splits, ()), sum(shuffled.splits, ()), strict=True):
        assert np.array_equal(one.assignment[order], other.assignment)


def test_repeats_and_seeds_differ_and_the_same_seed_does_not() -> None:
    even = samples(np.arange(200) % 4)
    first = judging(folds(even, 5, repeats=3, validation=0.1, seed=0))
    assert np.array_equal(first, judging(folds(even, 5, repeats=3, validation=0.1, seed=0)))
    assert np.array_equal(first[0], judging(folds(even, 5, validation=0.1, seed=0))[0])
    other = judging(folds(even, 5, repeats=3, validation=0.1, seed=1))
    several = [*first, *other]
    assert len({tuple(one.tolist()) for one in several}) == 6


def test_what_is_not_tested_is_learnt_from_and_chosen_on_class_by_class() -> None:
    labels = np.arange(300) % 3
    for one in folds(samples(labels), 3, validation=0.1, seed=0).splits[0]:
        for label in range(3):
            sides = one.assignment[labels == label].tolist()
            assert [sides.count(side) for side in ("train", "validation", "test")] in (
                [60, 7, 33],
                [60, 7, 34],
                [59, 7, 34],
                [60, 6, 34],
            )


def test_nested_folds_part_what_each_fold_learns_from() -> None:
    labels = np.arange(240) % 4
    found = folds(samples(labels), 4, inner=3, validation=0.1, seed=0)
    assert found.inner == 3
    for one in found.splits[0]:
        assert set(one.assignment) == {"test", "inner 0", "inner 1", "inner 2"}
        for name in ("inner 0", "inner 1", "inner 2"):
            assert np.bincount(labels[one.assignment == name]).tolist() == [15] * 4
    inners = [one.assignment for one in found.splits[0]]
    assert any(not np.array_equal(inners[0][i], inners[1][i]) for i in range(240))


def test_folds_of_several_labels_hold_each_label_evenly() -> None:
    random = np.random.default_rng(0)
    sets = random.random((1000, 6)) < np.geomspace(0.6, 0.03, 6)
    several = samples(np.full(1000, -1), label_sets=sets)
    (by_fold,) = judging(folds(several, 5, validation=0.1, seed=2))
    for label in range(6):
        held = np.bincount(by_fold[sets[:, label]], minlength=5)
        assert held.max() - held.min() <= max(3, 0.06 * held.sum())
    sizes = np.bincount(by_fold)
    assert sizes.max() - sizes.min() <= 10


def test_large_groups_are_folded_no_worse_than_scikit_learn_folds_them() -> None:
    selection = pytest.importorskip("sklearn.model_selection")
    random = np.random.default_rng(3)
    groups = random.choice(60, 1500, p=random.dirichlet(np.full(60, 0.6)))
    tendency = random.dirichlet(np.ones(5), 60)
    labels = np.array([random.choice(5, p=tendency[group]) for group in groups])
    totals = np.bincount(labels)

    def off(by_fold: NDArray[np.int64]) -> float:
        table = np.array([np.bincount(labels[by_fold == fold], minlength=5) for fold in range(5)])
        return float(np.abs(table / totals - 0.2).mean())

    named = samples(labels, np.array([f"{group}" for group in groups]))
    theirs, ours = [], []
    for seed in range(5):
        by_fold = np.empty(1500, np.int64)
        parts = selection.StratifiedGroupKFold(5, shuffle=True, random_state=seed)
        for fold, (_, test) in enumerate(parts.split(labels, labels, groups)):
            by_fold[test] = fold
        theirs.append(off(by_fold))
        ours.append(off(judging(folds(named, 5, validation=0.1, seed=seed))[0]))
    assert np.mean(ours) <= np.mean(theirs) + 0.005


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        ((1, 1, 0), "--folds: 1 is too few"),
        ((3, 0, 0), "--repeats: 0 is too few"),
        ((3, 1, 1), "--inner: 1 is too few"),
    ],
)
def test_plans_that_make_no_sense_are_refused(plan: tuple[int, int, int], told: str) -> None:
    count, repeats, inner = plan
    with pytest.raises(UsageError, match=told):
        folds(samples(np.arange(60) % 3), count, repeats=repeats, inner=inner, validation=0, seed=0)


def test_a_class_of_fewer_pictures_than_folds_is_named() -> None:
    labels = np.array([0] * 30 + [1] * 3 + [2] * 4)
    with pytest.raises(
        DataError, match=r"5 folds need 5 .* fewer of 'class 1' \(3\), 'class 2' \(4"
    ):
        folds(samples(labels), 5, validation=0.1, seed=0)


def test_a_class_that_one_group_holds_cannot_be_tested_and_learnt_at_once() -> None:
    groups = np.array([""] * 30 + ["clinic"] * 10)
    with pytest.raises(DataError, match=r"would leave nothing of 'class 1' to learn from"):
        folds(samples(np.array([0] * 30 + [1] * 10), groups), 3, validation=0.1, seed=0)


def test_fewer_sets_than_folds_are_refused() -> None:
    groups = np.array(["a"] * 10 + ["b"] * 10)
    with pytest.raises(DataError, match=r"hang together in 2 sets .* too few for 3 folds"):
        folds(samples(np.arange(20) % 2, groups), 3, validation=0.1, seed=0)


def test_a_group_larger_than_a_fold_is_told_by_name() -> None:
    groups = np.array(["large"] * 40 + [""] * 60)
    found = folds(samples(np.arange(100) % 2, groups), 5, validation=0.1, seed=0)
    assert any("differ in size: group 'large' (40)" in remark for remark in found.remarks)
    judging(found)


def test_a_class_in_fewer_sets_than_folds_is_told() -> None:
    groups = np.array([""] * 40 + ["a"] * 5 + ["b"] * 5)
    found = folds(samples(np.array([0] * 40 + [1] * 10), groups), 4, validation=0.1, seed=0)
    assert any("Not every fold tests 'class 1'" in remark for remark in found.remarks)
