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
    settings: dict[str, object] = {}
    for key, value in pairs:
        if key not in known:
            raise _unknown(key, model)
        if key in settings:
            raise UsageError("the field is given twice", where=f"--set {key}", mend="Give it once.")
        settings[key] = value
    return settings


def apply_settings(fields: dict[str, Any], settings: Mapping[str, object]) -> None:
    """Set each field in the nested `fields` of a recipe.

    Another optimiser, schedule or loss leaves open what the recipe says of the former one's
    rates and shape, unless that is set too.
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
    for choice in ("optimiser", "schedule", "loss"):
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
    within = [field for field in dotted_fields(model) if field.startswith(f"{key}.")]
    if within:
        what, mend = "this is a group of fields", f"Set one of them, such as {within[0]}."
    else:
        above, dot, _ = key.rpartition(".")
        near = nearest_field(key, model, above + dot)
        what = "there is no such field"
        mend = f'Did you mean "{near}"?' if near else "See all in docs/reference/recipe.md."
    return UsageError(what, where=f"--set {key}", mend=mend)
