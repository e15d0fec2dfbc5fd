"""A step in parts is the step of the whole batch, and a clipped one is no longer than allowed."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from linnaeus.models.normalise import Normalise  # noqa: E402
from linnaeus.training.losses import loss_for  # noqa: E402
from linnaeus.training.plan import TrainingPlan  # noqa: E402
from linnaeus.training.step import Step  # noqa: E402
from linnaeus.training.usual import with_usual  # noqa: E402


def a_batch(count=10):
    torch.manual_seed(1)
    return torch.randint(0, 256, (count, 8, 8, 3), dtype=torch.uint8), torch.arange(count) % 3


def a_network():
    """Without batch normalisation, and with convolutions for Muon."""
    torch.manual_seed(0)
    return nn.Sequential(
        Normalise([128.0] * 3, [64.0] * 3),
        nn.Conv2d(3, 8, 3, bias=False),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(8 * 36, 3),
    )


def step_of(network, **choices):
    plan = with_usual(TrainingPlan(**choices))
    return Step(network, plan, loss_for(plan, a_batch()[1].numpy()), "cpu")


def stepped(steps=3, **choices):
    """(weights, losses) after `steps` steps, in float32 at the full rate."""
    network = a_network()
    step = step_of(network, **{"precision": "float32", **choices})
    losses = [step.take(number, 0.1, *a_batch()).item() for number in range(steps)]
    return torch.cat([p.detach().flatten() for p in network.parameters()]), losses


@pytest.mark.parametrize("parts", [2, 3, 5])
def test_a_batch_in_parts_gives_the_step_of_the_whole(parts):
    whole, losses = stepped()
    in_parts, losses_in_parts = stepped(accumulate=parts)  # of 10 pictures: 3 are of 4, 3 and 3
    assert torch.allclose(whole, in_parts, atol=1e-5)
    assert losses == pytest.approx(losses_in_parts, abs=1e-5)


def test_a_clipped_step_is_no_longer_than_allowed():
    start = torch.cat([p.detach().flatten() for p in a_network()[4].parameters()])
    plan = {"head_momentum": 0.0, "weight_decay": 0.0, "head_learning_rate": 0.5}

    def moved(**more):
        after, _ = stepped(1, **plan, **more)
        return (after[-len(start) :] - start).norm().item()

    assert moved() > 0.5 * 0.01
    # The head's share of a gradient of length 0.01, at a rate of 0.5.
    assert 0 < moved(clip_norm=0.01) <= 0.5 * 0.01
    assert moved(clip_norm=1e6) == moved()


def test_float16_gives_about_the_step_of_float32():
    """On the processor, where the loop refuses it as slow: the arithmetic is that of a GPU."""
    exact, losses = stepped(precision="float32")
    rough, rough_losses = stepped(precision="float16")
    assert torch.allclose(exact, rough, atol=0.05)
    assert not torch.equal(exact, rough)
    assert losses == pytest.approx(rough_losses, abs=0.02)


def test_weights_whose_gradients_overflow_in_float16_stay():
    network = a_network()
    with torch.no_grad():
        network[4].weight.mul_(1e4)  # what goes back through it, scaled, passes 65,504
    bank, head = network[1].weight, network[4].weight
    before = bank.detach().clone(), head.detach().clone()
    step_of(network, precision="float16").take(0, 0.1, *a_batch())
    assert torch.equal(bank, before[0])
    assert not torch.equal(head, before[1])


def test_a_compiled_network_learns_the_same(monkeypatch):
    compiler = pytest.importorskip("torch._inductor.cpp_builder")
    try:
        compiler.get_cpp_compiler()
    except Exception:  # whatever it raises where there is none
        pytest.skip("no C++ compiler is on this machine")
    plain, losses = stepped()
    compiled, losses_compiled = stepped(compiled=True)
    assert torch.allclose(plain, compiled, atol=1e-4)
    assert losses == pytest.approx(losses_compiled, abs=1e-4)


def test_where_nothing_can_be_compiled_that_is_said(monkeypatch):
    from linnaeus.errors import UsageError
    from linnaeus.training.compiled import check_compiled

    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("torch._inductor.config.cpp.cxx", ("/nowhere/c++",))
    torch._dynamo.reset()
    with pytest.raises(UsageError, match="cannot compile"):
        check_compiled(a_network(), a_batch()[0])
