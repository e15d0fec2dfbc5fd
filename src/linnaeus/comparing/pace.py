"""How long a pass over the pictures takes a network from scratch on this machine, by trying."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from linnaeus.comparing.jobs import Job
from linnaeus.data.pixels import rows_of
from linnaeus.data.split_file import read_split_file
from linnaeus.progress import Quiet
from linnaeus.randomness import generator
from linnaeus.training.choice import choose_model
from linnaeus.training.clock import Clock
from linnaeus.training.loop import fit_network
from linnaeus.training.recipe import Recipe, recipe_with
from linnaeus.training.scratch import new_network
from linnaeus.training.sizing import choose_preprocessing, sampled_sizes
from linnaeus.training.suited import as_long_as_its_preset

__all__ = ["pace_of"]

BATCHES = 2
TRIED = (1, 3)
"""Passes over them: the second training less the first is without what starting takes."""


def pace_of(job: Job) -> dict[str, float]:
    """{"passes": how many `job` usually makes, "pass_s": seconds of one}.

    Nothing is learnt: the pictures are noise of the size that the network would see.
    """
    dataset = job.data.load()
    recipe = recipe_with(None, model=job.model, preset=job.preset, seed=job.seed)
    choice = choose_model(job.model, weights=job.weights)
    recipe = recipe.model_copy(update={"model": choice.name})
    size = choose_preprocessing(sampled_sizes(dataset), recipe, None)
    sides = read_split_file(Path(job.split_file)).chosen(job.fold)
    pictures = int((sides == "train").sum())
    shape = (pictures, size.height_px, size.width_px, 3)
    pass_s = pictures * _view_s(recipe, shape, len(dataset.classes))
    recipe = as_long_as_its_preset(recipe, shape)
    if recipe.budget_s is not None:
        return {"passes": recipe.budget_s / pass_s, "pass_s": pass_s}
    passes = recipe.network.epochs_for(pictures, min(size.height_px, size.width_px))
    return {"passes": passes, "pass_s": pass_s}


def _view_s(recipe: Recipe, shape: tuple[int, int, int, int], classes: int) -> float:
    """Seconds of learning from one view of a picture."""
    batch = recipe.network.batch_size_for(shape[0])
    count = min(shape[0], BATCHES * batch)
    random = generator(recipe.seed, "pace")
    pixels = random.integers(0, 256, (count, *shape[1:]), dtype=np.uint8)
    labels = np.arange(count, dtype=np.int64) % classes
    nothing = (pixels[:0], labels[:0])
    seconds = []
    for passes in TRIED:
        plan = recipe.network.model_copy(update={"epochs": float(passes), "batch_size": batch})
        network = new_network(recipe, classes, rows_of(pixels))
        fitted = fit_network(
            network, pixels, labels, nothing, plan=plan, clock=Clock(), progress=Quiet()
        )
        seconds.append(fitted.seconds)
    return max(1e-6, (seconds[1] - seconds[0]) / ((TRIED[1] - TRIED[0]) * count))
