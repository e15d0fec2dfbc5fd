"""Two classifiers on the same pictures: by hand, by simulation, and from tables."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from answers import random_answers
from numpy.typing import NDArray

import linnaeus
from linnaeus.bundle.predictions import Predictions
from linnaeus.bundle.table import write_csv
from linnaeus.errors import DataError
from linnaeus.evaluation.contest import Paired, pair
from linnaeus.evaluation.contest_words import paired_words
from linnaeus.evaluation.disagreements import disagreements
from linnaeus.evaluation.figure import Figure

NAMES = ("one", "other")


def right_where(right: NDArray[np.bool_]) -> Predictions:
    """Answers that are right where told, of pictures half of which are "yes"."""
    labels = np.arange(len(right)) % 2
    said = np.where(right, labels, 1 - labels)
    probabilities = np.where(np.eye(2)[said] > 0, 0.9, 0.1).astype(np.float32)
    ids = tuple(f"{i}.jpg" for i in range(len(right)))
    return Predictions(ids, ("no", "yes"), probabilities, labels)


def of_table(both: int, only_first: int, only_second: int, neither: int) -> Paired:
    first = np.repeat([True, True, False, False], [both, only_first, only_second, neither])
    second = np.repeat([True, False, True, False], [both, only_first, only_second, neither])
    return pair(right_where(first), right_where(second), NAMES)


def test_a_paired_difference_has_newcombes_interval() -> None:
    # Newcombe (1998, Stat. Med. 17:2635), his table II, method 10, for 36, 12, 2 and 0 pairs.
    found = of_table(36, 12, 2, 0).accuracy
    assert (found.both, found.only_first, found.only_second, found.neither) == (36, 12, 2, 0)
    assert found.difference.value == pytest.approx(0.2)
    assert found.difference.low == pytest.approx(0.0569, abs=2e-4)
    assert found.difference.high == pytest.approx(0.3404, abs=2e-4)
    assert found.p == pytest.approx((2 * (1 + 14) + 91) / 2**14)  # mid-p: 14 coins, 2 heads
    assert found.real


def test_alike_answers_leave_room_for_a_difference_that_was_not_seen() -> None:
    found = of_table(90, 0, 0, 10).accuracy
    assert found.difference.low < 0 < found.difference.high
    assert not found.real
    assert found.p == 1.0


def test_words_tell_better_and_alike_apart() -> None:
    better = paired_words(of_table(300, 5, 45, 50))[0]
    assert better.startswith("“other” is better than “one”: right 86 against 76 times in 100")
    assert "10.0 points more" in better
    assert "45 it alone has right, 5 the other alone" in better
    turned = paired_words(of_table(300, 45, 5, 50))[0]
    assert turned.startswith("“one” is better than “other”: right 86 against 76 times in 100")
    assert "45 it alone has right, 5 the other alone" in turned
    alike = paired_words(of_table(300, 20, 22, 50))[0]
    assert "20 the first alone has right, 22 the second alone" in alike
    assert "no difference that chance would not make" in alike
    assert "worse" in alike
    assert "better" in alike


@pytest.mark.slow
@pytest.mark.parametrize("grouped", [False, True])
def test_intervals_of_paired_differences_hold_the_truth_and_tests_their_level(
    grouped: bool,
) -> None:
    """Both are truly right 85 times in 100; groups of five pictures mostly share their fate."""
    held = called = 0
    for seed in range(300):
        random = np.random.default_rng(seed)
        groups = np.arange(500) // (5 if grouped else 1)
        fate = random.random(int(groups[-1]) + 1)[groups]
        own = np.where(random.random(500) < 0.8, fate, random.random(500))
        first, second = (own < 0.75) | (own > 0.9), own < 0.85
        found = pair(right_where(first), right_where(second), NAMES, groups).accuracy
        held += found.difference.low <= 0.0 <= found.difference.high
        called += found.real
    assert held >= 273  # 95 in 100 are promised, fewer of 300 come once in 500 tries
    assert called <= 27


def test_groups_make_an_interval_wider() -> None:
    random = np.random.default_rng(0)
    groups = np.arange(400) // 8
    first = (random.random(50) < 0.9)[groups]
    second = (random.random(50) < 0.7)[groups]
    alone = pair(right_where(first), right_where(second), NAMES).accuracy
    together = pair(right_where(first), right_where(second), NAMES, groups).accuracy
    widths = [one.difference.high - one.difference.low for one in (alone, together)]
    assert widths[1] > 2 * widths[0]
    assert together.p > alone.p


def test_a_single_group_says_nothing_of_others() -> None:
    found = pair(random_answers(0, 60, 3, skill=3.0), random_answers(0, 60, 3), NAMES, ["a"] * 60)
    assert (found.accuracy.difference.low, found.accuracy.difference.high) == (-1, 1)
    assert found.log_loss.low == -found.log_loss.high
    assert not found.accuracy.real


def test_the_log_loss_tells_which_probabilities_are_better() -> None:
    sharp = random_answers(0, 800, 5, skill=2.0)
    blunt = random_answers(0, 800, 5, skill=2.0, sharpness=0.3)
    found = pair(sharp, blunt, NAMES)
    own = np.arange(800), sharp.labels
    gap = np.log(blunt.probabilities[own]).mean() - np.log(sharp.probabilities[own]).mean()
    assert found.log_loss.value == pytest.approx(gap, abs=1e-5)
    assert found.log_loss.high < 0
    assert any("The probabilities of “one” are better" in s for s in paired_words(found))


SAME = "The probabilities of “one” and “other” are as good as the same."


def test_probabilities_that_differ_by_rounding_are_called_the_same() -> None:
    """Both in float64, one a billionth of the way to even odds: its log loss is clearly higher."""
    first = random_answers(0, 800, 5, skill=2.0)
    first = replace(first, probabilities=first.probabilities.astype(np.float64))
    rounded = replace(first, probabilities=first.probabilities * (1 - 1e-9) + 2e-10)
    found = pair(first, rounded, NAMES)
    assert found.log_loss.high < 0
    assert paired_words(found)[1:] == (SAME,)


@pytest.mark.parametrize("groups", [None, np.arange(800) // 4])
def test_the_same_probabilities_have_the_same_log_loss(groups: NDArray[np.int64] | None) -> None:
    answers = random_answers(0, 800, 5, skill=2.0)
    found = pair(answers, answers, NAMES, groups)
    assert found.log_loss == Figure(0.0, 0.0, 0.0)
    assert paired_words(found)[1:] == (SAME,)


def test_mere_labels_that_are_alike_leave_room_for_others() -> None:
    """Two that agree on a hundred pictures, each answer as sure as the next, may yet differ."""
    found = of_table(90, 0, 0, 10)
    assert found.log_loss.value == 0.0
    assert found.log_loss.low < -0.1
    assert found.log_loss.high > 0.1
    assert len(paired_words(found)) == 1


def test_classes_may_stand_in_another_order() -> None:
    first = random_answers(0, 300, 4)
    turned = replace(
        first,
        classes=first.classes[::-1],
        probabilities=first.probabilities[:, ::-1].copy(),
        labels=3 - first.labels,
    )
    found = pair(first, turned, NAMES)
    assert found.accuracy.only_first == found.accuracy.only_second == 0
    assert [one.of_class for one in found.of_classes] == list(first.classes)
    assert all(one.first == one.second for one in found.of_classes)


def test_a_class_whose_name_holds_a_bar_is_one_class() -> None:
    first, second = (
        replace(right_where(np.array(right)), classes=("no|none", "yes"))
        for right in ([True, True, False, True], [False, True, True, True])
    )
    shown = disagreements(first, pair(first, second, NAMES), lambda _: None)
    assert [(one.id, one.true, one.said, one.first_right) for one in shown] == [
        ("0.jpg", "no|none", ("no|none", "yes"), True),
        ("2.jpg", "no|none", ("yes", "no|none"), False),
    ]


def test_two_tables_are_compared_picture_by_picture(tmp_path: Path) -> None:
    good, bad = random_answers(0, 400, 4, skill=2.5), random_answers(0, 400, 4, skill=1.0)
    write_csv(tmp_path / "good.csv", good)
    write_csv(tmp_path / "bad.csv", bad)
    lines = (tmp_path / "bad.csv").read_text().splitlines()
    (tmp_path / "bad.csv").write_text("\n".join([lines[0], *reversed(lines[1:])]))
    found = linnaeus.evaluate(
        predictions=tmp_path / "good.csv", against=tmp_path / "bad.csv", out=tmp_path / "judged"
    )
    paired = found.compared.paired
    assert paired is not None
    right = [answers.decisions == answers.labels for answers in (good, bad)]
    assert paired.accuracy.only_first == int((right[0] & ~right[1]).sum())
    assert paired.accuracy.first.value == found.metrics.accuracy.value  # type: ignore[union-attr]
    assert any("“good.csv” is better than “bad.csv”" in one for one in found.in_plain_words)
    page = (tmp_path / "judged/report/index.html").read_text()
    assert "Beside the other" in page
    alone = paired.accuracy.only_first, paired.accuracy.only_second
    told = "{} pictures good.csv alone has right, {} bad.csv alone".format(*alone)
    assert told in re.sub(r"<[^>]*>|[“”]", "", page)
    assert (tmp_path / "judged/predictions_against.csv").exists()


def test_tables_of_other_pictures_or_labels_are_refused(tmp_path: Path) -> None:
    answers = random_answers(0, 40, 3)
    write_csv(tmp_path / "a.csv", answers)
    fewer = replace(
        answers,
        ids=answers.ids[1:],
        labels=answers.labels[1:],
        probabilities=answers.probabilities[1:],
    )
    write_csv(tmp_path / "fewer.csv", fewer)
    with pytest.raises(DataError, match=r"'0.jpg' is in one of them alone"):
        linnaeus.evaluate(predictions=tmp_path / "a.csv", against=tmp_path / "fewer.csv")
    write_csv(tmp_path / "other.csv", replace(answers, labels=(answers.labels + 1) % 3))
    with pytest.raises(DataError, match=r"'0.jpg' has another label here than in a.csv"):
        linnaeus.evaluate(predictions=tmp_path / "a.csv", against=tmp_path / "other.csv")


def test_pictures_that_the_other_could_not_read_keep_their_reasons(tmp_path: Path) -> None:
    first = "id,label,p:a,p:b\nx,a,0.9,0.1\ny,b,0.2,0.8\nz,b,0.4,0.6\n"
    second = "id,label,error,p:a,p:b\nz,b,,0.6,0.4\ny,b,broken,,\nx,a,,0.7,0.3\n"
    (tmp_path / "new").mkdir()
    (tmp_path / "old").mkdir()
    (tmp_path / "new/predictions.csv").write_text(first)
    (tmp_path / "old/predictions.csv").write_text(second)
    out = tmp_path / "judged"
    found = linnaeus.evaluate(
        predictions=tmp_path / "new/predictions.csv",
        against=tmp_path / "old/predictions.csv",
        out=out,
    )
    lines = (out / "predictions_against.csv").read_text().splitlines()
    told = {line.split(",")[0]: "broken" in line for line in lines[1:]}
    assert told == {"x": False, "y": True, "z": False}
    assert found.compared.paired is not None
    names = found.compared.paired.names
    assert [Path(name).parent.name for name in names] == ["new", "old"]
