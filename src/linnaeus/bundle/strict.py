"""Strict: what every record in a bundle is, frozen and without unknown fields; and reading one."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from linnaeus.files import read_json

__all__ = ["NewerSchema", "Strict", "read_strict"]


class Strict(BaseModel):
    """A frozen record that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Record = TypeVar("Record", bound=Strict)


class NewerSchema(Exception):
    """A record has a schema `version` that came after this Linnaeus."""

    def __init__(self, version: int) -> None:
        super().__init__(version)
        self.version = version


def read_strict(kind: type[Record], file: Path, newest: int) -> Record:
    """The record in `file`, which is JSON with a schema_version of `newest` at most.

    Raises NewerSchema; OSError where it cannot be read; ValueError, with the first fault in it,
    where it is no such record.
    """
    content = read_json(file)
    version = content.get("schema_version") if isinstance(content, dict) else None
    if isinstance(version, int) and version > newest:
        raise NewerSchema(version)
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"{place}: {first['msg']}") from None
