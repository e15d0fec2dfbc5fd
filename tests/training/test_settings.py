"""`--set KEY=VALUE`: single fields of a recipe beside it."""

from __future__ import annotations

import pytest

pytest.importorskip("yaml")

from linnaeus import Recipe
from linnaeus.errors import UsageError
from linnaeus.training.plan import TrainingPlan
from linnaeus.training.recipe import recipe_with
from linnaeus.training.schedule import Pace


def test_fields_are_set_at_every_depth_and_read_as_yaml() -> None:
    settings = ["network.learning_rate=1e-2", "image_size_px=[64, 48]", "fit=pad", "resplit=true"]
    changed = recipe_with(Recipe(seed=4), settings)
    assert changed == Recipe(
        seed=4,
        image_size_px=(64, 48),
        fit="pad",
        resplit=True,
        network=TrainingPlan(learning_rate=0.01),
    )


def test_python_gives_values_as_they_are() -> None:
    settings = {"network.class_weights": {"cat": 2.0}, "dropout": None}
    changed = recipe_with(Recipe(dropout=0.5), settings)
    assert changed == Recipe(network=TrainingPlan(class_weights={"cat": 2.0}))


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("learning_rate=1", 'there is no such field. Did you mean "network.learning_rate"?'),
        ("netwrok.epochs=1", 'Did you mean "network.epochs"?'),
        ("network.sed=1", 'Did you mean "network.seed"?'),
        ("sede=1", 'Did you mean "seed"?'),
        ("zzz=1", "--set zzz: there is no such field."),
        ("network={epochs: 1}", "this is a group of fields. Set them one by one, such as network."),
        ("network=1", "--set network: 1 is not an object"),
        ("seed", '"seed" gives no value. Write KEY=VALUE'),
        ("seed=[1", "--set seed: the value is no YAML from line 1"),
        ("seed=x", '--set seed: "x" is not a whole number.'),
        ("seed=1_0", '--set seed: "1_0" is not a whole number.'),
        ("network.epochs=1_0", '--set network.epochs: "1_0" is not a number.'),
        ("image_size_px=[64, 4_8]", '--set image_size_px: "4_8" is not a whole number.'),
        ("network.epochs=-1", "--set network.epochs: -1 is not above 0."),
        ("image_size_px=[64, 4]", "--set image_size_px: 4 is not at least 8."),
        ("network.focal_gamma=1", "focal_gamma is for focal, and the loss is cross-entropy."),
        ("network.average_from=0.5", "average_from is for swa, and the averaging is ema."),
    ],
)
def test_what_cannot_be_set_is_told_in_a_sentence(setting: str, said: str) -> None:
    with pytest.raises(UsageError) as told:
        recipe_with(None, [setting])
    assert said in str(told.value)
    assert told.value.mend


def test_another_adversary_leaves_open_what_was_said_of_the_former_one() -> None:
    attacked = Recipe(
        network=TrainingPlan(adversary="pgd", adversary_eps=8 / 255, adversary_steps=7)
    )
    for adversary in ("free", "noise", "none"):
        changed = recipe_with(attacked, [f"network.adversary={adversary}"]).network
        assert (changed.adversary, changed.adversary_eps, changed.adversary_steps) == (
            adversary,
            None,
            None,
        )


def test_a_budget_of_the_network_is_the_recipe_s() -> None:
    assert recipe_with(None, ["network.budget_s=60"]) == Recipe(budget_s=60.0)
    repeated = Recipe(budget_s=9.0, network=TrainingPlan(budget_s=9.0, paces=(Pace(0, 7),)))
    assert recipe_with(repeated) == repeated
    with pytest.raises(UsageError, match="the field is also given by --budget"):
        recipe_with(None, ["network.budget_s=60", "budget_s=90"])
    two = Recipe(budget_s=90.0, network=TrainingPlan(budget_s=60.0))
    with pytest.raises(UsageError, match="60 s here and 90 s as budget_s contradict each other"):
        recipe_with(two)


def test_a_field_is_given_once() -> None:
    with pytest.raises(UsageError, match="--set seed: the field is given twice"):
        recipe_with(None, ["seed=1", "seed=2"])
    with pytest.raises(UsageError, match="--set seed: the field is also given by --seed"):
        recipe_with(None, ["seed=1"], seed=2)
    with pytest.raises(UsageError, match="also given by --epochs"):
        recipe_with(None, ["network.epochs=1"], epochs=2.0)


def test_a_length_that_is_set_counts_as_the_option_does() -> None:
    timed = Recipe(budget_s=60, network=TrainingPlan(paces=(Pace(0, 10),)))
    changed = recipe_with(timed, ["network.epochs=3"])
    assert (changed.budget_s, changed.network.epochs, changed.network.paces) == (None, 3, ())
    assert recipe_with(timed, ["budget_s=5"]).network.paces == ()
    assert recipe_with(timed, ["budget_s=null"]).network.paces == (Pace(0, 10),)


def test_another_optimiser_schedule_or_loss_has_its_own_usual_values() -> None:
    """Muon's rate of 0.2, as a run writes it, would be a hundred times too much for Adam."""
    written = Recipe(
        network=TrainingPlan(
            learning_rate=0.2,
            momentum=0.6,
            weight_decay=5e-4,
            head_learning_rate=0.03,
            schedule="step",
            milestones=(0.3,),
            loss="focal",
            focal_gamma=1,
        )
    )
    plan = recipe_with(written, ["network.optimiser=adam", "network.momentum=0.8"]).network
    assert (plan.learning_rate, plan.weight_decay, plan.head_learning_rate) == (None, None, None)
    assert (plan.momentum, plan.milestones, plan.focal_gamma) == (0.8, (0.3,), 1)
    assert recipe_with(written, ["network.schedule=cosine"]).network.milestones is None
    assert recipe_with(written, ["network.loss=binary"]).network.focal_gamma is None
    assert recipe_with(written, ["network.optimiser=schedule-free"]).network.schedule is None
    assert recipe_with(written, ["network.optimiser=muon"]) == written


def test_a_preset_and_fields_beside_it_are_set_together() -> None:
    settings = ["network.augment.zoom=0.3", "network.augment=heavy"]
    augment = recipe_with(None, settings).network.augment
    assert (augment.zoom, augment.cutmix) == (0.3, 1.0)
    with pytest.raises(UsageError, match="also given by --augment"):
        recipe_with(None, ["network.augment=heavy"], augment="none")
