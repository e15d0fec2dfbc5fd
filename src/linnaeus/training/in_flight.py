"""How far the processor may run ahead of a GPU that it tells what to do."""

from __future__ import annotations

from collections import deque

import torch

__all__ = ["InFlight"]

MOST = 2
"""Steps that a GPU has been told of and has not done: enough that it never waits for the next, and
few enough that a clock on the processor tells what steps take."""


class InFlight:
    """Steps under way on `device`. Does nothing where the processor does them itself."""

    def __init__(self, device: str) -> None:
        self._is_gpu = torch.device(device).type == "cuda"
        self._ends: deque[torch.cuda.Event] = deque()

    def begun(self) -> None:
        """Hear of one more step; return once all but the newest are done."""
        if not self._is_gpu:
            return
        end = torch.cuda.Event()  # type: ignore[no-untyped-call]
        end.record()
        self._ends.append(end)
        if len(self._ends) > MOST:
            self._ends.popleft().synchronize()
