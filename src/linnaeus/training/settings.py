"""Single fields of a recipe that are set beside it: `--set network.epochs=5`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from linnaeus.errors import UsageError
from linnaeus.training.fields import dotted_fields, nearest_field
from linnaeus.training.recipe_text import MalformedText, parsed_yaml
from linnaeus.training.usual import without_usual

__all__ = ["Settings", "apply_settings", "settings_from"]

Settings = Mapping[str, object] | Sequence[str]
"""{"network.epochs": 5}, or "network.epochs=5" with the value as YAML, for each field to be set."""


def settings_from(given: Settings, model: type[BaseModel]) -> dict[str, object]:
    """{dotted field of `model`: value}; values are still to be validated.

    Raises UsageError where a text has no "=", a field does not exist or is given twice, or a value
    is no YAML.
    """
    pairs = list(given.items()) if isinstance(given, Mapping) else [_pair(text) for text in given]
    known = set(dotted_fields(model))
    groups = {above for field in known for above in _groups_of(field)}
    settings: dict[str, object] = {}
    for key, value in pairs:
        if key not in known | groups:
            raise _unknown(key, model)
        if key in groups and (isinstance(value, Mapping) or value is None):
            raise _whole_group(key, sorted(known))
        if key in settings:
            raise UsageError("the field is given twice", where=f"--set {key}", mend="Give it once.")
        settings[key] = value
    return settings


def apply_settings(fields: dict[str, Any], settings: Mapping[str, object]) -> None:
    """Set each field in the nested `fields` of a recipe.

    Another optimiser, schedule, loss or adversary leaves open what the recipe says of the former
    one's rates, shape and strength, unless that is set too.
    """
    _leave_open(fields["network"], settings)
    for key, value in settings.items():
        *above, name = key.split(".")
        inner = fields
        for part in above:
            inner[part] = inner[part] or {}
            inner = inner[part]
        inner[name] = value


def _leave_open(network: dict[str, Any], settings: Mapping[str, object]) -> None:
    for choice in ("optimiser", "schedule", "loss", "adversary"):
        before, after = network[choice], settings.get(f"network.{choice}", network[choice])
        if before == after:
            continue
        without_usual(network, choice)
        if "schedule-free" in (before, after):
            network["schedule"] = None
            without_usual(network, "schedule")


def _pair(text: str) -> tuple[str, object]:
    key, equals, value = text.partition("=")
    if not equals:
        raise UsageError(
            f'"{text}" gives no value',
            where="--set",
            mend="Write KEY=VALUE, such as network.epochs=5.",
        )
    try:
        return key.strip(), parsed_yaml(value)
    except MalformedText as error:
        raise UsageError(
            f"the value is {error}",
            where=f"--set {key.strip()}",
            mend="Put text with special characters into quotes.",
        ) from None


def _unknown(key: str, model: type[BaseModel]) -> UsageError:
    above, dot, _ = key.rpartition(".")
    near = nearest_field(key, model, above + dot)
    mend = f'Did you mean "{near}"?' if near else "All are in the reference of the recipe."
    return UsageError("there is no such field", where=f"--set {key}", mend=mend)


def _groups_of(field: str) -> list[str]:
    """The records that the field at a dotted name lies in: "a" and "a.b" of "a.b.c"."""
    parts = field.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]


def _whole_group(key: str, known: list[str]) -> UsageError:
    """That the object `key` cannot be set as a whole: what it left out would be lost."""
    within = next(field for field in known if field.startswith(f"{key}."))
    mend = f"Set them one by one, such as {within}."
    return UsageError("this is a group of fields", where=f"--set {key}", mend=mend)
