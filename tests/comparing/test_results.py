"""From finished trainings to what is found: planted differences are told, and no others."""

from __future__ import annotations

import json

import numpy as np
import pytest
from records_made import answers, found, trained

from linnaeus.comparing.results import compared, found_on
from linnaeus.comparing.tables import fold_table, model_table
from linnaeus.comparing.winners import class_winners
from linnaeus.comparing.words import curve_words, hard_words, overall_words, set_words


def test_a_planted_difference_is_real_and_equals_are_not_told_apart() -> None:
    one = found(
        "leaves",
        trained("weak", 0.5, seed=1),
        trained("strong", 0.9, seed=2),
        trained("as strong", 0.9, seed=3),
    )
    assert {one.models[0].model, one.models[1].model} == {"strong", "as strong"}
    assert one.told_apart("strong", "weak")
    assert not one.told_apart("strong", "as strong")
    words = " ".join(set_words(one))
    assert "is really better than “weak”" in words.replace("It is", "is")
    assert "may be luck" in words


def test_each_picture_is_judged_once_and_the_figures_are_of_all() -> None:
    one = found("leaves", trained("a", 0.8, pictures=300))
    assert one.images == one.models[0].metrics.images == 300
    folds = one.models[0].fold_scores["accuracy"]
    assert one.models[0].metrics.accuracy.value == pytest.approx(sum(folds) / len(folds))
    assert one.pairs == ()


def test_less_log_loss_is_better() -> None:
    one = found("leaves", trained("weak", 0.5, seed=1), trained("strong", 0.9, seed=2))
    (pair,) = one.pairs
    assert (pair.first, pair.second) == ("strong", "weak")
    assert pair.over_folds["log_loss"].value > 0


def test_two_classes_are_compared_as_many_are() -> None:
    classes = ("ok", "broken")
    one = found(
        "boards",
        trained("weak", 0.6, seed=1, classes=classes),
        trained("strong", 0.95, seed=2, classes=classes),
    )
    assert one.told_apart("strong", "weak")
    assert {row.name for row in one.winners} == set(classes)
    assert all(row.winner == "strong" and row.real for row in one.winners)


def test_the_winner_of_a_class_by_luck_is_told_as_such() -> None:
    one = found("leaves", trained("a", 0.8, seed=1), trained("b", 0.8, seed=2))
    assert not any(row.real for row in one.winners)


def test_pictures_of_one_group_are_one_stroke_of_luck() -> None:
    """Thirty pictures that only the first knows are overwhelming, and three patients are not."""
    right, wrong = np.ones(60, bool), np.zeros(60, bool)
    labels = np.repeat([0, 1], 30)
    made = answers(right, labels, [f"{at}.png" for at in range(60)], ("ok", "broken"))
    alone = class_winners(["a", "b"], [right, wrong], made)
    assert all(one.real for one in alone)
    assert alone[0].p == pytest.approx(2 * 2.0**-30)
    patients = [f"patient {at // 10}" for at in range(60)]
    grouped = class_winners(["a", "b"], [right, wrong], made, patients)
    assert [one.p for one in grouped] == pytest.approx([2 / 8] * 2)  # Holm doubles it
    assert not any(one.real for one in grouped)
    ungrouped = class_winners(["a", "b"], [right, wrong], made, [""] * 60)
    assert [one.p for one in ungrouped] == pytest.approx([one.p for one in alone])


def test_equals_are_told_as_such_and_not_as_winners_by_luck() -> None:
    sets = [
        found(f"set {at}", *(trained(m, 0.8, seed=at) for m in ("a", "b")), trained("c", 0.5))
        for at in range(2)
    ]
    words = " ".join(set_words(sets[0]))
    assert "It is as often right as “b”." in words
    assert "did better than “b”" not in words
    ranks = overall_words(compared(sets))[0]
    assert ranks.startswith("Over 2 data sets, “a” and “b” share the first rank, but")


def test_what_nothing_beats_is_on_the_front() -> None:
    one = found(
        "leaves",
        trained("cheap", 0.6, seed=1, cost=1),
        trained("dear and worse", 0.5, seed=2, cost=9),
        trained("dear and good", 0.9, seed=3, cost=10),
    )
    assert one.fronts["train_s"] == one.fronts["size_bytes"] == ("cheap", "dear and good")


def test_twice_the_pictures_bring_what_the_planted_curve_says() -> None:
    planted = {200: 0.60, 500: 0.7, 1000: 0.75}
    one = found("leaves", trained("a", 0.80, pictures=10_000, parts=planted))
    curve = one.models[0].curve
    assert curve is not None
    assert [point.pictures for point in curve.points] == [200, 500, 1000, 8000]
    assert 0.0 < curve.gain.value < 0.06
    assert "twice the pictures would bring about" in curve_words(one.models[0])


def test_what_is_to_gain_where_no_mistake_is_seen_cannot_be_told() -> None:
    perfect = trained("a", 1.0, pictures=500, parts={40: 1.0, 100: 1.0, 200: 1.0})
    (model,) = found("leaves", perfect).models
    assert "cannot be told: it made no mistake" in curve_words(model)
    many = trained("a", 1.0, pictures=5000, parts={40: 1.0, 100: 1.0, 200: 1.0})
    (model,) = found("leaves", many).models
    assert "would gain next to nothing" in curve_words(model)


def test_the_curve_too_counts_pictures_of_one_group_as_one() -> None:
    taught = trained("a", 0.8, pictures=500, parts={40: 0.6, 100: 0.7, 200: 0.75})
    names = [name for _, made in taught.folds for name in made.ids]
    patients = {name: f"patient {at // 25}" for at, name in enumerate(names)}
    classes = taught.folds[0][1].classes
    (alone,) = found("leaves", taught).models
    (grouped,) = found_on("leaves", "f" * 64, classes, [taught], {}, groups=patients).models
    assert alone.curve is not None
    assert grouped.curve is not None
    one, other = grouped.curve.points[-1].mistakes, alone.curve.points[-1].mistakes
    assert one.value == other.value
    assert one.high - one.low > 1.5 * (other.high - other.low)


def test_a_model_without_figures_is_a_gap_and_is_not_ranked() -> None:
    whole = found("leaves", trained("a", 0.8, seed=1), trained("b", 0.7, seed=2))
    gapped = found("boards", trained("a", 0.8, seed=3), gaps={"b": "it ran out of memory"})
    comparison = compared([whole, gapped])
    assert comparison.ranked == ("a",)
    assert comparison.ranking is None
    assert "“b” has no figures on boards: it ran out of memory" in set_words(gapped)


def test_over_data_sets_ranks_decide_and_few_sets_are_told() -> None:
    sets = [
        found(f"set {at}", *(trained(m, p, seed=9 * at + of) for of, (m, p) in enumerate(MODELS)))
        for at in range(2)
    ]
    comparison = compared(sets)
    assert comparison.ranking is not None
    words = " ".join(overall_words(comparison))
    assert "that may be luck" in words
    assert "With so few data sets" in words


MODELS = [("a", 0.9), ("b", 0.7), ("c", 0.5)]


@pytest.mark.slow
def test_many_data_sets_that_agree_make_a_rank_real() -> None:
    sets = [
        found(f"set {at}", *(trained(m, p, seed=9 * at + of) for of, (m, p) in enumerate(MODELS)))
        for at in range(12)
    ]
    words = overall_words(compared(sets))
    assert words[0].startswith("Over 12 data sets, “a” ranks first, really before “b” and “c”")


def test_a_class_that_stands_out_is_told_with_its_rival() -> None:
    one = found("leaves", trained("a", 0.9, seed=1))
    assert hard_words(one)  # a sentence in any case
    assert {row.name for row in one.hardness} == {"oak", "beech", "elm"}


def test_the_document_is_json_and_the_tables_have_a_line_for_each() -> None:
    one = found("leaves", trained("a", 0.8, seed=1), trained("b", 0.7, seed=2))
    comparison = compared([one])
    document = json.loads(json.dumps(comparison.to_json(), allow_nan=False))
    assert [model["model"] for model in document["data_sets"][0]["models"]] == ["a", "b"]
    assert len(model_table(comparison).splitlines()) == 1 + 2
    assert len(fold_table(comparison).splitlines()) == 1 + 2 * 5
