"""Arguments from Python: one of the wrong kind is refused in a sentence, before any work.

What is of the right kind comes back plain: NumPy's numbers as Python's own, and its floats of
less than double precision as the number that they print as, 0.9 and not 0.8999999761581421.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence, Sized
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np

from linnaeus.errors import UsageError

__all__ = ["check_kind", "of_kind"]


def check_kind(kind: str, **given: object) -> None:
    """Raise UsageError where one of `given`, by the names of arguments, is not of `kind`.

    `kind`: one of `KINDS`. None is of every kind.
    """
    for name, value in given.items():
        if value is not None and not KINDS[kind](value):
            raise UsageError(
                f"{value!r} is not {kind}",
                where=f"--{name.replace('_', '-')}",
                mend=f"Give {kind}, or leave it out.",
            )


def of_kind(kind: str, **given: object) -> tuple[Any, ...]:
    """Each of `given` as a plain value of `kind`, one of `PLAIN`; None as None.

    Raises as `check_kind` does.

    >>> of_kind("a whole number", top_k=np.int64(4), size=None)
    (4, None)
    >>> of_kind("a number", prevalence=np.float32(0.9))
    (0.9,)
    """
    check_kind(kind, **given)
    return tuple(None if value is None else PLAIN[kind](value) for value in given.values())


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_path(value: object) -> bool:
    return isinstance(value, str | Path) and "\0" not in str(value)


def _is_two_numbers(value: object) -> bool:
    return _is_list_of(_is_number, value) and isinstance(value, Sized) and len(value) == 2


def _one_or_several(is_one: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: is_one(value) or _is_list_of(is_one, value)


def _is_list_of(is_one: Callable[[object], bool], value: object) -> bool:
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        return False
    return all(map(is_one, value))


def _plain_number(value: Any) -> float:
    """Narrow floats as the shortest number that they are written as: float32's 0.9 as 0.9."""
    if isinstance(value, np.float16 | np.float32):
        return float(str(value))
    try:
        return float(value)
    except OverflowError:  # a whole number of more digits than a float can be near to
        return math.inf if value > 0 else -math.inf


KINDS: dict[str, Callable[[object], bool]] = {
    "a number": _is_number,
    "a whole number": _is_whole,
    "two numbers": _is_two_numbers,
    "a text": _is_text,
    "a text or several": _one_or_several(_is_text),
    "a path": _is_path,
    "a path or several": _one_or_several(_is_path),
}

PLAIN: dict[str, Callable[[Any], Any]] = {
    "a number": _plain_number,
    "a whole number": int,
    "two numbers": lambda pair: tuple(map(_plain_number, pair)),
}
"""What makes plain values of a kind of which NumPy has its own."""
