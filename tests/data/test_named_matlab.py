"""MATLAB's files: the arrays that SciPy wrote come back, and damaged files are refused."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from linnaeus.data.catalogue.matlab import read_matlab

scipy_io = pytest.importorskip("scipy.io")

NUMBERS = st.sampled_from(["u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"]).flatmap(
    lambda dtype: arrays(dtype, array_shapes(min_dims=2, max_dims=4, max_side=6))
)


def written(*, packed: bool, **values: object) -> bytes:
    file = io.BytesIO()
    scipy_io.savemat(file, values, do_compression=packed)
    return file.getvalue()


@given(first=NUMBERS, second=NUMBERS, packed=st.booleans())
def test_numbers_come_back(first: np.ndarray, second: np.ndarray, packed: bool) -> None:
    read = read_matlab(written(packed=packed, X=first, a_long_name=second))
    assert set(read) == {"X", "a_long_name"}
    np.testing.assert_array_equal(read["X"], first)
    np.testing.assert_array_equal(read["a_long_name"], second)


def test_what_is_no_array_of_numbers_is_passed_over() -> None:
    content = written(
        packed=True, text="hello", cell=np.array([1, "a"], object), X=np.eye(2), z=np.eye(2) * 1j
    )
    assert set(read_matlab(content)) == {"X"}


WHOLE = written(packed=False, X=np.arange(40, dtype=np.uint8).reshape(8, 5), y=np.eye(3))


@given(place=st.integers(0, len(WHOLE) - 1), value=st.integers(0, 255), end=st.integers(0, 900))
def test_a_damaged_file_is_read_or_refused(place: int, value: int, end: int) -> None:
    damaged = bytearray(WHOLE)
    damaged[place] = value
    for content in (bytes(damaged), WHOLE[:end]):
        try:
            read_matlab(content)
        except ValueError as error:
            assert str(error)
