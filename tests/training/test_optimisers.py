"""Muon: steps whose directions all count the same; and every weight in exactly one optimiser."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from linnaeus.models.cnn import small_cnn  # noqa: E402
from linnaeus.training.optimisers import Muon, optimisers_for, orthogonalised  # noqa: E402
from linnaeus.training.plan import TrainingPlan  # noqa: E402


@pytest.mark.parametrize("shape", [(16, 8, 3, 3), (64, 4, 3, 3), (32, 32, 1, 1)])
@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_an_orthogonalised_bank_keeps_its_directions_and_evens_their_lengths(shape, precision):
    torch.manual_seed(0)
    bank = torch.randn(shape).to(precision)
    u, before, vh = np.linalg.svd(bank.reshape(shape[0], -1).float().numpy(), full_matrices=False)
    after = u.T @ orthogonalised(bank).reshape(shape[0], -1).float().numpy() @ vh.T
    assert np.abs(after - np.diag(np.diag(after))).max() < 0.05
    strong = np.diag(after)[before > 0.1 * before[0]]
    assert strong.min() > 0.3
    assert strong.max() < 1.4


def test_muon_finds_the_direction_of_a_target_bank():
    torch.manual_seed(0)
    target = torch.linalg.qr(torch.randn(8, 8))[0].reshape(8, 8, 1, 1)
    weight = torch.nn.Parameter(torch.randn(8, 8, 1, 1))
    muon = Muon([weight], lr=0.05, momentum=0.6)
    for _ in range(200):
        weight.grad = None
        loss = -(weight * target).sum() / weight.norm()
        loss.backward()
        muon.step()
    cosine = (weight * target).sum() / weight.norm() / target.norm()
    assert cosine > 0.99


def test_every_weight_has_exactly_one_optimiser_and_vectors_do_not_decay():
    network = small_cnn(10, 32, 32)
    groups = [g for o in optimisers_for(network, TrainingPlan()) for g in o.param_groups]
    held = [id(p) for group in groups for p in group["params"]]
    assert sorted(held) == sorted(id(p) for p in network.parameters())
    assert all(p.ndim > 1 for group in groups if group.get("weight_decay") for p in group["params"])


def test_a_parameter_learns_at_its_own_share_of_the_rate():
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    before = {name: p.detach().clone() for name, p in network.named_parameters()}
    plan = TrainingPlan(weight_decay=0.0)
    factors = {"0.weight": 0.0, "0.bias": 0.0, "2.bias": 0.5}
    optimisers = optimisers_for(network, plan, factors)
    for parameter in network.parameters():
        parameter.grad = torch.ones_like(parameter)
    for optimiser in optimisers:
        optimiser.step()
    moved = {n: (p.detach() - before[n]).abs().mean().item() for n, p in network.named_parameters()}
    assert moved["0.weight"] == moved["0.bias"] == 0.0
    assert moved["2.weight"] > 0
    assert moved["2.bias"] == pytest.approx(0.5 * moved["2.weight"], rel=1e-4)
