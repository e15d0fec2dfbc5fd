"""The usual values of a plan, where they depend on the data."""

from __future__ import annotations

import pytest

from linnaeus.training.plan import TrainingPlan
from linnaeus.training.usual import with_usual


def test_muon_s_rate_falls_with_the_root_of_the_steps_in_a_pass() -> None:
    rates = [with_usual(TrainingPlan(), steps).learning_rate for steps in (0, 20, 40, 160, 360)]
    assert rates == pytest.approx([0.2, 0.2, 0.2, 0.1, 0.2 / 3])


def test_a_rate_that_is_given_stays_and_so_do_those_of_other_optimisers() -> None:
    given, sgd = TrainingPlan(learning_rate=0.3), TrainingPlan(optimiser="sgd")
    assert with_usual(given, 360).learning_rate == 0.3
    assert with_usual(sgd, 360).learning_rate == with_usual(sgd).learning_rate
