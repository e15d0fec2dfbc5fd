"""The answer in plain words: the very sentences, case by case."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from answers import answers_of
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from linnaeus.evaluation.metrics import Metrics, measure
from linnaeus.evaluation.plain_words import is_worthless, plain_words

WASTE = ("glass", "paper", "plastic")
PETS = ("cat", "dog")
UNKNOWN_TRAINING = (
    "The majority class is the most common among the judged pictures, since the training "
    "counts are not known."
)

ONE_CLASS = (
    "All judged pictures are of one class, so nothing tells how much better this is than always "
    "giving the same answer."
)


def judged(
    counts: Sequence[Sequence[int]],
    classes: Sequence[str],
    *,
    confidence: float = 0.9,
    trained_on: Sequence[int] | None = None,
) -> Metrics:
    """The metrics of answers with this confusion matrix."""
    answers = answers_of(counts, classes, confidence)
    return measure(answers, train_counts=trained_on, resamples=100)


def test_an_ordinary_classifier() -> None:
    counts = [[70, 3, 7], [2, 78, 0], [10, 0, 80]]
    metrics = judged(counts, WASTE, trained_on=[50, 90, 60])
    assert plain_words(metrics) == (
        "Right 91 times in 100 (between 87 and 94).",
        "Always answering “paper” would be right 32 times in 100.",
        "“plastic” is taken for “glass” most often (10 of 90 pictures of “plastic”).",
        "When it says about 90 %, it is right 91 times in 100 (between 87 and 94).",
    )
    assert not is_worthless(metrics)
    assert metrics.remarks == ()


def test_a_worthless_classifier_is_called_so() -> None:
    metrics = judged([[5, 30, 5]] * 3, WASTE, trained_on=[50, 90, 60])
    assert plain_words(metrics) == (
        "Right 33 times in 100 (between 26 and 42).",
        (
            "That is no better than always answering “paper” (right 33 times in 100): "
            "do not rely on it."
        ),
        (
            "No mistake is more frequent than “glass” taken for “paper” "
            "(30 of 40 pictures of “glass”)."
        ),
        "No class is recognised less often than “glass”: 5 of 40 pictures.",
        "When it says about 90 %, it is right 33 times in 100 (between 26 and 42).",
    )
    assert is_worthless(metrics)


def test_a_classifier_that_pictures_cannot_tell_from_a_worthless_one() -> None:
    words = plain_words(judged([[60, 5], [8, 12]], PETS))
    assert words[:2] == (
        "Right 85 times in 100 (between 76 and 91).",
        (
            "That may be no better than always answering “cat” (right 76 times in 100), as far as "
            "85 pictures can tell: do not rely on it."
        ),
    )


def test_a_classifier_worse_than_a_worthless_one() -> None:
    words = plain_words(judged([[0, 50], [50, 0]], PETS))
    assert words == (
        "Right 0 times in 100 (between 0 and 4).",
        "That is worse than always answering “cat” (right 50 times in 100): do not rely on it.",
        (
            "“cat” was taken for “dog” in 50 of 50 pictures; "
            "“dog” was taken for “cat” in 50 of 50 pictures."
        ),
        "When it says about 90 %, it is right 0 times in 100 (between 0 and 4).",
    )


def test_a_perfect_score_is_not_called_certain() -> None:
    """Wilson's interval of 100 in 100 begins at 96.3 %."""
    metrics = judged([[50, 0], [0, 50]], PETS, confidence=0.99)
    assert plain_words(metrics) == (
        (
            "No mistake in 100 pictures; on other pictures of the same kind it may still be wrong "
            "up to 4 times in 100."
        ),
        "Always answering “cat” would be right 50 times in 100.",
    )
    assert UNKNOWN_TRAINING in metrics.remarks


def test_a_perfect_score_on_many_pictures() -> None:
    """Wilson's interval of 6,000 in 6,000 leaves 0.064 %."""
    words = plain_words(judged([[3000, 0], [0, 3000]], PETS, confidence=0.99))
    assert words[0] == (
        "No mistake in 6,000 pictures; on other pictures of the same kind it may still be wrong "
        "up to 7 times in 10,000."
    )


def test_nearly_perfect_is_told_from_perfect() -> None:
    words = plain_words(judged([[999, 1], [1, 999]], PETS, confidence=0.99))
    assert words == (
        "Right more than 99 times in 100 (between 99.64 and 99.97).",
        "Always answering “cat” would be right 50 times in 100.",
        (
            "“cat” was taken for “dog” in 1 of 1,000 pictures; "
            "“dog” was taken for “cat” in 1 of 1,000 pictures."
        ),
        "On average it says 99 %, and is right more than 99 times in 100.",
    )


def test_a_tiny_test_says_so() -> None:
    assert plain_words(judged([[2, 1], [0, 2]], PETS)) == (
        "Right 80 times in 100 (between 38 and 96).",
        (
            "That may be no better than always answering “cat” (right 60 times in 100), as far as "
            "5 pictures can tell: do not rely on it."
        ),
        (
            "Only 5 pictures were judged, too few to say it more closely: test on more before "
            "relying on it."
        ),
        (
            "“cat” was taken for “dog” in 1 of 3 pictures; "
            "“dog” was taken for “cat” in 0 of 2 pictures."
        ),
    )


def test_pictures_in_groups_are_told_as_such() -> None:
    """Thirty pictures in six groups tell hardly more than six pictures do."""
    answers = answers_of([[14, 1], [6, 9]], PETS)
    words = plain_words(measure(answers, groups=[i // 5 for i in range(30)], resamples=100))
    assert words[1].endswith("as far as 30 pictures in 6 groups can tell: do not rely on it.")
    assert words[2] == (
        "Only 30 pictures in 6 groups were judged, too few to say it more closely: "
        "test on more groups before relying on it."
    )


@pytest.mark.parametrize(
    ("groups", "ends"),
    [
        (None, "between 84 and 90"),
        (np.arange(400), "between 84 and 90"),
        (np.zeros(400), "between 0 and 100"),
    ],
)
def test_what_90_per_cent_are_worth_is_told_as_closely_as_groups_allow(
    groups: NDArray[np.int64] | None, ends: str
) -> None:
    answers = answers_of([[175, 25], [25, 175]], PETS)
    words = plain_words(measure(answers, groups=groups, resamples=100))
    assert words[-1] == f"When it says about 90 %, it is right 88 times in 100 ({ends})."


def test_where_all_say_90_per_cent_these_are_known_as_the_accuracy_is() -> None:
    """Groups of five pictures, of which mostly all are right or none is."""
    answers = answers_of([[175, 25], [25, 175]], PETS)
    words = plain_words(measure(answers, groups=np.arange(400) // 5, resamples=100))
    interval = words[0].split("(")[1]
    assert words[-1].endswith(f"({interval}")
    assert interval != "between 84 and 90)."


def test_a_single_picture() -> None:
    assert plain_words(judged([[0, 1], [0, 0]], PETS)) == (
        "Right 0 times in 100 (between 0 and 79).",
        ONE_CLASS,
        (
            "Only 1 picture was judged, too few to say it more closely: test on more before "
            "relying on it."
        ),
        "“cat” was taken for “dog” in 1 of 1 picture.",
        "No judged picture shows “dog”, so nothing is known about it.",
    )


@pytest.mark.parametrize("trained_on", [[50, 50, 50], [90, 50, 60], [50, 60, 90], None])
def test_one_class_alone_says_nothing_of_always_the_same_answer(
    trained_on: Sequence[int] | None,
) -> None:
    nothing = [0, 0, 0]
    metrics = judged([[60, 20, 20], nothing, nothing], WASTE, trained_on=trained_on)
    assert plain_words(metrics)[:2] == ("Right 60 times in 100 (between 50 and 69).", ONE_CLASS)
    assert not is_worthless(metrics)
    assert "always the same" not in metrics.headline()


def test_the_verdict_does_not_hang_on_the_alphabet() -> None:
    """Of classes that training had alike, the one most frequent here is the figure to beat."""
    counts = np.array([[10, 0, 0], [10, 60, 0], [5, 5, 10]])
    for order in ([0, 1, 2], [1, 0, 2], [2, 1, 0]):
        ordered = counts[order][:, order].tolist()
        names = [WASTE[at] for at in order]
        metrics = judged(ordered, names, trained_on=[40, 40, 40])
        assert plain_words(metrics)[1] == "Always answering “paper” would be right 70 times in 100."
        fewer = [30 if name == "paper" else 40 for name in names]
        metrics = judged(ordered, names, trained_on=fewer)
        assert (
            plain_words(metrics)[1] == "Always answering “plastic” would be right 20 times in 100."
        )


def test_two_classes_are_told_both_ways() -> None:
    assert plain_words(judged([[90, 10], [4, 96]], PETS))[2] == (
        "“cat” was taken for “dog” in 10 of 100 pictures; "
        "“dog” was taken for “cat” in 4 of 100 pictures."
    )


def test_hundreds_of_classes() -> None:
    counts = [[8 if j == i else int(j == (i + 1) % 200) for j in range(200)] for i in range(200)]
    counts[3][7], counts[3][3] = 6, 2
    assert plain_words(judged(counts, [f"species {i}" for i in range(200)])) == (
        "Right 89 times in 100 (between 87 and 90).",
        "Always answering “species 0” would be right less than once in 100.",
        "“species 3” is taken for “species 7” most often (6 of 9 pictures of “species 3”).",
        "“species 3” is recognised least: 2 of 9 pictures.",
        "When it says about 90 %, it is right 89 times in 100 (between 87 and 90).",
    )


@pytest.mark.parametrize(
    ("classes", "sentence"),
    [
        (("cat", "dog", "cow"), "No judged picture shows “cow”, so nothing is known about it."),
        (
            ("cat", "dog", "cow", "emu"),
            (
                "No judged picture shows 2 of the 4 classes, “cow” among them, so nothing is known "
                "about these."
            ),
        ),
    ],
)
def test_classes_without_a_picture_are_named(classes: tuple[str, ...], sentence: str) -> None:
    empty = [0] * len(classes)
    counts = [[40, 4, *empty[2:]], [3, 50, *empty[2:]], *[empty] * (len(classes) - 2)]
    assert sentence in plain_words(judged(counts, classes))


@given(counts=st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=3, max_size=3))
def test_whatever_the_answers_the_words_are_sentences(counts: list[list[int]]) -> None:
    if not any(map(sum, counts)):
        counts[0][0] = 1
    words = plain_words(judged(counts, ("a", "b", "c")))
    for sentence in words:
        assert sentence.endswith(".")
        assert sentence[0].isupper() or sentence[0] == "“"
        for wrong in ("1 times", "nan", "None", "0 pictures", "1 pictures", " "):
            assert f" {wrong}" not in sentence
