"""Averages of weights, held to averages written out by hand and to PyTorch's own."""

from __future__ import annotations

import copy

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.optim.swa_utils import update_bn  # noqa: E402

from linnaeus.training.averaging import WeightAverage  # noqa: E402
from linnaeus.training.batch_statistics import estimate_anew  # noqa: E402
from linnaeus.training.losses import loss_for  # noqa: E402
from linnaeus.training.plan import TrainingPlan  # noqa: E402
from linnaeus.training.step import Step  # noqa: E402
from linnaeus.training.usual import with_usual  # noqa: E402


def moved_by_hand(average, network, values, progresses):
    """Set the only weight of `network` to each of `values` in turn, and average."""
    for value, progress in zip(values, progresses, strict=True):
        with torch.no_grad():
            network.weight.fill_(value)
        average.update(progress)
    return average.network().weight.item()


@pytest.fixture
def network():
    return nn.Linear(1, 1, bias=False)


def test_a_running_average_keeps_its_share(network):
    with torch.no_grad():
        network.weight.fill_(8.0)
    average = WeightAverage(network, "ema", decay=0.05)
    # 8, then 0.05 · 8 + 0.95 · 4 = 4.2, then 0.05 · 4.2 + 0.95 · 1 = 1.16
    assert moved_by_hand(average, network, [4.0, 1.0], [0.0, 0.5]) == pytest.approx(1.16)


def test_the_mean_begins_at_its_share_of_the_run(network):
    average = WeightAverage(network, "swa", start=0.5)
    values, progresses = [100.0, 50.0, 4.0, 5.0, 9.0], [0.0, 0.25, 0.5, 0.7, 0.9]
    assert moved_by_hand(average, network, values, progresses) == pytest.approx(6.0)
    assert average.lacks_statistics


@pytest.mark.parametrize("kind", ["none", "swa"])
def test_before_any_averaging_the_newest_weights_stand(network, kind):
    average = WeightAverage(network, kind, start=0.9)
    assert moved_by_hand(average, network, [3.0, 2.0], [0.0, 0.5]) == 2.0
    assert not average.lacks_statistics


def test_statistics_are_those_that_pytorch_measures():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.5))
    batches = [torch.randn(8, 3, 6, 6) for _ in range(5)]
    network(batches[0])  # so that there is something to forget
    reference = copy.deepcopy(network)
    update_bn(batches, reference)
    network.eval()
    estimate_anew(network, batches)
    assert torch.allclose(network[1].running_mean, reference[1].running_mean)
    assert torch.allclose(network[1].running_var, reference[1].running_var)
    assert not any(module.training for module in network.modules())
    assert network[1].momentum == 0.1


def test_weights_that_no_picture_went_through_lack_batch_statistics():
    average = WeightAverage(nn.Linear(2, 2), "ema", seen_elsewhere=True)
    assert average.lacks_statistics
    assert not WeightAverage(nn.Linear(2, 2), "ema").lacks_statistics


def test_schedule_free_measures_the_statistics_of_the_weights_that_it_keeps():
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 3))
    plan = with_usual(TrainingPlan(optimiser="schedule-free", precision="float32"))
    labels = torch.arange(6) % 3
    step = Step(network, plan, loss_for(plan, labels.numpy()), "cpu")
    assert step.average.lacks_statistics
