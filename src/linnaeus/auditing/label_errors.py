"""Labels that are likely wrong: those that all other pictures contradict, by confident learning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnaeus.auditing.confident_learning import confident_joint, share_of_errors
from linnaeus.auditing.features import Features
from linnaeus.auditing.kernel_ridge import left_out_scores
from linnaeus.bundle.softmax import softmax
from linnaeus.data.dataset import Dataset
from linnaeus.data.findings import Finding
from linnaeus.evaluation.calibration import fit_temperature
from linnaeus.evaluation.figure import Figure
from linnaeus.progress import Progress, Quiet

__all__ = ["LabelErrors", "label_error_finding", "label_errors", "why_not_judged"]

FEWEST_OF_CLASS = 5
"""Of fewer, each is unlike the rest because they are few, not because its label is wrong."""


@dataclass(frozen=True, eq=False)
class LabelErrors:
    """A ranking of pictures by how likely their label is wrong; row i of everything is one picture.

    `rows`: (n,) int64, rows of the data set, the most suspicious first. `given`: (n,) int64, their
    labels. `suggested`: (n,) int64, the likeliest other class. `given_probability` and
    `suggested_probability`: (n,) float32, calibrated, by a model that has not seen the picture nor
    its copies. `flagged`: (n,) bool, where another class is likelier than the given one; of those
    the most suspicious, no more than may be wrong by the upper end of `share`.
    `share`: an estimate of the share of wrong labels among all, with its 95 % interval.
    `joint_errors`: the number of wrong labels by the confident joint, as published; for a weak
    model, far too many.
    `unjudged`: classes with too few pictures to judge them; theirs are not in the ranking.
    `how`: what pictures were compared by, as a phrase.
    """

    rows: NDArray[np.int64]
    given: NDArray[np.int64]
    suggested: NDArray[np.int64]
    given_probability: NDArray[np.float32]
    suggested_probability: NDArray[np.float32]
    flagged: NDArray[np.bool_]
    share: Figure
    joint_errors: float
    unjudged: tuple[str, ...]
    how: str

    @property
    def suspicion(self) -> NDArray[np.float32]:
        """(n,) float32 in [0, 1]: one minus the probability of the given label."""
        return 1 - self.given_probability


def label_errors(
    dataset: Dataset,
    features: Features,
    *,
    near: NDArray[np.int64] | None = None,
    progress: Progress | None = None,
) -> LabelErrors | None:
    """Rank the labelled pictures that `features` describe by how likely their label is wrong.

    `near`: (m, 2) rows of the data set that show the same photograph, whatever their labels; such
    pictures do not judge each other. Returns None, and says why, for pictures of several labels
    each and where there are not two classes of five pictures. Deterministic.
    """
    told = progress or Quiet()
    described = np.isin(np.arange(len(dataset)), features.rows)
    if why := why_not_judged(dataset, described):
        told.say(why)
        return None
    judged = _judged(dataset, described)
    places = np.flatnonzero(_among(dataset.labels[features.rows], judged))
    rows = features.rows[places]
    renumbered = np.cumsum(judged) - 1
    scores = left_out_scores(
        features.values,
        places,
        renumbered[dataset.labels[rows]],
        _units(rows, near),
        classes=int(judged.sum()),
        progress=told,
    )
    unjudged = [name for name, enough in zip(dataset.classes, judged, strict=True) if not enough]
    return _ranked(scores, rows, dataset.labels, np.flatnonzero(judged), unjudged, features.how)


def why_not_judged(dataset: Dataset, described: NDArray[np.bool_]) -> str:
    """Why labels cannot be judged by the pictures at `described`, (n,), as a sentence; or ""."""
    if dataset.label_sets is not None:
        return "Label errors are not looked for where pictures have several labels each."
    if np.count_nonzero(_judged(dataset, described)) < 2:
        return (
            "Label errors are not looked for: it takes two classes with"
            f" {FEWEST_OF_CLASS} readable pictures each."
        )
    return ""


def label_error_finding(dataset: Dataset, errors: LabelErrors) -> Finding | None:
    """The pictures whose labels are flagged, as a finding; None without any."""
    flagged = np.flatnonzero(errors.flagged)
    if not len(flagged):
        return None
    return Finding(
        "label-errors",
        "warning",
        len(flagged),
        _sentence(dataset, errors, len(flagged)),
        "Look at them, the first ones first, and correct those labels that are wrong; this is a"
        " suspicion, and nothing was changed.",
        [[dataset.paths[row]] for row in errors.rows[flagged]],
        {
            dataset.paths[errors.rows[place]]: _reason(dataset, errors, place)
            for place in flagged.tolist()
        },
        {
            "judged": float(len(errors.rows)),
            **{f"estimated_{end}": round(count, 1) for end, count in _estimate(errors).items()},
            "confident_joint_errors": round(errors.joint_errors, 1),
        },
    )


def _judged(dataset: Dataset, described: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(classes,) which classes have enough of the pictures at `described`."""
    return dataset.class_counts(described) >= FEWEST_OF_CLASS


def _among(labels: NDArray[np.int64], judged: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(n,) whether each of `labels` (-1 for none) is a class that is `judged`."""
    return (labels >= 0) & judged[labels]


def _units(rows: NDArray[np.int64], near: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """(n,) int64: equal for those of `rows`, ascending, that `near` pairs connect."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    pairs = np.empty((0, 2), np.int64) if near is None else near
    first, second = np.searchsorted(rows, pairs[np.isin(pairs, rows).all(axis=1)]).T
    joined = coo_array((np.ones(len(first)), (first, second)), shape=(len(rows), len(rows)))
    units: NDArray[np.int64] = connected_components(joined, directed=False)[1].astype(np.int64)
    return units


def _ranked(
    scores: NDArray[np.float32],
    rows: NDArray[np.int64],
    labels: NDArray[np.int64],
    judged: NDArray[np.int64],
    unjudged: list[str],
    how: str,
) -> LabelErrors:
    """The ranking by self-confidence, from `scores` (n, judged classes) of pictures at `rows`."""
    given = np.searchsorted(judged, labels[rows])
    probabilities = softmax(scores / np.float32(fit_temperature(scores, given)))
    joint = confident_joint(probabilities, given)
    own = probabilities[np.arange(len(rows)), given]
    others = probabilities.copy()
    others[np.arange(len(rows)), given] = -1
    other = others.argmax(axis=1)
    order = np.argsort(own, kind="stable")
    share = share_of_errors(probabilities, given)
    contradicted = (others.max(axis=1) > own)[order]
    flagged = contradicted & (np.cumsum(contradicted) <= np.ceil(share.high * len(rows)))
    return LabelErrors(
        rows=rows[order],
        given=judged[given[order]],
        suggested=judged[other[order]],
        given_probability=own[order],
        suggested_probability=others.max(axis=1)[order],
        flagged=flagged,
        share=share,
        joint_errors=joint.errors,
        unjudged=tuple(unjudged),
        how=how,
    )


def _estimate(errors: LabelErrors) -> dict[str, float]:
    """How many labels are wrong by estimate, and from how many to how many may be."""
    share, judged = errors.share, len(errors.rows)
    return {"errors": share.value * judged, "low": share.low * judged, "high": share.high * judged}


def _sentence(dataset: Dataset, errors: LabelErrors, count: int) -> str:
    look = "looks" if count == 1 else "look"
    estimated = {end: f"{round(number):,}" for end, number in _estimate(errors).items()}
    first = dataset.paths[errors.rows[errors.flagged][0]]
    unjudged = len(errors.unjudged)
    left_out = ""
    if unjudged:
        classes = "1 class is" if unjudged == 1 else f"{unjudged:,} classes are"
        left_out = f"; {classes} too small to judge"
    return (
        f"{count:,} of {len(errors.rows):,} labels {look} wrong by {errors.how}, and an estimated"
        f" {estimated['errors']} ({estimated['low']} to {estimated['high']}) are (first: {first},"
        f" {_reason(dataset, errors, int(np.flatnonzero(errors.flagged)[0]))}){left_out}."
    )


def _reason(dataset: Dataset, errors: LabelErrors, place: int) -> str:
    given, suggested = (dataset.classes[c[place]] for c in (errors.given, errors.suggested))
    likely, unlikely = errors.suggested_probability[place], errors.given_probability[place]
    return f"labelled '{given}', looks like '{suggested}' ({likely:.2f} against {unlikely:.2f})"
