"""The packages that an installed package needs, as they are installed here."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution

__all__ = ["SERVING", "dependencies_of", "files_of"]

NAME = re.compile(r"[A-Za-z0-9._-]+")

SERVING = (
    "fastapi",
    "httptools",
    "prometheus-client",
    "python-multipart",
    "uvicorn",
    "uvloop",
)
"""What `linnaeus serve` alone takes, whatever the installed Linnaeus says that it needs."""

NOT_AT_WORK = frozenset({"sympy", "mpmath"})
"""Needed by tools of ONNX Runtime that rewrite graphs, and by nothing that answers."""


def dependencies_of(
    name: str, *others: str, without: Collection[str] = ()
) -> dict[str, Distribution]:
    """All that `name` needs, however far down, without itself; and `others` with theirs.

    `without`: what is left out, with all that it alone needs.
    """
    found: dict[str, Distribution] = {}
    for needed in (*_needed_by(distribution(name)), *others):
        _add(needed, found, {*without, *NOT_AT_WORK})
    return found


def _add(name: str, found: dict[str, Distribution], without: Collection[str]) -> None:
    key = name.lower().replace("_", "-")
    if key in found or key in without:
        return
    try:
        found[key] = distribution(name)
    except PackageNotFoundError:
        return  # for another system, or another version of Python
    for needed in _needed_by(found[key]):
        _add(needed, found, without)


def _needed_by(package: Distribution) -> Iterator[str]:
    """The names of what it needs without any extra."""
    for requirement in package.requires or ():
        match = NAME.match(requirement)
        if match and "extra ==" not in requirement:
            yield match.group()


def files_of(package: Distribution) -> Iterator[tuple[str, bytes]]:
    """What an installed package consists of, by its place beside others; no compiled caches."""
    for file in package.files or ():
        name = file.as_posix()
        skipped = name.startswith("../") or "__pycache__" in file.parts or "tests" in file.parts
        if not skipped and file.locate().is_file():  # type: ignore[attr-defined]
            yield name, file.read_binary()
