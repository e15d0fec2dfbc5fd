"""Training chooses what tells unknown pictures, from the user's too where there are some."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

import linnaeus
from linnaeus.errors import UsageError
from linnaeus.progress import Quiet
from linnaeus.training.material import look
from linnaeus.training.recipe import Recipe
from linnaeus.training.run import Run
from linnaeus.training.serving import Served
from linnaeus.training.telling_unknown import taught_unknown


class Told(Quiet):
    """Keeps what was said."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def say(self, sentence: str) -> None:
        self.sentences.append(sentence)

    def warn(self, sentence: str) -> None:
        self.sentences.append(sentence)


def learn(data: linnaeus.Dataset, out: Path, **options: object) -> tuple[Run, str]:
    told = Told()
    run = linnaeus.train(
        data, out=out, model="small_cnn", epochs=1, precision="float32", progress=told, **options
    )
    return run, "\n".join(told.sentences)


@pytest.mark.slow
def test_unknown_pictures_of_the_user_choose_and_judge_by_halves(
    tmp_path: Path, some_digits: linnaeus.Dataset
) -> None:
    random = np.random.default_rng(0)
    (tmp_path / "strangers").mkdir()
    for place in range(21):
        pixels = random.integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "strangers" / f"{place}.png")
    run, told = learn(some_digits, tmp_path / "run", unknown=tmp_path / "strangers")
    assert "and on half of yours" in told
    figures = json.loads((run.folder / "report" / "metrics.json").read_text("utf-8"))
    assert figures["unknown"]["given"]["pictures"] == 11
    assert figures["unknown"]["given"]["auroc"]["value"] > 0.9
    assert figures["recipe"]["unknown"] == str(tmp_path / "strangers")
    again, _ = learn(some_digits, tmp_path / "again", recipe=run.folder / "recipe.json")
    first, second = (load_file(one.bundle / "unknown.safetensors") for one in (run, again))
    assert first.keys() == second.keys()
    assert all((first[name] == second[name]).all() for name in first)


def test_too_few_validation_pictures_are_told(
    tmp_path: Path, some_digits: linnaeus.Dataset
) -> None:
    few = some_digits.subset(range(0, 599, 5))
    run, told = learn(few, tmp_path / "run", val=0.1)
    assert "Nothing will be called unknown: that takes 19 validation pictures or more" in told
    assert not (run.bundle / "unknown.safetensors").exists()
    page = (run.folder / "report" / "index.html").read_text("utf-8")
    assert "It always answers with one of its" in page
    card = (run.bundle / "MODEL_CARD.md").read_text("utf-8")
    assert 'It has no way to say "none of these".' in card


def test_unknown_pictures_beside_several_labels_are_refused(
    tmp_path: Path, pairs_table: Path
) -> None:
    with pytest.raises(UsageError, match="so nothing is called unknown"):
        linnaeus.train(
            pairs_table,
            out=tmp_path / "run",
            model="small_cnn",
            epochs=1,
            label_separator="|",
            unknown=tmp_path,
        )


def test_features_at_hand_change_nothing_and_are_left_where_they_are_not_what_is_answered(
    digits_run: Run, some_digits: linnaeus.Dataset
) -> None:
    classifier, recipe = digits_run.classifier().knowing(None), Recipe()
    material = look(some_digits, recipe, None, Quiet(), None, None)
    served = Served(classifier.record.serving, np.zeros((0, 10), np.float32))
    answers = classifier.predict_pixels(material.pixels.take(material.train))
    right = {row: a.features for row, a in zip(material.train.tolist(), answers, strict=True)}
    wrong = {row: np.nextafter(features, np.float32(9)) for row, features in right.items()}

    def told_by(features: dict[int, np.ndarray]) -> np.ndarray:
        taught = taught_unknown(material, classifier, served, features, Quiet(), seed=recipe.seed)
        assert taught is not None
        return taught.fitted.unknown.held_out

    anew = told_by({})
    assert (told_by(right) == anew).all()
    assert (told_by(wrong) == anew).all()
