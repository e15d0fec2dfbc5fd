"""Findings as a page shows them: a few of the files each, as pictures where there are any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PIL import Image

from linnaeus.data.dataset import Dataset
from linnaeus.data.findings import Finding
from linnaeus.evaluation.picture_uri import as_shown

__all__ = ["EXAMPLE_PX", "Example", "ExampleSet", "Shown", "example_paths", "shown"]

SINGLES_SHOWN, SETS_SHOWN, FILES_SHOWN = 12, 6, 6
"""Files that stand for themselves, sets of files, and files of a set."""

EXAMPLE_PX = 200


@dataclass(frozen=True)
class Example:
    """One file of a finding; `picture` is a data URI, empty where there is no picture to show.

    `said`: its labels and split, as far as it has any. `reason`: why it is there, "" where the
    finding says it all.
    """

    path: str
    said: str
    reason: str
    picture: str
    tiny: bool


@dataclass(frozen=True)
class ExampleSet:
    """The first few files that belong together, and how many more do."""

    examples: tuple[Example, ...]
    more: int


@dataclass(frozen=True)
class Shown:
    """A finding with examples: `singles`, or `sets` of files that belong together.

    `more` counts the files or sets that are not shown.
    """

    finding: Finding
    singles: tuple[Example, ...]
    sets: tuple[ExampleSet, ...]
    more: int

    @property
    def pictured(self) -> bool:
        """Whether any of the singles has a picture."""
        return any(example.picture for example in self.singles)


def example_paths(findings: Sequence[Finding]) -> set[str]:
    """The paths that `shown` shows of `findings`."""
    return {path for finding in findings for group in _first(finding) for path in group}


def shown(
    finding: Finding, rows: Mapping[str, int], dataset: Dataset, images: Mapping[int, Image.Image]
) -> Shown:
    """`finding` with its examples. `rows`: {path: row}; `images`: {row: picture} as far as read."""

    def example(path: str) -> Example:
        return _example(path, finding, rows, dataset, images)

    chosen = _first(finding)
    more = len(finding.files) - len(chosen)
    if _stand_alone(finding):
        return Shown(finding, tuple(example(path) for (path,) in chosen), (), more)
    sets = [
        ExampleSet(tuple(map(example, group)), len(whole) - len(group))
        for group, whole in zip(chosen, finding.files, strict=False)
    ]
    return Shown(finding, (), tuple(sets), more)


def _example(
    path: str,
    finding: Finding,
    rows: Mapping[str, int],
    dataset: Dataset,
    images: Mapping[int, Image.Image],
) -> Example:
    row = rows.get(path)
    image = None if row is None else images.get(row)
    return Example(
        path,
        "" if row is None else _said(dataset, row),
        finding.reasons.get(path, ""),
        *as_shown(image, EXAMPLE_PX),
    )


def _said(dataset: Dataset, row: int) -> str:
    labels = " + ".join(dataset.labels_of(row)) or "no label"
    split = str(dataset.splits[row])
    return f"{labels} · {split}" if split else labels


def _first(finding: Finding) -> list[list[str]]:
    """The files of the finding that a page shows."""
    if _stand_alone(finding):
        return [list(group) for group in finding.files[:SINGLES_SHOWN]]
    return [list(group[:FILES_SHOWN]) for group in finding.files[:SETS_SHOWN]]


def _stand_alone(finding: Finding) -> bool:
    return all(len(group) == 1 for group in finding.files)
