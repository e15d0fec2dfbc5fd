"""Attention rollout is the product of what the blocks of a transformer attend to."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
timm = pytest.importorskip("timm")

from torch import nn  # noqa: E402

from linnaeus.errors import UsageError  # noqa: E402
from linnaeus.explanation.rollout import attention_rollout  # noqa: E402


class ChannelsFirst(nn.Module):
    """Takes pictures (n, h, w, 3), as the networks of bundles do."""

    def forward(self, pixels):
        return pixels.permute(0, 3, 1, 2)


def a_transformer(name: str = "vit_tiny_patch16_224", img_size: object = 16, **more):
    torch.manual_seed(0)
    size = {"img_size": img_size, "patch_size": 4, "embed_dim": 12}
    body = timm.create_model(name, depth=3, num_heads=3, num_classes=4, **size, **more)
    for parameter in body.parameters():  # so that attention is not even, as it is at first
        nn.init.normal_(parameter, std=0.5)
    return nn.Sequential(ChannelsFirst(), body.eval())


def attended(network, pixels):
    """(blocks, n, heads, tokens, tokens) from the weights, block by block."""
    body, found = network[1], []

    def note(module, given, output):
        x = given[0]
        n, tokens, width = x.shape
        q, k, _ = module.qkv(x).reshape(n, tokens, 3, 3, width // 3).permute(2, 0, 3, 1, 4)
        scores = np.einsum("nhqd,nhkd->nhqk", q, k) / np.sqrt(width // 3)
        raised = np.exp(scores - scores.max(-1, keepdims=True))
        found.append(raised / raised.sum(-1, keepdims=True))

    handles = [block.attn.register_forward_hook(note) for block in body.blocks]
    with torch.no_grad():
        network(pixels)
    for handle in handles:
        handle.remove()
    return found


@pytest.mark.parametrize("more", [{}, {"class_token": False, "global_pool": "avg"}])
def test_it_is_the_product_of_attention_and_the_way_around_it(more: dict[str, object]) -> None:
    network = a_transformer(**more)
    pixels = torch.rand(2, 16, 16, 3)
    looks = attention_rollout(network, pixels).numpy()
    assert looks.shape == (2, 4, 4)
    for row in range(2):
        path = np.eye(16 + (not more))
        for block in attended(network, pixels):
            path = (0.5 * block[row].mean(0) + 0.5 * np.eye(len(path))) @ path
        expected = path.mean(0) if more else path[0, 1:]
        assert np.allclose(looks[row].ravel(), expected, atol=1e-6)
    assert looks.std() > 0.001


def test_a_wide_picture_keeps_its_rows() -> None:
    network = a_transformer(img_size=(16, 32))
    looks = attention_rollout(network, torch.rand(1, 16, 32, 3))
    assert looks.shape == (1, 4, 8)  # of 33 tokens, 25 would be a square


def test_tokens_that_are_no_grid_are_refused() -> None:
    class Tokens(nn.Module):
        def forward(self, pixels):
            return pixels.reshape(len(pixels), 15, 12)

    network = nn.Sequential(Tokens(), timm.layers.Attention(12, num_heads=3))
    with pytest.raises(UsageError, match="the 15 tokens of this transformer are no grid"):
        attention_rollout(network, torch.rand(1, 12, 5, 3))


def test_a_network_without_attention_is_refused() -> None:
    network = nn.Sequential(ChannelsFirst(), nn.Conv2d(3, 4, 3))
    with pytest.raises(UsageError, match="vision transformers"):
        attention_rollout(network, torch.rand(1, 8, 8, 3))
