"""Attributions agree with captum's on the same network and pictures."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
captum = pytest.importorskip("captum.attr")

from torch import nn  # noqa: E402

from linnaeus.explanation import cams, gradients  # noqa: E402
from linnaeus.models.build import build  # noqa: E402
from linnaeus.models.normalise import Normalise  # noqa: E402

TARGETS = torch.tensor([0, 2, 1])


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    learnt = build("cnn-tiny", classes=3, height_px=32, width_px=32)
    for module in learnt.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    return nn.Sequential(Normalise([120.0] * 3, [60.0] * 3), learnt).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def pixels():
    torch.manual_seed(1)
    return torch.randint(0, 256, (3, 32, 32, 3)).float()


def close(ours, theirs):
    return (ours - theirs).abs().max() <= 1e-5 * theirs.abs().max()


def test_saliency(network, pixels):
    theirs = captum.Saliency(network).attribute(pixels, TARGETS)
    assert close(gradients.saliency(network, pixels, TARGETS), theirs)


def test_integrated_gradients(network, pixels):
    for baseline in (0.0, 120.0):
        theirs = captum.IntegratedGradients(network).attribute(
            pixels, torch.full_like(pixels, baseline), TARGETS, n_steps=50
        )
        ours = gradients.integrated_gradients(network, pixels, TARGETS, baseline=baseline)
        assert close(ours, theirs)


def test_what_integrated_gradients_give_adds_up_to_the_score(network, pixels):
    ours = gradients.integrated_gradients(network, pixels, TARGETS, baseline=120.0, steps=400)
    scores = network(pixels).gather(1, TARGETS[:, None])[:, 0]
    start = network(torch.full_like(pixels, 120.0)).gather(1, TARGETS[:, None])[:, 0]
    assert torch.allclose(ours.sum((1, 2, 3)), scores - start, rtol=0.02, atol=0.02)


def test_smooth_grad_is_the_mean_saliency_of_noisy_copies(network, pixels):
    ours = gradients.smooth_grad(network, pixels, TARGETS, copies=3, noise=0.1, seed=7)
    spread = pixels.amax((1, 2, 3), keepdim=True) - pixels.amin((1, 2, 3), keepdim=True)
    noises = gradients._noises(pixels.shape[1:], 3, 7)
    theirs = [
        captum.Saliency(network).attribute(pixels + 0.1 * spread * noise, TARGETS)
        for noise in noises
    ]
    assert close(ours, torch.stack(theirs).mean(0))
    alone = gradients.smooth_grad(network, pixels[1:2], TARGETS[1:2], copies=3, noise=0.1, seed=7)
    assert close(ours[1:2], alone)


def test_gradient_shap_with_one_baseline_nears_integrated_gradients(network, pixels):
    baselines = torch.full((1, 32, 32, 3), 120.0)
    ours = gradients.gradient_shap(network, pixels, TARGETS, baselines=baselines, copies=300)
    exact = gradients.integrated_gradients(network, pixels, TARGETS, baseline=120.0)
    together = torch.stack([ours.flatten(), exact.flatten()])
    assert torch.corrcoef(together)[0, 1] > 0.95


def test_grad_cam(network, pixels):
    layer = network[1].body
    theirs = captum.LayerGradCam(network, layer).attribute(
        pixels.clone().requires_grad_(), TARGETS, relu_attributions=True
    )
    assert close(cams.grad_cam(network, layer, pixels, TARGETS), theirs[:, 0])


def test_layer_cam_is_activation_times_positive_gradient(network, pixels):
    layer = network[1].body
    moved = pixels.clone().requires_grad_()
    activations = captum.LayerActivation(network, layer).attribute(moved)
    times = captum.LayerGradientXActivation(network, layer).attribute(moved, TARGETS)
    slopes = times / torch.where(activations == 0, 1.0, activations)
    expected = (slopes.relu() * activations).sum(1).relu()
    ours = cams.layer_cam(network, layer, pixels, TARGETS)
    shown = activations.abs().amin(1) >= 0
    assert close(ours[shown], expected[shown])


def test_score_cam_weighs_channels_by_what_they_let_through(network, pixels):
    maps = cams.score_cam(network, network[1].body, pixels[:1], TARGETS[:1], most_channels=4)
    assert maps.shape[0] == 1
    assert maps.min() >= 0
    assert torch.isfinite(maps).all()
