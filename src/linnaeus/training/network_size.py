"""Which of our networks learns from scratch, where the recipe leaves it open: as the time allows.

A larger network is right more often once it has seen the pictures often enough, and less often
before that. How often it can see them is the budget times the speed of this machine over its cost.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from linnaeus.data.pixels import PixelRows
from linnaeus.models.build import build
from linnaeus.models.counting import count
from linnaeus.models.normalise import Normalise
from linnaeus.training.plan import TrainingPlan
from linnaeus.training.precision import fast_precision, keep_freed_memory
from linnaeus.training.step import Step
from linnaeus.training.team import ALONE, Team

__all__ = ["Sized", "choose_size", "size_at"]

VIEWS_NEEDED = {
    "cnn-large": 700_000,
    "cnn-medium": 300_000,
    "cnn-small": 150_000,
    "cnn-tiny": 0,
}
"""Pictures shown, again and again counted, from which on a network is taken: about 3, 7 and 16
passes over CIFAR-10. In the same time, cnn-tiny came there in 6.7 passes to 81.4 %, cnn-small in
3.0 to 80.2 %, so that they part a little above. The others are taken to need as much more as they
cost; published runs of networks of cnn-medium's cost take 8 passes and more.
"""
SMALLEST = "cnn-tiny"
MOST_PASSES = 60.0
"""Over a small set, so many passes are enough for any size: more views show nothing new."""

TRIAL_PX = 64 * 32**2  # in a batch of the trial: a tenth of a second or two for the network tried
TRIAL_STEPS = 4  # the first also pays for setting up; the fastest of the others counts


class Sized(NamedTuple):
    """The `network` for a budget, about how many `passes` it makes, and `why`: a sentence."""

    network: str
    passes: float
    why: str


def choose_size(
    pixels: PixelRows,
    classes: int,
    *,
    budget_s: float,
    plan: TrainingPlan,
    device: str,
    team: Team = ALONE,
) -> Sized:
    """The network that `budget_s` seconds on this machine are best spent on.

    `pixels` are those to learn from, by `plan`. A few steps of the smallest network are tried on
    some of them; that takes a second or two. All of a `team` call this, and get the same.
    """
    (rate,) = team.total(_multiply_adds_a_second(pixels, classes, plan, device))
    return size_at(rate, pixels.shape, classes, budget_s=budget_s)


def size_at(
    rate: float, shape: tuple[int, int, int, int], classes: int, *, budget_s: float
) -> Sized:
    """The network for pictures of `shape` (n, h, w, 3) where `rate` multiply-adds a second are
    learnt from: forwards, backwards and all that a step does beside.
    """
    images, height_px, width_px, _ = shape
    for name, needed in VIEWS_NEEDED.items():
        views = budget_s * rate / _multiply_adds(name, classes, height_px, width_px)
        if views >= min(needed, MOST_PASSES * images):
            break
    told = f"{views / images:.1f} passes over the {images:,} pictures"
    return Sized(
        name,
        views / images,
        f"{name} learns from scratch: {budget_s:,.0f} s on this machine are about {told} for it.",
    )


def _multiply_adds(name: str, classes: int, height_px: int, width_px: int) -> int:
    def make() -> nn.Module:
        return build(name, classes=classes, height_px=height_px, width_px=width_px)

    return count(make, (3, height_px, width_px)).multiply_adds


def _multiply_adds_a_second(
    pixels: PixelRows, classes: int, plan: TrainingPlan, device: str
) -> float:
    """How many multiply-adds of a network are learnt from in a second, measured on the smallest."""
    images, height_px, width_px, _ = pixels.shape
    size = max(2, min(images, TRIAL_PX // (height_px * width_px)))
    views = torch.from_numpy(pixels.take(np.arange(size, dtype=np.int64))).to(device)
    labels = (torch.arange(size) % classes).to(device)  # nobody keeps what is learnt
    network = build(SMALLEST, classes=classes, height_px=height_px, width_px=width_px)
    whole = nn.Sequential(Normalise([127.5] * 3, [64.0] * 3), network)
    on_device = whole.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    plan = plan.model_copy(update={"precision": plan.precision or fast_precision(device)})
    taker = Step(on_device, plan, F.cross_entropy, device)
    keep_freed_memory()
    step_s = _seconds_at_best(lambda: taker.take(0, 0.5, views, labels).item())
    return size * _multiply_adds(SMALLEST, classes, height_px, width_px) / step_s


def _seconds_at_best(work: Callable[[], object]) -> float:
    """Seconds of `work` on all threads or on one, as training tries it: the fastest of a few."""
    most = torch.get_num_threads()
    seconds = []
    try:
        for threads in {most, 1}:
            torch.set_num_threads(threads)
            for step in range(TRIAL_STEPS):
                start_s = time.perf_counter()
                work()
                seconds += [time.perf_counter() - start_s] if step > 0 else []
    finally:
        torch.set_num_threads(most)
    return min(seconds)
