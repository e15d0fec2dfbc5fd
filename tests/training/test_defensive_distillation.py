"""Defensive distillation learns as its paper says, is repeated to the bit, and is attacked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
load_digits = pytest.importorskip("sklearn.datasets").load_digits

import linnaeus  # noqa: E402
from linnaeus import Dataset  # noqa: E402
from linnaeus.errors import UsageError  # noqa: E402
from linnaeus.evaluation.figure import Figure  # noqa: E402
from linnaeus.evaluation.under_attack import UnderAttack  # noqa: E402
from linnaeus.progress import Event, Progress, Quiet  # noqa: E402
from linnaeus.training.checkpoint import Checkpoints  # noqa: E402
from linnaeus.training.learned import Learned  # noqa: E402
from linnaeus.training.losses import loss_for  # noqa: E402
from linnaeus.training.plan import TrainingPlan  # noqa: E402
from linnaeus.training.recipe import recipe_with  # noqa: E402
from linnaeus.training.run import Run  # noqa: E402
from linnaeus.training.saving import Saver  # noqa: E402
from linnaeus.training.scratch import learn_from_scratch  # noqa: E402


def test_the_loss_is_that_of_cooled_logits_with_gradients_as_large_as_without() -> None:
    plan = TrainingPlan(distil_at=20, label_smoothing=0)
    loss = loss_for(plan, np.array([0, 1, 2]))
    logits = torch.randn(5, 3, requires_grad=True)
    shares = torch.softmax(torch.randn(5, 3), 1)
    loss(logits, shares).backward()
    expected = (torch.softmax(logits.detach() / 20, 1) - shares) / 5
    assert torch.allclose(logits.grad, expected, atol=1e-6)


def test_what_it_cannot_be_beside_is_refused() -> None:
    with pytest.raises(ValueError, match="balanced_sampling cannot"):
        TrainingPlan(distil_at=20, balanced_sampling=True)


class BrokenOff(BaseException):
    """What ends a training in a way that nobody expects."""


class Logged(Quiet):
    """A progress that keeps of which network each pass was told."""

    def __init__(self) -> None:
        self.passes: list[str] = []

    def log(self, event: Event) -> None:
        self.passes += [event.stage] if event.kind == "pass" else []


def learnt(
    saver: Saver | None = None,
    plan: TrainingPlan | None = None,
    *,
    asks: int = 10**9,
    stop: Callable[[], bool] = lambda: False,
    progress: Progress | None = None,
) -> Learned:
    """Two passes of four steps for each of the two networks; it breaks off when it `asks` once more
    whether to stop.
    """
    digits = load_digits(n_class=4)
    grey = np.rint(digits.images[:160] * 255 / 16).astype(np.uint8)
    asked = iter(range(asks))

    def breaks_off() -> bool:
        if next(asked, None) is None:
            raise BrokenOff
        return stop()

    recipe = recipe_with(None, ["model=cnn-tiny", "device=cpu"])
    if plan is not None:
        recipe = recipe.model_copy(update={"network": plan})
    chosen = ["model=cnn-tiny", "device=cpu", "network.epochs=2", "network.batch_size=32"]
    return learn_from_scratch(
        np.repeat(grey[..., None], 3, axis=3),
        digits.target[:160].astype(np.int64),
        np.arange(128),
        np.arange(128, 160),
        classes="abcd",
        grey=True,
        recipe=recipe if plan else recipe_with(None, [*chosen, "network.distil_at=20"]),
        progress=progress or Quiet(),
        stop=breaks_off,
        saver=saver,
    )


def weights_of(learned: Learned, folder: Path) -> bytes:
    learned.save_weights(folder / "weights.safetensors")
    return (folder / "weights.safetensors").read_bytes()


@pytest.fixture(scope="module")
def told() -> Logged:
    """What is told of a training that nothing breaks off."""
    return Logged()


@pytest.fixture(scope="module")
def whole(told: Logged) -> Learned:
    """That training."""
    return learnt(progress=told)


def test_broken_off_in_either_network_it_comes_to_the_same_bits(
    whole: Learned, told: Logged, tmp_path: Path
) -> None:
    assert told.passes == ["teacher", "teacher", "scratch", "scratch"]
    checkpoints = tmp_path / "checkpoints"
    for asks in (3, 6, 2, 4):  # in the first, where it ends, and twice in the second
        with pytest.raises(BrokenOff):
            learnt(Saver(Checkpoints(checkpoints), every_s=0), asks=asks)
    gone_on = learnt(Saver(Checkpoints(checkpoints), every_s=0))
    assert weights_of(gone_on, tmp_path) == weights_of(whole, tmp_path)
    assert gone_on.graph == whole.graph
    figures = [
        [(row.epoch, row.train_loss, row.validation_loss) for row in one.history]
        for one in (gone_on, whole)
    ]
    assert figures[0] == figures[1]


def test_stopped_before_the_second_network_learns_it_ends_and_can_be_gone_on_with(
    whole: Learned, tmp_path: Path
) -> None:
    asked = iter([False] * 5 + [True])
    with pytest.raises(KeyboardInterrupt):
        learnt(Saver(Checkpoints(tmp_path), every_s=0), stop=lambda: next(asked))
    gone_on = learnt(Saver(Checkpoints(tmp_path), every_s=0), asks=16)
    assert gone_on.ended == "finished"
    assert weights_of(gone_on, tmp_path) == weights_of(whole, tmp_path)


def test_stopped_while_the_second_network_learns_it_is_repeated_to_the_bit(tmp_path: Path) -> None:
    asked = iter([False] * 12 + [True] * 9)
    short = learnt(stop=lambda: next(asked))
    assert short.ended == "stopped"
    made = short.recipe.network
    assert made.paces[-1].steps < made.teacher_paces[-1].steps == 8
    assert weights_of(learnt(plan=made), tmp_path) == weights_of(short, tmp_path)


@pytest.fixture(scope="module")
def distilled(tmp_path_factory: pytest.TempPathFactory, some_digits: Dataset) -> Run:
    return linnaeus.train(
        some_digits,
        out=tmp_path_factory.mktemp("distilled") / "run",
        model="cnn-tiny",
        epochs=3,
        precision="float32",
        settings=["network.distil_at=20"],
    )


@pytest.mark.slow
def test_the_report_sets_a_simple_attack_beside_a_strong_one(distilled: Run) -> None:
    report = distilled.folder / "report"
    told = json.loads((report / "metrics.json").read_text("utf-8"))["attacked"]
    assert told["strong"]["value"] <= told["one_step"]["value"] <= told["clean"]["value"]
    page = (report / "index.html").read_text("utf-8")
    assert "What attacks leave" in page
    assert told["sentence"] in page


def test_where_a_strong_attack_leaves_less_it_is_called_no_security() -> None:
    clean, kept, lost = Figure(0.9, 0.85, 0.93), Figure(0.8, 0.74, 0.85), Figure(0.1, 0.06, 0.15)
    warned = UnderAttack("distillation", 200, 8 / 255, clean, kept, lost).sentence
    assert "80 after a simple attack and 10 after a strong one" in warned
    assert warned.endswith("is no security.")
    alike = UnderAttack("distillation", 200, 8 / 255, clean, kept, kept).sentence
    assert "security" not in alike


@pytest.mark.slow
def test_logits_come_out_large(distilled: Run, digits_run: Run, some_digits: Dataset) -> None:
    """They are what is divided by the temperature: this is all that hides the way."""
    pixels = np.stack([np.full((8, 8, 3), level, np.uint8) for level in (0, 90, 255)])
    spread = [
        np.mean([np.ptp(one.logits) for one in run.classifier().predict_pixels(pixels)])
        for run in (distilled, digits_run)
    ]
    assert spread[0] > 2 * spread[1]


@pytest.mark.slow
def test_its_recipe_repeats_it(distilled: Run, some_digits: Dataset, tmp_path: Path) -> None:
    recipe = distilled.folder / "recipe.json"
    again = linnaeus.train(some_digits, out=tmp_path / "again", recipe=recipe)
    weights = [run.bundle / "weights.safetensors" for run in (distilled, again)]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def test_pictures_of_several_labels_are_refused(pairs_table: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="one label each"):
        linnaeus.train(
            pairs_table,
            out=tmp_path / "run",
            model="cnn-tiny",
            epochs=1,
            label_separator="|",
            settings=["network.distil_at=20"],
        )
