"""What the page claims of groups, of calibration and of precision is what was done."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from html import unescape
from typing import Any

import numpy as np
import pytest
from answers import answers_of, random_answers, random_labels
from scipy.stats import beta

from linnaeus.bundle.calibration import Calibration
from linnaeus.bundle.held_out import HeldOut
from linnaeus.evaluation.compared import Compared
from linnaeus.evaluation.cross_validation import cross_validated
from linnaeus.evaluation.facts import RunFacts
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.judging import Measured
from linnaeus.evaluation.label_metrics import LabelMetrics, measure_labels
from linnaeus.evaluation.metrics import measure
from linnaeus.evaluation.plain_words import plain_words
from linnaeus.evaluation.promises import kept_promises, nothing_promised
from linnaeus.evaluation.report import report_page
from linnaeus.evaluation.under_attack import UnderAttack

UNCALIBRATED = Calibration(why="there was no validation to do it on")
ANSWERS = random_answers(0, 320, 8)


def page_of(facts: RunFacts, metrics: Measured, **told: Any) -> str:
    """The text of the page, without tags and in one line."""
    answers = random_labels(0, 200, 8) if isinstance(metrics, LabelMetrics) else ANSWERS
    page = report_page(facts, answers, metrics, validation=None, picture_of=lambda _: None, **told)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", page)))


def without_validation(facts: RunFacts) -> RunFacts:
    """The facts of the same run, had it been told `--val 0`."""
    assert facts.bundle is not None
    counts = {**facts.data.counts, "validation": [0] * 8}
    return replace(
        facts,
        data=replace(facts.data, counts=counts),
        bundle=replace(facts.bundle, calibration=UNCALIBRATED, uncalibrated_error=None),
    )


def test_with_groups_the_page_says_that_they_were_taken_together(full_facts: RunFacts) -> None:
    text = page_of(full_facts, measure(ANSWERS, groups=np.arange(320) // 4))
    assert "95 % intervals, with the pictures of one group taken together" in text
    assert (
        "pictures of one group, or alike pixel for pixel, were taken together (80 groups)" in text
    )
    assert "pictures of one group together, and a picture with its copies. Where groups" in text


def test_a_single_group_is_told_as_one(full_facts: RunFacts) -> None:
    one_label = measure(ANSWERS, groups=np.zeros(320))
    for metrics in (one_label, measure_labels(random_labels(0, 200, 8), groups=np.zeros(200))):
        text = page_of(full_facts, metrics)
        assert (
            "pictures of one group, or alike pixel for pixel, were taken together (1 group)" in text
        )


def test_without_groups_the_page_warns_of_pictures_that_show_the_same(full_facts: RunFacts) -> None:
    for groups in (None, np.arange(320)):
        text = page_of(full_facts, measure(ANSWERS, groups=groups))
        assert "taken together" not in text
        assert "Intervals take the pictures as independent; where several show the same" in text


def test_plain_words_tell_of_groups() -> None:
    answers = answers_of([[60, 5], [8, 12]], ("cat", "dog"))
    alone = " ".join(plain_words(measure(answers)))
    grouped = " ".join(plain_words(measure(answers, groups=np.arange(85) // 10)))
    assert "as far as 85 pictures can tell" in alone
    assert "as far as 85 pictures in 9 groups can tell" in grouped
    assert "Only 85 pictures in 9 groups were judged, too few" in grouped
    assert "right 85 times in 100 (between 76 and 91)." in alone
    assert "right 85 times in 100 (between 76 and 91)." not in grouped
    assert "independent" not in grouped


def test_without_validation_the_page_claims_no_calibration(full_facts: RunFacts) -> None:
    text = page_of(without_validation(full_facts), measure(ANSWERS))
    assert "not calibrated: there was no validation to do it on" in text
    assert "No part was set aside to tune it on" in text
    for claim in ("calibrated by a temperature", "fitted on validation", "was tuned on a second"):
        assert claim not in text


def test_with_validation_the_page_tells_the_temperature(full_facts: RunFacts) -> None:
    text = page_of(full_facts, measure(ANSWERS))
    assert "calibrated by a temperature of 1.250, fitted on validation; above 1, the net" in text
    assert "Why so: log loss 0.620, 0.710 without" in text
    assert "none 0.710, temperature 0.620 nats" in text
    assert "was tuned on a second" in text


def test_a_clause_tells_why_this_precision(full_facts: RunFacts) -> None:
    assert full_facts.bundle is not None
    why = "there was no validation to try bfloat16 on"
    facts = replace(full_facts, bundle=replace(full_facts.bundle, precision_why=why))
    assert f"onnxruntime 1.20 in float32: {why}" in page_of(facts, measure(ANSWERS))


def test_the_model_card_is_filled_in_and_names_its_gaps(full_facts: RunFacts) -> None:
    metrics = measure(ANSWERS)
    text = page_of(full_facts, metrics)
    card = text[text.rindex("What whoever is handed this classifier") :]
    places = [card.index(f" {heading} ") for heading in ("Data", "Metrics", "Limits", "Ethics")]
    assert places == sorted(places)
    assert "560 train, 80 validation, 320 test" in card
    assert f"accuracy {metrics.accuracy.value:.3f}" in card
    assert "Differences between groups of people or places: not measured." in card
    assert card.count("Nobody has said.") == 3


def of_a_table(facts: RunFacts, images: int = 320) -> RunFacts:
    """What is known of 320 answers in a table, or of a bundle's to so many of `images`."""
    data = replace(
        facts.data,
        images=images,
        counts={"test": [40] * 8},
        pictures={"test": 320},
        audit=(),
        left_out={},
    )
    return replace(facts, data=data, model=None, training=None, bundle=None, ensemble=None)


def test_a_table_of_answers_has_a_model_card_that_names_what_it_cannot_tell(
    full_facts: RunFacts,
) -> None:
    text = page_of(of_a_table(full_facts), measure(ANSWERS))
    card = text[text.rindex("What whoever relies on these answers should know") :]
    headings = ("Intended use", "Data", "Metrics", "Limits", "Ethics")
    places = [card.index(f" {heading} ") for heading in headings]
    assert places == sorted(places)
    assert "eight things: 320 test." in card
    assert "what it was trained on, and whether these pictures were among that: not known" in card
    assert "linnaeus stress" not in card
    for claim in ("card of its bundle", "The audit found", "handed this classifier"):
        assert claim not in card


def test_pictures_that_were_left_out_are_told_and_all_others_count(full_facts: RunFacts) -> None:
    metrics = measure(ANSWERS)
    foreign = replace(of_a_table(full_facts, images=1001), bundle=full_facts.bundle)
    text = page_of(foreign, metrics)
    assert "It was judged on 320 of these pictures." in text
    assert "Not judged681 of 1,001 pictures, which were left out; all others count" in text
    assert "every test picture counts" not in text
    for facts in (full_facts, of_a_table(full_facts)):
        assert "Not judgednone: every test picture counts" in page_of(facts, metrics)


def test_where_a_label_is_given_from_is_what_chose_it(full_facts: RunFacts) -> None:
    even, chosen = (
        measure_labels(random_labels(0, 200, 8, threshold=cut), resamples=100) for cut in (0.5, 0.3)
    )
    table = of_a_table(full_facts)
    assert "chosen on validation" in page_of(full_facts, chosen)
    assert "given: 50 % for each, since a table of answers has no validation" in page_of(
        table, even
    )
    assert "given, as the column “prediction” gives it." in page_of(table, chosen)
    for metrics in (even, chosen):
        assert "chosen on validation" not in page_of(table, metrics)


def test_where_nothing_is_promised_the_page_says_why_and_what_an_error_allows(
    full_facts: RunFacts,
) -> None:
    told = nothing_promised(ANSWERS, "Nobody held pictures out.", resamples=100)
    assert told is not None
    text = page_of(of_a_table(full_facts), measure(ANSWERS), promises=told)
    section = text[text.rindex("When to ask a person") : text.rindex("The pictures")]
    assert f"The area under it is {told.risk.area.value:.4f}" in section
    assert "How many of these pictures, the surest first, it could answer" in section
    assert "Nobody held pictures out." in section
    for claim in ("Promised with 99", "--sets", "--max-error"):
        assert claim not in section


def test_the_model_card_names_no_gap_where_attacks_were_tried(full_facts: RunFacts) -> None:
    metrics = measure(ANSWERS)
    assert "damage and deliberate attack: not tried here" in page_of(full_facts, metrics)
    half = Figure(0.5, 0.4, 0.6)
    attacked = UnderAttack("defensive distillation", 300, 8 / 255, half, half, half)
    text = page_of(full_facts, metrics, attacked=attacked)
    assert "Deliberate attack: on 300 test pictures, told under “What attacks leave”." in text
    assert "Blur, darkness and damage: not tried here; linnaeus stress does" in text
    assert "deliberate attack: not tried" not in text


def test_the_confidence_of_a_promise_is_told_with_the_digits_that_decide(
    full_facts: RunFacts,
) -> None:
    sure = np.float32(0.99997)
    probabilities = np.full((1000, 8), (1 - sure) / 7, np.float32)
    probabilities[:, 0] = sure
    names = [str(at) for at in range(1000)]
    held_out = HeldOut.of(names, probabilities, np.zeros(1000, np.int64))
    promises = kept_promises(ANSWERS, held_out, resamples=100)
    text = page_of(full_facts, measure(ANSWERS), promises=promises)
    assert "2.0 %0.99997" in text


def test_the_page_says_how_far_sets_of_one_training_may_lie_from_the_promise(
    full_facts: RunFacts,
) -> None:
    held_out = HeldOut.of(ANSWERS.ids, ANSWERS.probabilities, ANSWERS.labels)
    promises = kept_promises(ANSWERS, held_out, resamples=100)
    text = page_of(full_facts, measure(ANSWERS), promises=promises)
    assert "A promise is kept in the mean over many trainings." in text
    for pictures, low, high in ((500, 87, 92), (50, 81, 97)):
        place = math.ceil(0.9 * (pictures + 1))
        ends = beta.ppf([0.025, 0.975], place, pictures + 1 - place)  # Vovk 2012
        assert np.round(100 * ends).tolist() == pytest.approx([low, high], abs=0.5)
        assert re.search(rf"{low} and {high}\s% (of the time )?from {pictures}\b", text)


def test_only_where_it_was_seen_the_page_says_what_becomes_of_something_else(
    full_facts: RunFacts,
) -> None:
    always = "It always answers with one of its 8 classes"
    metrics, folds = measure(ANSWERS), np.arange(len(ANSWERS)) % 4
    crossed = cross_validated(ANSWERS, folds, ("a", "b", "c", "d"))
    assert always in page_of(full_facts, metrics)
    of_folds = page_of(of_a_table(full_facts), metrics, compared=Compared(crossed=crossed))
    assert "entirely would be taken was not measured over folds" in of_folds
    table = page_of(of_a_table(full_facts), metrics)
    assert "entirely would be taken was not measured: each" in table
    assert always not in of_folds + table


def test_with_one_judged_class_the_page_has_no_figure_to_beat(full_facts: RunFacts) -> None:
    of_one = np.flatnonzero(ANSWERS.labels == 3)
    alone = replace(
        ANSWERS,
        ids=tuple(ANSWERS.ids[row] for row in of_one),
        probabilities=ANSWERS.probabilities[of_one],
        labels=ANSWERS.labels[of_one],
    )
    for answers, there in ((ANSWERS, True), (alone, False)):
        text = page_of(full_facts, measure(answers, train_counts=[70] * 8))
        assert ("the figure to beat" in text) == there
        assert ("Always the same answer" in text) == there
        assert "do not rely on it" not in text


def test_commands_say_that_nothing_is_called_unknown_only_where_something_could_be(
    full_facts: RunFacts,
) -> None:
    held_out = HeldOut.of(ANSWERS.ids, ANSWERS.probabilities, ANSWERS.labels)
    promises = kept_promises(ANSWERS, held_out, resamples=100)
    assert full_facts.bundle is not None
    for tells in (True, False):
        facts = replace(full_facts, bundle=replace(full_facts.bundle, tells_unknown=tells))
        text = page_of(facts, measure(ANSWERS), promises=promises)
        rate = " --unknown-rate 0" if tells else ""
        assert f"linnaeus predict … --sets 0.9{rate}." in text
        assert f"linnaeus predict … --max-error 0.02{rate}." in text
        assert ("The figures here are of all pictures" in text) == tells
