"""The training loop, broken off and gone on with from its checkpoints: the same bits."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
datasets = pytest.importorskip("sklearn.datasets")

from torch import nn  # noqa: E402

from linnaeus.models.cnn import small_cnn  # noqa: E402
from linnaeus.models.normalise import Normalise  # noqa: E402
from linnaeus.progress import Quiet  # noqa: E402
from linnaeus.training.checkpoint import Checkpoints  # noqa: E402
from linnaeus.training.clock import Clock  # noqa: E402
from linnaeus.training.loop import Fitted, TrainingPlan, fit_network  # noqa: E402
from linnaeus.training.saving import Saver  # noqa: E402


class BrokenOff(BaseException):
    """What ends a training in a way that nobody expects."""


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    """400 real 8 × 8 digits and their labels."""
    data = datasets.load_digits(n_class=4)
    grey = np.rint(data.images[:400] * 255 / 16).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=3), data.target[:400].astype(np.int64)


def fit(
    digits: Any,
    plan: TrainingPlan,
    saver: Saver | None = None,
    after: int = 10**9,
    clock: Clock | None = None,
) -> Fitted:
    """Learn; break off when the loop has asked `after` times whether to stop."""
    pixels, labels = digits
    torch.manual_seed(0)
    network = nn.Sequential(Normalise.measured_on(pixels), small_cnn(4, 8, 8, width=0.25))
    asked = iter(range(after))

    def stop() -> bool:
        if next(asked, None) is None:
            raise BrokenOff
        return False

    return fit_network(
        network,
        pixels[:320],
        labels[:320],
        (pixels[320:], labels[320:]),
        plan=plan,
        clock=clock or Clock(),
        progress=Quiet(),
        stop=stop,
        saver=saver,
    )


def steady_clock() -> Clock:
    """A clock whose every look takes a hundredth of a second."""
    return Clock(itertools.count(step=0.01).__next__)


def saver_in(folder: Path, every_s: float = 0.0) -> Saver:
    return Saver(Checkpoints(folder), every_s=every_s)


def same_bits(one: nn.Module, other: nn.Module) -> bool:
    return all(map(torch.equal, one.state_dict().values(), other.state_dict().values()))


def figures(fitted: Fitted) -> list[tuple[float, ...]]:
    """The history without what the clock said."""
    return [(row.epoch, row.learning_rate, row.train_loss, *row[-3:]) for row in fitted.history]


@pytest.mark.parametrize(
    "choices",
    [
        {},
        {"optimiser": "sgd", "averaging": "none", "clip_norm": 1.0},
        {"optimiser": "adamw", "averaging": "swa", "accumulate": 2},
        {"optimiser": "schedule-free", "augment": "medium", "label_smoothing": 0.0},
    ],
    ids=lambda choices: choices.get("optimiser", "muon"),
)
def test_a_training_broken_off_twice_comes_to_the_same_bits(
    digits: Any, tmp_path: Path, choices: dict[str, object]
) -> None:
    plan = TrainingPlan.model_validate({"epochs": 3, "batch_size": 32, **choices})
    whole = fit(digits, plan)
    for after in (13, 8):  # of thirty steps: in the second pass, and at the end of it
        with pytest.raises(BrokenOff):
            fit(digits, plan, saver_in(tmp_path), after)
    gone_on = fit(digits, plan, saver_in(tmp_path))
    assert gone_on.steps == whole.steps == 30
    assert same_bits(gone_on.network, whole.network)
    assert figures(gone_on) == figures(whole)


def test_a_finished_training_is_not_learnt_again(digits: Any, tmp_path: Path) -> None:
    plan = TrainingPlan(epochs=1, batch_size=32)
    whole = fit(digits, plan, saver_in(tmp_path))
    again = fit(digits, plan, saver_in(tmp_path), after=0)
    assert same_bits(again.network, whole.network)


def test_a_budget_gone_on_with_is_repeated_by_the_plan_that_it_came_to(
    digits: Any, tmp_path: Path
) -> None:
    plan = TrainingPlan(budget_s=3.0, batch_size=32)
    with pytest.raises(BrokenOff):
        fit(digits, plan, saver_in(tmp_path), after=30, clock=steady_clock())
    gone_on = fit(digits, plan, saver_in(tmp_path), clock=steady_clock())
    assert gone_on.steps > 30
    assert gone_on.seconds == pytest.approx(3.0, abs=0.2)
    assert same_bits(fit(digits, gone_on.plan).network, gone_on.network)


def test_of_a_broken_checkpoint_the_one_before_is_taken(digits: Any, tmp_path: Path) -> None:
    plan = TrainingPlan(epochs=2, batch_size=32)
    whole = fit(digits, plan)
    with pytest.raises(BrokenOff):
        fit(digits, plan, saver_in(tmp_path), after=12)
    before, newest = sorted(tmp_path.iterdir())
    weights = newest / "loop.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert same_bits(fit(digits, plan, saver_in(tmp_path)).network, whole.network)
    assert not before.exists(), "the old ones go as new ones come"
