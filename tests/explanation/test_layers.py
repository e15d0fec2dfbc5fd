"""The layers of a transformer whose tokens are a map of the picture, and those that are none."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
timm = pytest.importorskip("timm")

from torch import nn  # noqa: E402

from linnaeus.explanation.cams import grad_cam, score_cam  # noqa: E402
from linnaeus.explanation.layers import Layout, as_map, last_map, maps_of  # noqa: E402


class ChannelsFirst(nn.Module):
    """Takes pictures (n, h, w, 3), as the networks of bundles do."""

    def forward(self, pixels):
        return pixels.permute(0, 3, 1, 2)


def a_transformer(img_size: object = 16, **more):
    torch.manual_seed(0)
    body = timm.create_model(
        "vit_tiny_patch16_224",
        img_size=img_size,
        patch_size=4,
        depth=2,
        embed_dim=12,
        num_heads=3,
        num_classes=4,
        **more,
    )
    return nn.Sequential(ChannelsFirst(), body.eval()).requires_grad_(False)


def test_of_a_transformer_the_last_map_is_the_last_that_counts() -> None:
    """Behind the last attention the class is told from its own token alone."""
    network = a_transformer()
    pixels = torch.rand(1, 16, 16, 3)
    found = maps_of(network, pixels)
    assert last_map(found).name == "1.blocks.1.norm1"
    assert not any(".attn." in layer.name for layer in found)
    layer = network.get_submodule(last_map(found).name)
    assert grad_cam(network, layer, pixels, torch.tensor([2])).shape == (1, 4, 4)


def test_where_all_tokens_are_averaged_the_last_of_them_count() -> None:
    network = a_transformer(class_token=False, global_pool="avg")
    found = maps_of(network, torch.rand(1, 16, 16, 3))
    assert last_map(found).name == "1.norm"
    assert last_map(found).size == (4, 4)


def test_tokens_of_a_wide_picture_are_as_wide() -> None:
    network = a_transformer(img_size=(16, 32))
    pixels = torch.rand(1, 16, 32, 3)
    layer = last_map(maps_of(network, pixels))
    assert layer.size == (4, 8)
    maps = grad_cam(network, network.get_submodule(layer.name), pixels, torch.tensor([2]))
    assert maps.shape == (1, 4, 8)


def test_channels_are_told_from_places_by_the_proportions_of_the_picture() -> None:
    wide = Layout((72, 288))
    assert as_map(torch.zeros(1, 24, 36, 144), wide).shape == (1, 24, 36, 144)
    assert as_map(torch.zeros(1, 36, 144, 24), wide).shape == (1, 24, 36, 144)
    assert as_map(torch.zeros(1, 7, 7, 768), Layout((224, 224))).shape == (1, 768, 7, 7)


def a_cnn(inplace: bool) -> nn.Sequential:
    torch.manual_seed(0)
    layers = (nn.Conv2d(3, 4, 3), nn.ReLU(inplace), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return nn.Sequential(ChannelsFirst(), *layers, nn.Linear(4, 3)).requires_grad_(False)


@pytest.mark.parametrize("cam", [grad_cam, score_cam])
def test_what_the_next_layer_writes_over_is_seen_as_it_was(cam) -> None:
    pixels, target = torch.rand(2, 8, 8, 3), torch.tensor([0, 2])
    networks = [a_cnn(inplace) for inplace in (True, False)]
    one, other = (cam(network, network[1], pixels, target) for network in networks)
    assert torch.allclose(one, other)


def test_of_several_labels_score_cam_asks_each_for_itself() -> None:
    one, other = a_cnn(False), a_cnn(False)
    other[-1].weight[1:] *= -30
    pixels, target = 20 * torch.rand(1, 8, 8, 3), torch.tensor([0])
    for several in (True, False):
        maps = [score_cam(of, of[1], pixels, target, several=several) for of in (one, other)]
        assert torch.allclose(*maps) == several
