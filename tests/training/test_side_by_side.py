"""Parts of a batch that go through a network at the same time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("torch")

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from linnaeus.training.side_by_side import SideBySide


@pytest.fixture(params=[2, 3])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def small(*more: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    bare = nn.Linear(5, 5).requires_grad_(False)
    return nn.Sequential(nn.Flatten(), nn.Linear(12, 5), bare, nn.ReLU(), *more, nn.Linear(5, 3))


def slopes(network: nn.Module, logits: Tensor) -> list[Tensor | None]:
    network.zero_grad()
    F.cross_entropy(logits, torch.arange(len(logits)) % 3).backward()
    return [p.grad for p in network.parameters()]


def test_the_answers_and_gradients_are_those_of_the_whole_batch(threads: int) -> None:
    network, views = small(), torch.rand(13, 2, 2, 3)
    whole = network(views)
    expected = slopes(network, whole)
    parted = SideBySide(network, "float32")(views)
    torch.testing.assert_close(parted, whole)
    torch.testing.assert_close(slopes(network, parted), expected)
    assert torch.get_num_threads() == threads


def test_the_same_again_is_the_same_to_the_last_bit(threads: int) -> None:
    network, views = small(), torch.rand(24, 2, 2, 3)
    ask = SideBySide(network, "float32")
    first = slopes(network, ask(views))
    for _ in range(20):
        again = slopes(network, ask(views))
        assert all(
            a is b is None or torch.equal(a, b)  # type: ignore[arg-type]
            for a, b in zip(first, again, strict=True)
        )


@pytest.mark.parametrize("more", [nn.BatchNorm1d(5), nn.Dropout(0.5)])
def test_a_network_that_looks_at_the_batch_or_draws_by_chance_gets_it_whole(
    more: nn.Module, threads: int
) -> None:
    network, views = small(more), torch.rand(16, 2, 2, 3)
    torch.manual_seed(1)
    whole = network(views)
    torch.manual_seed(1)
    assert torch.equal(SideBySide(network, "float32")(views), whole)


def test_a_part_that_fails_is_told_as_the_whole_would_be(threads: int) -> None:
    class Failing(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            if len(x) > 2:
                raise RuntimeError("not enough memory")
            return x

    network, views = small(Failing()), torch.rand(16, 2, 2, 3)
    with pytest.raises(RuntimeError, match="not enough memory"):
        SideBySide(network, "float32")(views)
    assert torch.get_num_threads() == threads
