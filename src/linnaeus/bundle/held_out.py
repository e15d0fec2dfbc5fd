"""What a bundle keeps of its answers to held-out pictures, so that it can make promises later.

A few numbers a picture, no pixels and no names: enough for label sets at any coverage, by any
method, and for the threshold of any stated error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linnaeus.bundle.label_sets import (
    METHODS,
    NO_PENALTY,
    Method,
    Penalty,
    Scores,
    Sets,
    fit_penalty,
    label_scores,
    tie_breakers,
)
from linnaeus.bundle.silence import Silence, confidence_needed
from linnaeus.bundle.tensors import Tensors, read_tensors
from linnaeus.errors import UsageError
from linnaeus.files import write_whole

__all__ = ["HELD_OUT_FILE", "HeldOut", "read_held_out", "write_held_out"]

HELD_OUT_FILE = "held_out.safetensors"

FOR_PENALTY = 0.2
"""Share of the held-out pictures that RAPS's penalty is chosen on, and no threshold taken from."""

PENALTY_COVERAGE = 0.9
"""The coverage that people ask for most; the penalty is chosen for it, and valid for all."""


@dataclass(frozen=True, eq=False)
class HeldOut:
    """The bundle's answers to n pictures that it was not trained on, and whether they were right.

    `confidence` (n,) float64, `right` (n,) bool, `labels` (n,) int64. `lac`, `aps` and `raps`
    (n,) float64 are the scores of the true class; `raps` is NaN for the pictures that `penalty`
    was chosen on. `classes`: how many there are. `groups` (n,) int64: the number of each picture's
    group (a patient, a video); None where there are no groups, and in older bundles.
    """

    confidence: NDArray[np.float64]
    right: NDArray[np.bool_]
    labels: NDArray[np.int64]
    lac: NDArray[np.float64]
    aps: NDArray[np.float64]
    raps: NDArray[np.float64]
    penalty: Penalty
    classes: int
    groups: NDArray[np.int64] | None = None

    @classmethod
    def of(
        cls,
        ids: Sequence[str],
        probabilities: NDArray[np.floating],
        labels: NDArray[np.int64],
        groups: ArrayLike | None = None,
    ) -> HeldOut:
        """From calibrated `probabilities` (n, classes) of pictures called `ids`, and the truth.

        `groups` (n,): equal for pictures that belong together (a patient, a video), any values.
        """
        chance = tie_breakers(ids)
        rows = np.arange(len(labels))
        for_penalty = tie_breakers([f"penalty of {one}" for one in ids]) < FOR_PENALTY
        chosen_on = probabilities[for_penalty], labels[for_penalty], chance[for_penalty]
        penalty = fit_penalty(*chosen_on, PENALTY_COVERAGE)
        raps = label_scores("raps", probabilities, chance, penalty)[rows, labels]
        return cls(
            confidence=probabilities.max(axis=1).astype(np.float64),
            right=probabilities.argmax(axis=1) == labels,
            labels=labels,
            lac=label_scores("lac", probabilities, chance)[rows, labels],
            aps=label_scores("aps", probabilities, chance)[rows, labels],
            raps=np.where(for_penalty, np.nan, raps),
            penalty=penalty,
            classes=probabilities.shape[1],
            groups=None if groups is None else _numbered(groups),
        )

    def __len__(self) -> int:
        return len(self.labels)

    def subset(self, rows: NDArray[np.int64]) -> HeldOut:
        """What is kept of the pictures at `rows` alone; the penalty stays as it was chosen."""
        return replace(
            self,
            confidence=self.confidence[rows],
            right=self.right[rows],
            labels=self.labels[rows],
            lac=self.lac[rows],
            aps=self.aps[rows],
            raps=self.raps[rows],
            groups=None if self.groups is None else self.groups[rows],
        )

    @property
    def fewer_groups(self) -> int | None:
        """How many groups the pictures are of, where these are fewer than they."""
        count = len(self) if self.groups is None else len(np.unique(self.groups))
        return count if count < len(self) else None

    def sets(self, coverage: float, method: Method = "lac") -> Sets:
        """The rule for label sets that hold the true class with `coverage` (0 to 1).

        Raises UsageError for another coverage or an unknown method.
        """
        if method not in METHODS:
            raise UsageError(
                f'there is no method "{method}"',
                where="--sets-method",
                mend=f"Give one of {', '.join(METHODS)}.",
            )
        true = {"aps": self.aps, "raps": self.raps}.get(method, self.lac)
        usable = ~np.isnan(true)
        penalty = self.penalty if method == "raps" else NO_PENALTY
        scores = Scores(method, true[usable], self.labels[usable], self.classes, penalty)
        return scores.sets(coverage)

    def silence(self, max_error: float) -> Silence:
        """How sure an answer must be for at most `max_error` of the given ones to be wrong.

        Pictures of one group are mostly right or wrong together, and the test counts what is
        independent: one picture of each group. Raises UsageError as `silence.confidence_needed`
        does.
        """
        groups = self.fewer_groups
        if groups is None:
            return confidence_needed(self.confidence, self.right, max_error)
        drawn = self._one_of_each_group()
        found = confidence_needed(self.confidence[drawn], self.right[drawn], max_error)
        answered = float((self.confidence >= found.confidence).mean())
        return replace(found, answered=answered, pictures=len(self), groups=groups)

    def _one_of_each_group(self) -> NDArray[np.int64]:
        """The rows of one picture of each group, drawn by digests: everywhere the same."""
        assert self.groups is not None
        order = np.argsort(tie_breakers([f"picture {row}" for row in range(len(self))]))
        _, first = np.unique(self.groups[order], return_index=True)
        return np.sort(order[first])


def write_held_out(folder: Path, held_out: HeldOut) -> None:
    """Keep `held_out` in the bundle in `folder`."""
    from safetensors.numpy import save

    tensors: dict[str, NDArray[Any]] = {
        "confidence": held_out.confidence,
        "right": held_out.right.astype(np.uint8),
        "labels": held_out.labels,
        "lac": held_out.lac,
        "aps": held_out.aps,
        "raps": held_out.raps,
        "penalty": np.array([held_out.penalty.rank, held_out.penalty.weight]),
        "classes": np.array([held_out.classes], np.int64),
    }
    if held_out.groups is not None:
        tensors["groups"] = held_out.groups
    write_whole(folder / HELD_OUT_FILE, save(tensors))


def read_held_out(folder: Path) -> HeldOut | None:
    """What the bundle in `folder` keeps; None where it keeps nothing, as older bundles do.

    Raises BundleError where the file is damaged.
    """
    file = folder / HELD_OUT_FILE
    if not file.exists():
        return None
    return read_tensors(file, _understood, "what it keeps of held-out pictures cannot be read")


def _understood(kept: Tensors) -> HeldOut:
    rank, weight = kept["penalty"].tolist()
    return HeldOut(
        confidence=kept["confidence"],
        right=kept["right"].astype(bool),
        labels=kept["labels"],
        lac=kept["lac"],
        aps=kept["aps"],
        raps=kept["raps"],
        penalty=Penalty(int(rank), weight),
        classes=int(kept["classes"][0]),
        groups=kept.get("groups"),
    )


def _numbered(groups: ArrayLike) -> NDArray[np.int64]:
    """(n,) a number for each group: a bundle keeps no names."""
    return np.unique(np.asarray(groups), return_inverse=True)[1].astype(np.int64)
