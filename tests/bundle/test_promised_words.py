"""What is said of promises: as they were given, not rounded into others."""

from __future__ import annotations

import numpy as np
import pytest

from linnaeus.bundle.held_out import HeldOut
from linnaeus.bundle.predictions import Predictions
from linnaeus.bundle.promises import Promise
from linnaeus.bundle.silence import Silence


@pytest.mark.parametrize("max_error", [0.0004, 0.0125, 0.07, 0.1])
def test_the_error_that_is_promised_is_told_as_it_was_given(max_error: float) -> None:
    given = f"at most {100 * max_error:.6g} % of"
    for answered in (0.8, 0.0):
        silence = Silence(max_error, 0.5 if answered else np.inf, answered, 1000)
        (remark,) = Promise(silence=silence).remarks(("cat", "dog"))
        assert given in remark


def test_a_confidence_is_told_with_the_digits_that_decide() -> None:
    confidence = float(np.float32(0.99997))
    (remark,) = Promise(silence=Silence(0.01, confidence, 0.4, 1000)).remarks(("cat", "dog"))
    assert "Answers below a confidence of 0.99997 are withheld" in remark


def test_an_answer_whose_confidence_is_told_as_the_least_is_given() -> None:
    """0.9 in float32 is a little less than 0.9, and is told as 0.9."""
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2]], np.float32)
    answers = Predictions(("a", "b"), ("cat", "dog"), probabilities, np.array([-1, -1]))
    given = Promise(least=0.9)(answers).given
    assert given is not None
    assert given.tolist() == [True, False]


def test_the_share_of_sets_is_told_as_it_was_given() -> None:
    probabilities = np.full((10, 2), 0.5, np.float32)
    held_out = HeldOut.of([str(at) for at in range(10)], probabilities, np.arange(10) % 2)
    promise = Promise.of(held_out, coverage=0.995, method="class-conditional")
    (remark,) = promise.remarks(("cat", "dog"))
    assert "Too few held-out pictures for sets of 99.5 %: every set" in remark
