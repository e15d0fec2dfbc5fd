"""Bundles that are finished into one bundle that answers with all of them, and a report of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.combination import CombinationMethod
from linnaeus.data.cache import Cache
from linnaeus.data.cached_scan import cached_scan
from linnaeus.data.dataset import Dataset
from linnaeus.ensembling.answers import answers_of
from linnaeus.ensembling.candidates import Candidate, opened
from linnaeus.ensembling.combined import combined
from linnaeus.ensembling.folds import of_folds
from linnaeus.ensembling.made import Ensembled, Weighed, make_ensemble
from linnaeus.ensembling.roles import Roles, check_same_data, roles_of
from linnaeus.images.preprocess import Preprocessing
from linnaeus.progress import Progress
from linnaeus.training.kept_near import kept_near_duplicates
from linnaeus.training.kept_work import kept_beside

__all__ = ["ensemble", "widest"]


def ensemble(
    bundles: Sequence[Path],
    dataset: Dataset,
    *,
    method: CombinationMethod,
    out: Path,
    progress: Progress,
    workers: int | None = None,
    cache: Cache | None = None,
    test: NDArray[np.int64] | None = None,
) -> Ensembled:
    """Combine `bundles` by `method` into one bundle, judged on pictures of `dataset`, in `out`.

    The pictures that all of them held out weigh them and calibrate the whole; where each held out
    a fold, all weigh alike, and each fold calibrates by the answers of the member that held it out.
    Pictures that none has seen judge it: of the rows `test`, where one split is behind all of them
    and known, and else those that `roles_of` finds. The order of `bundles` changes nothing.

    Raises as `candidates.opened`, `check_same_data` and `roles_of` of `roles`, and
    `made.make_ensemble` do.
    """
    candidates = opened(bundles)
    progress.say(f"Members: {', '.join(candidate.name for candidate in candidates)}.")
    preprocessing = widest([candidate.record.preprocessing for candidate in candidates])
    scan = cached_scan(
        dataset, cache=cache, preprocessing=preprocessing, workers=workers, progress=progress
    )
    check_same_data(candidates, dataset)
    near = None
    if test is None and not (dataset.splits == "test").any():  # else no likeness is asked for
        near = kept_near_duplicates(scan, kept_beside(cache, progress), progress=progress).pairs
    roles = roles_of(candidates, dataset, scan, test=test, near=near)
    for remark in roles.remarks:
        progress.say(remark)
    if roles.keeper is None:
        weighed = _of_one_split(candidates, dataset, roles, method, progress)
    else:
        weighed = of_folds(candidates, dataset, roles, method, progress)
    return make_ensemble(
        candidates, weighed, roles, dataset, scan, preprocessing, out=out, progress=progress
    )


def _of_one_split(
    candidates: Sequence[Candidate],
    dataset: Dataset,
    roles: Roles,
    method: CombinationMethod,
    progress: Progress,
) -> Weighed:
    """Members weighed by the pictures that all of them held out."""
    progress.say(
        f"{len(roles.held_out):,} pictures that all members held out weigh them, and"
        f" {len(roles.test):,} that none has seen judge the whole."
    )
    held = answers_of(candidates, dataset, roles.held_out, progress)
    names = [candidate.name for candidate in candidates]
    groups = dataset.groups_at(held.rows)
    paths = [dataset.paths[row] for row in held.rows.tolist()]
    together = paths if groups is None else groups.tolist()
    how = combined(names, held.probabilities, held.labels, together, method)
    return Weighed(how.combination, method, how.why, held.rows, held.labels, how.logits)


def widest(ways: Sequence[Preprocessing]) -> Preprocessing:
    """The preprocessing with the largest input, which the others' inputs can be made from."""
    return max(ways, key=lambda way: (way.height_px * way.width_px, way.model_dump_json()))
