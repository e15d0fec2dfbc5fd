"""Learning on a CUDA GPU: recorded steps, pictures that lie there, and the clock. Skips without."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from linnaeus.data.pixels import ArrayRows  # noqa: E402
from linnaeus.models.build import build  # noqa: E402
from linnaeus.models.normalise import Normalise  # noqa: E402
from linnaeus.progress import Quiet  # noqa: E402
from linnaeus.training.augmentation.plan import AugmentPlan  # noqa: E402
from linnaeus.training.augmentation.views import Views  # noqa: E402
from linnaeus.training.clock import Clock  # noqa: E402
from linnaeus.training.loop import fit_network  # noqa: E402
from linnaeus.training.losses import loss_for  # noqa: E402
from linnaeus.training.network_size import choose_size  # noqa: E402
from linnaeus.training.plan import TrainingPlan  # noqa: E402
from linnaeus.training.recorded import TIMES_BEFORE  # noqa: E402
from linnaeus.training.step import Step  # noqa: E402
from linnaeus.training.usual import with_usual  # noqa: E402
from linnaeus.training.validation import Validation  # noqa: E402

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA GPU here")

SIDE_PX = 16


def pictures(count=600, seed=0):
    """(pixels, labels): a bright quarter of four on noise, which is the class."""
    draw = np.random.default_rng(seed)
    pixels = draw.integers(0, 160, (count, SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
    labels = draw.integers(0, 4, count)
    half = SIDE_PX // 2
    for picture, label in zip(pixels, labels, strict=True):
        top, left = half * (label // 2), half * (label % 2)
        picture[top : top + half, left : left + half] += 90
    return pixels, labels


def a_network(name="cnn-tiny"):
    torch.manual_seed(0)
    network = build(name, classes=4, height_px=SIDE_PX, width_px=SIDE_PX)
    return nn.Sequential(Normalise([100.0] * 3, [60.0] * 3), network)


def stepped(monkeypatch, *, recorded, steps=3 * TIMES_BEFORE, **choices):
    """(weights, losses) after `steps` steps on the GPU, in float32."""
    if not recorded:
        monkeypatch.setattr(Step, "_can_be_recorded", lambda step: False)
    plan = with_usual(TrainingPlan(precision="float32", **choices))
    pixels, labels = (torch.from_numpy(array).cuda() for array in pictures(64 * steps))
    network = a_network().to("cuda", memory_format=torch.channels_last)
    step = Step(network, plan, loss_for(plan, labels.cpu().numpy()), "cuda")
    losses = [
        step.take(number, (number + 1) / (steps + 1), views, truth)
        for number, (views, truth) in enumerate(
            zip(pixels.split(64), labels.split(64), strict=True)
        )
    ]
    monkeypatch.undo()
    return torch.cat([p.detach().flatten() for p in network.parameters()]).cpu(), [
        loss.item() for loss in losses
    ]


@pytest.mark.parametrize("optimiser", ["muon", "sgd", "adam", "adamw"])
def test_recorded_steps_are_the_steps_that_are_recorded(monkeypatch, optimiser):
    torch.backends.cudnn.allow_tf32 = False
    plain, losses = stepped(monkeypatch, recorded=False, optimiser=optimiser)
    replayed, losses_replayed = stepped(monkeypatch, recorded=True, optimiser=optimiser)
    assert losses_replayed == pytest.approx(losses, abs=2e-3)
    assert torch.allclose(replayed, plain, atol=5e-3)
    assert len(set(losses_replayed)) == len(losses)  # each batch was looked at, not the first


def fitted(*, device="cuda", name="cnn-tiny", budget_s=None, **choices):
    pixels, labels = pictures()
    plan = TrainingPlan(augment=AugmentPlan(mirror=False, shift=0.0), budget_s=budget_s, **choices)
    held_out = pictures(200, seed=1)
    return fit_network(
        a_network(name),
        pixels,
        labels,
        held_out,
        plan=plan,
        clock=Clock(),
        progress=Quiet(),
        device=device,
    )


@pytest.mark.parametrize("name", ["cnn-tiny", "airbench94"])
@pytest.mark.parametrize("choices", [{}, {"resize_from": 0.5}, {"averaging": "swa"}])
def test_a_network_learns_on_the_gpu_and_comes_back(name, choices):
    done = fitted(name=name, epochs=12, **choices)
    assert max(row.validation_accuracy for row in done.history) > 0.95
    assert done.history[-1].train_accuracy > 0.9
    assert {p.device.type for p in done.network.parameters()} == {"cpu"}
    pixels, labels = pictures(200, seed=2)
    with torch.no_grad():
        answers = done.network(torch.from_numpy(pixels)).argmax(1).numpy()
    assert (answers == labels).mean() > 0.95


def test_a_compiled_network_learns_alike():
    plain, compiled = (fitted(epochs=6, compiled=compiled) for compiled in (False, True))
    assert compiled.history[-1].train_loss == pytest.approx(plain.history[-1].train_loss, abs=0.1)


def test_a_budget_is_kept_though_the_gpu_is_behind_the_processor():
    done = fitted(name="cnn-large", budget_s=6.0)
    assert 4.5 < done.seconds < 6.6


def test_the_size_that_a_budget_buys_is_found_on_the_gpu():
    rows = ArrayRows(pictures()[0])
    chosen = [
        choose_size(rows, 4, budget_s=budget_s, plan=TrainingPlan(), device="cuda").network
        for budget_s in (1e-6, 1e6)
    ]
    assert chosen == ["cnn-tiny", "cnn-large"]


def test_validation_judges_there_as_here():
    pixels, labels = pictures()
    scores = [
        Validation(ArrayRows(pixels), labels, precision="float32", device=device).judge(
            a_network().to(device).eval()
        )
        for device in ("cpu", "cuda")
    ]
    assert scores[0].accuracy == pytest.approx(scores[1].accuracy, abs=0.01)
    assert scores[0].loss == pytest.approx(scores[1].loss, abs=1e-3)


@pytest.mark.parametrize(
    "asked",
    [
        {"mirror": True, "flip": True, "shift": 0.2, "zoom": 0.3},
        {"rotate_deg": 20, "shear_deg": 10, "brightness": 0.2, "hue": 0.1, "saturation": 0.3},
        {"cutout": 0.3, "blur": 0.05, "noise": 0.05},
        {"randaugment": (2, 0.5)},
        {"trivialaugment": True},
        {"augmix": 3.0},
    ],
    ids=str,
)
def test_views_made_there_are_those_made_here(asked):
    pixels, _ = pictures(50)
    views = Views(AugmentPlan.model_validate(asked), seed=3)
    here = views(torch.from_numpy(pixels), 1, np.arange(50))
    there = views(torch.from_numpy(pixels).cuda(), 1, np.arange(50)).cpu()
    far = (here.int() - there.int()).abs()
    assert (far > 1).float().mean() < 0.01  # rounding at the edge of an operation's threshold


def test_mixed_views_have_the_targets_that_they_have_here():
    pixels, labels = pictures(40)
    views = Views(AugmentPlan.model_validate({"mixup": 0.4, "cutmix": 1.0}), seed=1)
    (here, shares), (there, shares_there) = (
        views.batch(
            torch.from_numpy(pixels).to(device),
            torch.from_numpy(labels).to(device),
            4,
            0,
            0,
            np.arange(40),
        )
        for device in ("cpu", "cuda")
    )
    assert torch.allclose(shares, shares_there.cpu(), atol=1e-6)
    assert (here.int() - there.cpu().int()).abs().max() <= 1
