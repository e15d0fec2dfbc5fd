"""Recipes: every choice of a run, in a file that gives it back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from linnaeus import Recipe
from linnaeus.errors import UsageError
from linnaeus.training.augmentation.plan import AugmentPlan
from linnaeus.training.plan import TrainingPlan
from linnaeus.training.recipe import read_recipe, recipe_with
from linnaeus.training.schedule import Pace

recipes = st.builds(
    Recipe,
    model=st.sampled_from(["auto", "small_cnn", "resnet18"]),
    seed=st.integers(0, 2**63),
    validation=st.floats(0, 0.4),
    test=st.floats(0, 0.4),
    resplit=st.booleans(),
    budget_s=st.none() | st.floats(0.001, 1e6),
    image_size_px=st.none() | st.tuples(st.integers(8, 1024), st.integers(8, 1024)),
    fit=st.sampled_from(["auto", "stretch", "crop", "pad"]),
    precision=st.sampled_from(["auto", "float32", "bfloat16"]),
    head_strengths=st.lists(st.floats(1e-9, 1), min_size=1, max_size=4).map(tuple),
    head_pictures=st.none() | st.integers(1, 10**9),
    network=st.builds(
        TrainingPlan,
        epochs=st.none() | st.floats(0.01, 1000),
        paces=st.just((Pace(0, 10), Pace(4, 12))),
        augment=st.builds(
            AugmentPlan, zoom=st.floats(0, 0.9), randaugment=st.sampled_from([None, (2, 9)])
        ),
    ),
)


@given(recipes)
def test_a_recipe_comes_back_from_its_file(
    tmp_path_factory: pytest.TempPathFactory, recipe: Recipe
) -> None:
    file = tmp_path_factory.mktemp("recipe") / "recipe.json"
    file.write_text(json.dumps(recipe.model_dump(mode="json")))
    assert read_recipe(file) == recipe


def test_every_field_has_a_default_and_none_can_be_changed() -> None:
    recipe = Recipe()
    with pytest.raises(ValidationError):
        recipe.seed = 3  # type: ignore[misc]


def test_options_beside_a_recipe_change_it(tmp_path: Path) -> None:
    (tmp_path / "recipe.json").write_text('{"seed": 5, "test": 0.3}')
    changed = recipe_with(tmp_path / "recipe.json", seed=6, validation=None, model="small_cnn")
    assert changed == Recipe(seed=6, test=0.3, model="small_cnn")
    assert recipe_with(None) == Recipe()
    assert recipe_with(changed, seed=0).seed == 0


def test_a_preset_s_name_stands_for_its_fields(tmp_path: Path) -> None:
    (tmp_path / "recipe.json").write_text('{"network": {"augment": "medium"}}')
    medium = read_recipe(tmp_path / "recipe.json").network.augment
    assert medium.zoom == 0.15
    assert medium.mirror is None
    assert recipe_with(None, augment="medium").network.augment == medium
    assert recipe_with(tmp_path / "recipe.json", augment="light") == Recipe()
    assert not recipe_with(None, augment="none").network.augment.changes()
    more = recipe_with(None, ["network.augment.zoom=0.5"], augment="medium").network.augment
    assert more == medium.model_copy(update={"zoom": 0.5})
    with pytest.raises(UsageError, match=r'--augment: "strong" is not one of'):
        recipe_with(None, augment="strong")


def test_another_length_forgets_how_long_the_first_run_took() -> None:
    paced = TrainingPlan(paces=(Pace(0, 10),), epochs=3)
    recipe = Recipe(network=paced, head_pictures=40, budget_s=9)
    assert recipe_with(recipe, seed=1).network.paces == (Pace(0, 10),)
    assert recipe_with(recipe, seed=1).head_pictures == 40
    assert recipe_with(recipe, epochs=5).network.paces == ()
    assert recipe_with(recipe, epochs=5).network.epochs == 5
    assert recipe_with(recipe, budget_s=60.0).network.paces == ()
    assert recipe_with(recipe, budget_s=60.0).head_pictures is None
    assert recipe_with(recipe, preset="best").network.paces == ()
    assert recipe_with(recipe, preset="best").network.epochs == 3, "that was asked for"


def test_another_preset_forgets_the_length_that_the_first_one_meant() -> None:
    quick = Recipe(preset="quick", network=TrainingPlan(paces=(Pace(0, 10),), epochs=4))
    assert recipe_with(quick, preset="best").network.epochs is None
    best = Recipe(preset="best", budget_s=3300, network=TrainingPlan(paces=(Pace(0, 10),)))
    assert recipe_with(best, preset="quick").budget_s is None
    asked = Recipe(preset="best", budget_s=60)
    assert recipe_with(asked, preset="quick").budget_s == 60


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ('{"sede": 1}', "sede"),
        ('{"seed": -1}', "seed"),
        ('{"budget_s": 0}', "budget_s"),
        ('{"network": {"momentum": 1}}', "network.momentum"),
        ('{"image_size_px": [4, 4]}', "image_size_px.0"),
        ("[1]", "not a recipe|dictionary|object"),
        ("{", "not a recipe"),
        ("", "not a recipe"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused_by_field(
    tmp_path: Path, content: str, field: str
) -> None:
    (tmp_path / "recipe.json").write_text(content)
    with pytest.raises(UsageError, match=field) as told:
        read_recipe(tmp_path / "recipe.json")
    assert str(tmp_path / "recipe.json") in str(told.value)
    assert told.value.mend


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"seed": -1}, "seed"), ({"epochs": -2.0}, "epochs"), ({"precision": "int8"}, "precision")],
)
def test_options_out_of_range_are_refused_by_name(changes: dict[str, object], field: str) -> None:
    with pytest.raises(UsageError, match=field):
        recipe_with(None, **changes)


def test_a_folder_of_unknown_pictures_is_found_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    asked = str(tmp_path / "here" / "others")
    assert recipe_with(None, unknown="others").unknown == asked
    (tmp_path / "recipe.json").write_text('{"unknown": "others"}')
    assert recipe_with(tmp_path / "recipe.json").unknown == str(tmp_path / "others")
    assert recipe_with("../recipe.json").unknown == str(tmp_path / "here" / ".." / "others")


def test_the_network_s_seed_is_the_seed() -> None:
    assert recipe_with(None, ["network.seed=5"]) == Recipe(seed=5)
    with pytest.raises(UsageError, match="also given by --seed"):
        recipe_with(None, ["network.seed=5"], seed=6)


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        ({"learns": "probe", "epochs": 3}, "a stage that learns probe has no epochs"),
        ({"learns": "probe", "learning_rate": 0.1}, "probe has no learning_rate"),
        ({"learns": "whole", "views": 4}, "a stage that learns whole has no views"),
    ],
)
def test_a_stage_has_what_it_can_heed(tmp_path: Path, stage: dict[str, Any], said: str) -> None:
    (tmp_path / "recipe.json").write_text(json.dumps({"transfer": {"stages": [stage]}}))
    with pytest.raises(UsageError, match=said) as told:
        read_recipe(tmp_path / "recipe.json")
    assert "field transfer.stages.0" in str(told.value)
    assert told.value.mend == "Leave it out."
