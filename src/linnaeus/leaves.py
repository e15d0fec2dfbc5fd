"""The leaves of a nested record, by their names with dots: what differs, and what goes in a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["leaves"]


def leaves(record: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """{name from the root on: value}; a record with nothing in it is a leaf itself.

    >>> leaves({"seed": 0, "network": {"epochs": 3.0, "paces": {}}})
    {'seed': 0, 'network.epochs': 3.0, 'network.paces': {}}
    """
    found: dict[str, Any] = {}
    for name, value in record.items():
        nested = isinstance(value, Mapping) and bool(value)
        found |= leaves(value, f"{above}{name}.") if nested else {f"{above}{name}": value}
    return found
