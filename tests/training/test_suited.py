"""What a preset means for a network from scratch, and what stays as it was asked for."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from linnaeus.data.pixels import ArrayRows
from linnaeus.progress import Quiet
from linnaeus.training.choice import Choice
from linnaeus.training.plan import TrainingPlan
from linnaeus.training.recipe import Recipe
from linnaeus.training.schedule import Pace
from linnaeus.training.suited import as_long_as_its_preset, suited

CIFAR10 = (45_000, 32, 32, 3)
DIGITS = (1_437, 8, 8, 3)
OPEN = Choice(None, "Nothing is at hand.", by_time=True)
NAMED = Choice(None, "It was asked for.", "cnn-small")


def pictures(side_px: int) -> ArrayRows:
    random = np.random.default_rng(0)
    return ArrayRows(random.integers(0, 256, (24, side_px, side_px, 3), dtype=np.uint8))


def test_best_is_within_the_hour_and_short_for_a_small_set() -> None:
    best = Recipe(preset="best")
    large, small = (as_long_as_its_preset(best, shape).budget_s for shape in (CIFAR10, DIGITS))
    assert large is not None
    assert small is not None
    assert 3000 < large < 3600
    assert 5 < small < 120


@pytest.mark.parametrize(
    ("side_px", "quick", "balanced"),
    [
        (16, "cnn-tiny", "small_cnn"),
        (32, "airbench-tiny", "airbench-small"),
        (64, "cnn-tiny", "small_cnn"),
    ],
)
def test_without_a_budget_the_network_goes_by_the_size_of_pictures(side_px, quick, balanced):
    for preset, network in (("quick", quick), ("balanced", balanced)):
        choice, recipe = suited(OPEN, Recipe(preset=preset), pictures(side_px), 3, progress=Quiet())
        assert (choice.name, recipe.model) == (network, network)


def test_quick_makes_fewer_passes_than_balanced() -> None:
    quick, balanced = (
        as_long_as_its_preset(Recipe(preset=preset), CIFAR10) for preset in ("quick", "balanced")
    )
    assert balanced == Recipe()
    assert quick.network.epochs == pytest.approx(4)  # of the usual 12


@pytest.mark.parametrize("preset", ["quick", "best"])
@pytest.mark.parametrize(
    "length", [{"budget_s": 60.0}, {"network": TrainingPlan(epochs=3)}], ids=["budget", "epochs"]
)
def test_a_length_that_is_given_comes_before_the_preset(preset, length) -> None:
    recipe = Recipe(preset=preset, **length)
    assert as_long_as_its_preset(recipe, CIFAR10) == recipe


def test_a_network_asked_for_by_name_stays_and_so_does_one_to_be_repeated() -> None:
    named = Recipe(model="cnn-small", budget_s=1.0)
    assert suited(NAMED, named, pictures(32), 3, progress=Quiet()) == (NAMED, named)
    repeated = Recipe(budget_s=1.0, network=TrainingPlan(paces=(Pace(0, 7),)))
    assert suited(OPEN, repeated, pictures(32), 3, progress=Quiet()) == (OPEN, repeated)


def test_how_long_a_repeated_run_is_on_these_pictures_is_told() -> None:
    class Told(Quiet):
        said = ""

        def say(self, sentence: str) -> None:
            self.said += sentence

    told = Told()
    plan = TrainingPlan(batch_size=8, paces=(Pace(0, 90), Pace(20, 36)))
    suited(NAMED, Recipe(network=plan), pictures(16), 3, progress=told)
    assert "the 36 steps of the recipe's run, which are 12.0 passes over these 24 pic" in told.said


def test_pictures_grow_in_a_budget_where_they_are_large_enough() -> None:
    recipe = Recipe(budget_s=1e-3, device="cpu")
    (choice, large), (_, small) = (
        suited(OPEN, recipe, pictures(side_px), 3, progress=Quiet()) for side_px in (32, 16)
    )
    assert (choice.name, large.model) == ("airbench-tiny", "airbench-tiny")
    assert large.network.resize_from == 0.75
    assert small.network.resize_from is None
    flat = recipe.model_copy(update={"head": "flatten-linear"})
    _, flat = suited(OPEN, flat, pictures(32), 3, progress=Quiet())
    assert flat.network.resize_from is None
