"""Weak slices: the planted one is named first, and chance alone is seldom called weakness."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from answers import random_answers, random_labels
from numpy.typing import NDArray

import linnaeus
from command_line import linnaeus as typed
from linnaeus.bundle.predictions import Predictions
from linnaeus.bundle.table import write_csv
from linnaeus.data.dataset import Column
from linnaeus.errors import UsageError
from linnaeus.evaluation.slice_words import slice_words
from linnaeus.evaluation.slices import Slices, slices_of
from linnaeus.evaluation.traits import told_traits


def with_planted_site(seed: int, images: int = 1000) -> tuple[Predictions, dict[str, Column]]:
    """Answers whose labels are shuffled for half of the 8 % that come from site F.

    Other columns mean nothing: a camera, an age, a name that is each picture's own.
    """
    random = np.random.default_rng(1000 + seed)
    answers = random_answers(seed, images, 5, skill=2.5)
    site = random.choice(list("ABCDEF"), images, p=[0.3, 0.25, 0.2, 0.1, 0.07, 0.08])
    weak = np.flatnonzero(site == "F")
    labels = answers.labels.copy()
    labels[weak[::2]] = random.permutation(labels[weak[::2]])
    columns: dict[str, Column] = {
        "camera": random.choice(["old", "new"], images),
        "age": random.integers(18, 90, images).astype(np.float64),
        "site": site,
        "patient": np.array([f"p{i}" for i in range(images)]),
    }
    return replace(answers, labels=labels), columns


def looked_at(answers: Predictions, columns: dict[str, Column], **how: list[str]) -> Slices:
    return slices_of(answers, told_traits(columns), **how)


@pytest.mark.parametrize("seed", range(10))
def test_the_planted_weak_slice_is_named_first(seed: int) -> None:
    answers, columns = with_planted_site(seed)
    found = looked_at(answers, columns)
    first = found.of_all[0]
    assert (first.trait, first.value) == ("site", "F")
    assert first.weaker
    assert first.gap.difference.high < 0
    assert slice_words(found)[0].startswith("Weakest where “site” is “F”")


def planted_code(seed: int, images: int, codes: int) -> tuple[Predictions, NDArray[np.float64]]:
    """Answers whose labels are shuffled for half of the 8 % that have the middle code."""
    random = np.random.default_rng(2000 + seed)
    answers = random_answers(seed, images, 5, skill=2.5)
    middle = codes // 2
    code = random.choice([one for one in range(1, codes + 1) if one != middle], images)
    weak = random.permutation(images)[: round(0.08 * images)]
    code[weak] = middle
    labels = answers.labels.copy()
    labels[weak[::2]] = random.permutation(labels[weak[::2]])
    return replace(answers, labels=labels), code.astype(np.float64)


@pytest.mark.parametrize("asked", [[], ["code"]], ids=["by default", "asked for"])
@pytest.mark.parametrize(("images", "codes"), [(400, 12), (1000, 12), (1000, 30), (5000, 80)])
def test_a_weak_code_among_many_is_named_first(images: int, codes: int, asked: list[str]) -> None:
    answers, code = planted_code(images, images, codes)
    found = looked_at(answers, {"code": code}, asked=asked)
    assert found.of_all[0].value == str(codes // 2)
    assert slice_words(found)[0].startswith(f"Weakest where “code” is “{codes // 2}”")


def test_a_weak_day_among_many_is_named_first() -> None:
    answers, code = planted_code(7, 1000, 20)
    days = np.array([f"2024-03-{int(day):02d}" for day in code])
    assert looked_at(answers, {"taken": days}).of_all[0].value == "2024-03-10"


def test_a_weak_value_is_named_first_though_most_others_hardly_recur() -> None:
    answers, code = planted_code(3, 400, 150)
    device = np.array(["phone" if one == 75 else f"u{one:.0f}" for one in code])
    found = looked_at(answers, {"device": device})
    assert [(one.value, one.images) for one in found.of_all] == [("phone", 32)]
    assert found.of_all[0].weaker
    rare = len(np.unique(device)) - 1
    assert f"Of “device”, the {rare} values (368 pictures): fewer than 10" in " ".join(found.told)


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        (
            (197, 3),
            "the 2 values (200 pictures): of each, fewer than 10 pictures have it, or",
        ),
        ((192, 4, 4), "the 3 values (200 pictures): of each, fewer than 10 pictures have it, or"),
        ((100, 92, 8), "the value “c” (8 pictures): fewer than 10 pictures have it"),
        ((95, 97, 4, 4), "the 2 values (8 pictures): fewer than 10 pictures have each"),
    ],
)
def test_values_that_are_too_few_to_look_at_are_told(counts: tuple[int, ...], told: str) -> None:
    side = np.repeat([*"abcd"][: len(counts)], counts)
    found = looked_at(random_answers(2, 200, 3), {"side": side})
    assert any(sentence.startswith(f"Of “side”, {told}") for sentence in found.told)


def test_ages_are_looked_at_in_ranges_and_one_by_one_where_asked_for() -> None:
    age = np.repeat(np.arange(20.0, 90.0), 15)
    answers = random_answers(2, len(age), 3)
    found = looked_at(answers, {"age": age})
    assert len(found.of_all) == 5
    assert (
        "Of “age”, 70 single values (1,050 pictures): fewer than 21 pictures have each, so that"
        " only ranges tell of them; --slice-by would look at those of 10 or more."
    ) in found.told
    asked = looked_at(answers, {"age": age}, asked=["age"])
    assert len(asked.of_all) == 75
    assert {"45", "up to 33"} <= {one.value for one in asked.of_all}


def test_of_very_many_values_the_most_frequent_are_looked_at_and_the_others_told() -> None:
    site = np.array([f"site {i}" for i in range(130) for _ in range(30 if i % 13 else 12)])
    answers = random_answers(2, len(site), 2)
    found = looked_at(answers, {"site": site})
    assert len(found.of_all) == 100
    assert all(one.images == 30 for one in found.of_all)
    left = "Of “site”, 30 values (720 pictures): 100 others are more frequent"
    assert any(told.startswith(left) for told in found.told)
    assert len(looked_at(answers, {"site": site}, asked=["site"]).of_all) == 130


def test_a_columns_figures_are_those_of_its_pictures() -> None:
    answers, columns = with_planted_site(3)
    first = looked_at(answers, columns).of_all[0]
    here = columns["site"] == "F"
    right = answers.decisions == answers.labels
    assert first.images == here.sum()
    assert first.gap.inside.value == pytest.approx(right[here].mean())
    assert first.gap.rest.value == pytest.approx(right[~here].mean())
    own = answers.probabilities[np.arange(len(right)), answers.labels]
    assert first.log_loss is not None
    assert first.log_loss.value == pytest.approx(-np.log(own[here]).mean(), rel=1e-5)
    assert first.log_loss.low < first.log_loss.value < first.log_loss.high


def test_chance_alone_is_seldom_called_weakness() -> None:
    called = 0
    for seed in range(60):
        random = np.random.default_rng(1000 + seed)
        columns: dict[str, Column] = {
            "one": random.choice(list("abcdefgh"), 400),
            "other": random.normal(size=400),
        }
        called += bool(looked_at(random_answers(seed, 400, 3), columns).weaker)
    assert called <= 8  # 5 in 100 are allowed: nine or more of 60 would come once in 500 tries


def test_of_a_hundred_evaluations_without_a_weak_slice_five_at_most_name_one() -> None:
    """Neither of all pictures nor of a class: what is named anywhere counts."""
    named = 0
    for seed in range(200):
        random = np.random.default_rng(7000 + seed)
        columns: dict[str, Column] = {
            "site": random.choice(list("abcdefgh"), 500),
            "code": random.integers(1, 21, 500).astype(np.float64),
            "measure": random.normal(size=500),
        }
        found = looked_at(random_answers(seed, 500, 3, skill=1.0), columns)
        assert bool(slice_words(found)) == bool(found.weaker or found.called_in_classes)
        named += bool(slice_words(found))
    assert named <= 10


def test_tests_of_all_pictures_and_of_classes_are_corrected_together() -> None:
    answers, columns = with_planted_site(4)
    answers = replace(answers, labels=np.random.default_rng(0).permutation(answers.labels))
    found = looked_at(answers, columns)
    for slices, tested in (
        (found.of_all, len(found.of_all)),
        (found.in_classes, found.tested_in_classes),
    ):
        least = min(slices, key=lambda one: one.gap.p)
        assert least.p >= min(1, 2 * tested * least.gap.p) * 0.999


def test_chance_alone_is_seldom_called_weakness_where_groups_have_one_fate() -> None:
    """Groups of ten that are right or wrong together, and lie in one site each."""
    called = pictures_alone = 0
    for seed in range(60):
        random = np.random.default_rng(seed)
        group = np.repeat(np.arange(60), 10)
        site = np.repeat(random.choice(list("abc"), 60), 10)
        right = np.repeat(random.random(60) < 0.7, 10)
        answers = _right_where(right, random)
        columns: dict[str, Column] = {"site": site}
        called += bool(slices_of(answers, told_traits(columns), group).weaker)
        pictures_alone += bool(looked_at(answers, columns).weaker)
    assert called <= 8
    assert pictures_alone > 20  # what it would be if groups were not heeded


def test_a_large_group_in_the_rest_hides_no_weak_slice() -> None:
    """The site has forty groups of its own; what the rest is known by hardly matters."""
    found = 0
    for seed in range(20):
        random = np.random.default_rng(seed)
        group = np.repeat(np.arange(101), [300] + [5] * 100)
        site = np.where(group > 60, "b", "a")
        odds = 1.7 - 2 * (group > 60) + random.normal(0, 0.6, 101)[group]
        right = random.random(len(group)) < 1 / (1 + np.exp(-odds))
        columns: dict[str, Column] = {"site": site}
        answers = _right_where(right, random)
        found += bool(slices_of(answers, told_traits(columns), group).weaker)
    assert found >= 13


def _right_where(right: NDArray[np.bool_], random: np.random.Generator) -> Predictions:
    labels = random.integers(0, 2, len(right))
    said = np.where(right, labels, 1 - labels)
    probabilities = np.where(np.eye(2)[said] > 0, 0.9, 0.1).astype(np.float32)
    ids = tuple(map(str, range(len(right))))
    return Predictions(ids, ("no", "yes"), probabilities, labels)


def test_a_value_that_hurts_one_class_is_found_there() -> None:
    random = np.random.default_rng(99)
    answers = random_answers(0, 3000, 6, skill=2.5)
    light = random.choice(["flash", "day"], 3000)
    hurt = np.flatnonzero((light == "flash") & (answers.labels == 2))
    probabilities = answers.probabilities.copy()
    probabilities[hurt] = probabilities[random.permutation(len(answers))[: len(hurt)]]
    found = looked_at(replace(answers, probabilities=probabilities), {"light": light})
    worst = found.weaker_in_classes[0]
    assert (worst.trait, worst.value, worst.of_class) == ("light", "flash", "class 2")
    assert any("“class 2” is recognised less where “light” is “flash”" in s for s in _all(found))


def with_a_hurt_class(images: int = 3000) -> tuple[Predictions, NDArray[np.str_]]:
    """Answers that are no worse in flash light, but for pictures of class 2."""
    random = np.random.default_rng(99)
    answers = random_answers(0, images, 6, skill=2.5)
    light = random.choice(["flash", "day"], images)
    hurt = np.flatnonzero((light == "flash") & (answers.labels == 2))[:100]
    probabilities = answers.probabilities.copy()
    probabilities[hurt] = probabilities[random.permutation(images)[: len(hurt)]]
    helped = np.flatnonzero((light == "flash") & (answers.labels != 2))
    probabilities[helped] = 0.9 * np.eye(6)[answers.labels[helped]] + 0.1 / 6
    return replace(answers, probabilities=probabilities), light


def test_what_is_weak_within_a_class_alone_is_counted_wherever_it_is_named(tmp_path: Path) -> None:
    answers, light = with_a_hurt_class()
    write_csv(tmp_path / "plain.csv", answers)
    lines = (tmp_path / "plain.csv").read_text().splitlines()
    rows = [f"{line},{value}" for line, value in zip(lines[1:], light, strict=True)]
    (tmp_path / "a.csv").write_text("\n".join([f"{lines[0]},light", *rows]))
    done = typed("evaluate", "--predictions", tmp_path / "a.csv", "--out", tmp_path / "judged")
    counts = "is weaker than the rest by more than chance; of 12 within single classes, "
    of_all = "Of 2 slices by light, 1 "
    figures = json.loads((tmp_path / "judged/report/metrics.json").read_text())["slices"]
    called = sum(one["weaker"] for one in figures["in_classes"])
    assert figures["weaker"] == 1
    assert figures["weaker_in_classes"] == called > 0
    assert f"{of_all}{counts}{called} " in done.out
    assert "  class 2, light: flash (" in done.out
    sentence = "“class 2” is recognised less where “light” is “flash”"
    assert sentence in done.out
    page = (tmp_path / "judged/report/index.html").read_text()
    section = page[page.index('<section id="slices">') :]
    shown = re.sub(r"</?bdi>", "", section)
    assert f"Of 2 slices, 1 {counts}{called} " in shown
    assert sentence in shown


def _all(found: Slices) -> list[str]:
    return [*slice_words(found), *slice_words(replace(found, of_all=()))]


def test_a_slice_of_hard_classes_is_told_from_a_weak_one() -> None:
    """Pictures of the dump are all of one class, which is hard everywhere."""
    random = np.random.default_rng(99)
    answers = random_answers(5, 2000, 4, skill=3.0)
    hard = answers.labels == 0
    probabilities = answers.probabilities.copy()
    probabilities[hard] = random.dirichlet(np.ones(4), int(hard.sum())).astype(np.float32)
    place = np.where(hard & (random.random(2000) < 0.5), "dump", "street")
    found = looked_at(replace(answers, probabilities=probabilities), {"place": place})
    worst = found.weaker[0]
    assert worst.value == "dump"
    assert worst.expected is not None
    assert worst.expected < worst.gap.rest.value - 0.3
    assert "on pictures of the same classes" in slice_words(found)[0]


def test_ids_and_constants_are_left_out_and_told_and_dates_are_cut_into_times() -> None:
    answers = random_answers(1, 200, 3)
    days = np.array([f"2024-{1 + i % 12:02d}-{1 + i % 28:02d}" for i in range(200)])
    columns: dict[str, Column] = {
        "patient": np.array([f"p{i}" for i in range(200)]),
        "number": np.arange(200.0),
        "study": np.array(["s"] * 200),
        "taken": days,
        "ward": np.array(["east"] * 150 + ["west"] * 47 + [""] * 3),
    }
    found = looked_at(answers, columns)
    assert found.traits == ("taken", "ward")
    told = " ".join(found.told)
    assert "“patient” has 200 values" in told
    assert "“number” holds whole numbers that are all different, as ids are" in told
    assert "“study” is the same for all pictures" in told
    assert "Of “ward”, the value “not given” (3 pictures): fewer than 10 pictures have it." in told
    taken = sorted(one.value for one in found.of_all if one.trait == "taken")
    assert len(taken) == 5
    assert re.fullmatch(r"up to 2024-\d\d-\d\d", taken[-1])
    asked = looked_at(answers, columns, asked=["number"])
    assert {one.trait for one in asked.of_all} == {"number"}


def test_ranges_hold_a_fifth_each_and_say_which() -> None:
    answers = random_answers(1, 500, 3)
    found = looked_at(answers, {"age": np.arange(500.0) / 2})
    sizes = {one.value: one.images for one in found.of_all}
    assert list(sizes.values()) == [100] * 5
    assert "up to 49.5" in sizes
    assert "above 49.5 up to 99.5" in sizes


def test_a_number_that_nearly_all_pictures_share_leaves_the_others_as_a_part() -> None:
    values = np.concatenate([np.arange(20.0), np.full(180, 99.0)])
    found = looked_at(random_answers(1, 200, 3), {"score": values})
    assert sorted((one.value, one.images) for one in found.of_all) == [
        ("99", 180),
        ("up to 19", 20),
    ]


def test_pictures_of_several_labels_are_sliced_by_all_of_them_being_right() -> None:
    answers = random_labels(0, 900, 4, skill=3.0)
    assert answers.label_sets is not None
    site = np.random.default_rng(0).choice(["a", "b", "c"], 900)
    truth = answers.label_sets.copy()
    truth[site == "b"] = np.random.default_rng(1).permutation(truth[site == "b"])
    found = looked_at(replace(answers, label_sets=truth), {"site": site})
    first = found.of_all[0]
    assert first.value == "b"
    assert first.weaker
    exact = (answers.given == truth).all(axis=1)
    assert first.gap.inside.value == pytest.approx(exact[site == "b"].mean())
    assert first.expected is None


def test_further_columns_of_a_table_of_answers_are_slices(tmp_path: Path) -> None:
    answers, columns = with_planted_site(2, 600)
    write_csv(tmp_path / "plain.csv", answers)
    lines = (tmp_path / "plain.csv").read_text().splitlines()
    rows = zip(lines[1:], columns["site"], columns["age"], strict=True)
    text = [f"{lines[0]},site,age", *(f"{line},{site},{age:g}" for line, site, age in rows)]
    (tmp_path / "answers.csv").write_text("\n".join(text))
    found = linnaeus.evaluate(predictions=tmp_path / "answers.csv", out=tmp_path / "judged")
    assert found.slices.traits == ("site", "age")
    assert any("holds nothing of what the classifier saw" in told for told in found.slices.told)
    assert found.slices.of_all[0].value == "F"
    page = (tmp_path / "judged" / "report" / "index.html").read_text()
    assert "Where it is weaker" in page
    assert "Weakest where “<bdi>site</bdi>” is “<bdi>F</bdi>”" in page
    only = linnaeus.evaluate(predictions=tmp_path / "answers.csv", slice_by="age")
    assert only.slices.traits == ("age",)


def test_a_column_of_numbers_that_is_asked_for_is_no_class(tmp_path: Path) -> None:
    rows = [f"{i}.jpg,{'cat' if i % 3 else 'dog'},0.75,0.25,{i * 1.5}" for i in range(60)]
    (tmp_path / "a.csv").write_text("\n".join(["id,label,cat,dog,age", *rows]))
    found = linnaeus.evaluate(predictions=tmp_path / "a.csv", slice_by=["age"])
    assert found.predictions.classes == ("cat", "dog")
    assert len(found.slices.of_all) == 5


def test_a_column_that_is_not_there_is_named_with_the_nearest(tmp_path: Path) -> None:
    rows = [f"{i}.jpg,cat,0.75,0.25,x" for i in range(20)]
    (tmp_path / "a.csv").write_text("\n".join(["id,label,p:cat,p:dog,scanner", *rows]))
    with pytest.raises(UsageError, match="scaner"):
        linnaeus.evaluate(predictions=tmp_path / "a.csv", slice_by="scaner")


@pytest.mark.parametrize(
    "values",
    [
        np.array([f"2024-05-01T{9 + i // 60:02d}:{i % 60:02d}:00" for i in range(150)]),
        52.5 + np.arange(150) / 3_000_000,
        1e9 + np.arange(150) / 1000,
    ],
    ids=["times of one day", "places of one town", "large numbers"],
)
def test_ranges_that_lie_close_together_are_told_apart(values: NDArray[Any]) -> None:
    found = looked_at(random_answers(1, 150, 3), {"where": values})
    assert len({one.value for one in found.of_all}) == len(found.of_all) == 5
    assert all(one.log_loss is not None for one in found.of_all)


def test_long_numbers_that_differ_are_different_values() -> None:
    even = np.arange(200) % 2 == 0
    columns: dict[str, Column] = {
        "day": np.where(even, 20240101.0, 20240102.0),
        "dose": np.where(even, np.float32(0.1), np.float32(0.2)).astype(np.float64),
    }
    found = looked_at(random_answers(1, 200, 3), columns, asked=["day", "dose"])
    assert {one.value for one in found.of_all} == {"20240101", "20240102", "0.1", "0.2"}


def test_a_text_that_reads_as_nothing_given_is_another_value_than_none() -> None:
    ward = np.array([("", "not given", "east")[i % 3] for i in range(90)])
    found = looked_at(random_answers(1, 90, 3), {"ward": ward})
    assert len({one.value for one in found.of_all}) == 3
