"""Features of pictures that an earlier run computed, so that a picture is embedded once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from linnaeus.training.kept_work import KeptWork

__all__ = ["KnownFeatures", "known_or_new"]

Rows = NDArray[np.int64]
Features = NDArray[np.float32]


class KnownFeatures:
    """Features of pictures that an earlier run computed, by the digests of the pictures.

    `digests`: one for each row of the data set, of all that decides what the network sees. `key`
    says what computes them.
    """

    def __init__(self, kept: KeptWork, digests: Sequence[str], *key: object) -> None:
        self._kept = kept
        self._digests = digests
        self._key = key

    def of(self, rows: NDArray[np.int64]) -> dict[int, NDArray[np.float32]]:
        """{row: features (d,)} of those `rows` that are known."""
        known = self._read()
        found = ((int(row), known.get(self._digests[row])) for row in rows)
        return {row: features for row, features in found if features is not None}

    def keep(self, rows: NDArray[np.int64], features: NDArray[np.float32]) -> None:
        """Keep the `features` (n, d) of `rows` (n,) with what is known of this data set already."""
        if features.nbytes > self._kept.bound_bytes:
            return
        here = set(self._digests)
        known = {d: f for d, f in self._read().items() if d in here}
        known |= {self._digests[row]: one for row, one in zip(rows, features, strict=True)}
        names = json.dumps(list(known)).encode()
        tensors: dict[str, NDArray[Any]] = {
            "digests": np.frombuffer(names, np.uint8),
            "features": np.stack(list(known.values())),
        }
        self._kept.keep(save(tensors), "features", *self._key)

    def _read(self) -> dict[str, NDArray[np.float32]]:
        content = self._kept.get("features", *self._key)
        if content is None:
            return {}
        tensors = load(content)
        names: list[str] = json.loads(tensors["digests"].tobytes())
        return dict(zip(names, tensors["features"], strict=True))


def known_or_new(
    known: KnownFeatures | None,
    rows: Rows,
    compute: Callable[[Rows, int], Features],
    *,
    at_least: int,
    tell: Callable[[int], None],
    so_far: Mapping[int, NDArray[np.float32]] = MappingProxyType({}),
) -> Features:
    """(k, d) features of the first k `rows`, of which those that are `known` are not computed.

    `compute(rows, at_least)` gives those of the first so many of other rows as it has time for,
    and they are kept. `tell` hears how many are known, where any are. `so_far`: {row: features}
    that this run has computed.
    """
    found = {} if known is None else known.of(rows)
    if found:
        tell(len(found))
    found |= so_far
    unknown = np.array([row not in found for row in rows.tolist()], bool)
    new = compute(rows[unknown], int(unknown[:at_least].sum()))
    whole = len(new) == unknown.sum()
    reached = rows if whole else rows[: np.flatnonzero(unknown)[len(new)]]
    if len(new) == len(reached):
        together = new
    else:
        found |= zip(rows[unknown].tolist(), new, strict=False)
        features = [found[row] for row in reached.tolist()]
        together = np.stack(features) if features else np.zeros((0, 0), np.float32)
    if known is not None and len(new):
        known.keep(reached, together)
    return together
