"""Which network learns where only a budget is given: the larger, the more it can see."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import linnaeus  # noqa: E402
from linnaeus.data.pixels import ArrayRows  # noqa: E402
from linnaeus.training.network_size import choose_size, size_at  # noqa: E402
from linnaeus.training.plan import TrainingPlan  # noqa: E402

SIZES = ["cnn-tiny", "cnn-small", "cnn-medium", "cnn-large"]
SIZES_ABOUT_32_PX = [
    *("airbench-tiny", "airbench-small", "airbench-medium"),
    *("airbench94", "airbench96"),
]
TWO_CORES = 20e9  # multiply-adds a second


@pytest.mark.parametrize(
    ("shape", "sizes"),
    [
        ((45_000, 32, 32, 3), SIZES_ABOUT_32_PX),
        ((45_000, 24, 48, 3), SIZES_ABOUT_32_PX),
        ((1_650, 96, 96, 3), SIZES),
        ((1_400, 8, 8, 3), SIZES),
    ],
)
def test_more_time_brings_a_larger_network_and_never_a_smaller_one(shape, sizes):
    chosen = [size_at(TWO_CORES, shape, 10, budget_s=10.0**power).network for power in range(7)]
    order = [sizes.index(name) for name in chosen]
    assert order == sorted(order)
    assert (order[0], order[-1]) == (0, len(sizes) - 1)


def test_a_faster_machine_is_as_good_as_more_time():
    shape = (45_000, 32, 32, 3)
    fast = size_at(10 * TWO_CORES, shape, 10, budget_s=300)
    assert fast.network == size_at(TWO_CORES, shape, 10, budget_s=3000).network


def test_what_is_told_is_the_passes_that_the_time_is_enough_for():
    # 119 s × 10.135072e9 / 10.135072e6 a view (the figure for airbench-tiny) = 119,000 views
    sized = size_at(10.135072e9, (10_000, 32, 32, 3), 10, budget_s=119)
    assert sized.network == "airbench-tiny"
    assert "119 s" in sized.why
    assert "11.9 passes over the 10,000 pictures" in sized.why


def test_the_speed_of_this_machine_is_tried_on_the_pictures():
    pixels = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), dtype=np.uint8)
    plan = TrainingPlan()
    short, long = (
        choose_size(ArrayRows(pixels), 3, budget_s=seconds, plan=plan, device="cpu")
        for seconds in (1e-4, 1e6)
    )
    assert (short.network, long.network) == ("cnn-tiny", "cnn-large")


@pytest.mark.parametrize("adversary", ["pgd", "trades", "free", "noise"])
def test_it_is_tried_with_the_adversary_that_it_learns_from(adversary: str):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), dtype=np.uint8)
    plan = TrainingPlan(adversary=adversary)
    sized = choose_size(ArrayRows(pixels), 3, budget_s=1e-4, plan=plan, device="cpu")
    assert sized.network == "cnn-tiny"


@pytest.mark.slow
def test_a_run_tells_the_network_that_its_budget_chose_and_repeats_it(
    some_digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "no cache"))
    monkeypatch.delenv("LINNAEUS_WEIGHTS", raising=False)
    first = linnaeus.train(some_digits, out=tmp_path / "first", budget="1s")
    assert first.recipe.model in SIZES
    assert first.recipe.model in first.classifier().record.model["why"]
    again = linnaeus.train(
        some_digits, out=tmp_path / "again", recipe=tmp_path / "first" / "recipe.json"
    )
    weights = [(run.folder / "bundle" / "model.onnx").read_bytes() for run in (first, again)]
    assert weights[0] == weights[1]
