"""The recipes that come with Linnaeus: each can be read, has a page, and is found by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from command_line import linnaeus

pytest.importorskip("yaml")

from linnaeus.errors import UsageError
from linnaeus.training.recipe import read_recipe, recipe_with
from linnaeus.training.shipped import recipe_file, shipped_recipes

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("recipe", shipped_recipes(), ids=lambda recipe: recipe.name)
def test_each_can_be_read_and_has_a_page_that_shows_it(recipe) -> None:
    assert recipe_with(recipe.name) == read_recipe(recipe.file)
    assert 20 < len(recipe.about) < 100
    page = (DOCS / "recipes" / f"{recipe.name}.md").read_text("utf-8")
    assert recipe.file.read_text("utf-8") in page, "the page shows another text"
    assert f"recipes/{recipe.name}.md" in (DOCS.parent / "mkdocs.yml").read_text("utf-8")


def test_an_unknown_name_is_told_with_the_nearest_and_all() -> None:
    with pytest.raises(UsageError) as told:
        recipe_with("textbok-cnn")
    assert 'Did you mean "textbook-cnn"? There are ' in str(told.value)


def test_a_path_is_a_file_even_where_a_recipe_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("textbook-cnn").write_text('{"seed": 5}')
    Path("other").write_text('{"seed": 6}')
    assert recipe_with("./textbook-cnn").seed == 5
    assert recipe_with(Path("textbook-cnn")).seed == 5
    assert recipe_with("textbook-cnn").seed == 0
    assert recipe_with("other").seed == 6
    assert recipe_file("missing.yaml") == Path("missing.yaml")


def test_the_command_line_lists_them_and_writes_one_to_be_changed(tmp_path: Path) -> None:
    listed = linnaeus("recipes").out
    for recipe in shipped_recipes():
        assert f"{recipe.name} " in listed
        assert recipe.about in listed
    (tmp_path / "mine.yaml").write_text(linnaeus("recipes", "textbook-cnn").out)
    assert recipe_with(tmp_path / "mine.yaml") == recipe_with("textbook-cnn")
