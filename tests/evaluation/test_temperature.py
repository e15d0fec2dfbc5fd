"""The temperature against scipy's optimum, and where there is too little to fit it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from scipy.special import softmax as scipy_softmax

from linnaeus.bundle.softmax import softmax
from linnaeus.errors import DataError
from linnaeus.evaluation.calibration import fit_temperature


@st.composite
def logits_and_labels(draw: st.DrawFn) -> tuple[NDArray[Any], NDArray[Any]]:
    """Any finite logits (n, c) with any labels (n,)."""
    n, classes = draw(st.integers(1, 40)), draw(st.integers(2, 6))
    logits = draw(arrays(np.float32, (n, classes), elements=st.floats(-60, 60, width=32)))
    return logits, draw(arrays(np.int64, n, elements=st.integers(0, classes - 1)))


def log_loss(logits: NDArray[Any], labels: NDArray[Any], temperature: float) -> float:
    """By scipy, in nats."""
    logs = log_softmax(logits.astype(np.float64) / temperature, axis=1)
    return float(-logs[np.arange(len(labels)), labels].mean())


def noisy(seed: int, images: int, sharpness: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Logits whose best temperature is about `sharpness`: labels are drawn by them, sharpened."""
    random = np.random.default_rng(seed)
    logits = 2 * random.normal(size=(images, 5))
    chances = scipy_softmax(logits, axis=1).cumsum(axis=1)
    labels = (random.random((images, 1)) > chances).sum(axis=1).clip(0, 4)
    return logits * sharpness, labels


@given(sample=logits_and_labels())
def test_never_worse_than_no_temperature(sample: tuple[NDArray[Any], NDArray[Any]]) -> None:
    logits, labels = sample
    temperature = fit_temperature(logits, labels)
    assert 0.01 <= temperature <= 100
    assert log_loss(logits, labels, temperature) <= log_loss(logits, labels, 1.0) + 1e-9


@pytest.mark.parametrize("sharpness", [0.3, 1.0, 2.5, 8.0])
@pytest.mark.parametrize("seed", range(3))
def test_close_to_the_optimum_that_scipy_finds(sharpness: float, seed: int) -> None:
    logits, labels = noisy(seed, 1000, sharpness)
    best = minimize_scalar(
        lambda t: log_loss(logits, labels, float(np.exp(t))), bounds=(-4, 4), method="bounded"
    )
    fitted = fit_temperature(logits, labels)
    assert fitted == pytest.approx(np.exp(best.x), rel=0.02)
    assert log_loss(logits, labels, fitted) <= best.fun + 1e-4
    assert fitted == pytest.approx(sharpness, rel=0.15)


def test_without_pictures_nothing_changes() -> None:
    assert fit_temperature(np.empty((0, 3)), np.empty(0)) == 1.0


def test_a_few_right_answers_do_not_make_it_certain() -> None:
    """Without a mistake the likeliest temperature is 0; three pictures are no reason for that."""
    temperature = fit_temperature([[2.0, 0.0]] * 3, [0, 0, 0])
    assert 0.5 < temperature < 1


def test_always_wrong_becomes_unsure_but_stays_within_bounds() -> None:
    temperature = fit_temperature([[9.0, 0.0]] * 500, [1] * 500)
    assert 10 < temperature <= 100
    assert scipy_softmax(np.array([9.0, 0.0]) / temperature)[0] < 0.72


def test_large_logits_do_not_overflow() -> None:
    logits = np.array([[1e4, 0.0], [0.0, 1e4], [1e4, 0.0]])
    assert np.isfinite(fit_temperature(logits, [0, 1, 1]))


@given(sample=logits_and_labels(), temperature=st.floats(0.05, 20))
def test_a_temperature_keeps_the_answer_and_the_sum_of_one(
    sample: tuple[NDArray[Any], NDArray[Any]], temperature: float
) -> None:
    logits, _ = sample
    probabilities = softmax(logits, temperature)
    assert probabilities.dtype == np.float32
    expected = scipy_softmax(logits.astype(np.float64) / temperature, axis=1)
    np.testing.assert_allclose(probabilities, expected, atol=1e-6)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    best = logits.argmax(axis=1)
    assert (probabilities[np.arange(len(best)), best] == probabilities.max(axis=1)).all()


def test_logits_that_are_not_finite_are_refused_in_a_sentence() -> None:
    with pytest.raises(DataError, match=r"^calibration: the classifier answered with numbers that"):
        fit_temperature([[np.nan, 1.0]], [0])


def test_unknown_labels_are_refused_in_a_sentence() -> None:
    with pytest.raises(DataError, match=r"^calibration: a label is none of the classes\. "):
        fit_temperature([[0.0, 1.0]], [-1])
