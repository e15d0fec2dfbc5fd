"""A recipe's faults in a user's words: the option as it was typed, the field as it was written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from linnaeus import Recipe
from linnaeus.errors import UsageError
from linnaeus.training.plan import TrainingPlan
from linnaeus.training.recipe import read_recipe, recipe_with

FROM_LIBRARIES = ("Input should", "Errno", "Expecting", "Extra inputs", "codec", "dictionary")


def sentence_for(file: Path) -> str:
    with pytest.raises(UsageError) as told:
        read_recipe(file)
    sentence = str(told.value)
    assert not [words for words in FROM_LIBRARIES if words in sentence], sentence
    assert sentence.startswith(str(file))
    assert told.value.mend
    return sentence


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        ({"sede": 1}, 'field sede: there is no such field. Did you mean "seed"?'),
        ({"network": {"epoch": 3}}, 'network.epoch: there is no such field. Did you mean "epochs"'),
        ({"zzz": 1}, "there is no such field. There are model, seed, validation"),
        ({"seed": -1}, "field seed: -1 is not at least 0."),
        ({"seed": "five"}, 'field seed: "five" is not a whole number.'),
        ({"seed": "1_0"}, 'field seed: "1_0" is not a whole number.'),
        ({"budget_s": "2m"}, 'field budget_s: "2m" is not a number.'),
        ({"budget_s": 0}, "field budget_s: 0 is not above 0."),
        ({"budget_s": float("inf")}, "field budget_s: Infinity is not a finite number."),
        ({"network": {"momentum": 1}}, "field network.momentum: 1 is not below 1."),
        ({"network": {"paces": [[1]]}}, "field network.paces.0: [1] is too short a list. Add"),
        (
            {"network": {"augment": {"randaugment": [2]}}},
            "field network.augment.randaugment: [2] is too short a list. Add what is missing.",
        ),
        (
            {"network": {"class_weights": [1, -2]}},
            "field network.class_weights.1: -2 is not above 0. Mend",
        ),
        ({"network": {"class_weights": {"cat": 0}}}, "network.class_weights.cat: 0 is not above 0"),
        (
            {"network": {"class_weights": "even"}},
            "class_weights: \"even\" is not 'balanced' or a list or an object { … }. Mend",
        ),
        ({"network": {"batch_size": "big"}}, "\"big\" is not a whole number or 'auto'."),
        ({"network": {"batch_size": 1}}, "field network.batch_size: 1 is not at least 2"),
        (
            {"network": {"lr": 0.1}},
            'network.lr: there is no such field. Did you mean "learning_rate',
        ),
        ({"test_time_augmentation": "flip"}, "is not one of 'auto', 'none', 'mirror' or 'shifts'."),
        ({"network": 3}, "field network: 3 is not an object"),
        ({"network": {"augment": "strong"}}, "\"strong\" is not one of 'none', 'light',"),
        ({"network": {"augment": {"zoon": 1}}}, "augment.zoon: there is no such field. Did you"),
        ({"network": {"augment": 3}}, "field network.augment: 3 is not an object"),
        ({"image_size_px": 64}, "field image_size_px: 64 is not a list."),
        ({"image_size_px": [64, 2000]}, "field image_size_px.1: 2000 is not at most 1024."),
        ({"image_size_px": [64, 64, 3]}, "[64, 64, 3] is not a list of 2."),
        ({"precision": "int8"}, "\"int8\" is not one of 'auto', 'float32' or 'bfloat16'."),
        ({"resplit": "maybe"}, 'field resplit: "maybe" is not true or false.'),
        ({"model": ["x" * 500]}, "… is not text."),
        (
            {"network": {"optimiser": "adam", "head_momentum": 0.5}},
            "field network: head_momentum is for muon, and the optimiser is adam. Leave",
        ),
        (
            {"network": {"optimiser": "schedule-free", "schedule": "cosine"}},
            "the optimiser schedule-free goes without the schedule cosine. Leave the schedule out",
        ),
        (
            {"network": {"loss": "logit-adjusted", "balanced_sampling": True}},
            "balanced_sampling and the loss logit-adjusted each make up for rare classes",
        ),
        (
            {"transfer": {"stages": [{"learns": "head", "unfreeze": 3}]}},
            "transfer.stages.0.unfreeze: there is no such field. There are learns, epochs,",
        ),
        ({"head_strengths": []}, "field head_strengths: [] is not a list of at least 1."),
        ({"network": {"loss": "focall"}}, "\"focall\" is not one of 'cross-entropy'"),
        ([1], "not a recipe, which is one object of fields."),
    ],
)
def test_a_wrong_field_is_told_in_a_sentence(tmp_path: Path, recipe: object, said: str) -> None:
    (tmp_path / "recipe.json").write_text(json.dumps(recipe))
    assert said in sentence_for(tmp_path / "recipe.json")


def test_a_file_that_cannot_be_read_is_told_in_a_sentence(tmp_path: Path) -> None:
    assert "there is no such file." in sentence_for(tmp_path / "nowhere.json")
    assert "not a recipe but a folder." in sentence_for(tmp_path)
    (tmp_path / "broken.json").write_text('{\n  "seed": }')
    assert "not a recipe: no JSON from line 2, column 11 on." in sentence_for(
        tmp_path / "broken.json"
    )
    (tmp_path / "picture.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    assert "not a recipe: no text in UTF-8." in sentence_for(tmp_path / "picture.jpg")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"validation": float("nan")}, "--val: NaN is not a finite number."),
        ({"budget_s": -1.0}, "--budget: -1.0 is not above 0."),
        ({"epochs": 0.0}, "--epochs: 0.0 is not above 0."),
        ({"seed": -1}, "--seed: -1 is not at least 0."),
        (
            {"precision": "int8"},
            "--precision: \"int8\" is not one of 'auto', 'float32' or 'bfloat16'.",
        ),
        ({"fit": "squeeze"}, "the recipe's fit: \"squeeze\" is not one of 'auto'"),
    ],
)
def test_an_option_is_named_as_it_was_typed(changes: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError) as told:
        recipe_with(None, **changes)
    assert str(told.value).startswith(said)


def test_what_is_no_recipe_is_not_taken_for_none_at_all() -> None:
    with pytest.raises(UsageError, match="a recipe cannot be made of a dict"):
        recipe_with({"seed": 1})  # type: ignore[arg-type]


# How long a run is


def test_epochs_beside_a_budget_are_refused() -> None:
    with pytest.raises(UsageError, match=r"--epochs and --budget: .* Give only one"):
        recipe_with(None, epochs=3.0, budget_s=60.0)


def test_epochs_replace_the_budget_of_a_recipe() -> None:
    timed = Recipe(budget_s=60, network=TrainingPlan(budget_s=30))
    changed = recipe_with(timed, epochs=3.0)
    assert (changed.budget_s, changed.network.budget_s, changed.network.epochs) == (None, None, 3)


def test_a_budget_replaces_the_epochs_of_a_recipe() -> None:
    changed = recipe_with(Recipe(network=TrainingPlan(epochs=3)), budget_s=60.0)
    assert (changed.budget_s, changed.network.epochs) == (60, None)
