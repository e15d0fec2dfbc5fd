"""What an audit found: findings by severity, as sentences and as JSON under a versioned schema."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from linnaeus.counted import pictures

__all__ = ["SCHEMA_VERSION", "SEVERITIES", "Audit", "Finding", "Severity"]

SCHEMA_VERSION = 1

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""The most severe first."""


@dataclass(frozen=True)
class Finding:
    """One thing that the audit found.

    `count`: how many files, sets of files or classes it concerns. `files`: the sets of files, by
    their paths in the data set; a file that stands for itself is a set of one. `reasons`: {path:
    why} where each file has its own. `figures`: {name: number} that the sentence rests on, where a
    program may want them.
    """

    kind: str
    severity: Severity
    count: int
    sentence: str
    advice: str
    files: Sequence[Sequence[str]] = ()
    reasons: dict[str, str] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As plain data, under the schema of docs/reference/audit.md."""
        return {
            "kind": self.kind,
            "severity": self.severity,
            "count": self.count,
            "sentence": self.sentence,
            "advice": self.advice,
            "files": [list(group) for group in self.files],
            "reasons": dict(self.reasons),
            "figures": dict(self.figures),
        }


@dataclass(frozen=True)
class Audit:
    """What an audit found, the most severe first.

    `fingerprint`: of the data set. `images`: pictures looked at; `readable` of them could be
    decoded. `counts`: {split: {class: pictures}}, split "" where none is given. `notes`: sentences
    about the whole that are nobody's fault. `mended`: sentences on what was left out of a cleaned
    table, and where it is; none where none was asked for.
    """

    name: str
    fingerprint: str
    images: int
    readable: int
    classes: tuple[str, ...]
    counts: dict[str, dict[str, int]]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    mended: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As plain data, under the schema of docs/reference/audit.md."""
        return {
            "schema_version": SCHEMA_VERSION,
            "data": {
                "name": self.name,
                "fingerprint": self.fingerprint,
                "images": self.images,
                "readable": self.readable,
                "classes": self.class_totals(),
                "splits": {split: dict(by_class) for split, by_class in self.counts.items()},
            },
            "notes": list(self.notes),
            "mended": list(self.mended),
            "findings": [finding.to_json() for finding in self.findings],
        }

    def class_totals(self) -> dict[str, int]:
        """Pictures of each class over all splits."""
        splits = self.counts.values()
        return {name: sum(split[name] for split in splits) for name in self.classes}

    def worst(self) -> Severity | None:
        """The highest severity found; None where nothing was."""
        return self.findings[0].severity if self.findings else None

    def in_three_lines(self) -> list[str]:
        """At most three sentences: what there is, the worst of it, and the rest by name."""
        lines = [self._overview()]
        if not self.findings:
            return [*lines, "Nothing wrong was found in the files."]
        lines.append(self.findings[0].sentence)
        rest = self.findings[1:]
        if len(rest) == 1:
            lines.append(rest[0].sentence)
        elif rest:
            lines.append(f"Also: {', '.join(f'{one.kind} ({one.count:,})' for one in rest)}.")
        return lines

    def _overview(self) -> str:
        totals = self.class_totals()
        rarest, commonest = min(totals, key=totals.__getitem__), max(totals, key=totals.__getitem__)
        if totals[rarest] == totals[commonest]:
            of_each = f"{totals[rarest]:,} of each"
            if len(totals) == 1:
                return f"{pictures(self.images)} of 1 class."
            return f"{pictures(self.images)} of {len(totals)} classes, {of_each}."
        return (
            f"{pictures(self.images)} of {len(totals)} classes, from {totals[rarest]:,}"
            f" ({rarest}) to {totals[commonest]:,} ({commonest}) a class."
        )
