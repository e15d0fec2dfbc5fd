"""The batch size found by trial: the one that learns from most pictures a second, and fits."""

from __future__ import annotations

import copy
import time

import numpy as np
from numpy.typing import NDArray
from torch import nn

from linnaeus.data.pixels import PixelRows
from linnaeus.progress import Progress
from linnaeus.training.batches import batches_for
from linnaeus.training.losses import loss_for
from linnaeus.training.memory_shortage import is_of_memory
from linnaeus.training.plan import TrainingPlan
from linnaeus.training.precision import at_work_on
from linnaeus.training.recorded import steps_to_try
from linnaeus.training.step import Step
from linnaeus.training.team import Team
from linnaeus.training.threads import threads_for

__all__ = ["tried_batch_size"]

Labels = NDArray[np.int64] | NDArray[np.float32]

SIZES = tuple(2**power for power in range(4, 13))  # 16 to 4,096
STEPS_AN_EPOCH = 10  # at least: with fewer a run has too few steps to learn in
STEPS = 3  # of each size; the first also pays for setting up kernels, so the fastest counts
AS_FAST = 1.05  # times the best: what is within is noise, and smaller batches learn more a picture


def tried_batch_size(
    network: nn.Module,
    pixels: PixelRows,
    labels: Labels,
    plan: TrainingPlan,
    *,
    device: str,
    team: Team,
    progress: Progress,
) -> int:
    """The batch size for `network`, which stays as it is, by steps on `pixels` with `labels` (n,).

    It is the smallest power of two that is as fast a picture as any, within a twentieth. Larger
    ones are tried until the memory is full. In a `team` process 0 tries its share.
    """
    count = pixels.shape[0]
    least, most = 2 * plan.accumulate, count / (team.size * STEPS_AN_EPOCH)
    fitting = [size for size in SIZES if least <= size <= most]
    if not fitting:
        default = plan.model_copy(update={"batch_size": None}).batch_size_for(count)
        progress.say(f"{count} pictures are too few to try batch sizes on: they are of {default}.")
        return default
    chosen = 0
    if team.leads:
        took = _took(network, pixels, labels, plan, device, fitting, progress)
        best = min(took.values())
        chosen = min(size for size, seconds in took.items() if seconds <= AS_FAST * best)
        told = ", ".join(f"{size}: {1000 * seconds:.2g} ms" for size, seconds in took.items())
        progress.say(f"A batch has {chosen * team.size} pictures, by what one took ({told}).")
    (agreed,) = team.as_led(chosen * team.size)
    return agreed


def _took(
    network: nn.Module,
    pixels: PixelRows,
    labels: Labels,
    plan: TrainingPlan,
    device: str,
    sizes: list[int],
    progress: Progress,
) -> dict[int, float]:
    """Seconds a picture of each size that fits into memory as a whole, or of the smallest."""
    took: dict[int, float] = {}
    with progress.stage("Trying batch sizes", len(sizes)) as stage:
        for size in sizes:
            # compiling each size would take longer than the trial tells
            sized = plan.model_copy(update={"batch_size": size, "compiled": False})
            try:
                seconds, whole = _seconds_a_picture(network, pixels, labels, sized, device)
            except (RuntimeError, MemoryError) as error:
                if not took or not is_of_memory(error):
                    raise
                break
            if took and not whole:
                break
            took[size] = seconds
            stage.advance(1.0, f"{size}: {1000 * took[size]:.2g} ms a picture")
    return took


def _seconds_a_picture(
    network: nn.Module, pixels: PixelRows, labels: Labels, plan: TrainingPlan, device: str
) -> tuple[float, bool]:
    """Seconds of a picture, and whether batches went through the network as the plan has them."""
    tried = copy.deepcopy(network)
    batches = batches_for(tried, pixels, labels, plan, device=device)
    fastest = float("inf")
    pixels_a_step = batches.size * batches.height_px * batches.width_px
    with threads_for(pixels_a_step), at_work_on(device):
        step = Step(tried, plan, loss_for(plan, labels), device)
        for place in range(steps_to_try(STEPS, device)):
            began = time.perf_counter()
            step.take(place, 0.5, *batches.at(place)).item()  # which waits for the device
            fastest = min(fastest, time.perf_counter() - began)
    return fastest / batches.size, step.parts == plan.accumulate
