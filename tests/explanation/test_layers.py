"""The layers of a transformer whose tokens are a map of the picture, and those that are none."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
timm = pytest.importorskip("timm")

from torch import nn  # noqa: E402

from linnaeus.explanation.cams import grad_cam  # noqa: E402
from linnaeus.explanation.layers import last_map, maps_of  # noqa: E402


class ChannelsFirst(nn.Module):
    """Takes pictures (n, h, w, 3), as the networks of bundles do."""

    def forward(self, pixels):
        return pixels.permute(0, 3, 1, 2)


def a_transformer(**more):
    torch.manual_seed(0)
    body = timm.create_model(
        "vit_tiny_patch16_224",
        img_size=16,
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
