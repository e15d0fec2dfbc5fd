"""When a run is saved, and what an earlier process had saved of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from linnaeus.errors import WriteError
from linnaeus.progress import Progress, Quiet
from linnaeus.training.checkpoint import Checkpoints
from linnaeus.training.ending import Ending
from linnaeus.training.state import State

__all__ = ["Saver"]

EVERY_S = 60.0
"""What a kill may cost, where saving is cheap."""

SHARE_OF_TIME = 0.02
"""What saving may take; large networks are saved less often for it."""


class Saver:
    """Saves the parts of a run's state to `checkpoints`, and knows those that were `found` there.

    With `checkpoints` None nothing is saved; where it does not `write`, another process of its team
    does. `every_s`: seconds between two, None: a minute, or as many as keep that to a fiftieth of
    the time. `ending`: whether somebody asked to end. `pictures`: the names of those that are
    learnt from, for people to read.
    """

    def __init__(
        self,
        checkpoints: Checkpoints | None = None,
        *,
        writes: bool = True,
        every_s: float | None = None,
        progress: Progress | None = None,
        ending: Ending | None = None,
    ) -> None:
        self.ending = ending or Ending()
        self.pictures: Sequence[str] = ()
        self._progress = progress or Quiet()
        self._checkpoints = checkpoints if writes else None
        self._every_s = every_s
        self._found = checkpoints.newest(self._progress) if checkpoints else {}
        self._parts: dict[str, State] = {}
        self._due_s = time.perf_counter() + (EVERY_S if every_s is None else every_s)

    @property
    def resumes(self) -> bool:
        """Whether there is anything that an earlier process had saved."""
        return bool(self._found)

    def take(self, part: str) -> State | None:
        """What an earlier process had saved of `part`: once, for whoever goes on with it.

        It stays a part of what is saved until its successor is kept or it is dropped.
        """
        state = self._found.pop(part, None)
        if state is not None:
            self._parts[part] = state
        return state

    def look(self, part: str) -> State | None:
        """What an earlier process had saved of `part`, where nobody has taken it yet."""
        return self._found.get(part)

    def keep(self, part: str, state: State) -> None:
        """Let `state` be what is saved of `part` from now on."""
        self._parts[part] = state

    def drop(self, *parts: str) -> None:
        """Let nothing be saved of `parts` any more."""
        for part in parts:
            self._parts.pop(part, None)

    def due(self) -> bool:
        """Whether it is time to save again."""
        return self._checkpoints is not None and time.perf_counter() >= self._due_s

    def set_aside(self, name: str, state: State) -> Path | None:
        """Keep `state` in the run's folder for people to look at; None where nothing is saved.

        Where its facts have "places" among the pictures that are learnt from, names are added.
        """
        if self._checkpoints is None:
            return None
        if self.pictures:
            state.facts["pictures"] = [self.pictures[place] for place in state.facts["places"]]
        return self._checkpoints.set_aside(name, state)

    def save(self) -> None:
        """Save all parts as they are now. A disk that refuses is told of; what was saved stands."""
        if self._checkpoints is None:
            return
        began_s = time.perf_counter()
        try:
            self._checkpoints.save(self._found | self._parts)
        except WriteError as error:
            self._progress.warn(
                f"The run goes on; its checkpoint of now could not be kept. {error}"
            )
        now_s = time.perf_counter()
        apart_s = max(EVERY_S, (now_s - began_s) / SHARE_OF_TIME)
        self._due_s = now_s + (apart_s if self._every_s is None else self._every_s)
