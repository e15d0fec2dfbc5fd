"""Times as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linnaeus.errors import UsageError
from linnaeus.training.budget import parse_budget


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("2m", 120),
        ("1h30m", 5400),
        ("1.5h", 5400),
        ("1d", 86400),
        ("45", 45),
        (" 2M ", 120),
        (45, 45),
        (0.5, 0.5),
    ],
)
def test_times_are_read(text: str | float, seconds: float) -> None:
    assert parse_budget(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "2 minutes", "m", "-2m", "2m30", "1e3", "0", "0s", 0, -1, "1y", "9999d"),
        *("²m", "９0s", "９0", "1_0s"),
    ],
)
def test_what_is_no_time_is_refused(text: str | float) -> None:
    with pytest.raises(UsageError, match="is not a time") as told:
        parse_budget(text)
    assert told.value.where == "--budget"


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_no_clock_reaches_are_refused(number: float) -> None:
    with pytest.raises(UsageError):
        parse_budget(number)


@given(st.integers(0, 300), st.integers(0, 59), st.integers(1, 59))
def test_parts_add_up(hours: int, minutes: int, seconds: int) -> None:
    assert parse_budget(f"{hours}h{minutes}m{seconds}s") == 3600 * hours + 60 * minutes + seconds


@given(st.text(max_size=8))
def test_any_text_is_a_time_above_zero_or_refused(text: str) -> None:
    try:
        assert parse_budget(text) > 0
    except UsageError as told:
        assert told.mend
