"""Convolutions that do the work of frozen batch normalisations."""

from __future__ import annotations

import copy

import pytest

pytest.importorskip("torch")
pytest.importorskip("timm")

import timm
import torch
from torch import Tensor, nn

from linnaeus.models.folded_norms import fold, unfold

NETWORKS = {"mobilenetv2_100": 52, "resnet18": 20, "tf_efficientnet_b0": 49, "densenet121": 59}
"""And how many batch normalisations each has right behind a convolution that leads to no other."""


def lively(name: str) -> nn.Module:
    """A network whose batch normalisations all do something."""
    torch.manual_seed(0)
    network: nn.Module = timm.create_model(name, num_classes=10).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
            nn.init.normal_(module.weight, 1.0, 0.2)
            nn.init.normal_(module.bias, std=0.1)
    return network


def answers_and_slopes(network: nn.Module, pictures: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    network.zero_grad()
    logits = network(pictures)
    logits.square().mean().backward()
    slopes = {n: p.grad.clone() for n, p in network.named_parameters() if p.grad is not None}
    return logits.detach(), slopes


@pytest.mark.parametrize("name", NETWORKS)
def test_a_folded_network_is_the_same_function_with_the_same_gradients(name: str) -> None:
    network, pictures = lively(name).double(), torch.rand(2, 3, 64, 64).double()
    logits, slopes = answers_and_slopes(network, pictures)
    names = list(network.state_dict())
    assert fold(network) == NETWORKS[name]
    assert list(network.state_dict()) == names
    for folded in (network, copy.deepcopy(network)):
        same, as_steep = answers_and_slopes(folded, pictures)
        torch.testing.assert_close(same, logits)
        assert as_steep.keys() == slopes.keys()
        for parameter in slopes:
            torch.testing.assert_close(as_steep[parameter], slopes[parameter], msg=parameter)


def test_a_copy_learns_by_its_own_normalisations() -> None:
    network, pictures = lively("resnet18"), torch.rand(2, 3, 64, 64)
    fold(network)
    before = network(pictures)
    other = copy.deepcopy(network)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.mul_(1.1)
    assert torch.equal(network(pictures), before)
    assert not torch.allclose(other(pictures), before)


def test_unfolded_it_is_as_it_was() -> None:
    network, pictures = lively("mobilenetv2_100"), torch.rand(2, 3, 64, 64)
    before, kinds = network(pictures), [type(module) for module in network.modules()]
    fold(network)
    assert [type(module) for module in network.modules()] != kinds
    unfold(network)
    assert [type(module) for module in network.modules()] == kinds
    assert torch.equal(network(pictures), before)


def test_what_a_convolution_gives_to_others_too_is_left_alone() -> None:
    class Branching(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.norm = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)

        def forward(self, x: Tensor) -> Tensor:
            given = self.conv(x)
            return self.norm(given) + given

    class Twice(Branching):
        def forward(self, x: Tensor) -> Tensor:
            return self.norm(self.conv(x)) + self.norm(self.conv(x.flip(3)))

    class Searching(Branching):
        def forward(self, x: Tensor) -> Tensor:
            given = self.norm(self.conv(x))
            return given if given.sum() > 0 else -given

    for network in (Branching(), Twice(), Searching()):
        assert fold(network.eval()) == 0
