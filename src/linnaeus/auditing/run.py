"""The whole audit: one scan, near duplicates, the cheap checks, label errors, and the map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from linnaeus.auditing.feature_map import MOST_POINTS, FeatureMap, feature_map
from linnaeus.auditing.features import Features, audit_features, demand_scikit_image
from linnaeus.auditing.label_errors import label_error_finding, label_errors, why_not_judged
from linnaeus.auditing.sampling import evenly_by_class, shown_class
from linnaeus.data.audit import audit
from linnaeus.data.cache import Cache
from linnaeus.data.cached_scan import cached_scan
from linnaeus.data.dataset import Dataset
from linnaeus.data.findings import SEVERITIES, Audit, Finding
from linnaeus.data.mended_table import write_mended
from linnaeus.data.mending import mend
from linnaeus.data.near import NearDuplicates
from linnaeus.data.scan import Scan
from linnaeus.images.decode import MAX_PIXELS
from linnaeus.models.weights import Backbone, find_weights
from linnaeus.progress import Progress
from linnaeus.training.kept_near import kept_near_duplicates
from linnaeus.training.kept_work import kept_beside

__all__ = ["Audited", "mended", "run_audit"]

WITHOUT_FEATURES = (
    "that needs scikit-image, which this installation does not have"
    ' (pip install "linnaeus[train]").'
)


@dataclass(frozen=True)
class Audited:
    """An audit with what its page and its mending need besides.

    `without_map`: why there is no map, as a sentence; "" where there is one.
    """

    dataset: Dataset
    scan: Scan
    near: NearDuplicates
    audit: Audit
    map: FeatureMap | None
    without_map: str


def run_audit(
    dataset: Dataset,
    *,
    mirrored: bool = False,
    label_errors: bool | None = None,
    weights: Sequence[str | Path] = (),
    mapped: bool = False,
    max_pixels: int = MAX_PIXELS,
    workers: int | None = None,
    cache: Cache | None = None,
    progress: Progress,
) -> Audited:
    """Look at every picture of `dataset`: once for the checks, once more where features are needed.

    `label_errors`: whether to look for them; None: where scikit-image is installed. `weights`:
    folders with pretrained networks; the first choice of those at hand describes the pictures, and
    none is downloaded. `mapped`: whether a map is wanted. What is left out is said in the notes.
    Pictures of more than `max_pixels` are refused before they are decoded.

    Raises MissingError for `weights` that hold none, and where `label_errors` is True and
    scikit-image is not installed.
    """
    backbone = next(iter(find_weights(weights).values()), None)
    if label_errors:
        demand_scikit_image()
    looked = cached_scan(
        dataset, cache=cache, workers=workers, progress=progress, max_pixels=max_pixels
    )
    kept = kept_beside(cache, progress)
    near = kept_near_duplicates(looked, kept, mirrored=mirrored, progress=progress)
    found = audit(dataset, looked, near=near, mirrored=mirrored)
    closer = _Closer(dataset, looked, near, backbone, workers, progress)
    left_out = closer.why_no_label_errors(label_errors)
    if left_out:
        found = replace(found, notes=(*found.notes, left_out))
        place, without_map = closer.map_alone() if mapped else (None, "No map was asked for.")
        return Audited(dataset, looked, near, found, place, without_map)
    features = closer.features_of_all()
    found = _with(found, closer.label_errors(features))
    place = closer.map_of(features) if mapped else None
    return Audited(dataset, looked, near, found, place, "" if place else "No map was asked for.")


def mended(audited: Audited, folder: Path, *, progress: Progress) -> Audited:
    """Write a cleaned table and its choices to the new `folder`; the audit then tells of them.

    Raises as `write_mended` does.
    """
    mending = mend(audited.dataset, audited.scan, audited.near, audited.audit)
    told = write_mended(audited.dataset, mending, folder, progress=progress)
    return replace(audited, audit=replace(audited.audit, mended=told))


@dataclass(frozen=True)
class _Closer:
    """The part of an audit that looks at features: what it is about and what it works with."""

    dataset: Dataset
    looked: Scan
    near: NearDuplicates
    backbone: Backbone | None
    workers: int | None
    progress: Progress

    def why_no_label_errors(self, wanted: bool | None) -> str:
        """Why label errors are not looked for, as a sentence; "" where they are."""
        if wanted is False:
            return "Label errors were not looked for, as asked."
        if find_spec("skimage") is None:
            return f"Label errors were not looked for: {WITHOUT_FEATURES}"
        return why_not_judged(self.dataset, self.looked.readable)

    def features_of_all(self) -> Features:
        """Features of every readable picture, for label errors and for the map."""
        return audit_features(
            self.dataset,
            self.looked,
            self.backbone,
            if_slow="--no-label-errors does without.",
            workers=self.workers,
            progress=self.progress,
        )

    def label_errors(self, features: Features) -> Finding | None:
        """The finding of likely label errors; None without any."""
        errors = label_errors(self.dataset, features, near=self.near.pairs, progress=self.progress)
        return None if errors is None else label_error_finding(self.dataset, errors)

    def map_of(self, features: Features) -> FeatureMap:
        """The map of the pictures that `features` describe, or of some of them."""
        with self.progress.stage("Drawing the map"):
            return feature_map(self.dataset, features)

    def map_alone(self) -> tuple[FeatureMap | None, str]:
        """The map, of features of the pictures on it alone, or why there is none."""
        if find_spec("skimage") is None:
            return None, f"There is no map: {WITHOUT_FEATURES}"
        readable = self.looked.readable
        chosen = evenly_by_class(shown_class(self.dataset)[readable], MOST_POINTS)
        features = audit_features(
            self.dataset,
            self.looked,
            self.backbone,
            places=readable.nonzero()[0][chosen],
            workers=self.workers,
            progress=self.progress,
        )
        return self.map_of(features), ""


def _with(found: Audit, finding: Finding | None) -> Audit:
    """The audit with one more finding in its place."""
    findings = [*found.findings, *([finding] if finding else [])]
    findings.sort(key=lambda one: SEVERITIES.index(one.severity))
    return replace(found, findings=tuple(findings))
