"""The packages that an installed package needs on Linux, as they are installed here."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator
from importlib.metadata import (
    Distribution,
    PackageNotFoundError,
    distribution,
    packages_distributions,
)

from packaging.requirements import Requirement

__all__ = ["OF_EXTRAS", "SERVING", "dependencies_of", "files_of", "glibc_of", "modules_beside"]

ON_LINUX = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "extra": ""}
"""Where all that is made of these packages runs, wherever it is made; without any extra."""

SERVING = (
    "fastapi",
    "httptools",
    "prometheus-client",
    "python-multipart",
    "uvicorn",
    "uvloop",
)
"""What `linnaeus serve` alone takes, whatever the installed Linnaeus says that it needs."""

NOT_AT_WORK = frozenset({"sympy", "mpmath", "openvino-telemetry"})
"""Needed by tools of ONNX Runtime that rewrite graphs, and by what tells the makers of OpenVINO
that it was imported, which `bundle.openvino_alone` keeps it from: by nothing that answers."""


OF_EXTRAS = {"classical": ("opencv-python-headless",)}
"""What the extras of Linnaeus are that answering can take."""

MANYLINUX = re.compile(r"manylinux(_\d+_\d+|\d+)_")
BEFORE_NUMBERS = {"1": (2, 5), "2010": (2, 12), "2014": (2, 17)}
"""The glibc that the tags of wheels stood for before they named it."""


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
    key = _key(name)
    if key in found or key in without:
        return
    try:
        found[key] = distribution(name)
    except PackageNotFoundError:
        return  # on a system that does without
    for needed in _needed_by(found[key]):
        _add(needed, found, without)


def _key(name: str) -> str:
    """A package's name as all spellings of it come to."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _needed_by(package: Distribution) -> Iterator[str]:
    """The names of what it needs `ON_LINUX`."""
    for requirement in map(Requirement, package.requires or ()):
        if requirement.marker is None or requirement.marker.evaluate(ON_LINUX):
            yield requirement.name


def modules_beside(packages: Collection[str]) -> set[str]:
    """The modules that are installed here and belong to none of `packages`, nor to Linnaeus."""
    kept = {"linnaeus", *packages}
    return {
        module
        for module, owners in packages_distributions().items()
        if kept.isdisjoint(_key(owner) for owner in owners)
        and module not in sys.stdlib_module_names
    }


def glibc_of(package: Distribution) -> tuple[int, int]:
    """The oldest glibc that an installed package runs with, by its wheel's tags; (0, 0) for any."""
    said = package.read_text("WHEEL") or ""
    tags = [_version(found) for line in said.splitlines() for found in MANYLINUX.findall(line)]
    return min(tags, default=(0, 0))


def _version(tag: str) -> tuple[int, int]:
    """The glibc of "_2_28" or of "2014"."""
    if tag in BEFORE_NUMBERS:
        return BEFORE_NUMBERS[tag]
    _, major, minor = tag.split("_")
    return int(major), int(minor)


def files_of(package: Distribution) -> Iterator[tuple[str, bytes]]:
    """What an installed package consists of, by its place beside others; no compiled caches."""
    for file in package.files or ():
        name = file.as_posix()
        skipped = name.startswith("../") or "__pycache__" in file.parts or "tests" in file.parts
        if not skipped and file.locate().is_file():  # type: ignore[attr-defined]
            yield name, file.read_binary()
