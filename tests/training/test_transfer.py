"""Learning in stages from a pretrained network: what is kept, told and repeated."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from linnaeus import Recipe, load_dataset
from linnaeus.bundle.runtime import Session, best_engine
from linnaeus.data.cache import the_cache
from linnaeus.data.pixels import ArrayRows
from linnaeus.data.scan import scan
from linnaeus.errors import Stopped, UsageError
from linnaeus.images.preprocess import Preprocessing
from linnaeus.models.backbones import load_backbone
from linnaeus.models.depth import depths_of
from linnaeus.models.weights import find_weights
from linnaeus.progress import Progress, Quiet
from linnaeus.training.augmentation.plan import AugmentPlan
from linnaeus.training.batch_statistics import estimate_anew
from linnaeus.training.embedding import embedding_order
from linnaeus.training.head import fit_head
from linnaeus.training.kept_work import KeptWork, kept_beside
from linnaeus.training.learned import Learned
from linnaeus.training.presets import transfer_stages
from linnaeus.training.probe import FEW_TO_BEGIN, FEW_TO_JUDGE, Probe, _few
from linnaeus.training.recipe import recipe_with
from linnaeus.training.transfer import learn_by_transfer
from linnaeus.training.transfer_plan import TransferPlan, TransferStage
from linnaeus.training.tuning import (
    Lesson,
    answers,
    stage_plan,
    tunable_from_head,
    tunable_from_probe,
    tune,
)

Stop = Callable[[], bool]


class Photographs:
    """72 photographs of six classes at 64 px, and a pretrained network."""

    def __init__(self, folder: Path, weights: Path) -> None:
        self.preprocessing = Preprocessing(height_px=64, width_px=64)
        dataset = load_dataset(folder)
        pixels = scan(dataset, preprocessing=self.preprocessing).pixels
        assert pixels is not None
        self.pixels = np.asarray(pixels)
        rows = np.arange(len(pixels))
        validation, train = rows[::3], np.delete(rows, rows[::3])
        self.lesson = Lesson(
            ArrayRows(self.pixels),
            dataset.labels,
            train,
            validation,
            dataset.classes,
            AugmentPlan(mirror=True),
        )
        self.backbone = next(iter(find_weights([weights]).values()))
        self.kept = kept_beside(the_cache(), Quiet())
        self.progress: Progress = Quiet()

    def learn(self, recipe: Recipe, stop: Stop = lambda: False) -> Learned:
        return learn_by_transfer(
            self.lesson,
            self.backbone,
            load_backbone(self.backbone),
            self.preprocessing,
            recipe.model_copy(update={"device": "cpu"}),
            engine=best_engine(),
            progress=self.progress,
            stop=stop,
            kept=self.kept,
        )


@pytest.fixture(scope="module")
def photographs_of_waste(photo_set: Path, shared_weights: Path) -> Photographs:
    return Photographs(photo_set, shared_weights)


def stages(*written: object, **plan: object) -> Recipe:
    return Recipe.model_validate({"transfer": {"stages": list(written), **plan}})


# What the stages are


def test_presets_and_budgets_come_to_stages() -> None:
    def names(recipe: Recipe) -> list[str]:
        return [stage.learns for stage in transfer_stages(recipe)]

    assert names(Recipe()) == ["probe"]
    assert names(Recipe(budget_s=60)) == ["probe", "upper", "whole"]
    assert names(Recipe(preset="quick", budget_s=60)) == ["probe"]
    assert names(Recipe(preset="best")) == ["probe", "upper", "whole"]
    assert names(Recipe(preset="best", head="dense64-relu-linear")) == ["head", "whole"]
    assert names(stages("probe", "whole")) == ["probe", "whole"]


@pytest.mark.parametrize("written", [[], ["upper"], ["probe", "head"], ["head", "upper", "probe"]])
def test_stages_that_begin_with_no_head_are_refused(written: list[str]) -> None:
    with pytest.raises(UsageError, match="the first has to be probe or head"):
        stages(*written)


def test_a_new_budget_or_preset_lets_the_stages_be_chosen_anew() -> None:
    plan = TransferPlan(done=(TransferStage(learns="probe", views=2),))
    recipe = Recipe(transfer=plan, head_pictures=9)
    assert recipe_with(recipe, seed=1).transfer.done == plan.done
    assert recipe_with(recipe, budget_s=9.0).transfer.done == ()
    assert recipe_with(recipe, preset="best").transfer.done == ()
    assert recipe_with(recipe, {"transfer.rate_decay": 0.5}).transfer.done == ()


@pytest.mark.parametrize(
    ("network", "rates"),
    [
        ({}, [1e-3, 3e-4]),  # muon gives way to AdamW
        ({"optimiser": "adam"}, [1e-3, 3e-4]),
        ({"optimiser": "sgd"}, [0.05, 0.015]),
        ({"optimiser": "sgd", "learning_rate": 0.01}, [0.01, 0.01]),
    ],
)
def test_what_is_good_already_learns_at_a_lower_rate_unless_one_is_named(
    photographs_of_waste: Photographs, network: dict[str, object], rates: list[float]
) -> None:
    recipe = Recipe.model_validate({"network": network})
    named = [TransferStage.model_validate({"learns": learns}) for learns in ("head", "whole")]
    plans = [stage_plan(one, recipe, photographs_of_waste.lesson, None) for one in named]
    assert [plan.learning_rate for plan in plans] == pytest.approx(rates)


# What is tuned


@pytest.mark.slow
def test_tuning_starts_from_the_answers_of_the_probe(photographs_of_waste: Photographs) -> None:
    ours = photographs_of_waste
    probe = Probe(ours.backbone, load_backbone(ours.backbone), ours.preprocessing, ours.kept)
    session = Session(probe.graph, best_engine(), "float32")
    features = session.run(ours.pixels)[1]
    labels = ours.lesson.labels
    head = fit_head(
        features,
        labels,
        (features[:0], labels[:0]),
        classes=6,
        parts=probe.parts,
        strengths=(),
        progress=Quiet(),
    )
    tunable = tunable_from_probe(probe, head, Recipe())
    logits = answers(tunable, ours.lesson.pixels, np.arange(72))
    assert np.abs(logits - head.logits(features)).max() < 1e-2 * np.abs(logits).max()


def test_only_what_a_stage_names_learns(photographs_of_waste: Photographs) -> None:
    ours = photographs_of_waste
    tunable = tunable_from_head(ours.backbone, ours.lesson, Recipe(head="dense16-relu-linear"))
    tunable.learn_from(tunable.stages)
    learning = {name for name, p in tunable.named_parameters() if p.requires_grad}
    assert learning == {f"network.{part}" for part in _head_parts(tunable)}
    tunable.learn_from(tunable.stages - 1)
    assert tunable.network.body.network.conv_head.weight.requires_grad  # type: ignore[union-attr]
    assert not tunable.network.body.network.conv_stem.weight.requires_grad  # type: ignore[union-attr]
    factors = tunable.rate_factors(0.5)
    assert factors["network.head.weight"] == 1.0
    assert factors["network.body.network.conv_head.weight"] == 0.5
    assert factors["network.body.network.conv_stem.weight"] == 0.5**tunable.stages


def _head_parts(tunable: torch.nn.Module) -> list[str]:
    return ["neck.0.weight", "neck.0.bias", "head.weight", "head.bias"]


@pytest.mark.parametrize("frozen", [True, False])
def test_batch_statistics_stay_those_of_the_pretraining_where_they_are_frozen(
    photographs_of_waste: Photographs, frozen: bool
) -> None:
    ours = photographs_of_waste
    recipe = Recipe(head="linear", transfer=TransferPlan(freeze_batch_norm=frozen))
    tunable = tunable_from_head(ours.backbone, ours.lesson, recipe)
    tunable.learn_from(0)
    before = tunable.network.body.network.bn1.running_mean.clone()  # type: ignore[union-attr,operator]
    tunable.train()
    tunable(torch.from_numpy(ours.pixels[:8]))
    after = tunable.network.body.network.bn1.running_mean  # type: ignore[union-attr]
    assert torch.equal(before, after) == frozen  # type: ignore[arg-type]
    # nor are they measured anew for an average of weights
    estimate_anew(tunable.eval(), [torch.from_numpy(ours.pixels[:8])])
    after = tunable.network.body.network.bn1.running_mean  # type: ignore[union-attr]
    assert torch.equal(before, after) == frozen  # type: ignore[arg-type]


def test_the_lowest_stages_can_stay_as_they_are(photographs_of_waste: Photographs) -> None:
    ours = photographs_of_waste

    def moved(frozen: int) -> set[str]:
        recipe = Recipe(device="cpu", head="linear", transfer=TransferPlan(frozen=frozen))
        start = tunable_from_head(ours.backbone, ours.lesson, recipe)
        fitted = tune(
            start,
            ours.lesson,
            TransferStage(learns="whole", epochs=1, learning_rate=1e-2),
            recipe,
            budget_s=None,
            progress=Quiet(),
            stop=lambda: False,
        )
        after = dict(fitted.network.named_parameters())
        return {n for n, value in start.named_parameters() if not torch.equal(value, after[n])}

    depths = depths_of(load_backbone(ours.backbone))
    body = {f"network.body.network.{name}": depth for name, depth in depths.items()}
    head = {"network.head.weight", "network.head.bias"}
    assert moved(3) == head | {name for name, depth in body.items() if depth >= 3}
    assert moved(100) == head, "more than there are"
    headed = ours.learn(stages("probe", frozen=3))
    assert headed.recipe.transfer.frozen is None, "the recipe says what has come to pass"


# What comes of it


@pytest.mark.slow
def test_stages_are_judged_kept_or_not_and_repeated_to_the_bit(
    photographs_of_waste: Photographs,
) -> None:
    ours = photographs_of_waste
    # At a rate of 1e-12 nothing moves, so nothing is better.
    first = ours.learn(stages("probe", {"learns": "upper", "epochs": 1, "learning_rate": 1e-12}))
    probe, upper = first.stages
    assert (probe.name, probe.kept, upper.name, upper.kept) == ("probe", True, "upper", False)
    assert upper.seconds > 0
    assert upper.validation_accuracy is not None
    assert "not clearly better" in upper.why
    assert first.graph == ours.learn(stages("probe")).graph, "what was not kept left no trace"
    assert ours.learn(first.recipe).graph == first.graph


@pytest.mark.slow
def test_a_head_of_choice_learns_on_the_frozen_network_and_then_with_it(
    photographs_of_waste: Photographs, tmp_path: Path
) -> None:
    ours = photographs_of_waste
    recipe = stages(
        {"learns": "head", "epochs": 8, "learning_rate": 1e-2},
        {"learns": "whole", "epochs": 2, "learning_rate": 1e-3},
        rate_decay=1.0,
    ).model_copy(update={"head": "pool-dense32-relu-dropout0.2-linear"})
    learned = ours.learn(recipe)
    logits, features = Session(learned.graph, best_engine(), "float32").run(ours.pixels)
    right = logits.argmax(1) == ours.lesson.labels
    assert features.shape[1] == 32
    assert right[ours.lesson.train].mean() > 0.5
    assert [stage.name for stage in learned.stages] == ["head", "whole"]
    assert len(learned.history) > 2
    learned.save_weights(tmp_path / "weights.safetensors")
    from safetensors.numpy import load_file

    assert load_file(tmp_path / "weights.safetensors")["network.neck.1.weight"].shape[0] == 32
    again = json.loads(json.dumps(learned.recipe.model_dump(mode="json")))
    assert ours.learn(Recipe.model_validate(again)).graph == learned.graph


@pytest.mark.slow
def test_a_budget_too_short_for_a_pass_leaves_the_stages_out_and_says_so(
    photographs_of_waste: Photographs,
) -> None:
    short = photographs_of_waste.learn(Recipe(budget_s=1e-6))
    assert [(s.name, s.kept) for s in short.stages] == [
        ("probe", True),
        ("upper", False),
        ("whole", False),
    ]
    assert all("no time" in stage.why for stage in short.stages[1:])
    assert [stage.learns for stage in short.recipe.transfer.done] == ["probe"]
    assert short.recipe.network.augment == photographs_of_waste.lesson.augment


def test_to_stop_after_the_probe_keeps_it(photographs_of_waste: Photographs) -> None:
    asked = count()
    learned = photographs_of_waste.learn(stages("probe", "upper"), lambda: next(asked) >= 74)
    assert learned.ended == "stopped"
    assert [stage.kept for stage in learned.stages] == [True, False]
    assert "by hand" in learned.stages[1].why


def test_to_stop_before_a_head_of_choice_has_learnt_leaves_nothing(
    photographs_of_waste: Photographs,
) -> None:
    recipe = stages("head").model_copy(update={"head": "linear"})
    with pytest.raises(Stopped):
        photographs_of_waste.learn(recipe, lambda: True)


def test_with_time_for_the_whole_network_few_pictures_are_enough_for_its_head(
    photographs_of_waste: Photographs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linnaeus.training.probe.ENOUGH_TO_BEGIN", 24)
    monkeypatch.setattr("linnaeus.training.probe.FEW_TO_BEGIN", 4)
    monkeypatch.setattr("linnaeus.training.probe.FEW_TO_JUDGE", 4)
    photographs_of_waste.kept.clear()
    tuned = photographs_of_waste.learn(recipe_with(None, budget_s=40.0))
    assert tuned.recipe.head_pictures == 24
    assert any(row.stage == "whole" and row.epoch >= 0.5 for row in tuned.history)
    alone = photographs_of_waste.learn(recipe_with(None, budget_s=40.0, preset="quick"))
    assert alone.recipe.head_pictures == 72


@pytest.mark.parametrize(("classes", "validated"), [(10, 0.1), (10, 0.02), (3_000, 0.1)])
def test_the_fewest_pictures_for_a_head_show_every_class_and_can_be_judged_by(
    classes: int, validated: float
) -> None:
    labels = np.arange(60_000) % classes
    rows = np.random.default_rng(0).permutation(len(labels))
    validation, train = np.split(rows, [int(validated * len(rows))])
    order = embedding_order(labels, train, validation, 0)
    enough = order[: _few(order, validation, labels[train])]
    judged = np.isin(enough, validation)
    assert judged.sum() >= FEW_TO_JUDGE or judged.sum() == len(validation)
    assert set(labels[enough[~judged]]) == set(range(classes))
    assert len(enough) >= FEW_TO_BEGIN


def test_more_views_make_another_head(photographs_of_waste: Photographs) -> None:
    ours = photographs_of_waste
    one = ours.learn(stages("probe"))
    three = ours.learn(stages({"learns": "probe", "views": 3}))
    assert three.recipe.transfer.done[0].views == 3
    assert three.graph != one.graph
    assert ours.learn(three.recipe).graph == three.graph


def test_a_second_run_embeds_nothing_whatever_the_seed(photographs_of_waste: Photographs) -> None:
    ours = photographs_of_waste
    told: list[str] = []

    class Listening(Quiet):
        def say(self, sentence: str) -> None:
            told.append(sentence)

    lesson, progress = ours.lesson, ours.progress
    ours.progress = Listening()
    ours.lesson = replace(lesson, digests=[f"picture {row}" for row in range(72)])
    try:
        first = ours.learn(stages("probe"))
        assert not any("are known" in sentence for sentence in told)
        again = ours.learn(stages("probe"))
        assert "The features of 72 pictures are known (plain view)." in told
        other = ours.learn(stages("probe").model_copy(update={"seed": 1}))
    finally:
        ours.lesson, ours.progress = lesson, progress
    assert again.graph == first.graph == ours.learn(stages("probe")).graph
    assert len([sentence for sentence in told if "72 pictures are known" in sentence]) == 2
    assert other.stages[0].validation_accuracy is not None


def test_what_is_kept_is_whole_within_its_bound_or_absent(tmp_path: Path) -> None:
    kept = KeptWork(tmp_path, 100, Quiet())
    kept.keep(b"a" * 50, "first")
    assert kept.get("first") == b"a" * 50
    assert kept.get("second") is None
    kept.keep(b"b" * 50, "second")
    assert (kept.get("first"), kept.get("second")) == (None, b"b" * 50), "the oldest makes room"
    kept.keep(b"c" * 500, "too large")
    assert kept.get("too large") is None
    (file,) = kept.files()
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    assert kept.get("second") is None, "what was changed is not believed"
    assert kept.clear() > 0
    assert kept.files() == []


# What is handed on


def test_the_features_that_a_probe_hands_on_are_what_its_bundle_answers_to_the_last_bit(
    photographs_of_waste: Photographs,
) -> None:
    ours = photographs_of_waste
    learned = ours.learn(stages("probe"))
    assert sorted(learned.features) == ours.lesson.train.tolist()
    session = Session(learned.graph, best_engine(), "float32")
    for row in ours.lesson.train[:10].tolist():
        assert np.array_equal(learned.features[row], session.run_one(ours.pixels[row])[1])


def test_a_batch_size_found_by_trial_is_named_and_holds_for_all_stages(
    photographs_of_waste: Photographs,
) -> None:
    short = [{"learns": name, "epochs": 0.5} for name in ("upper", "whole")]
    asked = recipe_with(stages("probe", *short), ["network.batch_size=auto"])
    learned = photographs_of_waste.learn(asked)
    size = learned.recipe.network.batch_size
    assert isinstance(size, int)
    assert learned.recipe == recipe_with(learned.recipe)
