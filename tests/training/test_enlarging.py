"""The size at which a pretrained network sees small pictures, and how long `best` teaches it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("timm")

from PIL import Image

from linnaeus import Recipe, load_dataset
from linnaeus.data.dataset import Dataset
from linnaeus.data.save_split import save_split
from linnaeus.images.preprocess import Preprocessing
from linnaeus.models.backbones import load_backbone
from linnaeus.models.weights import Backbone, find_weights
from linnaeus.progress import Progress, Quiet
from linnaeus.training.checkpoint import Checkpoints
from linnaeus.training.choice import Choice
from linnaeus.training.enlarging import _learnt_from, _seconds_a_picture, in_its_time
from linnaeus.training.saving import Saver
from linnaeus.training.split_choice import parting_of
from linnaeus.training.suited import BEST_S
from linnaeus.training.transfer_plan import TransferPlan

A_DAY = Recipe(device="cpu", budget_s=86_400.0)


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
        self.asked_for = Choice(self.backbone, "It was asked for by name.")
        self.at_hand = Choice(self.backbone, "It is at hand.", by_time=True)

    def in_its_time(
        self, recipe: Recipe, saver: Saver | None = None, progress: Progress | None = None
    ) -> Recipe:
        choice, recipe = in_its_time(
            self.data,
            recipe,
            self.asked_for,
            self.network,
            progress=progress or Quiet(),
            saver=saver or Saver(),
        )
        assert replace(choice, passes=None) == self.asked_for
        return recipe

    def chosen(self, recipe: Recipe, saver: Saver | None = None) -> Choice:
        """What learns by `recipe` where nobody asked for a network."""
        choice, _ = in_its_time(
            self.data,
            recipe,
            self.at_hand,
            self.network,
            progress=Quiet(),
            saver=saver or Saver(),
        )
        return choice


class Heard(Quiet):
    """Keeps what it is told."""

    said = ""

    def say(self, sentence: str) -> None:
        self.said += sentence


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory, shared_weights: Path) -> Little:
    return Little(tmp_path_factory.mktemp("little"), shared_weights)


@pytest.fixture
def slow_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which learns from 100 pictures a second, as large as is usual, and has 45,000; with stages
    frozen from 133."""

    def seconds_a_picture(network: object, size: object, recipe: Recipe) -> float:
        return 0.0075 if recipe.transfer.frozen else 0.01

    monkeypatch.setattr(SPEED, seconds_a_picture)
    monkeypatch.setattr("linnaeus.training.enlarging._learnt_from", lambda *given: 45_000)


SPEED = "linnaeus.training.enlarging._seconds_a_picture"

SCARCE_S = 240.0
"""Of time for those: less than half a pass at the usual size, more than one at the smallest."""

FROZEN = 3
"""Of MobileNetV2's stages, where there is little time: the stem and two blocks."""


@pytest.mark.parametrize(("budget_s", "side_px"), [(430.0, 88), (SCARCE_S, 72)])
def test_with_little_time_small_pictures_are_enlarged_less(
    budget_s: float, side_px: int, little: Little, slow_machine: None
) -> None:
    chosen = little.in_its_time(Recipe(device="cpu", budget_s=budget_s))
    assert chosen.image_size_px == (side_px, side_px)
    assert chosen.transfer.frozen == FROZEN


def test_with_time_for_some_passes_of_many_pictures_the_lowest_stages_stay_as_they_are(
    little: Little, slow_machine: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    hours = Recipe(device="cpu", budget_s=3_000.0)
    frozen = hours.transfer.model_copy(update={"frozen": FROZEN})
    assert little.in_its_time(hours) == hours.model_copy(update={"transfer": frozen})
    for count in (0, 1):
        said = Recipe(device="cpu", budget_s=3_000.0, transfer=TransferPlan(frozen=count))
        assert little.in_its_time(said) == said
    sized = Recipe(device="cpu", budget_s=SCARCE_S, image_size_px=(40, 40))
    chosen = little.in_its_time(sized)
    assert (chosen.transfer.frozen, chosen.image_size_px) == (FROZEN, (40, 40))
    monkeypatch.setattr("linnaeus.training.enlarging._learnt_from", lambda *given: 5_000)
    few = Recipe(device="cpu", budget_s=200.0)
    assert little.in_its_time(few) == few


def test_no_stage_is_frozen_where_that_is_no_faster(
    little: Little, slow_machine: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SPEED, lambda *given: 0.01)
    hours = Recipe(device="cpu", budget_s=3_000.0)
    assert little.in_its_time(hours) == hours


def test_what_is_measured_learns_as_the_network_will(little: Little) -> None:
    import timm

    size = Preprocessing(height_px=32, width_px=32)
    for frozen in (None, 3, 100):
        for still in (True, False):
            plan = TransferPlan(frozen=frozen, freeze_batch_norm=still)
            seconds = _seconds_a_picture(little.network, size, Recipe(transfer=plan))
            assert seconds is not None
            assert seconds > 0
    large = timm.create_model("inception_v3", num_classes=0).eval()  # takes 75 px at least
    assert _seconds_a_picture(large, size, Recipe()) is None


def test_with_time_for_two_passes_or_for_none_the_size_is_as_usual(
    little: Little, slow_machine: None
) -> None:
    for recipe, told in ((A_DAY, ""), (Recipe(device="cpu", budget_s=40.0), "airbench-small")):
        heard = Heard()
        assert little.in_its_time(recipe, progress=heard) == recipe
        assert told in heard.said
        assert bool(told) == bool(heard.said)


def test_many_small_pictures_are_learnt_from_scratch_where_a_head_is_all_there_is_time_for(
    little: Little, tmp_path: Path, slow_machine: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    hardly = Recipe(device="cpu", budget_s=40.0)
    began = little.chosen(hardly, Saver(Checkpoints(tmp_path / "checkpoints")))
    assert (began.backbone, began.by_time) == (None, True)
    assert little.backbone.name in began.why
    assert little.chosen(Recipe(device="cpu", budget_s=SCARCE_S)).backbone == little.backbone
    for staged in (
        hardly.model_copy(update={"transfer": TransferPlan(rate_decay=0.5)}),
        hardly.model_copy(update={"head": "linear"}),
        hardly.model_copy(update={"image_size_px": (128, 128)}),
        Recipe(device="cpu", budget_s=10.0),  # in which a network from scratch learns nothing
    ):
        assert little.chosen(staged).backbone == little.backbone
    monkeypatch.setattr("linnaeus.training.enlarging._learnt_from", lambda *given: 5_000)
    assert little.chosen(hardly).backbone == little.backbone  # too few to learn much from
    assert little.chosen(hardly, Saver(Checkpoints(tmp_path / "checkpoints"))) == began


def test_other_networks_keep_their_heads_which_may_be_better(
    little: Little, slow_machine: None
) -> None:
    better = Choice(replace(little.backbone, name="convnextv2_atto"), "At hand.", by_time=True)
    recipe, heard = Recipe(device="cpu", budget_s=40.0), Heard()
    choice, _ = in_its_time(
        little.data, recipe, better, little.network, progress=heard, saver=Saver()
    )
    assert choice.backbone == better.backbone
    assert "from scratch may learn more" in heard.said


def test_a_split_file_says_how_many_pictures_there_are_to_learn_from(
    little: Little, tmp_path: Path
) -> None:
    file, halved = tmp_path / "split.csv", Recipe(device="cpu", validation=0.25, test=0.25)
    save_split(little.data, file, parting_of(halved))
    assert 18 <= _learnt_from(little.data, Recipe(split_file=str(file))) <= 22


def test_a_small_set_keeps_the_size_that_is_best_for_its_head(little: Little) -> None:
    best = Recipe(device="cpu", preset="best")
    budgets = [Recipe(device="cpu", budget_s=seconds) for seconds in (0.01, 1.0, 20.0, 3600.0)]
    for recipe in (best, *budgets):
        assert little.in_its_time(recipe) == recipe


def test_what_was_asked_for_or_needs_no_size_is_left_alone(
    little: Little, slow_machine: None
) -> None:
    scarce = Recipe(device="cpu", budget_s=SCARCE_S)
    for recipe in (
        scarce.model_copy(
            update={"image_size_px": (40, 40), "transfer": TransferPlan(frozen=0)},
        ),
        scarce.model_copy(update={"preset": "quick"}),
        scarce.model_copy(update={"device": "cuda"}),
        Recipe(device="cpu"),
    ):
        assert little.in_its_time(recipe) == recipe


@pytest.mark.parametrize("size", [(200, 150), (300, 200), (250, 188), (640, 480)])
def test_pictures_that_are_large_already_keep_their_size(
    size: tuple[int, int], little: Little, tmp_path: Path, slow_machine: None
) -> None:
    for name in ("left", "right"):
        (tmp_path / name).mkdir()
        for place in range(20):
            Image.new("RGB", size, (place, 0, 0)).save(tmp_path / name / f"{place}.png")
    scarce = Recipe(device="cpu", budget_s=SCARCE_S)
    photographs = load_dataset(tmp_path)
    choice, chosen = in_its_time(
        photographs, scarce, little.at_hand, little.network, progress=Quiet(), saver=Saver()
    )
    assert choice.backbone == little.backbone
    assert chosen.image_size_px is None


def test_no_size_is_chosen_that_the_network_does_not_take(
    little: Little, slow_machine: None
) -> None:
    import timm

    network = timm.create_model("inception_v3", num_classes=0).eval()  # 75 px at least
    _, chosen = in_its_time(
        little.data,
        Recipe(device="cpu", budget_s=SCARCE_S),
        little.at_hand,
        network,
        progress=Quiet(),
        saver=Saver(),
    )
    assert chosen.image_size_px == (80, 80)


def test_best_ends_within_the_hour_where_its_passes_would_not(
    little: Little, slow_machine: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linnaeus.training.enlarging.BEST_S", SCARCE_S)
    for head in (None, "linear"):
        chosen = little.in_its_time(Recipe(device="cpu", preset="best", head=head))
        assert (chosen.budget_s, chosen.image_size_px) == (SCARCE_S, (72, 72))
    assert BEST_S < 3600


def test_a_run_that_goes_on_keeps_the_size_that_it_began_with(
    little: Little, tmp_path: Path, slow_machine: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    scarce = Recipe(device="cpu", budget_s=SCARCE_S)
    began = little.in_its_time(scarce, Saver(Checkpoints(tmp_path / "checkpoints")))
    assert began.image_size_px == (72, 72)
    monkeypatch.setattr(SPEED, lambda *given: 0.0001)
    again = Saver(Checkpoints(tmp_path / "checkpoints"))
    assert little.in_its_time(scarce, again) == began


def test_how_many_passes_there_is_time_for_is_handed_on_and_kept(
    little: Little, slow_machine: None, tmp_path: Path
) -> None:
    recipe, folder = Recipe(device="cpu", budget_s=3_000.0), tmp_path / "checkpoints"
    chosen = little.chosen(recipe, Saver(Checkpoints(folder)))
    assert chosen.passes == pytest.approx(0.8 * 3_000 / (45_000 * 0.0075))
    assert little.chosen(recipe, Saver(Checkpoints(folder))) == chosen
    assert little.chosen(A_DAY).passes is None
