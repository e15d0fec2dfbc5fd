"""The original's network opened to learn again, for steps that change what is inside it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from linnaeus.bundle.runtime import Session, best_engine
from linnaeus.compression.making import Making
from linnaeus.compression.model import Model
from linnaeus.compression.teaching import Taught, taught
from linnaeus.data.pixels import one_by_one
from linnaeus.models.airbench import keep_fixed
from linnaeus.models.backbones import PooledStages
from linnaeus.models.network import Network
from linnaeus.models.normalise import Normalise
from linnaeus.models.reopened import reopen
from linnaeus.models.standardise import Standardise
from linnaeus.randomness import generator
from linnaeus.training.batch_statistics import estimate_anew
from linnaeus.training.head import standardisation
from linnaeus.training.plan import TrainingPlan

__all__ = ["Learner"]

EPOCHS = 6.0
"""Passes in which what is left learns to do without the rest, unless told otherwise."""

RATE = 3e-4
"""Of AdamW, as for tuning what is good already: see `training.tuning`."""

MEASURED_ON = 500
"""Training pictures that show the mean and the deviation of features, and of maps."""

BATCH_SIZE = 32


@dataclass(frozen=True, eq=False)
class Learner:
    """A `network` behind `normalise`, to be changed and then taught what the original answers."""

    network: Network
    normalise: Normalise
    making: Making

    @classmethod
    def of(cls, making: Making) -> Learner:
        """The original's own.

        A head that was fitted to frozen features takes them as they are, of whatever size; to learn
        at one rate with the rest it gets them standardised, which changes no answer. Raises
        BundleError where the network cannot be opened.
        """
        reopened = reopen(making.original.folder)
        network = reopened.network
        if isinstance(network.body, PooledStages) and not isinstance(network.neck, Standardise):
            _standardise(network, network.body.widths, making)
        network.requires_grad_(True)
        keep_fixed(network)
        return cls(network, reopened.normalise, making)

    def taught(self, stage: str) -> Taught:
        """What it is after learning by AdamW, as long as was asked for; see `teaching.taught`.

        Before, its batch statistics are taken anew: those of the original are far off for what is
        left of it, and a short training does not bring them right (a mobilenetv2_100 without half
        of its channels, after 9 steps: 40.5 % of held-out pictures right, and 16.7 % without this).
        """
        estimate_anew(nn.Sequential(self.normalise, self.network).eval(), self._batches())
        plan = TrainingPlan(
            optimiser="adamw",
            learning_rate=RATE,
            batch_size=BATCH_SIZE,
            label_smoothing=0.0,
            epochs=EPOCHS if self.making.epochs is None else self.making.epochs,
        )
        return taught(self.normalise, self.network, plan, self.making, stage)

    def _batches(self) -> Iterator[Tensor]:
        """Training pictures (n, h, w, 3) uint8, as the network is given them; none alone."""
        rows = _some_of_training(self.making)
        for some in np.array_split(rows, math.ceil(len(rows) / BATCH_SIZE)):
            yield torch.from_numpy(self.making.original.parted.pixels.take(some))

    def model(self, before: Model, student: Taught, done: str, *, shrunk: bool = False) -> Model:
        """`before` with what the `student` has become; `shrunk`: its layers have fewer channels."""
        structure = dict(before.facts["structure"])
        structure["standardised"] = isinstance(self.network.neck, Standardise)
        structure["shrunk"] = shrunk or structure.get("shrunk", False)
        facts = {**before.facts, "structure": structure, "parameters": student.parameters}
        return replace(
            before,
            graph=student.graph,
            weights=student.weights,
            facts=facts,
            done=(*before.done, f"{done}, and it learnt again what it answers"),
        )


def _standardise(network: Network, widths: Sequence[int], making: Making) -> None:
    original, parted = making.original, making.original.parted
    pixels = one_by_one(parted.pixels, _some_of_training(making))
    _, features = Session(original.graph, best_engine(), "float32").run(pixels)
    shift, scale = standardisation(features, widths)
    weight = network.head.weight.detach().double().numpy()
    bias = network.head.bias.detach().double().numpy() + weight @ shift
    network.neck = Standardise(shift, scale)
    with torch.no_grad():
        network.head.weight.copy_(torch.from_numpy(weight / scale))
        network.head.bias.copy_(torch.from_numpy(bias))


def _some_of_training(making: Making) -> NDArray[np.int64]:
    drawn = generator(making.seed, "pictures to standardise by")
    rows: NDArray[np.int64] = drawn.permutation(making.original.parted.train)
    return rows[:MEASURED_ON]
