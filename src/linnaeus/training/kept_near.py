"""Near duplicates of pictures that an earlier run may have searched already."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from linnaeus.data.near import SEARCH_VERSION, NearDuplicates, near_duplicates
from linnaeus.data.scan import Scan
from linnaeus.progress import Progress
from linnaeus.training.kept_work import KeptWork

__all__ = ["kept_near_duplicates"]


def kept_near_duplicates(
    looked: Scan, kept: KeptWork | None, *, mirrored: bool = False, progress: Progress
) -> NearDuplicates:
    """The near duplicates among the pictures of `looked`, as `near_duplicates` finds them.

    They depend on nothing but the thumbnails, so that of the same pictures in the same order they
    are searched once, and taken from `kept` by every later run, fold and training of a study.
    """
    seen = hashlib.sha256(looked.thumbnails.tobytes())
    seen.update(looked.readable.tobytes())
    key = ("near duplicates", SEARCH_VERSION, np.__version__, mirrored, seen.hexdigest())
    content = None if kept is None else kept.get(*key)
    if content is not None:
        with progress.stage("Searching near duplicates"):
            known = load(content)
        progress.say("Near duplicates are those that an earlier run found.")
        return NearDuplicates(known["pairs"], known["likeness"], int(known["crowded"][0]))
    found = near_duplicates(
        looked.thumbnails, looked.readable, mirrored=mirrored, progress=progress
    )
    if kept is not None:
        crowded = np.array([found.crowded], np.int64)
        parts: dict[str, NDArray[Any]] = {"pairs": found.pairs, "likeness": found.likeness}
        kept.keep(save(parts | {"crowded": crowded}), *key)
    return found
