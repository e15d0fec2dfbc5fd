"""What is wrong with a recipe, said in one sentence about the option or field that a user wrote."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from linnaeus.errors import UsageError
from linnaeus.training.fields import nearest_field, record_in
from linnaeus.training.recipe_text import MalformedText

__all__ = ["fault_in_file", "fault_in_options", "given_twice", "no_recipe"]

OPTIONS = {
    "model": "--model",
    "preset": "--preset",
    "seed": "--seed",
    "validation": "--val",
    "test": "--test",
    "resplit": "--resplit",
    "allow_tiny": "--allow-tiny",
    "near_duplicates": "--near-duplicates",
    "time_column": "--time-column",
    "domain_column": "--domain-column",
    "test_domain": "--test-domain",
    "split_file": "--split",
    "fold": "--fold",
    "repeat": "--repeat",
    "inner": "--inner",
    "image_size_px": "--image-size",
    "budget_s": "--budget",
    "device": "--device",
    "precision": "--precision",
    "ensemble": "--ensemble",
    "folds": "--folds",
    "network.epochs": "--epochs",
    "augment": "--augment",
}
"""How a field is called where a user gives it beside the recipe."""

LONGEST_VALUE = 60  # characters of a value that are quoted

RANGES = {
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("at most", "le"),
}
KINDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "text",
    "tuple": "a list",
    "dict": "an object { … }",
    "model": "an object { … }",
    "finite": "a finite number",
}
"""What a value should have been, by the first word of pydantic's name for the error."""


OF_A_KIND = re.compile(r"constrained-\w+|[\w-]+\[.*\]|int|float|str|bool")
"""What pydantic puts into the place of an error where a field may be of several kinds."""

Place = tuple[str | int, ...]


def fault_in_options(
    error: ValidationError, model: type[BaseModel], settings: Container[str] = ()
) -> UsageError:
    """The first error in the values of options, which are fields of `model`.

    `settings` are the fields, by their dotted names, that were given by --set.
    """
    place, faults = _first_faults(error)
    field = _dotted(place)
    whole = str(place[0]) if place else ""  # of a list, the field that holds it
    where = OPTIONS.get(field) or OPTIONS.get(whole) or f"the recipe's {field}"
    for length in range(len(place), 0, -1):
        if _dotted(place[:length]) in settings:
            where = f"--set {_dotted(place[:length])}"
            break
    return _fault(faults, model, where, "Give another value, or leave the option out.")


def fault_in_file(error: ValidationError, model: type[BaseModel], file: Path) -> UsageError:
    """The first error in the fields of `model` that `file` gives."""
    place, faults = _first_faults(error)
    if not place:
        return UsageError(
            "not a recipe, which is one object of fields",
            where=str(file),
            mend="Give a file such as a run's recipe.json.",
        )
    where = f"{file}, field {_dotted(place)}"
    return _fault(faults, model, where, "Mend the field, or leave it out.")


def given_twice(field: str) -> UsageError:
    """That `field` was given by an option of its own and by --set."""
    option = OPTIONS.get(field) or OPTIONS.get(field.rpartition(".")[2], "an option of its own")
    return UsageError(
        f"the field is also given by {option}", where=f"--set {field}", mend="Give it once."
    )


def no_recipe(error: OSError | ValueError, file: Path) -> UsageError:
    """Why there is no recipe to be read from `file`."""
    if isinstance(error, MalformedText):
        what = f"not a recipe: {error}"
    elif isinstance(error, FileNotFoundError | NotADirectoryError):
        what = "there is no such file"
    elif isinstance(error, OSError):
        what = (
            "not a recipe but a folder"
            if file.is_dir()
            else f"could not be read ({error.strerror})"
        )
    else:
        what = "not a recipe: no text in UTF-8"
    mend = "Give a file in YAML or JSON, such as a run's recipe.json."
    return UsageError(what, where=str(file), mend=mend)


def _first_faults(error: ValidationError) -> tuple[Place, list[Mapping[str, Any]]]:
    """The place of the first wrong field, and what is wrong with it.

    A field that may be of several kinds is wrong as each of them: told is what is wrong as the kind
    that it comes nearest to, whose fault lies deepest, or as all of them where none is nearer.
    """
    found: list[tuple[Place, Mapping[str, Any]]] = [
        (_as_written(one), dict(one)) for one in error.errors()
    ]
    first = found[0][0]
    of_field = [pair for pair in found if pair[0][: len(first)] == first]
    place = max((place for place, _ in of_field), key=len)
    return place, [fault for at, fault in of_field if at == place]


def _as_written(error: Mapping[str, Any]) -> Place:
    """Where in what a user wrote `error` is: without kinds, and of a short list the list."""
    place: list[str | int] = []
    before: str | int = ""
    for part in error["loc"]:
        a_key = str(before).startswith("dict[")
        if isinstance(part, int) or a_key or not OF_A_KIND.fullmatch(part):
            place.append(part)
        before = part
    if error["type"] == "missing" and isinstance(before, int):
        place.pop()
    return tuple(place)


def _fault(
    faults: Sequence[Mapping[str, Any]], model: type[BaseModel], where: str, mend: str
) -> UsageError:
    error = faults[0]
    if error["type"] == "extra_forbidden":
        return UsageError("there is no such field", where=where, mend=_nearest(error["loc"], model))
    if error["type"] == "contradiction":
        return UsageError(error["ctx"]["what"], where=where, mend=error["ctx"]["mend"])
    if error["type"] == "missing" and isinstance(error["loc"][-1], int):
        what = f"{_quoted(error['input'])} is too short a list"
        return UsageError(what, where=where, mend="Add what is missing.")
    if error["type"] == "missing":
        return UsageError("this entry is missing", where=where, mend="Add it.")
    wanted = " or ".join(dict.fromkeys(map(_wanted, faults)))
    return UsageError(f"{_quoted(error['input'])} is not {wanted}", where=where, mend=mend)


def _nearest(place: Sequence[str | int], model: type[BaseModel]) -> str:
    """What a user may have meant by the field at `place`, which there is not."""
    above = "".join(f"{part}." for part in place[:-1])
    near = nearest_field(str(place[-1]), model, above)
    if near is None:
        return f"There are {', '.join(_fields_at(place[:-1], model))}."
    return f'Did you mean "{near.removeprefix(above)}"?'


def _wanted(error: Mapping[str, Any]) -> str:
    """What the value should have been: "at least 8", "a whole number"."""
    kind, context = error["type"], error.get("ctx", {})
    if kind in RANGES:
        words, key = RANGES[kind]
        return f"{words} {context[key]:g}"
    if kind == "literal_error":
        several = " or " in context["expected"] or "," in context["expected"]
        return f"one of {context['expected']}" if several else str(context["expected"])
    if kind == "too_long":
        return f"a list of {context['max_length']}"
    if kind == "too_short":
        return f"a list of at least {context['min_length']}"
    return KINDS.get(kind.partition("_")[0], "what belongs here")


def _quoted(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _fields_at(place: Sequence[str | int], model: type[BaseModel]) -> list[str]:
    """The names of the fields of the record at `place` in `model`."""
    for name in place:
        if not isinstance(name, int):  # a place in a list of records, whose type says what they are
            model = _record_within(model.model_fields[name].annotation) or model
    return list(model.model_fields)


def _record_within(annotation: Any) -> type[BaseModel] | None:
    """The record that a field of type `annotation` holds, or several of which are in its list."""
    if (record := record_in(annotation)) is not None:
        return record
    found = (_record_within(kind) for kind in get_args(annotation))
    return next((record for record in found if record is not None), None)


def _dotted(place: Sequence[str | int]) -> str:
    return ".".join(map(str, place))
