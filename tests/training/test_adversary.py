"""A network that learnt from attacked pictures stands up to attacks that fool a plain one."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import linnaeus  # noqa: E402
from linnaeus.models.normalise import Normalise  # noqa: E402
from linnaeus.training.adversary import attacked, surprise  # noqa: E402
from linnaeus.training.losses import loss_for  # noqa: E402
from linnaeus.training.plan import TrainingPlan  # noqa: E402
from linnaeus.training.step import Step  # noqa: E402
from linnaeus.training.training_score import TrainingScore  # noqa: E402
from linnaeus.training.usual import with_usual  # noqa: E402


def test_what_an_attacker_changes_is_bounded_and_makes_the_loss_larger():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(48, 3)).requires_grad_(False)
    pictures = torch.randint(0, 256, (20, 4, 4, 3), dtype=torch.uint8)
    labels = network(pictures.float()).argmax(1)
    torch.manual_seed(1)
    changed = attacked(
        network,
        pictures,
        lambda logits: nn.functional.cross_entropy(logits, labels),
        eps_levels=8.0,
        steps=5,
    )
    assert (changed - pictures.float()).abs().max() <= 8.0001
    assert 0 <= changed.min() <= changed.max() <= 255
    before, after = (
        nn.functional.cross_entropy(network(one), labels) for one in (pictures.float(), changed)
    )
    assert after > before


def test_equal_answers_surprise_nobody():
    logits = torch.randn(5, 4)
    assert surprise(logits, logits).abs() < 1e-6
    assert surprise(logits, logits.flip(0)) > 0.01


def a_step(**choices):
    torch.manual_seed(0)
    network = nn.Sequential(
        Normalise([128.0] * 3, [64.0] * 3),
        nn.Conv2d(3, 8, 3, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(8 * 36, 3),
    )
    plan = with_usual(TrainingPlan(precision="float32", **choices))
    labels = torch.arange(12) % 3
    torch.manual_seed(1)
    views = torch.randint(0, 256, (12, 8, 8, 3), dtype=torch.uint8)
    step = Step(network, plan, loss_for(plan, labels.numpy()), "cpu")
    losses = [step.take(number, 0.1, views, labels).item() for number in range(4)]
    return network, losses


@pytest.mark.parametrize("adversary", ["pgd", "trades", "free"])
def test_the_same_seed_gives_the_same_bits(adversary: str):
    first, losses = a_step(adversary=adversary)
    again, losses_again = a_step(adversary=adversary)
    assert losses == losses_again
    for one, other in zip(first.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)
    assert first.training


@pytest.mark.parametrize("adversary", ["pgd", "trades", "free", "noise"])
def test_training_accuracy_counts_views_and_not_the_attacker_s_steps(adversary: str):
    plan = with_usual(TrainingPlan(precision="float32", adversary=adversary))
    network = nn.Sequential(Normalise([128.0] * 3, [64.0] * 3), nn.Flatten(), nn.Linear(192, 3))
    labels = torch.arange(12) % 3
    score = TrainingScore(loss_for(plan, labels.numpy()), several=False)
    views = torch.randint(0, 256, (12, 8, 8, 3), dtype=torch.uint8)
    Step(network, plan, score, "cpu").take(0, 0.1, views, labels)
    replays = plan.adversary_steps if adversary == "free" else 1
    assert score.counted()[1] == 12 * replays


def test_nothing_in_vain():
    with pytest.raises(ValueError, match="trades_beta"):
        TrainingPlan(adversary="pgd", trades_beta=2.0)
    with pytest.raises(ValueError, match="adversary_eps"):
        TrainingPlan(adversary_eps=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("adversary", ["pgd", "trades", "free"])
def test_a_network_that_knows_the_attacker_stands_up_better(
    adversary: str, some_digits: linnaeus.Dataset, tmp_path
):
    others = linnaeus.load_dataset("digits").subset(range(1, 1797, 9))
    robust = {}
    for name in ("none", adversary):
        run = linnaeus.train(
            some_digits,
            out=tmp_path / name,
            model="cnn-tiny",
            epochs=20,
            precision="float32",
            settings=[f"network.adversary={name}"]
            + ([] if name == "none" else ["network.adversary_eps=0.15"]),
        )
        done = linnaeus.attack(run.bundle, others, eps=0.15, attacks=["pgd"], limit=200)
        robust[name] = done.robust.value
        assert done.clean.value > 0.8
    assert robust[adversary] > robust["none"] + 0.15
