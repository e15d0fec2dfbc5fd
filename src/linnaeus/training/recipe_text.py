"""A recipe's text as plain data: YAML or JSON, of which nothing is guessed and nothing lost.

YAML is read by the rules of its version 1.2, so that `1e-3` is a number and `no` is text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

__all__ = ["MalformedText", "parsed", "parsed_yaml"]

YAML_SUFFIXES = (".yaml", ".yml")


class MalformedText(ValueError):
    """What is wrong with a text, in a few words, with the place in it where that is known."""


def parsed(text: str, file: Path) -> Any:
    """What `text` says: YAML where the name of `file` ends so, else JSON.

    Raises MalformedText where it is neither, where a key stands twice in one object, or where it
    is nested too deeply.
    """
    try:
        if file.suffix.lower() in YAML_SUFFIXES:
            return parsed_yaml(text)
        return json.loads(text, object_pairs_hook=_once_each)
    except json.JSONDecodeError as error:
        place = _place(error.lineno, error.colno)
        raise MalformedText(f"no JSON from {place} on") from None
    except RecursionError:
        raise MalformedText("nested too deeply") from None


def parsed_yaml(text: str) -> Any:
    """What the YAML `text` says. Raises MalformedText as `parsed` does."""
    try:
        return yaml.load(text, _Loader)  # noqa: S506  # a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = _place(mark.line + 1, mark.column + 1) if mark else "somewhere"
        if isinstance(error, _Refused):
            raise MalformedText(f"{error.problem} at {place}") from None
        raise MalformedText(f"no YAML from {place} on") from None
    except yaml.YAMLError:  # characters that no YAML may hold
        raise MalformedText("no YAML") from None
    except RecursionError:
        raise MalformedText("nested too deeply") from None


class _Refused(yaml.constructor.ConstructorError):  # type: ignore[misc]
    """What YAML allows and a recipe does not."""


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Safe loading by YAML 1.2, without references, and with every key once."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  # those of YAML 1.1, not taken over

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse references: a few lines of them can stand for gigabytes."""
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise _Refused(problem="a reference (*), which recipes do without,", problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        """Refuse an object in which a key stands twice."""
        seen = set()
        for key, _ in node.value:
            name = self.construct_object(key, deep=True)
            if not isinstance(name, str | int | float | bool | None):
                raise _Refused(problem="a key that is no text", problem_mark=key.start_mark)
            if name in seen:
                raise _Refused(problem=f'"{name}" for the second time', problem_mark=key.start_mark)
            seen.add(name)
        return dict(super().construct_mapping(node, deep=True))


def _resolve(tag: str, pattern: str, first: str) -> None:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))


_resolve("null", r"^(?:~|null|Null|NULL|)$", "~nN")
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^$"), [""])
_resolve("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF")
_resolve("int", r"^[-+]?[0-9]+$", "-+0123456789")
_resolve(
    "float",
    r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
    "-+.0123456789",
)
_Loader.add_constructor(  # PyYAML's own takes 010 for 8
    "tag:yaml.org,2002:int", lambda loader, node: int(loader.construct_scalar(node), 10)
)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    whole = dict(pairs)
    if len(whole) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise MalformedText(f'"{twice}" stands twice in one object')
    return whole


def _place(line: int, column: int) -> str:
    return f"line {line}, column {column}"
