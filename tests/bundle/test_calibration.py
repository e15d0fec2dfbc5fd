"""Every way to calibrate, by its published formula, and the laws that all of them keep."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from pydantic import ValidationError
from scipy.special import expit, log_softmax, softmax

from linnaeus.bundle.calibration import BetaMap, Calibration, IsotonicMap, log_odds_of

BETA = tuple(BetaMap(a=a, b=b, c=c) for a, b, c in ((2.0, 0.5, 0.1), (1.0, 1.0, 0.0), (0.3, 4, -1)))
ISOTONIC = tuple(
    IsotonicMap(log_odds=(-3.0, 0.0, 2.0), probabilities=(0.1, 0.1 + rise, 0.9), own_share=0.02)
    for rise in (0.1, 0.3, 0.7)
)
EVERY = {
    "none": Calibration(),
    "temperature": Calibration(method="temperature", temperature=2.5),
    "vector": Calibration(
        method="vector", temperature=2.0, scales=(1.5, 1.0, 0.2), offsets=(0.3, -1.0, 0.0)
    ),
    "beta": Calibration(method="beta", temperature=1.5, beta=BETA),
    "isotonic": Calibration(method="isotonic", temperature=0.8, isotonic=ISOTONIC),
}


def by_the_formula(method: str, logits: NDArray[Any], several: bool) -> NDArray[Any]:
    """The probabilities as the papers write them, for logits that are small."""
    calibration = EVERY[method]
    z = logits / calibration.temperature
    if method == "vector":
        z = z * np.array([1.5, 1.0, 0.2]) + np.array([0.3, -1.0, 0.0])
    p = expit(z) if several else softmax(z, axis=-1)
    if method == "beta":
        columns = [
            expit(m.a * np.log(p[:, k]) - m.b * np.log1p(-p[:, k]) + m.c)
            for k, m in enumerate(BETA)
        ]
    elif method == "isotonic":
        odds = np.log(p) - np.log1p(-p)
        columns = [
            0.98 * np.interp(odds[:, k], m.log_odds, m.probabilities) + 0.02 * p[:, k]
            for k, m in enumerate(ISOTONIC)
        ]
    else:
        return p
    mapped = np.stack(columns, axis=1)
    return mapped if several else mapped / mapped.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("method", list(EVERY))
def test_probabilities_are_those_of_the_published_formula(method: str, several: bool) -> None:
    logits = np.random.default_rng(0).normal(scale=2.0, size=(200, 3))
    found = EVERY[method].probabilities(logits, several=several)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, by_the_formula(method, logits, several), atol=2e-7)


@pytest.mark.parametrize("method", list(EVERY))
@given(logits=arrays(np.float32, (4, 3), elements=st.floats(-1e4, 1e4, width=32)))
def test_any_finite_logits_give_probabilities(method: str, logits: NDArray[Any]) -> None:
    single = EVERY[method].probabilities(logits)
    assert np.isfinite(single).all()
    np.testing.assert_allclose(single.sum(axis=1), 1, atol=1e-5)
    several = EVERY[method].probabilities(logits, several=True)
    assert ((several >= 0) & (several <= 1)).all()


@pytest.mark.parametrize("method", list(EVERY))
def test_one_picture_is_answered_as_among_many_and_nan_stays_nan(method: str) -> None:
    logits = np.random.default_rng(1).normal(size=(3, 3)).astype(np.float32)
    logits[1] = np.nan
    together = EVERY[method].probabilities(logits)
    assert np.isnan(together[1]).all()
    np.testing.assert_array_equal(EVERY[method].probabilities(logits[2]), together[2])


@given(logits=arrays(np.float64, (5, 4), elements=st.floats(-12, 12)))
def test_log_odds_are_those_of_the_softmax(logits: NDArray[Any]) -> None:
    logs = log_softmax(logits, axis=1)
    others = [
        np.logaddexp.reduce(np.delete(logs, k, axis=1), axis=1) for k in range(logits.shape[1])
    ]
    np.testing.assert_allclose(log_odds_of(logits), logs - np.stack(others, axis=1), atol=1e-9)


def test_log_odds_keep_the_digits_that_a_probability_near_1_has_lost() -> None:
    assert log_odds_of([40.0, 0.0]).tolist() == pytest.approx([40, -40])
    assert log_odds_of([1e6, 0.0]).tolist() == [50, -50]


@pytest.mark.parametrize("method", list(EVERY))
def test_it_comes_back_from_json_as_it_was(method: str) -> None:
    text = EVERY[method].model_dump_json()
    assert Calibration.model_validate_json(text) == EVERY[method]


def test_the_calibrations_of_older_bundles_are_read() -> None:
    older = json.loads('{"method": "temperature", "temperature": 1.5}')
    assert Calibration.model_validate(older).fitted == 1.5
    assert Calibration.model_validate({"method": "none", "temperature": 1.0}).fitted is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"method": "vector"},
        {"method": "vector", "scales": (1, 1), "offsets": (0,)},
        {"method": "beta", "scales": (1, 1), "offsets": (0, 0)},
        {"method": "temperature", "beta": ({"a": 1, "b": 1, "c": 0},)},
        {"method": "isotonic", "isotonic": ({"log_odds": (0, 1), "probabilities": (0.5, 0.4),
                                             "own_share": 0.1},)},
    ],
)  # fmt: skip
def test_maps_that_are_missing_or_do_not_rise_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Calibration.model_validate(wrong)
