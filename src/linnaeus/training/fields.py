"""The fields of a record, and of those in it, by dotted names; and the one nearest to a name."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel

__all__ = ["dotted_fields", "nearest_field", "record_in"]


ELSEWHERE = {
    "lr": "learning_rate",
    "bs": "batch_size",
    "wd": "weight_decay",
    "tta": "test_time_augmentation",
    "ema": "averaging",
    "swa": "averaging",
    "amp": "precision",
    "gradient_clipping": "clip_norm",
    "early_stopping": "patience",
    "scheduler": "schedule",
}
"""What other programs call our fields, too short or too different to be guessed by spelling."""


def dotted_fields(model: type[BaseModel], above: str = "") -> Iterator[str]:
    """The name of each field of `model`; of a record's in it, "network.epochs", not "network"."""
    for name, field in model.model_fields.items():
        inner = record_in(field.annotation)
        if inner is None:
            yield above + name
        else:
            yield from dotted_fields(inner, f"{above}{name}.")


def nearest_field(name: str, model: type[BaseModel], above: str = "") -> str | None:
    """The field of `model` that `name`, where a record called `above` ("network.") was meant to
    have it, is most likely to mean: one of that name elsewhere, or spelt much alike.

    >>> from linnaeus.training.recipe import Recipe
    >>> nearest_field("learning_rate", Recipe), nearest_field("epoch", Recipe, "network.")
    ('network.learning_rate', 'network.epochs')
    """
    known = {field: field.rpartition(".")[2] for field in dotted_fields(model)}
    last = name.rpartition(".")[2]
    last = ELSEWHERE.get(last, last)
    for field, own in known.items():
        if own == last:
            return field
    beside = [field for field in known if field.startswith(above)]
    for fields in (beside, list(known)):
        owns = {known[field]: field for field in reversed(fields)}
        if near := difflib.get_close_matches(last, owns, n=1):
            return owns[near[0]]
    return None


def record_in(annotation: Any) -> type[BaseModel] | None:
    """The record that a field of type `annotation` holds, also where it may be None."""
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None
