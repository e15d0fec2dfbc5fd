"""Teaching a smaller network what the original answers, by the loop that teaches all networks."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

from linnaeus.bundle.runtime import Session
from linnaeus.bundle.sigmoid import sigmoid
from linnaeus.bundle.softmax import softmax
from linnaeus.compression.making import Making
from linnaeus.data.pixels import ChosenRows, one_by_one
from linnaeus.models.network import Network
from linnaeus.models.normalise import Normalise
from linnaeus.training.augmentation.settled import settled
from linnaeus.training.clock import Clock
from linnaeus.training.exported import graph_of, save_network
from linnaeus.training.loop import fit_network
from linnaeus.training.plan import TrainingPlan
from linnaeus.training.scratch import as_targets

__all__ = ["Taught", "taught"]

SOFTENED = 2.0
"""The temperature of the original's answers: what it finds likely besides shows (Hinton and others
2015). Its own were learnt from these very pictures, and too sure of them to say much."""

OF_TRUTH = 0.5
"""The share of the labels in what is learnt; the rest is what the original answers."""


class Taught:
    """A taught network as what a bundle holds: its graph, its weights, how many there are."""

    def __init__(self, normalise: nn.Module, network: Network, size_px: tuple[int, int]) -> None:
        network.eval()
        self.graph = graph_of(normalise, network, *size_px)
        self.parameters = sum(one.numel() for one in network.parameters())
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "weights"
            save_network(file, normalise, network)
            self.weights = file.read_bytes()


def taught(
    normalise: Normalise,
    network: Network,
    plan: TrainingPlan,
    making: Making,
    stage: str,
) -> Taught:
    """`network` behind `normalise` after learning by `plan` what the original answers.

    Soft targets: of each training picture half the truth, and half the original's probabilities,
    softened. Raises as `training.loop.fit_network` does.
    """
    parted = making.original.parted
    several = parted.dataset.label_sets is not None
    truth = as_targets(parted.dataset.truth)
    learning = ChosenRows(parted.pixels, parted.train)
    size = (parted.preprocessing.height_px, parted.preprocessing.width_px)
    augment, _ = settled(
        plan.augment,
        learning,
        truth[parted.train],
        classes=parted.dataset.classes,
        grey=parted.grey,
        passes=plan.epochs_for(len(parted.train), min(size)),
        seed=making.seed,
    )
    loss = {"loss": "binary"} if several else {}
    fitted = fit_network(
        nn.Sequential(normalise, network),
        learning,
        _soft_targets(making, several=several),
        (ChosenRows(parted.pixels, parted.validation), truth[parted.validation]),
        plan=plan.model_copy(update={"augment": augment, "seed": making.seed, **loss}),
        clock=Clock(),
        progress=making.progress,
        stage=stage,
    )
    assert isinstance(fitted.network, nn.Sequential)
    normalise_then, network_then = fitted.network
    assert isinstance(network_then, Network)
    return Taught(normalise_then, network_then, size)


def _soft_targets(making: Making, *, several: bool) -> NDArray[np.float32]:
    """(n, classes) of the training pictures."""
    original, parted = making.original, making.original.parted
    engine = original.classifier.engine  # that which judged it: not every one grows trees
    session = Session(original.graph, engine, "float32")  # type: ignore[arg-type]
    answers = []
    with making.progress.stage("Asking the original", len(parted.train)) as stage:
        for picture in one_by_one(parted.pixels, parted.train):
            answers.append(session.run_one(picture)[0])
            stage.advance()
    soft = (sigmoid if several else softmax)(np.stack(answers), SOFTENED)
    truth = parted.dataset.truth[parted.train]
    if not several:
        truth = truth[:, None] == np.arange(soft.shape[1])
    return (OF_TRUTH * truth + (1 - OF_TRUTH) * soft).astype(np.float32)
