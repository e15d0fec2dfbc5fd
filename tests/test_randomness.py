"""Randomness without a state: numbers that depend on nothing but what they are asked for."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linnaeus.randomness import generator, number, uniforms

seeds = st.integers(0, 2**63 - 1)
counters = st.lists(st.integers(0, 2**31), max_size=3)


@given(seeds, st.text(), counters)
def test_the_same_question_gets_the_same_answer(seed: int, purpose: str, at: list[int]) -> None:
    assert number(seed, purpose, *at) == number(seed, purpose, *at)
    first = generator(seed, purpose, *at).integers(0, 2**32, 4)
    generator(seed, purpose, 999).random(100)
    assert np.array_equal(first, generator(seed, purpose, *at).integers(0, 2**32, 4))


def test_every_part_of_the_question_counts() -> None:
    asked = {
        (seed, purpose, *at)
        for seed in range(5)
        for purpose in ("order", "augment", "order1")
        for at in ((), (0,), (1,), (1, 0), (10,), (1, 1), (11,))
    }
    assert len({number(*question) for question in asked}) == len(asked)


def test_another_process_gets_the_same_numbers() -> None:
    code = "from linnaeus.randomness import number; print(number(3, 'order', 1, 2))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(told.stdout) == number(3, "order", 1, 2)


@given(seeds, st.integers(0, 1000), st.permutations(range(40)), st.integers(1, 39))
def test_a_sample_s_numbers_do_not_depend_on_its_batch(
    seed: int, epoch: int, order: list[int], cut: int
) -> None:
    rows = np.array(order, np.int64)
    whole = uniforms(seed, "augment", epoch, rows, 5)
    parts = [uniforms(seed, "augment", epoch, part, 5) for part in (rows[:cut], rows[cut:])]
    assert np.array_equal(whole, np.concatenate(parts))
    in_order = uniforms(seed, "augment", epoch, np.arange(40), 5)
    assert np.array_equal(whole, in_order[rows])


@given(seeds, st.integers(0, 1000))
def test_uniform_numbers_lie_from_zero_to_below_one(seed: int, epoch: int) -> None:
    drawn = uniforms(seed, "augment", epoch, np.arange(500), 3)
    assert drawn.shape == (500, 3)
    assert drawn.dtype == np.float32
    assert drawn.min() >= 0
    assert drawn.max() < 1


@pytest.mark.parametrize("seed", [0, 1, 12345])
def test_uniform_numbers_are_uniform_and_unrelated(seed: int) -> None:
    drawn = uniforms(seed, "augment", 0, np.arange(40_000), 4).astype(np.float64)
    later = uniforms(seed, "augment", 1, np.arange(40_000), 4).astype(np.float64)
    bins = np.stack([np.histogram(column, 20, (0, 1))[0] for column in drawn.T])
    # Chi-squared with 19 degrees of freedom stays below 52 in all but one of 10,000 draws.
    assert ((bins - 2000) ** 2 / 2000).sum(axis=1).max() < 52
    together = np.concatenate([drawn, later], axis=1)
    unrelated = np.corrcoef(together, rowvar=False) - np.eye(8)
    assert np.abs(unrelated).max() < 4.5 / np.sqrt(40_000)
    assert np.abs(np.corrcoef(drawn[1:, 0], drawn[:-1, 0])[0, 1]) < 4.5 / np.sqrt(40_000)
