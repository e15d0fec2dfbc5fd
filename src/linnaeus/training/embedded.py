"""The features that a run has computed so far, saved with it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray

from linnaeus.errors import Terminated
from linnaeus.training.saving import Saver
from linnaeus.training.state import State

__all__ = ["FEATURES", "Embedded"]

FEATURES = "features"  # of what is saved of a run

Features = list[NDArray[np.float32]]
Rows = NDArray[np.int64]


class Embedded:
    """Features by views and rows of pictures. `began_s`: when the work on them began, by
    `time.perf_counter` of this process, the time of an earlier one counted in.
    """

    def __init__(self, saver: Saver) -> None:
        self._saver = saver
        self._new: dict[str, tuple[Rows, Features]] = {}
        self._found = saver.take(FEATURES) or State({"seconds": 0.0, "views": []})
        self.began_s = time.perf_counter() - self._found.facts["seconds"]

    def of(self, view: str) -> dict[int, NDArray[np.float32]]:
        """{row: features (d,)} of what an earlier process had computed of `view`."""
        if view not in self._found.facts["views"]:
            return {}
        tensors = self._found.of(view).tensors
        return dict(zip(tensors["rows"].tolist(), tensors["features"].numpy(), strict=True))

    def into(self, view: str, rows: Rows) -> Features:
        """Where to put the features of `rows`, in their order, as they come."""
        self._new[view] = rows, []
        return self._new[view][1]

    @contextmanager
    def saved_at_the_end(self) -> Iterator[None]:
        """Save what there is where SIGTERM ends what is inside."""
        try:
            yield
        except Terminated:
            self.save()
            raise

    def save_if_due(self) -> None:
        """Save what there is, where that is due."""
        if self._saver.due():
            self.save()

    def save(self) -> None:
        """Save what there is."""
        views = list({*self._found.facts["views"], *self._new})
        state = State({"seconds": time.perf_counter() - self.began_s, "views": sorted(views)})
        for view in views:
            known = self.of(view)
            rows, features = self._new.get(view, (np.zeros(0, np.int64), []))
            known |= zip(rows.tolist(), features, strict=False)
            state.add(view, _as_state(known))
        self._saver.keep(FEATURES, state)
        self._saver.save()


def _as_state(known: dict[int, NDArray[np.float32]]) -> State:
    features = np.stack(list(known.values())) if known else np.zeros((0, 0), np.float32)
    rows = torch.tensor(list(known), dtype=torch.int64)
    return State({}, {"rows": rows, "features": torch.from_numpy(features)})
