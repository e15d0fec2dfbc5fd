"""How intervals lay to the truth, counted part by part, and kept in a file to go on from."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import numpy as np

import linnaeus
from linnaeus.files import append_whole, shorten_to

__all__ = ["Counts", "Record"]

WHOLE = "whole"  # in place of the figures asked for, where all were counted


class Counts(NamedTuple):
    """Of some intervals, how many held the truth, lay below it and lay above it."""

    held: int = 0
    below: int = 0
    above: int = 0

    def plus(self, other: Counts) -> Counts:
        """Both together."""
        return Counts(*(a + b for a, b in zip(self, other, strict=True)))


class Record:
    """What was counted of each (kind, first seed of a part): {figure: counts}.

    Figures that a kind has not are counted as none, so that a part is known to be done. Given a
    `path`, the record begins with what it holds and adds to it at once whatever it takes in. Ends
    the benchmark where that was counted with other code: the two would not belong together.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._counts: dict[tuple[str, int], dict[str, Counts]] = defaultdict(dict)
        if path is not None and path.exists():
            self._read(path)
        elif path is not None:
            append_whole(path, json.dumps({"code": _code()}) + "\n")

    def has(self, kind: str, part: int, asked: Sequence[str]) -> bool:
        """Whether the figures `asked` for, or all where none is, are counted in this part."""
        there = self._counts[kind, part]
        return WHOLE in there or (bool(asked) and all(of in there for of in asked))

    def add(self, kind: str, part: int, asked: Sequence[str], found: Mapping[str, Counts]) -> None:
        """Take in what was `found` in a part."""
        taken = dict.fromkeys(asked or [WHOLE], Counts()) | dict(found)
        self._counts[kind, part].update(taken)
        if self._path is not None:
            line = {"kind": kind, "part": part, "counts": taken}
            append_whole(self._path, json.dumps(line) + "\n")

    def totals(self, kind: str, parts: Sequence[int], asked: Sequence[str]) -> dict[str, Counts]:
        """{figure: counts} over `parts`: of all figures that this kind has, or those `asked`."""
        sums: dict[str, Counts] = {}
        for part in parts:
            for of, counts in self._counts[kind, part].items():
                if not asked or of in asked:
                    sums[of] = sums.get(of, Counts()).plus(counts)
        return {of: counts for of, counts in sums.items() if any(counts)}

    def _read(self, path: Path) -> None:
        content = path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            shorten_to(path, whole)  # a run that was killed left the beginning of a line
        head, *lines = (json.loads(line) for line in content[:whole].splitlines())
        if head["code"] != _code():
            sys.exit(f"{path} was counted with other code. Name another file, or delete it.")
        for line in lines:
            counts = {of: Counts(*lay) for of, lay in line["counts"].items()}
            self._counts[line["kind"], line["part"]].update(counts)


def _code() -> str:
    """The digest of what may change a count."""
    package, here = Path(linnaeus.__file__).parent, Path(__file__).parent
    sources = [*sorted(package.glob("evaluation/*.py")), package / "wilson.py"]
    sources += [package / "randomness.py", here / "coverage.py", here / "_simulated_tests.py"]
    return sha256(np.__version__.encode() + b"".join(map(Path.read_bytes, sources))).hexdigest()
