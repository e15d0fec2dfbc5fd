"""The airbench networks: whitened patches first, and the form that their paper gives them."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from linnaeus.data.pixels import ArrayRows  # noqa: E402
from linnaeus.models.airbench import WhitenedPatches, measure_patches  # noqa: E402
from linnaeus.models.build import build  # noqa: E402
from linnaeus.models.normalise import Normalise  # noqa: E402
from linnaeus.training.recipe import Recipe  # noqa: E402
from linnaeus.training.scratch import new_network  # noqa: E402


def smooth_pictures(count=300):
    """Pictures whose neighbouring pixels are alike, as photographs' are."""
    draw = np.random.default_rng(0)
    coarse = draw.normal(size=(count, 12, 12, 3)).repeat(3, 1).repeat(3, 2)[:, 1:33, 2:34]
    noise = 0.3 * draw.normal(size=(count, 32, 32, 3))
    return np.clip(128 + 50 * (coarse + noise), 0, 255).astype(np.uint8)


def test_whitened_patches_vary_alike_in_all_directions_and_not_together():
    pixels = smooth_pictures()
    normalise = Normalise.measured_on(pixels)
    patches = WhitenedPatches(3)
    measure_patches(patches, normalise, ArrayRows(pixels))
    with torch.no_grad():
        found = patches(normalise(torch.from_numpy(pixels))).permute(1, 0, 2, 3).flatten(1)
    covariance = torch.cov(found[:12].double())
    variances = covariance.diagonal()
    assert torch.allclose(covariance, torch.diag(variances), atol=1e-3)
    assert 0.5 < variances.min() < variances.max() < 1  # nothing here is as good as constant
    assert torch.allclose(found[12:], -found[:12], atol=1e-5)  # each with both signs


def test_what_hardly_varies_is_not_blown_up():
    grey = smooth_pictures()[..., :1].repeat(3, axis=3)
    grey[..., 1] += (np.arange(32) % 2).astype(np.uint8)  # by one level of 255
    normalise = Normalise.measured_on(grey)
    patches = WhitenedPatches(3)
    measure_patches(patches, normalise, ArrayRows(grey))
    assert patches.conv.weight.flatten(1).norm(dim=1).max() < 5


@pytest.mark.parametrize(("name", "least", "most"), [("airbench94", 1.9e6, 2.1e6)])
def test_it_has_as_many_parameters_as_its_paper_says(name, least, most):
    network = build(name, classes=10, height_px=32, width_px=32)
    assert least < sum(p.numel() for p in network.parameters()) < most


@pytest.mark.parametrize("name", ["airbench-tiny", "airbench94", "airbench96"])
@pytest.mark.parametrize("side_px", [8, 28, 32, 64])
def test_it_takes_pictures_of_other_sizes(name, side_px):
    network = build(name, classes=3, height_px=side_px, width_px=side_px + 4).eval()
    assert network(torch.zeros(2, 3, side_px, side_px + 4)).shape == (2, 3)


def test_its_filters_begin_as_the_identity_and_its_patches_as_the_pictures_have_them():
    pixels = smooth_pictures(50)
    recipe = Recipe(model="airbench94")
    network = new_network(recipe, 10, ArrayRows(pixels))
    again = new_network(recipe, 10, ArrayRows(pixels))
    drawn = [one.state_dict().values() for one in (network, again)]
    assert all(torch.equal(mine, theirs) for mine, theirs in zip(*drawn, strict=True))
    first = network[1].body.groups[0].more[0].weight
    assert torch.equal(first[5, :, 1, 1], torch.eye(64)[5])
    other = new_network(recipe, 10, ArrayRows(255 - pixels[:, ::-1, :, ::-1].copy()))
    assert not torch.equal(network[1].body.patches.conv.weight, other[1].body.patches.conv.weight)
