"""Attention and the spatial transformer, held to their papers and to PyTorch's own grid."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402

from linnaeus.models.attention import ConvolutionalAttention, SqueezeExcitation  # noqa: E402
from linnaeus.models.spatial_transformer import REACH, SpatialTransformer  # noqa: E402


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def weighed_by(module, means):
    """The two dense layers of both papers, in NumPy."""
    state = {name: tensor.numpy() for name, tensor in module.weigh.state_dict().items()}
    inside = np.maximum(means @ state["squeeze.weight"].T + state["squeeze.bias"], 0)
    return inside @ state["excite.weight"].T + state["excite.bias"]


def test_squeeze_and_excitation_is_the_paper_s_formula():
    module = SqueezeExcitation(32)
    x = torch.randn(3, 32, 5, 4)
    weights = sigmoid(weighed_by(module, x.numpy().mean((2, 3))))
    with torch.no_grad():
        np.testing.assert_allclose(module(x), x.numpy() * weights[:, :, None, None], atol=1e-6)


def test_cbam_weighs_channels_by_mean_and_maximum_and_then_places():
    module = ConvolutionalAttention(32).eval()
    x = torch.randn(3, 32, 9, 8).numpy()
    both = weighed_by(module, x.mean((2, 3))) + weighed_by(module, x.max((2, 3)))
    weighed = x * sigmoid(both)[:, :, None, None]
    seen = np.stack([weighed.mean(1), weighed.max(1)], axis=1)
    padded = np.pad(seen, ((0, 0), (0, 0), (3, 3), (3, 3)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (7, 7), axis=(2, 3))
    places = np.einsum("nchwij,ocij->nohw", windows, module.places.weight.detach().numpy())
    places /= np.sqrt(1 + module.places_norm.eps)
    with torch.no_grad():
        answer = module(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(answer, weighed * sigmoid(places), atol=1e-5)


@pytest.mark.parametrize(("height", "width"), [(8, 8), (28, 33), (96, 64)])
def test_a_new_spatial_transformer_changes_nothing(height, width):
    pictures = torch.randn(2, 3, height, width)
    with torch.no_grad():
        shown = SpatialTransformer(3, height, width)(pictures)
    torch.testing.assert_close(shown, pictures, atol=1e-4, rtol=1e-4)


def test_a_spatial_transformer_resamples_as_pytorch_s_affine_grid_says():
    numbers = torch.tensor([0.3, -0.2, 0.1, 0.15, -0.4, -0.05])
    transformer = SpatialTransformer(3, 20, 17)
    with torch.no_grad():
        transformer.affine.bias.copy_(torch.atanh(numbers / REACH))
    pictures = torch.randn(4, 3, 20, 17)
    theta = (numbers + torch.tensor([1.0, 0, 0, 0, 1.0, 0])).view(1, 2, 3).expand(4, 2, 3)
    grid = F.affine_grid(theta, [4, 3, 20, 17], align_corners=False)
    expected = F.grid_sample(pictures, grid, padding_mode="border", align_corners=False)
    with torch.no_grad():
        torch.testing.assert_close(transformer(pictures), expected, atol=1e-4, rtol=1e-4)
