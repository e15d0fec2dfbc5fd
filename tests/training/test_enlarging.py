"""The size at which a pretrained network sees small pictures, and how long `best` teaches it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("timm")

from PIL import Image

from linnaeus import Recipe, load_dataset
from linnaeus.data.dataset import Dataset
from linnaeus.models.backbones import load_backbone
from linnaeus.models.weights import Backbone, find_weights
from linnaeus.progress import Quiet
from linnaeus.training.checkpoint import Checkpoints
from linnaeus.training.enlarging import in_its_time
from linnaeus.training.saving import Saver
from linnaeus.training.suited import BEST_S

A_MOMENT = Recipe(budget_s=0.01)
A_DAY = Recipe(budget_s=86_400.0)


class Little:
    """40 pictures of 32 px, and a pretrained network."""

    def __init__(self, folder: Path, weights: Path) -> None:
        random = np.random.default_rng(0)
        for name in ("left", "right"):
            (folder / name).mkdir(parents=True)
            for place in range(20):
                pixels = random.integers(0, 256, (32, 32, 3), np.uint8)
                Image.fromarray(pixels).save(folder / name / f"{place}.png")
        self.data: Dataset = load_dataset(folder)
        self.backbone: Backbone = next(iter(find_weights([weights]).values()))
        self.network = load_backbone(self.backbone)

    def in_its_time(self, recipe: Recipe, saver: Saver | None = None) -> Recipe:
        return in_its_time(
            self.data,
            recipe,
            self.backbone,
            self.network,
            progress=Quiet(),
            saver=saver or Saver(),
        )


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory, shared_weights: Path) -> Little:
    return Little(tmp_path_factory.mktemp("little"), shared_weights)


def test_with_little_time_small_pictures_are_enlarged_less(little: Little) -> None:
    assert little.in_its_time(A_MOMENT).image_size_px == (72, 72)
    assert little.in_its_time(A_DAY) == A_DAY, "as is usual"


def test_what_was_asked_for_or_needs_no_size_is_left_alone(little: Little) -> None:
    for recipe in (
        A_MOMENT.model_copy(update={"image_size_px": (40, 40)}),
        A_MOMENT.model_copy(update={"preset": "quick"}),
        Recipe(),
        Recipe(preset="best"),
    ):
        assert little.in_its_time(recipe) == recipe


def test_pictures_that_are_large_already_keep_their_size(
    photo_folder: Path, little: Little
) -> None:
    photographs = load_dataset(photo_folder)
    chosen = in_its_time(
        photographs, A_MOMENT, little.backbone, little.network, progress=Quiet(), saver=Saver()
    )
    assert chosen == A_MOMENT


def test_best_ends_within_the_hour_where_its_passes_would_not(
    little: Little, monkeypatch: pytest.MonkeyPatch
) -> None:
    best = Recipe(preset="best")
    monkeypatch.setattr("linnaeus.training.enlarging.BEST_S", 0.01)
    chosen = little.in_its_time(best)
    assert (chosen.budget_s, chosen.image_size_px) == (0.01, (72, 72))
    assert BEST_S < 3600


def test_a_run_that_goes_on_keeps_the_size_that_it_began_with(
    little: Little, tmp_path: Path
) -> None:
    began = little.in_its_time(A_MOMENT, Saver(Checkpoints(tmp_path / "checkpoints")))
    again = Saver(Checkpoints(tmp_path / "checkpoints"))
    assert little.in_its_time(A_MOMENT.model_copy(update={"budget_s": 0.01}), again) == began
