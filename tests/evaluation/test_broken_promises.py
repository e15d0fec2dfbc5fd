"""Promises that do not hold are called broken, and those that hold are not."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from answers import random_answers
from PIL import Image
from scipy.stats import betabinom, binom

import linnaeus
from linnaeus.bundle.held_out import HeldOut
from linnaeus.bundle.predictions import Predictions
from linnaeus.evaluation.broken_promises import errs_too_often, holds_too_seldom
from linnaeus.evaluation.broken_words import broken_words
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.promises import Kept, kept_promises, nothing_promised
from linnaeus.evaluation.unknowns import KindTold, UnknownTold

if TYPE_CHECKING:
    from linnaeus.training.run import Run

LEVEL = 0.05 / 17
TRIES = 150
MOST_CALLED = 15  # 5 in 100 are allowed: sixteen or more of 150 come once in 400 tries


def some(answers: Predictions, rows: np.ndarray) -> Predictions:
    return replace(
        answers,
        ids=tuple(answers.ids[row] for row in rows),
        probabilities=answers.probabilities[rows],
        labels=answers.labels[rows],
    )


def judged(held: Predictions, test: Predictions, groups: np.ndarray | None = None) -> Kept:
    """Promises from `held` on `test`; `groups` (n,): what belongs together, in either alike."""
    held_out = HeldOut.of(held.ids, held.probabilities, held.labels, groups)
    return kept_promises(test, held_out, groups=groups, resamples=100)


def is_broken(kept: Kept) -> bool:
    return any(one.broken for one in (*kept.sets, *kept.silence))


@pytest.mark.parametrize("held_out", [8, 19, 60, 1000])
@pytest.mark.parametrize("promised", [0.8, 0.9, 0.95])
def test_a_promise_is_broken_by_what_is_too_rare_for_so_few_held_out(
    held_out: int, promised: float
) -> None:
    within = ceil(round((held_out + 1) * promised, 9))
    for trials in (5, 100, 2000):
        called = [holds_too_seldom(n / trials, trials, promised, held_out) for n in range(trials)]
        if within > held_out:
            assert not any(called)
            continue
        rare = betabinom.cdf(np.arange(trials), trials, within, held_out + 1 - within)
        assert called == (rare < LEVEL).tolist()


def test_an_error_is_broken_by_what_is_too_rare() -> None:
    for promised in (0.01, 0.02, 0.1):
        for trials in (3, 50, 400):
            called = [errs_too_often(n / trials, trials, promised) for n in range(trials + 1)]
            rare = binom.sf(np.arange(trials + 1) - 1, trials, promised)
            assert called == (rare < LEVEL).tolist()


@pytest.mark.parametrize("held_out", [40, 400])
def test_promises_that_hold_are_seldom_called_broken(held_out: int) -> None:
    called = 0
    for seed in range(TRIES):
        answers = random_answers(seed, held_out + 500, 4)
        rows = np.random.default_rng(seed).permutation(len(answers))
        called += is_broken(judged(some(answers, rows[:held_out]), some(answers, rows[held_out:])))
    assert called <= MOST_CALLED


def test_pictures_of_groups_do_not_break_them_either() -> None:
    """Forty groups of ten that look the same: forty pictures in truth."""
    called = 0
    groups = np.repeat(np.arange(40), 10)
    for seed in range(TRIES):
        held, test = (random_answers(1000 * part + seed, 40, 4) for part in (1, 2))
        tens = (replace(some(one, groups), ids=tuple(map(str, range(400)))) for one in (held, test))
        called += is_broken(judged(*tens, groups=groups))
    assert called <= MOST_CALLED


def test_what_is_promised_of_a_class_is_not_broken_by_other_classes_being_rare() -> None:
    called = 0
    for seed in range(TRIES):
        held, test = random_answers(seed, 200, 4), random_answers(1000 + seed, 800, 4)
        kept = judged(held, some(test, np.flatnonzero(test.labels == 0)))
        called += any(one.broken for one in kept.sets if one.method == "class-conditional")
    assert called <= MOST_CALLED


def test_pictures_unlike_those_held_out_break_them_and_a_sentence_says_so() -> None:
    held = random_answers(0, 600, 4, skill=3)
    wrong = some(held, np.arange(300))
    kept = judged(held, replace(wrong, labels=(wrong.labels + 1) % 4))
    assert all(one.broken for one in kept.sets)
    assert any(one.broken for one in kept.silence)
    (sentence,) = broken_words(kept, None)
    assert sentence.startswith(
        "What it promises does not hold here: these pictures are not like those it was tried on."
        " Label sets of 90 % held the truth "
    )
    assert " Of answers that were to be wrong at most 2 times in 100, " in sentence
    assert broken_words(judged(held, random_answers(2, 300, 4, skill=3)), None) == ()


def test_an_evaluation_on_other_pictures_says_that_promises_do_not_hold_there(
    digits_run: Run, some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    for row in range(120):
        place = tmp_path / "turned" / str(some_digits.classes[some_digits.labels[row]])
        place.mkdir(parents=True, exist_ok=True)
        (tmp_path / "one.png").write_bytes(some_digits.source.read(some_digits.paths[row]))
        with Image.open(tmp_path / "one.png") as picture:
            picture.convert("RGB").transpose(Image.Transpose.ROTATE_180).point(
                lambda grey: 255 - grey
            ).save(place / f"{row}.png")
    turned = linnaeus.evaluate(digits_run.bundle, tmp_path / "turned", out=tmp_path / "judged")
    (sentence,) = (one for one in turned.in_plain_words if "does not hold here" in one)
    assert "Label sets of 90 % held the truth" in sentence
    assert turned.promises is not None
    assert turned.unknown is not None
    assert turned.unknown.broken == ("would be called “unknown”" in sentence)
    assert turned.report is not None
    figures = json.loads(turned.report.with_name("metrics.json").read_text("utf-8"))
    assert sentence in figures["plain_words"]
    page = turned.report.read_text("utf-8")
    head = page[: page.index("<main>")]
    assert '<p class="alarm" role="note">What it promises does not hold here' in head
    assert "held the truth less often than is promised, by more than chance makes" in page
    sets = figures["promises"]["label_sets"]
    assert page.count("less than promised") == sum(one["broken"] for one in sets) > 0
    own = json.loads((digits_run.folder / "report" / "metrics.json").read_text("utf-8"))
    assert not any(one["broken"] for one in own["promises"]["label_sets"])


def test_where_nothing_is_promised_nothing_is_broken() -> None:
    half, area = Figure(0.5, 0.4, 0.6), Figure(0.9, 0.8, 1.0)
    made = KindTold("all", 60, area, half)
    unknown = UnknownTold(("energy",), 0.05, 80, 100, half, True, made, (made,), None)
    squeezed = nothing_promised(random_answers(0, 100, 4), "They were squeezed.", resamples=100)
    assert broken_words(squeezed, unknown) == ()
    (sentence,) = broken_words(None, unknown)
    assert "50 in 100 would be called “unknown” (between 40 and 60); at most 5 should." in sentence


def test_the_command_on_the_page_gives_what_its_figures_count(
    digits_run: Run, some_digits: linnaeus.Dataset
) -> None:
    page = (digits_run.folder / "report" / "index.html").read_text("utf-8")
    commands = [re.sub("<[^>]+>", "", one) for one in re.findall("<code>(.*?)</code>", page)]
    for promise in ("--max-error 0.02", "--sets 0.9"):
        assert f"linnaeus predict … {promise} --unknown-rate 0" in commands
    figures = json.loads((digits_run.folder / "report" / "metrics.json").read_text("utf-8"))
    classifier = digits_run.classifier()
    rows = list(range(20))
    pictures = [some_digits.source.read(some_digits.paths[row]) for row in rows]
    answered = classifier.predict(pictures, unknown_rate=0)
    for one in figures["promises"]["silence"]:
        silence = classifier.promise(answered, max_error=one["max_error"]).silence
        assert silence is not None
        told = silence.confidence if np.isfinite(silence.confidence) else None
        assert told == one["confidence"]
        assert silence.pictures == figures["promises"]["held_out"]
