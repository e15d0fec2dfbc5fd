"""Numbers are those that people write, in every way a text becomes one."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from linnaeus.written_numbers import check_written, number_in


@given(st.floats(allow_nan=False))
def test_every_number_as_it_is_printed_is_one(number: float) -> None:
    assert number_in(str(number)) == number_in(f" {number} ") == number


@pytest.mark.parametrize("text", ["", *"1_0 1_0.5 1e1_0 １ ٣ 0.１ −1 ten 1:2".split()])
def test_what_people_do_not_write_is_none(text: str) -> None:
    assert number_in(text) is None


def test_no_number_is_told_from_a_text_that_is_none() -> None:
    assert math.isnan(number_in("nan") or 0)
    assert number_in("-inf") == -math.inf


@pytest.mark.parametrize(
    ("given", "read", "place", "said"),
    [
        ("1_0", 10, (), "valid integer"),
        ({"a": {"b": "1_0.5"}}, {"a": {"b": 10.5}, "c": 1}, ("a", "b"), "valid number"),
        ({"a": [1, "4_8"]}, {"a": (1, 48)}, ("a", 1), "valid integer"),
    ],
)
def test_a_text_that_was_read_as_a_number_is_told_by_its_place(
    given: object, read: object, place: tuple[str | int, ...], said: str
) -> None:
    with pytest.raises(ValidationError) as told:
        check_written(given, read)
    (fault,) = told.value.errors()
    assert fault["loc"] == place
    assert said in fault["msg"]


def test_names_and_numbers_are_let_pass() -> None:
    check_written({"a": "1_0", "b": 10, "c": "10"}, {"a": "1_0", "b": 10, "c": 10})
