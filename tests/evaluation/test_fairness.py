"""Gaps between groups: what they are, and that chance is not taken for one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from answers import answers_of, random_answers

import linnaeus
from linnaeus.bundle.table import write_csv
from linnaeus.errors import UsageError
from linnaeus.evaluation.fairness import Disparity, Fairness, GroupFigure, fairness_of
from linnaeus.evaluation.fairness_words import fairness_words
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.traits import Trait


def test_two_classes_have_rates_by_group_that_can_be_counted() -> None:
    # 60 pictures of women: 20 of 30 sick found, 3 of 30 well called sick; of men 27 and 6 of 30.
    answers = answers_of([[27, 3], [10, 20]], ("well", "sick"))
    men = answers_of([[24, 6], [3, 27]], ("well", "sick"))
    both = replace(
        answers,
        ids=tuple(map(str, range(120))),
        labels=np.concatenate([answers.labels, men.labels]),
        probabilities=np.concatenate([answers.probabilities, men.probabilities]),
    )
    found = fairness_of(both, Trait("sex", np.array(["f"] * 60 + ["m"] * 60)))
    assert found.overall is not None
    assert [one.figure.value for one in found.overall.groups] == pytest.approx([47 / 60, 51 / 60])
    positive, negative = found.of_classes
    assert (positive.figure, positive.of_class) == ("true positive rate", "sick")
    assert {one.group: one.figure.value for one in positive.groups} == pytest.approx(
        {"f": 20 / 30, "m": 27 / 30}
    )
    assert (negative.figure, negative.of_class) == ("false positive rate", "sick")
    assert {one.group: one.figure.value for one in negative.groups} == pytest.approx(
        {"f": 3 / 30, "m": 6 / 30}
    )
    assert positive.gap.value == pytest.approx(7 / 30)
    looked_for = fairness_of(both, Trait("sex", np.array(["f"] * 60 + ["m"] * 60)), positive="well")
    assert {one.group: one.figure.value for one in looked_for.of_classes[0].groups} == (
        pytest.approx({"f": 27 / 30, "m": 24 / 30})
    )


def test_a_gap_of_two_groups_has_newcombes_interval() -> None:
    # Newcombe (1998), his example of 56/70 against 48/80, method 10: 0.0524 to 0.3339.
    right = np.array([True] * 56 + [False] * 14 + [True] * 48 + [False] * 32)
    answers = answers_of([[1, 0], [0, 1]], ("no", "yes"))
    labels = np.zeros(150, np.int64)
    said = np.where(right, 0, 1)
    probabilities = np.where(np.eye(2)[said] > 0, 0.9, 0.1).astype(np.float32)
    answers = replace(
        answers, ids=tuple(map(str, range(150))), labels=labels, probabilities=probabilities
    )
    found = fairness_of(answers, Trait("arm", np.array(["a"] * 70 + ["b"] * 80)))
    assert found.overall is not None
    gap = found.overall.gap
    assert (gap.low, gap.value, gap.high) == pytest.approx((0.0524, 0.2, 0.3339), abs=1e-4)
    assert found.overall.real
    assert "a gap of 20 points (between 5 and 33)" in fairness_words([found])[0]


def test_chance_alone_is_seldom_called_a_gap() -> None:
    called = in_classes = 0
    for seed in range(200):
        random = np.random.default_rng(1000 + seed)
        place = Trait("place", random.choice(list("abcdef"), 400))
        found = fairness_of(random_answers(seed, 400, 4), place)
        assert found.overall is not None
        called += found.overall.real
        in_classes += any(one.real for one in found.of_classes)
    assert called <= 19  # 5 in 100 are allowed: twenty or more of 200 come once in 400 tries
    assert in_classes <= 19


def test_the_interval_of_a_gap_holds_the_true_one() -> None:
    """Three places where it is truly right 95, 85 and 75 times in 100: a gap of 20 points."""
    held = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        place = random.choice(3, 300)
        right = random.random(300) < np.array([0.95, 0.85, 0.75])[place]
        said = np.where(right, 0, 1)
        answers = replace(
            random_answers(0, 300, 2),
            labels=np.zeros(300, np.int64),
            probabilities=np.where(np.eye(2)[said] > 0, 0.9, 0.1).astype(np.float32),
        )
        found = fairness_of(answers, Trait("place", place.astype(np.float64)))
        assert found.overall is not None
        held += found.overall.gap.low <= 0.2 <= found.overall.gap.high
    assert held >= 181  # 95 in 100 are promised: fewer of 200 come once in 400 tries


def test_a_column_of_groups_is_asked_for_by_name(tmp_path: Path) -> None:
    answers = random_answers(4, 200, 3)
    write_csv(tmp_path / "plain.csv", answers)
    lines = (tmp_path / "plain.csv").read_text().splitlines()
    sexes = ["f" if i % 2 else "m" for i in range(200)]
    rows = [f"{line},{sex}" for line, sex in zip(lines[1:], sexes, strict=True)]
    (tmp_path / "a.csv").write_text("\n".join([f"{lines[0]},sex", *rows]))
    found = linnaeus.evaluate(
        predictions=tmp_path / "a.csv", fairness="sex", out=tmp_path / "judged"
    )
    assert any(sentence.startswith("By “sex”, it is right") for sentence in found.in_plain_words)
    page = (tmp_path / "judged/report/index.html").read_text()
    assert "How alike it treats groups" in page
    with pytest.raises(UsageError, match="Did you mean 'sex'"):
        linnaeus.evaluate(predictions=tmp_path / "a.csv", fairness="sexx")


def test_no_picture_is_in_two_groups_of_a_column_of_codes() -> None:
    answers = random_answers(4, 600, 3)
    code = np.random.default_rng(0).integers(1, 16, 600).astype(np.float64)
    found = fairness_of(answers, Trait("code", code))
    assert found.overall is not None
    assert sum(one.images for one in found.overall.groups) == 600


def apart(gap: Figure, best: float = 0.9) -> str:
    """What is said of two groups whose accuracies lie so far apart."""
    figures = (Figure(at, at, at) for at in (best, best - gap.value))
    groups = tuple(GroupFigure(name, 50, one) for name, one in zip("ab", figures, strict=True))
    overall = Disparity("accuracy", "", groups, gap)
    return fairness_words([Fairness("place", overall, (), "")])[0]


@pytest.mark.parametrize(
    ("high", "told"),
    [
        (0.021, "3 points"),
        (0.02, "2 points"),
        (0.07, "7 points"),
        (0.01, "1 point"),
        (0.004, "1 point"),
    ],
)
def test_what_a_gap_is_at_most_is_rounded_up(high: float, told: str) -> None:
    assert f"(it is at most {told})." in apart(Figure(0.003, 0.0, high))


@pytest.mark.parametrize(
    ("gap", "told"),
    [
        (Figure(0.2, 0.0524, 0.3339), "a gap of 20 points (between 5 and 33)."),
        (Figure(0.011, 0.006, 0.024), "a gap of 1 point (between 1 and 2)."),
        (Figure(0.004, 0.002, 0.007), "a gap of fewer than 1 point (between fewer than 1 and 1)."),
    ],
)
def test_a_real_gap_is_never_told_as_none(gap: Figure, told: str) -> None:
    assert apart(gap).endswith(told)


def test_one_picture_in_100_is_recognised() -> None:
    groups = tuple(
        GroupFigure(name, 900, Figure(at, at, at)) for name, at in (("a", 0.01), ("b", 0))
    )
    gap = Figure(0.01, 0.006, 0.02)
    for figure, told in (
        ("recall", "1 in 100 pictures of “cat” is recognised for “a” (900 pictures)"),
        (
            "false positive rate",
            "pictures that are not “cat” 1 is called so for “a” (900 pictures)",
        ),
    ):
        rate = Disparity(figure, "cat", groups, gap)
        words = fairness_words(
            [Fairness("place", Disparity("accuracy", "", groups, gap), (rate,), "")]
        )
        assert told in words[1]


def test_a_column_without_groups_is_told() -> None:
    answers = random_answers(4, 60, 3)
    found = fairness_of(answers, Trait("name", np.array([str(i) + "x" for i in range(60)])))
    assert found.overall is None
    assert fairness_words([found]) == ("“name” makes no two groups of ten pictures or more.",)


@pytest.mark.parametrize("told", [("f", "m", ""), (1.0, 2.0, float("nan"))])
def test_pictures_whose_group_is_not_given_are_told_and_in_no_gap(
    told: tuple[str, str, str] | tuple[float, float, float],
) -> None:
    """Right 90, 80 and 50 times in 100: the widest gap between known groups is 10 points."""
    counts = [[90 + 80 + 50, 10 + 20 + 50], [0, 0]]
    answers = answers_of(counts, ("well", "sick"))
    group = np.array([*np.repeat(told, (90, 80, 50)), *np.repeat(told, (10, 20, 50))])
    found = fairness_of(answers, Trait("sex", group))
    assert found.overall is not None
    figures = {one.group: (one.figure.value, one.missing) for one in found.overall.groups}
    first, second = ("f", "m") if told[0] == "f" else ("1", "2")
    assert figures == {first: (0.9, False), second: (0.8, False), "not given": (0.5, True)}
    assert found.overall.gap.value == pytest.approx(0.1)
    assert [one.group for one in found.overall.ends] == [first, second]
    assert "not given" not in fairness_words([found])[0]


def test_one_group_beside_pictures_without_any_makes_no_gap() -> None:
    answers = random_answers(4, 60, 3)
    found = fairness_of(answers, Trait("sex", np.array(["f", ""] * 30)))
    assert found.overall is None
