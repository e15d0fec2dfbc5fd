"""Every choice of a training from scratch, with its default and the reason for it."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Lt
from pydantic import BaseModel, ConfigDict

from linnaeus.training.averaging import Averaging
from linnaeus.training.schedule import Pace

__all__ = ["TrainingPlan"]

VIEWS_PER_PX = (
    3_000  # pictures shown in all, for each px of a side: larger ones differ in more ways
)
EPOCHS = (12.0, 60.0)  # fewest and most without a budget


class TrainingPlan(BaseModel):
    """How a network learns. Rates are for Muon unless they say head.

    Leave `epochs` and `budget_s` alone for a length chosen from the number of pictures; `budget_s`
    fits the length to the time instead. `paces`, as a finished run reports it, repeats that run's
    length step for step, whatever the clock says.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    seed: int = 0
    epochs: Annotated[float, Gt(0)] | None = None
    """Passes over the training pictures. None: from the number and size of the pictures
    (`epochs_for`): 12 for large sets, 60 for a few hundred pictures."""
    budget_s: Annotated[float, Gt(0)] | None = None
    """Seconds on the clock, validation counted. None: no limit."""
    paces: tuple[Pace, ...] = ()
    """The resolved length of an earlier run, to be repeated. Beats `epochs` and `budget_s`."""
    batch_size: Annotated[int, Ge(2)] | None = None
    """None: a power of two that gives about 20 steps an epoch, 32 to 512. Above 512 steps become
    too few on small data sets and activations no longer fit into the caches."""
    learning_rate: Annotated[float, Gt(0)] = 0.2
    """Peak step of Muon on filter banks of unit length."""
    momentum: Annotated[float, Ge(0), Lt(1)] = 0.6
    """Of Muon. Lower than usual: its steps do not shrink, so old directions hurt more."""
    head_learning_rate: Annotated[float, Gt(0)] = 0.03
    """Peak rate of Nesterov descent for the stem, the head, biases and normalisations. At 0.01
    the first passes over CIFAR-10 are three points of accuracy behind."""
    head_momentum: Annotated[float, Ge(0), Lt(1)] = 0.9
    weight_decay: Annotated[float, Ge(0)] = 5e-4
    """Of the stem's and the head's matrices; normalised banks need none."""
    label_smoothing: Annotated[float, Ge(0), Lt(1)] = 0.1
    """Keeps short runs from being sure too early; calibration undoes what it does to confidence."""
    mirror: bool | None = None
    """Whether half of the views are mirrored. None: as `augment.mirror_allowed` says of the class
    names, and where the loop is called without them, not."""
    shift: Annotated[float, Ge(0), Lt(1)] = 1 / 16
    """Largest shift, as a share of a side: 2 px of 32."""
    zoom: Annotated[float, Ge(0), Lt(1)] = 0.0
    """Largest change of size, as a share: 0.2 shows views 1 / 1.2 to 1.2 times the size."""
    averaging: Averaging = "ema"
    """Which average of the weights is judged and kept. "ema": a running one, with `average_decay`.
    "swa": the mean from `average_from` of the run on, with batch statistics measured anew for it.
    "none": the newest weights."""
    average_decay: Annotated[float, Ge(0), Lt(1)] = 0.98
    """Of the running average of the weights: about the last 50 steps."""
    average_from: Annotated[float, Ge(0), Lt(1)] = 0.75
    """Share of the run after which "swa" begins: the last quarter, as in its paper."""
    clip_norm: Annotated[float, Gt(0)] | None = None
    """Longest gradient, over all weights together; longer ones are shortened to it. Muon's steps
    have a length of their own: there it only evens out the momentum. None: no limit."""
    accumulate: Annotated[int, Ge(1)] = 1
    """Parts in which a batch goes through the network, for batches whose activations do not fit
    into memory. The step is that of the whole batch, but each part is batch-normalised alone."""
    patience: Annotated[int, Ge(1)] | None = None
    """Validations in a row without a better score after which learning ends early; there are about
    ten in a run. The learning rate has then not fallen to its end. None: never."""
    precision: Literal["bfloat16", "float16", "float32"] | None = None
    """Of products, while it learns. float16 is for GPUs without bfloat16; its gradients are scaled
    so that they do not vanish, and steps in which they overflow are left out. None: bfloat16 where
    the device multiplies it natively, else float32."""

    def batch_size_for(self, images: int) -> int:
        """The batch size for a training set of `images`, never larger than the set."""
        if self.batch_size is not None:
            return min(self.batch_size, images)
        fitting = 2 ** round(math.log2(max(images, 1) / 20)) if images >= 20 else 32
        return min(max(32, min(512, fitting)), images)

    def epochs_for(self, images: int, side_px: int) -> float:
        """The passes over a training set of `images` with sides of `side_px`, without a budget."""
        if self.epochs is not None:
            return self.epochs
        fewest, most = EPOCHS
        return max(fewest, min(most, round(VIEWS_PER_PX * side_px / max(1, images))))
