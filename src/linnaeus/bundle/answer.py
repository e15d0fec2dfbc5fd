"""What a classifier says of one picture."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

__all__ = ["NO_SKETCH", "Answer"]

NO_SKETCH = np.zeros(0, np.float32)


@dataclass(frozen=True)
class Answer:
    """What a classifier says of one picture.

    `logits` (classes,) float32 before calibration and `probabilities` (classes,) float32 after it,
    `features` (d,) float32; all NaN where the picture could not be read, for the reason in `error`,
    with what to do about it in `mend`. `notes` tell what was done beyond plain decoding. `sketch`:
    the little of features and pixels that tells how strange a picture is; empty where nothing does.
    `moved`: by how much squeezing moves the probabilities, see `changed.moved_by`; NaN where nobody
    looked.
    """

    probabilities: NDArray[np.float32]
    logits: NDArray[np.float32]
    features: NDArray[np.float32]
    notes: tuple[str, ...] = ()
    error: str = ""
    mend: str = ""
    sketch: NDArray[np.float32] = field(default_factory=lambda: NO_SKETCH)
    moved: float = float("nan")

    @property
    def likeliest(self) -> int:
        """The position of the likeliest class."""
        return int(self.probabilities.argmax())

    def without_features(self) -> Answer:
        """The same answer with features of length 0, for keeping many: they are most of it."""
        return replace(self, features=np.zeros(0, np.float32))
