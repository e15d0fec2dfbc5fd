"""Numbers as people write them: 0.5 and 1e-3; not 1_0, nor digits of other scripts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic_core import InitErrorDetails

__all__ = ["check_written", "number_in"]

Place = tuple[str | int, ...]


def number_in(text: str) -> float | None:
    """The number that is written in `text`, be it NaN or infinite; None where there is none.

    >>> number_in("0.5"), number_in("ten"), number_in("1_0")
    (0.5, None, None)
    """
    if "_" in text or not text.isascii():
        return None
    try:
        return float(text)
    except ValueError:
        return None


def check_written(given: object, read: object) -> None:
    """Refuse texts in `given` that pydantic has `read` as numbers though they are none: 1_0 as 10.

    Both may be objects and lists, as deep as they like. Raises ValidationError, in pydantic's words
    for any other text that is no number.
    """
    if faults := list(_misread(given, read)):
        from pydantic_core import ValidationError

        raise ValidationError.from_exception_data("numbers", faults)


def _misread(given: object, read: object, place: Place = ()) -> Iterator[InitErrorDetails]:
    if isinstance(given, str) and "_" in given and type(read) in (int, float):
        yield {"type": f"{type(read).__name__}_parsing", "loc": place, "input": given}
    elif isinstance(given, Mapping) and isinstance(read, Mapping):
        for key in given.keys() & read.keys():
            yield from _misread(given[key], read[key], (*place, key))
    elif isinstance(given, list | tuple) and isinstance(read, list | tuple):
        for at, pair in enumerate(zip(given, read, strict=False)):
            yield from _misread(*pair, (*place, at))
