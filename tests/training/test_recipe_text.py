"""Recipes as text: YAML by the rules that a user expects, and nothing silently lost."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("yaml")

from linnaeus import Recipe
from linnaeus.errors import UsageError
from linnaeus.training.recipe import read_recipe
from linnaeus.training.recipe_text import parsed_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("010", 10),
        ("-7", -7),
        ("2.5", 2.5),
        (".inf", float("inf")),
        ("1:30", "1:30"),
        ("2026-01-02", "2026-01-02"),
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("null", None),
        ("~", None),
        ("", None),
        ("[1, 2.0, x]", [1, 2.0, "x"]),
        ("{no: 2, 1e1: 3}", {"no": 2, 10.0: 3}),
        ("'5'", "5"),
    ],
)
def test_values_are_what_they_look_like(text: str, value: object) -> None:
    found = parsed_yaml(text)
    assert (found, type(found)) == (value, type(value))


def sentence_for(folder: Path, text: str, name: str = "mine.yaml") -> str:
    (folder / name).write_text(text)
    with pytest.raises(UsageError) as told:
        read_recipe(folder / name)
    assert str(told.value).startswith(str(folder / name))
    assert told.value.mend
    return str(told.value)


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seed: 1\nseed: 2\n", '"seed" for the second time at line 2, column 1'),
        ("network:\n  epochs: 1\n  epochs: 2\n", '"epochs" for the second time at line 3'),
        (BOMB, "a reference (*), which recipes do without, at line 2, column 8"),
        ("seed: [1\nmodel: x\n", "not a recipe: no YAML from line 2"),
        ("seed: !!python/object/apply:os.system [ls]\n", "not a recipe: no YAML from line 1"),
        ("[a]: 1\n", "a key that is no text"),
        ("- 1\n- 2\n", "not a recipe, which is one object of fields"),
        ("sede: 1\n", 'field sede: there is no such field. Did you mean "seed"?'),
        ("learning_rate: 1\n", 'Did you mean "network.learning_rate"?'),
        ("network: {seed_: 1}\n", 'network.seed_: there is no such field. Did you mean "seed"?'),
        ("network: {validation: 1}\n", 'Did you mean "validation"?'),
        ("seed: five\n", 'field seed: "five" is not a whole number.'),
        ("\x00", "not a recipe: no YAML"),
    ],
)
def test_a_faulty_file_is_told_in_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    assert said in sentence_for(tmp_path, text)


def test_json_with_a_key_twice_is_refused_too(tmp_path: Path) -> None:
    said = sentence_for(tmp_path, '{"network": {"epochs": 1, "epochs": 2}}', "recipe.json")
    assert '"epochs" stands twice in one object' in said


def test_what_is_nested_without_end_is_refused(tmp_path: Path) -> None:
    for name in ("deep.json", "deep.yaml"):
        assert "nested too deeply" in sentence_for(tmp_path, "[" * 100_000, name)


def test_yaml_says_what_json_says(tmp_path: Path) -> None:
    (tmp_path / "mine.YML").write_text(
        "# mine\nseed: 3\nimage_size_px: [64, 48]\nnetwork:\n  learning_rate: 5e-2\n"
        "  class_weights: {no: 2, yes: 1}\n"
    )
    (tmp_path / "mine.json").write_text(
        '{"seed": 3, "image_size_px": [64, 48], "network": {"learning_rate": 0.05,'
        ' "class_weights": {"no": 2, "yes": 1}}}'
    )
    assert read_recipe(tmp_path / "mine.YML") == read_recipe(tmp_path / "mine.json")
    (tmp_path / "empty.yaml").write_text("# nothing but defaults\n")
    assert read_recipe(tmp_path / "empty.yaml") == Recipe()


def test_the_mark_that_some_editors_put_first_is_no_fault(tmp_path: Path) -> None:
    for name, text in (("mine.yaml", "seed: 3"), ("mine.json", '{"seed": 3}')):
        (tmp_path / name).write_text(text, encoding="utf-8-sig")
        assert read_recipe(tmp_path / name) == Recipe(seed=3)
