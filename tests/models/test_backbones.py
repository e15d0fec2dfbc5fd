"""A frozen backbone: its maps pooled to features, the same in torch and in the exported graph."""

from __future__ import annotations

from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import load_file, save_file

from linnaeus.errors import MissingError
from linnaeus.models.backbones import PooledStages, load_backbone
from linnaeus.models.weights import Backbone, find_weights

# One of each kind that differs: stages in a column, maps with channels first and last, tokens.
FAMILIES = (
    "mobilenetv3_small_050",
    "resnet10t",
    "convnext_atto",
    "vit_tiny_patch16_224",
    "swin_tiny_patch4_window7_224",
    "regnetx_002",
)


@pytest.fixture(scope="module")
def backbone(shared_weights: Path) -> Backbone:
    return next(iter(find_weights([shared_weights]).values()))


def test_the_weights_are_those_of_the_folder(backbone: Backbone) -> None:
    kept = load_file(backbone.folder / "model.safetensors")
    network = load_backbone(backbone)
    assert not network.training
    stem = next(name for name in network.state_dict() if name.endswith("conv_stem.weight"))
    assert torch.equal(network.state_dict()[stem], kept[stem].float())
    assert not any("classifier" in name for name in network.state_dict())


def test_features_are_the_moments_of_each_stage_and_the_network_s_own(backbone: Backbone) -> None:
    network = load_backbone(backbone)
    stages = PooledStages(network, 64, 96)
    inputs = torch.randn(2, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        features = stages(inputs)
        expected = network(inputs)
        first = network.blocks[0](network.bn1(network.conv_stem(inputs)))
    assert features.shape == (2, sum(stages.widths))
    assert torch.allclose(features[:, -stages.widths[-1] :], expected, atol=1e-5)
    width = stages.widths[0]
    mean, squares = features[:, :width], features[:, width : 2 * width]
    assert torch.allclose(mean, first.mean((2, 3)), atol=1e-5)
    assert torch.allclose(squares, first.square().mean((2, 3)), atol=1e-4)


def test_pictures_do_not_influence_each_other(backbone: Backbone) -> None:
    stages = PooledStages(load_backbone(backbone), 64, 64)
    inputs = torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        together, alone = stages(inputs), torch.cat([stages(one[None]) for one in inputs])
    assert torch.allclose(together, alone, atol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_other_families_give_features_of_their_own(family: str) -> None:
    """With untrained weights: only the shapes are at stake."""
    network = timm.create_model(family, pretrained=False, num_classes=0).eval()
    stages = PooledStages(network, 224, 224)
    with torch.no_grad():
        features = stages(torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(0)))
    assert features.shape == (2, sum(stages.widths))
    assert len(stages.widths) >= 3
    assert features.isfinite().all()
    assert not torch.equal(features[0], features[1])
    # Each stage gives the means of its channels and of their squares, so widths come in pairs.
    assert stages.widths[:-1:2] == stages.widths[1:-1:2]
    assert max(stages.widths) <= 2048, "a map was pooled over its channels instead of its places"


@pytest.mark.parametrize("content", [b"", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "])
def test_damaged_weights_are_refused_by_folder(
    tmp_path: Path, backbone: Backbone, content: bytes
) -> None:
    folder = tmp_path / "damaged"
    folder.mkdir()
    (folder / "config.json").write_bytes((backbone.folder / "config.json").read_bytes())
    (folder / "model.safetensors").write_bytes(content)
    damaged = find_weights([folder])["damaged"]
    with pytest.raises(MissingError, match="the weights cannot be loaded") as told:
        load_backbone(damaged)
    assert told.value.where == str(folder)
    assert "\n" not in str(told.value)


def test_an_architecture_that_timm_does_not_know_is_refused(tmp_path: Path) -> None:
    unknown = Backbone("net", tmp_path, "no_such_architecture", 224, "")
    (tmp_path / "config.json").write_text('{"architecture": "no_such_architecture"}')
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(MissingError, match="cannot be loaded"):
        load_backbone(unknown)


def test_weights_of_which_some_are_missing_are_refused(tmp_path: Path, backbone: Backbone) -> None:
    """Random numbers in their place would look like a network that knows nothing."""
    kept = load_file(backbone.folder / "model.safetensors")
    lost = next(name for name in kept if name.startswith("blocks.3") and name.endswith(".weight"))
    del kept[lost]
    folder = tmp_path / "partial"
    folder.mkdir()
    (folder / "config.json").write_bytes((backbone.folder / "config.json").read_bytes())
    save_file(kept, folder / "model.safetensors")
    with pytest.raises(MissingError, match="cannot be loaded"):
        load_backbone(find_weights([folder])["partial"])
