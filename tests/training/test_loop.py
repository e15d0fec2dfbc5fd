"""The training loop on real digits: it learns, repeats itself, keeps to its time, and stops."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
datasets = pytest.importorskip("sklearn.datasets")

from torch import nn  # noqa: E402

from linnaeus.errors import LearningError, Stopped, UsageError  # noqa: E402
from linnaeus.models.cnn import small_cnn  # noqa: E402
from linnaeus.models.normalise import Normalise  # noqa: E402
from linnaeus.progress import Quiet  # noqa: E402
from linnaeus.training.augmentation.plan import AugmentPlan  # noqa: E402
from linnaeus.training.clock import Clock  # noqa: E402
from linnaeus.training.loop import TrainingPlan, fit_network  # noqa: E402
from linnaeus.training.resolved_plan import with_nothing_open  # noqa: E402
from linnaeus.training.team import ALONE, Team  # noqa: E402


@pytest.fixture(scope="module")
def digits():
    """(pixels, labels) of training, validation and test: real 8 × 8 digits."""
    data = datasets.load_digits()
    grey = np.rint(data.images * 255 / 16).astype(np.uint8)
    pixels, labels = np.repeat(grey[..., None], 3, axis=3), data.target.astype(np.int64)
    order = np.random.default_rng(0).permutation(len(labels))
    parts = np.split(order, [1257, 1437])
    return [(pixels[part], labels[part]) for part in parts]


NARROW = 0.125
"""Of a network of which is asked how it is taught, not how much it learns."""


class SteadyClock:
    """A machine whose every look at the clock takes `look_s`; other speed after `slow_after`."""

    def __init__(self, look_s=0.01, *, slow_after=10**9, slower=1.0):
        self.looks, self.time_s = 0, 0.0
        self.look_s, self.slow_after, self.slower = look_s, slow_after, slower

    def __call__(self):
        self.looks += 1
        self.time_s += self.look_s * (self.slower if self.looks > self.slow_after else 1.0)
        return self.time_s


class Told(Quiet):
    """A progress that keeps what was said."""

    def __init__(self):
        self.sentences = []

    def say(self, sentence):
        self.sentences.append(sentence)


def fit(
    digits,
    *,
    plan,
    clock=None,
    stop=lambda: False,
    validation=None,
    width=0.5,
    team=ALONE,
    progress=None,
    stage="scratch",
):
    train, held_out, _ = digits
    torch.manual_seed(plan.seed)
    network = nn.Sequential(Normalise.measured_on(train[0]), small_cnn(10, 8, 8, width=width))
    return fit_network(
        network,
        *train,
        held_out if validation is None else validation,
        plan=plan,
        clock=clock or Clock(),
        progress=progress or Quiet(),
        stop=stop,
        team=team,
        stage=stage,
    )


def accuracy(network, part):
    with torch.no_grad():
        return (network(torch.from_numpy(part[0])).argmax(1).numpy() == part[1]).mean()


def same_bits(one, other):
    return all(map(torch.equal, one.state_dict().values(), other.state_dict().values()))


def test_views_mixed_with_others_are_learnt_from(digits):
    """Their labels are shares of classes. Digits in parts are harder to learn, but they are."""
    mixing = AugmentPlan(shift=0.1, mixup=0.2, cutmix=1.0)
    fitted = fit(digits, plan=TrainingPlan(epochs=6, augment=mixing))
    assert accuracy(fitted.network, digits[2]) >= 0.9


def test_digits_are_learnt(digits):
    fitted = fit(digits, plan=TrainingPlan(epochs=6))
    assert fitted.ended == "finished"
    assert accuracy(fitted.network, digits[2]) >= 0.97
    assert not fitted.network.training
    assert {p.dtype for p in fitted.network.parameters()} == {torch.float32}


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(digits):
    shifted = AugmentPlan(shift=0.1)
    first, again, other = (
        fit(digits, plan=TrainingPlan(epochs=2, seed=seed, augment=shifted), width=NARROW).network
        for seed in (1, 1, 2)
    )
    assert same_bits(first, again)
    assert not same_bits(first, other)


def test_a_budgeted_run_repeats_to_the_same_bits_without_a_clock(digits):
    clock = Clock(SteadyClock(slow_after=60, slower=2.0))
    first = fit(digits, plan=TrainingPlan(budget_s=2.0), clock=clock, width=NARROW)
    assert len(first.plan.paces) > 2
    again = fit(digits, plan=first.plan, width=NARROW)
    assert again.steps == first.steps
    assert same_bits(first.network, again.network)


@pytest.mark.parametrize("slower", [0.5, 1.0, 3.0])
def test_the_budget_is_kept_and_the_low_rates_are_reached_when_the_speed_changes(digits, slower):
    clock = Clock(SteadyClock(slow_after=150, slower=slower))
    fitted = fit(digits, plan=TrainingPlan(budget_s=5.0), clock=clock, width=NARROW)
    assert 0.93 * 5 <= fitted.seconds <= 1.05 * 5
    assert fitted.history[-1].learning_rate <= 0.05 * fitted.plan.learning_rate
    assert fitted.ended == "finished"


def test_a_budget_for_a_few_steps_still_gives_a_network(digits):
    fitted = fit(digits, plan=TrainingPlan(budget_s=0.05), clock=Clock(SteadyClock()))
    assert 1 <= fitted.steps < 12
    assert fitted.ended == "budget"
    assert len(fitted.history) == 1


def test_history_tells_of_the_run(digits):
    fitted = fit(digits, plan=TrainingPlan(epochs=4))
    assert [row.epoch for row in fitted.history] == [1, 2, 3, 4]
    assert fitted.epochs == 4
    assert fitted.history[-1].train_loss < fitted.history[0].train_loss
    best = max(row.validation_accuracy for row in fitted.history)
    assert accuracy(fitted.network, digits[1]) == pytest.approx(best, abs=0.02)


def test_stopping_keeps_what_was_learnt(digits):
    asked = iter([False] * 57 + [True])
    fitted = fit(digits, plan=TrainingPlan(epochs=50), stop=lambda: next(asked))
    assert fitted.ended == "stopped"
    assert fitted.steps == 57
    assert accuracy(fitted.network, digits[2]) > 0.9


def test_stopping_before_the_first_step_says_that_there_is_nothing(digits):
    with pytest.raises(Stopped, match="before there was a model to keep"):
        fit(digits, plan=TrainingPlan(), stop=lambda: True)


@pytest.mark.parametrize("averaging", ["none", pytest.param("swa", marks=pytest.mark.slow)])
def test_digits_are_learnt_with_other_averages(digits, averaging):
    fitted = fit(digits, plan=TrainingPlan(epochs=6, averaging=averaging))
    assert accuracy(fitted.network, digits[2]) >= 0.96
    # The network that is handed over is the one that was judged.
    best = max(row.validation_accuracy for row in fitted.history)
    assert accuracy(fitted.network, digits[1]) == pytest.approx(best, abs=0.01)


@pytest.mark.slow
def test_learning_ends_where_validation_gets_no_better(digits):
    few = [(pixels[:200], labels[:200]) for pixels, labels in digits]
    fitted = fit(few, plan=TrainingPlan(epochs=100, patience=1))
    scores = [(row.validation_accuracy, -row.validation_loss) for row in fitted.history]
    assert fitted.ended == "patience"
    assert fitted.epochs < 100
    assert scores[-1] <= max(scores[:-1])
    again = fit(few, plan=fitted.plan.model_copy(update={"patience": None}))
    assert again.steps == fitted.steps
    assert same_bits(fitted.network, again.network)


def test_a_batch_size_found_by_trial_is_named_and_repeats(digits):
    told = Told()
    fitted = fit(digits, plan=TrainingPlan(epochs=1, batch_size="auto"), progress=told)
    size = fitted.plan.batch_size
    assert size in {16, 32, 64}  # of 1,257 pictures, so that an epoch has ten steps
    assert any(sentence.startswith(f"A batch has {size} pictures") for sentence in told.sentences)
    assert same_bits(fitted.network, fit(digits, plan=fitted.plan).network)


def test_muon_learns_at_the_rate_for_the_batch_size_that_was_found(digits, monkeypatch):
    monkeypatch.setattr("linnaeus.training.loop.tried_batch_size", lambda *given, **named: 16)
    fitted = fit(digits, plan=TrainingPlan(epochs=0.2, batch_size="auto"), width=NARROW)
    by_hand = with_nothing_open(TrainingPlan(batch_size=16), 1_257, "cpu")
    assert fitted.plan.learning_rate == by_hand.learning_rate < 0.2


def test_sizes_that_are_tried_can_be_parted_as_the_plan_says(digits):
    plan = TrainingPlan(epochs=0.5, batch_size="auto", accumulate=9, averaging="none")
    assert fit(digits, plan=plan, width=NARROW).plan.batch_size >= 18


def test_a_batch_that_finds_too_few_pictures_is_told(digits):
    told = Told()
    fit(digits, plan=TrainingPlan(epochs=1, batch_size=2000), progress=told, width=NARROW)
    assert "A batch has all 1,257 training pictures: there are no 2,000 to learn from." in (
        told.sentences
    )


def test_what_cannot_be_meant_for_the_pictures_is_refused(digits):
    nothing = digits[1][0][:0], digits[1][1][:0]
    with pytest.raises(UsageError, match="whether learning still helps"):
        fit(digits, plan=TrainingPlan(patience=2), validation=nothing)
    with pytest.raises(UsageError, match="float16 is for learning on a GPU"):
        fit(digits, plan=TrainingPlan(precision="float16"))
    with pytest.raises(UsageError, match="a batch of 8 has no 5 parts"):
        fit(digits, plan=TrainingPlan(batch_size=8, accumulate=5))
    with pytest.raises(UsageError, match="2 processes cannot share a batch of 33 evenly"):
        fit(digits, plan=TrainingPlan(batch_size=33), team=Team(0, 2))


def test_a_learning_rate_that_blows_up_is_named(digits):
    plan = TrainingPlan(epochs=2, learning_rate=1e30, head_learning_rate=1e30)
    with pytest.raises(LearningError, match="is no number, also at an eighth"):
        fit(digits, plan=plan)
    last = plan.model_copy(update={"epochs": 1, "batch_size": 1257})  # no loss comes after it
    with pytest.raises(LearningError, match="answers on validation are no numbers"):
        fit(digits, plan=last)


def test_float32_and_read_only_memory_maps_are_fine(digits, tmp_path):
    pixels, labels = digits[0]
    np.save(tmp_path / "pixels.npy", pixels)
    mapped = np.load(tmp_path / "pixels.npy", mmap_mode="r")
    plan = TrainingPlan(epochs=1, precision="float32")
    from_map = fit([(mapped, labels), *digits[1:]], plan=plan, width=NARROW)
    assert same_bits(from_map.network, fit(digits, plan=plan, width=NARROW).network)


def test_without_validation_pictures_the_last_weights_are_kept(digits):
    nothing = digits[1][0][:0], digits[1][1][:0]
    fitted = fit(digits, plan=TrainingPlan(epochs=2), validation=nothing)
    assert np.isnan(fitted.history[-1].validation_accuracy)
    assert accuracy(fitted.network, digits[2]) > 0.9


@pytest.mark.parametrize("count", [1, 2, 3, 20])
def test_a_handful_of_pictures_can_be_learnt(digits, count):
    few = digits[0][0][:count], digits[0][1][:count]
    fitted = fit([few, *digits[1:]], plan=TrainingPlan(epochs=3), width=NARROW)
    assert fitted.steps >= 3


def test_the_number_of_threads_is_left_as_it_was(digits):
    before = torch.get_num_threads()
    fit(digits, plan=TrainingPlan(epochs=1), width=NARROW)
    assert torch.get_num_threads() == before


class Hearing(Quiet):
    """A Progress that keeps the events."""

    def __init__(self):
        self.events = []

    def log(self, event):
        self.events.append(event)


def test_each_row_of_the_history_is_told_with_what_the_machine_did_apart(digits):
    heard = Hearing()
    plan = TrainingPlan(epochs=3)
    fitted = fit(digits, plan=plan, progress=heard, stage="whole", width=NARROW)
    assert [event.kind for event in heard.events] == ["pass"] * 3
    assert [event.stage for event in heard.events] == ["whole"] * 3
    told = heard.events[-1]
    row = fitted.history[-1]
    assert told.figures["pass"] == 3
    assert told.figures["step"] == fitted.steps
    for name in ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy"):
        assert told.figures[name] == getattr(row, name)
    assert told.machine["pictures_a_second"] > 0
    again = Hearing()
    fit(digits, plan=fitted.plan, progress=again, stage="whole", width=NARROW)
    assert [event.figures for event in again.events] == [event.figures for event in heard.events]


def test_training_accuracy_is_that_of_the_views_while_they_are_learnt(digits):
    few = [(pixels[:64], labels[:64]) for pixels, labels in digits]
    plan = TrainingPlan(epochs=1, batch_size=64, augment="none")
    torch.manual_seed(plan.seed)
    untaught = nn.Sequential(Normalise.measured_on(few[0][0]), small_cnn(10, 8, 8, width=0.5))
    answers = untaught.train()(torch.from_numpy(few[0][0])).argmax(1).numpy()
    expected = (answers == few[0][1]).mean()
    fitted = fit(few, plan=plan)
    assert fitted.steps == 1
    assert fitted.history[0].train_accuracy == pytest.approx(expected, abs=1e-6)
