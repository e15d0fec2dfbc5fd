"""Schedule-free AdamW against its authors' package, and against the paper's equations."""

from __future__ import annotations

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from linnaeus.training.schedule_free import ScheduleFree  # noqa: E402

START, TARGET, SCALE = [1.0, -2.0, 0.5], [0.3, 0.1, -0.4], [1.0, 10.0, 0.1]
DECAY, MOMENTUM = 0.05, 0.9


def rate_at(step: int) -> float:
    return 0.1 * min(1.0, (step + 1) / 4)


def by_us(steps: int) -> list[list[float]]:
    """The weights after each step down a bowl, in float64."""
    target, scale = (torch.tensor(values, dtype=torch.float64) for values in (TARGET, SCALE))
    weight = torch.nn.Parameter(torch.tensor(START, dtype=torch.float64))
    group = {"params": [weight], "weight_decay": DECAY}
    optimiser = ScheduleFree([group], lr=0.1, momentum=MOMENTUM)
    path = []
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = rate_at(step)
        optimiser.look_ahead()
        weight.grad = None
        (scale * (weight - target) ** 2).sum().backward()
        optimiser.step()
        path.append(weight.tolist())
    return path


def test_it_steps_as_the_package_of_its_authors_does():
    """Figures of AdamWScheduleFree of schedulefree 1.4.1, in its eval mode, on the same bowl."""
    path = by_us(12)
    expected = {
        1: [0.9737500001785714, -1.9725000000059523, 0.47437500138888883],
        4: [0.8123217727145667, -1.7960464080574436, 0.31444291486524173],
        12: [0.5017240843874429, -1.3854883249553036, -0.01682644821982639],
    }
    for steps, weights in expected.items():
        assert path[steps - 1] == pytest.approx(weights, rel=1e-9)


def test_it_steps_as_the_paper_says():
    target, scale = np.array(TARGET), np.array(SCALE)
    x, z = np.array(START), np.array(START)
    square, rates = np.zeros(3), 0.0
    for step, weights in enumerate(by_us(40)):
        y = (1 - MOMENTUM) * z + MOMENTUM * x
        slope = 2 * scale * (y - target)
        square = 0.999 * square + 0.001 * slope**2
        length = np.sqrt(square / (1 - 0.999 ** (step + 1))) + 1e-8
        z = z - rate_at(step) * (slope / length + DECAY * y)
        rates += rate_at(step) ** 2
        share = rate_at(step) ** 2 / rates
        x = (1 - share) * x + share * z
        assert weights == pytest.approx(x.tolist(), rel=1e-9)


def test_a_resumed_optimiser_goes_on_as_if_it_had_never_stopped():
    torch.manual_seed(0)
    weights = [torch.nn.Parameter(torch.ones(4)) for _ in range(2)]
    optimisers = [ScheduleFree([one], lr=0.1, momentum=MOMENTUM) for one in weights]

    def step(place: int) -> None:
        optimisers[place].look_ahead()
        weights[place].grad = weights[place].detach() - 3
        optimisers[place].step()

    for _ in range(5):
        step(0)
    optimisers[1].load_state_dict(copy.deepcopy(optimisers[0].state_dict()))
    weights[1].data.copy_(weights[0].data)
    for _ in range(5):
        step(0), step(1)
    assert torch.equal(*weights)
