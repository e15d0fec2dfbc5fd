"""Learning on frozen features, with a real network and real photographs."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import linnaeus
from linnaeus import Recipe, load_dataset
from linnaeus.bundle.runtime import Session, best_engine
from linnaeus.data.cache import the_cache
from linnaeus.data.pixels import ArrayRows
from linnaeus.data.scan import scan
from linnaeus.errors import Stopped, UsageError
from linnaeus.images.preprocess import Preprocessing
from linnaeus.models.backbones import load_backbone
from linnaeus.models.weights import Backbone, find_weights
from linnaeus.progress import Quiet
from linnaeus.training.augmentation.plan import AugmentPlan
from linnaeus.training.kept_work import kept_beside
from linnaeus.training.learned import Learned
from linnaeus.training.probe import Probe
from linnaeus.training.transfer import learn_by_transfer
from linnaeus.training.tuning import Lesson

Rows = NDArray[np.int64]


class Material:
    """72 photographs of six classes as pixels, and which to learn from."""

    def __init__(self, folder: Path, weights: Path) -> None:
        self.preprocessing = Preprocessing(height_px=64, width_px=64)
        dataset = load_dataset(folder)
        pixels = scan(dataset, preprocessing=self.preprocessing).pixels
        assert pixels is not None
        self.pixels, self.labels = pixels, dataset.labels
        rows = np.arange(len(pixels))
        self.validation, self.train = rows[::4], np.delete(rows, rows[::4])
        self.backbone = next(iter(find_weights([weights]).values()))
        self.network = load_backbone(self.backbone)
        self.kept = kept_beside(the_cache(), Quiet())  # without digests of files, the graph alone
        self.probe = Probe(self.backbone, self.network, self.preprocessing, self.kept)
        self.lesson = Lesson(
            ArrayRows(pixels),
            self.labels,
            self.train,
            self.validation,
            dataset.classes,
            AugmentPlan(mirror=True),
        )

    def learn(
        self, recipe: Recipe | None = None, stop: Callable[[], bool] = lambda: False
    ) -> Learned:
        return learn_by_transfer(
            self.lesson,
            self.backbone,
            self.network,
            self.preprocessing,
            recipe or Recipe(),
            engine=best_engine(),
            progress=Quiet(),
            stop=stop,
            kept=self.kept,
        )


@pytest.fixture(scope="module")
def material(photo_set: Path, shared_weights: Path) -> Material:
    return Material(photo_set, shared_weights)


@pytest.fixture(scope="module")
def learned(material: Material) -> Learned:
    return material.learn()


def after(calls: int) -> Callable[[], bool]:
    """A stop that says yes from the given call on."""
    counter = count()
    return lambda: next(counter) >= calls


def test_the_graph_has_learnt_what_it_was_shown(material: Material, learned: Learned) -> None:
    logits, features = Session(learned.graph, best_engine(), "float32").run(material.pixels)
    right = logits.argmax(1) == material.labels
    assert logits.shape == (72, 6)
    assert features.shape[1] == sum(material.probe.parts)
    assert right[material.train].mean() > 0.9
    assert right[material.validation].mean() > 2 / 6
    assert learned.ended == "finished"
    assert learned.recipe.head_pictures is None
    assert [(stage.learns, stage.views) for stage in learned.recipe.transfer.done] == [("probe", 1)]
    assert [(stage.name, stage.kept) for stage in learned.stages] == [("probe", True)]


def test_the_features_are_the_backbone_s_own(material: Material) -> None:
    """The last part is what timm's network itself gives."""
    import timm
    import torch

    folder = material.backbone.folder
    network = timm.create_model(f"local-dir:{folder}", pretrained=True, num_classes=0).eval()
    mean, std = (np.array(network.pretrained_cfg[key]) for key in ("mean", "std"))
    inputs = (material.pixels[:3] / 255 - mean) / std
    with torch.no_grad():
        expected = network(torch.from_numpy(inputs.transpose(0, 3, 1, 2).astype(np.float32)))
    features = Session(material.probe.graph, "onnxruntime", "float32").run(material.pixels[:3])[1]
    own = features[:, -material.probe.parts[-1] :]
    assert np.abs(own - expected.numpy()).max() < 1e-3 * np.abs(expected.numpy()).max() + 1e-4


def test_the_same_recipe_gives_the_same_bits(material: Material, learned: Learned) -> None:
    assert material.learn().graph == learned.graph
    assert material.learn(learned.recipe).graph == learned.graph


def test_a_budget_is_kept_by_seeing_fewer_pictures_and_is_repeated(material: Material) -> None:
    short = material.learn(Recipe(budget_s=1e-6))
    assert short.ended == "budget"
    assert short.recipe.head_pictures == 6, "one of each class is seen whatever the clock says"
    assert any("6 of the 54" in remark for remark in short.remarks)
    assert material.learn(short.recipe).graph == short.graph


def test_to_stop_in_the_middle_keeps_what_was_learnt_and_is_repeated(material: Material) -> None:
    # It is asked once a picture: after one of each of six classes, ten more are let through.
    stopped = material.learn(stop=after(6 + 10))
    assert stopped.ended == "stopped"
    assert stopped.recipe.head_pictures == 16
    assert len(stopped.recipe.head_strengths) == 1
    assert material.learn(stopped.recipe).graph == stopped.graph


@pytest.mark.parametrize("calls", [0, 3, 5])
def test_to_stop_before_every_class_was_seen_leaves_nothing(material: Material, calls: int) -> None:
    with pytest.raises(Stopped):
        material.learn(stop=after(calls))


def test_the_weights_are_kept_under_their_names(
    material: Material, learned: Learned, tmp_path: Path
) -> None:
    from safetensors.numpy import load_file

    learned.save_weights(tmp_path / "weights.safetensors")
    kept = load_file(tmp_path / "weights.safetensors")
    assert kept["network.head.weight"].shape == (6, sum(material.probe.parts))
    assert kept["network.head.bias"].shape == (6,)
    theirs = {f"network.body.backbone.{name}" for name in material.probe.network.state_dict()}
    assert theirs <= kept.keys()


@pytest.fixture(scope="module")
def vision_transformer(tmp_path_factory: pytest.TempPathFactory) -> Backbone:
    """One with random weights, which was made for 224 × 224 px and knows places."""
    import timm
    from safetensors.torch import save_file

    name = "vit_tiny_patch16_224"
    network = timm.create_model(name, pretrained=False)
    folder = tmp_path_factory.mktemp("weights") / name
    folder.mkdir()
    made_for = {"input_size": [3, 224, 224], "mean": [0.5] * 3, "std": [0.5] * 3}
    config = {"architecture": name, "num_classes": 1000, "pretrained_cfg": made_for}
    (folder / "config.json").write_text(json.dumps(config))
    save_file(network.state_dict(), folder / "model.safetensors")
    return find_weights([folder])[name]


def test_a_network_that_knows_places_takes_pictures_of_other_sizes(
    vision_transformer: Backbone,
) -> None:
    wide = Preprocessing(height_px=96, width_px=128)
    probe = Probe(vision_transformer, load_backbone(vision_transformer), wide)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 96, 128, 3), np.uint8)
    features = Session(probe.graph, best_engine(), "float32").run(pixels)[-1]
    assert features.shape == (2, sum(probe.parts))
    assert np.isfinite(features).all()


def test_a_size_that_a_network_cannot_take_is_told(vision_transformer: Backbone) -> None:
    tiny = Preprocessing(height_px=8, width_px=8)
    with pytest.raises(UsageError, match="it cannot take pictures of 8 × 8 px") as told:
        Probe(vision_transformer, load_backbone(vision_transformer), tiny)
    assert "--image-size 224" in (told.value.mend or "")
    assert "weights cannot be loaded" not in str(told.value), "nothing is wrong with them"


@pytest.mark.slow
def test_such_a_network_is_taught_and_opened_again_to_explain_its_answers(
    vision_transformer: Backbone, photo_set: Path, tmp_path: Path
) -> None:
    run = linnaeus.train(
        photo_set,
        out=tmp_path / "run",
        weights=vision_transformer.folder,
        model=vision_transformer.name,
        image_size=(64, 96),
    )
    assert run.report.exists()
    told = linnaeus.explain(run.bundle, next(photo_set.rglob("*.jpg")), method="attention-rollout")
    assert told.explanations[0].maps["attention-rollout"].shape == (64, 96)
