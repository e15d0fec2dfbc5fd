"""What learning hands to the making of a bundle, whichever way it learnt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.record import Engine
from linnaeus.evaluation.facts import EpochFacts, StageFacts, StrengthFacts
from linnaeus.features.description import Description
from linnaeus.models.reopened import Structure
from linnaeus.training.loop import Ended
from linnaeus.training.recipe import Recipe

__all__ = ["Ended", "Learned"]


@dataclass(frozen=True)
class Learned:
    """A trained network, ready to become a bundle.

    `graph`: the ONNX file (see bundle.record for its input and outputs). `save_weights` writes the
    network's weights as safetensors, and `structure` says what they are the weights of, None where
    no network learnt. `recipe`: the one asked for with nothing left to choose. `stages`: of a
    pretrained network, what each of its stages brought and cost; `strengths`: of its probe, what
    each strength did. `speeds`: pictures a second that each learnt from. `remarks`: sentences that
    the user should read. `augmentation`: how views differed from their pictures, and why; empty
    where pictures were taken as they are. `description`: what the graph takes in place of pixels.
    `engine`: what is to serve it; None: the fastest here. `features`: by row of the data set, of
    some training pictures, as they were computed in float32 on the way, where they were.
    """

    graph: bytes
    save_weights: Callable[[Path], None]
    architecture: str
    structure: Structure | None
    parameters: int
    seconds: float
    ended: Ended
    recipe: Recipe
    history: tuple[EpochFacts, ...] = ()
    stages: tuple[StageFacts, ...] = ()
    strengths: tuple[StrengthFacts, ...] = ()
    speeds: Mapping[str, float] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    augmentation: str = ""
    description: Description | None = None
    engine: Engine | None = None
    features: Mapping[int, NDArray[np.float32]] = field(default_factory=dict)
