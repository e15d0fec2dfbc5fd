"""How a training parts its pictures: by the recipe's choices, or as a saved split says."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import linnaeus
from linnaeus.data.folds import Folds
from linnaeus.errors import DataError, UsageError
from linnaeus.progress import Quiet
from linnaeus.training.material import Material, look
from linnaeus.training.recipe import Recipe, read_recipe, recipe_with


def looked_at(data: Path, recipe: Recipe) -> Material:
    return look(linnaeus.load_dataset(data), recipe, None, Quiet(), None, None)


def sides(material: Material) -> dict[str, str]:
    found = material.split.assignment.tolist()
    return dict(zip(material.dataset.paths, found, strict=True))


def sides_in(file: Path) -> dict[str, str]:
    with file.open(encoding="utf-8", newline="") as table:
        return {row["image"]: row["split"] for row in csv.DictReader(table)}


def test_look_alikes_are_found_once_for_the_split_and_the_audit(photo_folder: Path) -> None:
    for file in sorted((photo_folder / "glass").iterdir())[:4]:
        with Image.open(file) as image:
            image.save(file.with_name(f"smaller-{file.name}"), quality=60)
    material = looked_at(photo_folder, Recipe())
    side = sides(material)
    for path, where in side.items():
        if "smaller-" in path:
            assert side[path.replace("smaller-", "")] == where
    told = " ".join(material.split.remarks)
    assert "pictures that look alike were kept together" in told
    kinds = {finding.kind for finding in material.audit.findings}
    assert "near-leak-across-splits" not in kinds


def test_training_by_a_saved_split_gives_that_split(photo_folder: Path, tmp_path: Path) -> None:
    saved = linnaeus.split(photo_folder, out=tmp_path / "split.csv", seed=5)
    material = looked_at(photo_folder, recipe_with(None, split_file=str(saved.file)))
    assert sides(material) == sides_in(saved.file)
    folds = linnaeus.split(photo_folder, out=tmp_path / "folds.csv", folds=3, repeats=2, inner=2)
    chosen = {"fold": 2, "repeat": 1, "inner": 0}
    material = looked_at(photo_folder, recipe_with(None, split_file=str(folds.file), **chosen))
    assert isinstance(folds.split, Folds)
    tested = folds.split.splits[1][2].assignment == "test"
    assert np.array_equal(material.split.assignment == "test", tested)


def test_a_saved_split_without_a_test_is_refused(photo_folder: Path, tmp_path: Path) -> None:
    saved = linnaeus.split(photo_folder, out=tmp_path / "split.csv", test=0)
    with pytest.raises(DataError, match="no test pictures"):
        looked_at(photo_folder, recipe_with(None, split_file=str(saved.file)))


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        ({"split_file": "s.csv", "test": 0.3}, r"--test: the split file s\.csv says already"),
        ({"split_file": "s.csv", "resplit": True}, r"--resplit: the split file"),
        ({"split_file": "s.csv", "time_column": "t"}, r"--time-column: the split file"),
        ({"fold": 1}, r"--fold: no split file is named"),
        ({"inner": 1}, r"--inner: no split file is named"),
        ({"domain_column": "site"}, r"--domain-column: which of the domains"),
        ({"test_domain": "A"}, r"--test-domain: the domain 'A' of which column"),
        ({"time_column": "t", "domain_column": "d"}, r"--time-column and --domain-column"),
        (
            {"domain_column": "d", "test_domain": "A", "test": 0.3},
            r"--test: the test is the domain 'A'",
        ),
        ({"near_duplicates": "drop"}, r"--near-duplicates: \"drop\" is not one of"),
        ({"fold": -1, "split_file": "s.csv"}, r"--fold: -1 is not at least 0"),
    ],
)
def test_choices_that_contradict_each_other_are_refused(
    choices: dict[str, object], told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        recipe_with(None, **choices)


def test_a_recipes_split_file_is_meant_from_the_recipes_folder(tmp_path: Path) -> None:
    file = tmp_path / "recipe.json"
    file.write_text('{"split_file": "split.csv"}', encoding="utf-8")
    assert read_recipe(file).split_file == str(tmp_path / "split.csv")


@pytest.mark.slow
def test_a_run_by_a_fold_repeats_from_its_recipe(photo_folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    folds = linnaeus.split(photo_folder, out=tmp_path / "folds.csv", folds=3).file
    run = linnaeus.train(
        photo_folder, out=tmp_path / "run", model="small_cnn", epochs=1, split=folds, fold=1
    )
    written = sides_in(run.folder / "split.csv")
    assert [*written.values()].count("test") == 12
    folds.unlink()
    again = looked_at(photo_folder, recipe_with(run.folder / "recipe.json"))
    assert sides(again) == written
    from_object = looked_at(photo_folder, recipe_with(run.recipe))
    assert sides(from_object) == written


def one_picture_a_class(folder: Path, classes: int = 4) -> Path:
    random = np.random.default_rng(0)
    for place in range(classes):
        (folder / f"class {place}").mkdir(parents=True)
        pixels = random.integers(0, 256, (16, 16, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"class {place}" / f"{place}.png")
    return folder


def test_where_no_picture_is_left_for_the_test_nothing_is_learnt(tmp_path: Path) -> None:
    data, out = one_picture_a_class(tmp_path / "tiny"), tmp_path / "run"
    with pytest.raises(DataError, match="no picture is left for the test"):
        linnaeus.train(data, out=out, model="small_cnn", epochs=1, allow_tiny=True)
    assert not out.exists()


def test_a_share_that_the_data_decide_themselves_is_told_to_count_for_nothing(
    photo_folder: Path, tmp_path: Path
) -> None:
    data = tmp_path / "parted"
    for folder in sorted(photo_folder.iterdir()):
        for place, file in enumerate(sorted(folder.iterdir())):
            side = data / ("test" if place < 3 else "train") / folder.name
            side.mkdir(parents=True, exist_ok=True)
            (side / file.name).write_bytes(file.read_bytes())
    idle = "--test 0.3 counts for nothing: the data come with a test split"
    remarks = looked_at(data, Recipe(test=0.3, validation=0.2)).split.remarks
    assert sum(remark.startswith(idle) for remark in remarks) == 1
    assert not any(remark.startswith("--val") for remark in remarks)
    for quiet in (Recipe(), Recipe(test=0.3, resplit=True)):
        told = " ".join(looked_at(data, quiet).split.remarks)
        assert "counts for nothing" not in told
