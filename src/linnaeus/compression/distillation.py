"""A smaller network of another kind, which learns from scratch what the original answers."""

from __future__ import annotations

from linnaeus.compression.making import Making
from linnaeus.compression.model import Model
from linnaeus.compression.teaching import taught
from linnaeus.data.pixels import ChosenRows
from linnaeus.models.catalogue import is_known, is_ours, unknown_network
from linnaeus.models.network import Network
from linnaeus.models.normalise import Normalise
from linnaeus.models.reopened import Structure
from linnaeus.training.plan import TrainingPlan
from linnaeus.training.recipe import Recipe
from linnaeus.training.scratch import new_network

__all__ = ["check_student", "distilled"]

SMALL, LARGE = "cnn-tiny", "mobilenetv3_small_050"
"""Students for pictures of up to 96 px, which our own networks are made for, and beyond."""

SMALL_PX = 96**2


def check_student(name: str | None) -> None:
    """Raise MissingError where no network is called `name`."""
    if name is not None and not is_ours(name) and not is_known(name):
        raise unknown_network(name)


def distilled(model: Model, making: Making) -> Model:
    """The student, taught by soft targets; the original's weights have no part in it."""
    parted = making.original.parted
    height_px, width_px = parted.preprocessing.height_px, parted.preprocessing.width_px
    name = making.student or (SMALL if height_px * width_px <= SMALL_PX else LARGE)
    recipe = Recipe(model=name, seed=making.seed)
    pixels = ChosenRows(parted.pixels, parted.train)
    normalise, network = new_network(recipe, len(parted.dataset.classes), pixels)
    assert isinstance(normalise, Normalise)
    assert isinstance(network, Network)
    plan = TrainingPlan(label_smoothing=0.0, epochs=making.epochs)
    student = taught(normalise, network, plan, making, "distill")
    return Model(
        graph=student.graph,
        weights=student.weights,
        facts={
            "name": model.facts.get("name", ""),
            "architecture": name,
            "structure": Structure().model_dump(),
            "parameters": student.parameters,
            "licence_of_weights": "",
        },
        done=(*model.done, f"{name} learnt from scratch what it answers"),
    )
