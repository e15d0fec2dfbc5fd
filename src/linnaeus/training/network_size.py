"""Which of our networks learns from scratch, where the recipe leaves it open: as the time allows.

A larger network is right more often once it has seen the pictures often enough, and less often
before that. How often it can see them is the budget times the speed of this machine over its cost.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from linnaeus.data.pixels import PixelRows
from linnaeus.models.build import build
from linnaeus.models.catalogue import SMALL_CNN
from linnaeus.models.counting import count
from linnaeus.models.normalise import Normalise
from linnaeus.training.plan import TrainingPlan
from linnaeus.training.precision import at_work_on, keep_freed_memory
from linnaeus.training.recorded import steps_to_try
from linnaeus.training.resolved_plan import with_nothing_open
from linnaeus.training.step import Step
from linnaeus.training.team import ALONE, Team
from linnaeus.training.threads import seconds_at_best

__all__ = ["Sized", "about_32_px", "choose_size", "size_at", "usual_size"]

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
AIRBENCH_SIDES_PX = (24, 48)
VIEWS_NEEDED_ABOUT_32_PX = {
    "airbench96": 400_000,
    "airbench94": 250_000,
    "airbench-medium": 250_000,
    "airbench-small": 120_000,
    "airbench-tiny": 0,
}
"""The same for pictures with sides within `AIRBENCH_SIDES_PX`. On CIFAR-10, airbench94 came in 8
passes to 89.6 % and cnn-medium, at four fifths of its cost, to 86.8 %; airbench96 in 8 to 91.6 %,
and airbench94, at the same cost, in 32 to 91.6 %. In 13 minutes of two cores that compute in
bfloat16, airbench94 came to 89.5 % and cnn-small to 87.8 %; in two of two that do not,
airbench-small to 83.3 %, airbench-tiny to 82.9 % and cnn-tiny to 81.9 %."""
MOST_PASSES = 60.0
"""Over a small set, so many passes are enough for any size: more views show nothing new."""

TRIAL_PX = 64 * 32**2  # in a batch of the trial, which takes a tenth of a second or two
TRIAL_PX_ELSEWHERE = 512 * 32**2
TRIAL_STEPS = 4  # the first also pays for setting up; the fastest of the others counts


class Sized(NamedTuple):
    """The `network` for a budget, about how many `passes` it makes, and `why`: a sentence."""

    network: str
    passes: float
    why: str


def usual_size(height_px: int, width_px: int, *, quick: bool = False) -> str:
    """The network for pictures of this size where no budget says how much time there is."""
    if about_32_px(height_px, width_px):
        return "airbench-tiny" if quick else "airbench-small"
    return "cnn-tiny" if quick else SMALL_CNN


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
    for name, needed in _views_needed(height_px, width_px).items():
        views = budget_s * rate / _multiply_adds(name, classes, height_px, width_px)
        if views >= min(needed, MOST_PASSES * images):
            break
    told = f"{views / images:.1f} passes over the {images:,} pictures"
    return Sized(
        name,
        views / images,
        f"{name} learns from scratch: {budget_s:,.0f} s on this machine are about {told} for it.",
    )


def _views_needed(height_px: int, width_px: int) -> dict[str, int]:
    """The networks for pictures of this size, the largest first, and the views that each needs."""
    return VIEWS_NEEDED_ABOUT_32_PX if about_32_px(height_px, width_px) else VIEWS_NEEDED


def about_32_px(height_px: int, width_px: int) -> bool:
    """Whether pictures are of the size that the airbench networks are for."""
    least_px, most_px = AIRBENCH_SIDES_PX
    return least_px <= min(height_px, width_px) and max(height_px, width_px) <= most_px


def _multiply_adds(name: str, classes: int, height_px: int, width_px: int) -> int:
    def make() -> nn.Module:
        return build(name, classes=classes, height_px=height_px, width_px=width_px)

    return count(make, (3, height_px, width_px)).multiply_adds


def _multiply_adds_a_second(
    pixels: PixelRows, classes: int, plan: TrainingPlan, device: str
) -> float:
    """How many multiply-adds of a network are learnt from in a second, measured on one of them."""
    images, height_px, width_px, _ = pixels.shape
    on_processor = torch.device(device).type == "cpu"
    # A GPU has to have something to do: the smallest network would tell how soon it is asked.
    second, smallest = (list(_views_needed(height_px, width_px))[place] for place in (1, -1))
    tried = smallest if on_processor else second
    trial_px = TRIAL_PX if on_processor else TRIAL_PX_ELSEWHERE
    size = max(2, min(images, trial_px // (height_px * width_px)))
    views = torch.from_numpy(pixels.take(np.arange(size, dtype=np.int64))).to(device)
    labels = (torch.arange(size) % classes).to(device)  # nobody keeps what is learnt
    network = build(tried, classes=classes, height_px=height_px, width_px=width_px)
    whole = nn.Sequential(Normalise([127.5] * 3, [64.0] * 3), network)
    on_device = whole.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    uncompiled = plan.model_copy(update={"compiled": False})  # it would take half a minute
    plan = with_nothing_open(uncompiled, images, device)
    keep_freed_memory()
    with at_work_on(device):
        taker = Step(on_device, plan, F.cross_entropy, device)
        step_s = seconds_at_best(
            lambda: taker.take(0, 0.5, views, labels).item(), steps_to_try(TRIAL_STEPS, device)
        )
    return size * _multiply_adds(tried, classes, height_px, width_px) / step_s
