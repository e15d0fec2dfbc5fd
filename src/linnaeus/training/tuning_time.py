"""How a budget is parted among the stages of a fine-tuning, by the speed of this machine."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linnaeus.training.precision import autocast, fast_precision
from linnaeus.training.threads import seconds_at_best
from linnaeus.training.transfer_plan import StageName, cost_of, least_passes
from linnaeus.training.tunable import Tunable
from linnaeus.training.tuning import BATCH, EPOCHS, MANY_PICTURES, Lesson, answers

__all__ = ["SHARE_OF_FIRST_HEAD", "allowance_s", "pass_s", "whole_first"]

SHARE_OF_UPPER = 1 / 3
"""Of the time left, where the whole network comes after: its passes take longer, and bring more."""

SHARE_OF_FIRST_HEAD = 1 / 3
"""Of a budget, for a head of choice where more of the network comes after."""

MANY_STEPS = 1_000
"""From so many on the whole network can be taught at once, with nothing learnt above it first. Of
`MANY_PICTURES` it can with as few as a stage takes at least."""

TRIED, TRIED_ELSEWHERE, TRIALS = 8, 64, 3  # pictures on a processor and a GPU, and times
SURELY = 0.9
"""Of the time left: what the upper stages are left out for has to have time even if it is asked
about when the machine is a little slower."""

RESERVE = 0.02
"""Of the time left, for steps and answers that are slower than those that were timed."""


def pass_s(network: Tunable, lesson: Lesson, device: str = "cpu") -> float:
    """Seconds that one pass of the training pictures through `network` takes, from a few of them.

    The quickest of several tries, on all threads and on one, as the steps will be: a machine that
    others use too now and then takes ten times as long. `device`: where it learns, which need not
    be where it is judged.
    """
    if torch.device(device).type == "cpu":
        rows = lesson.train[:TRIED]
        took_s = seconds_at_best(lambda: answers(network, lesson.pixels, rows), TRIALS)
    else:
        rows = lesson.train[:TRIED_ELSEWHERE]
        took_s = seconds_at_best(_answering_on(device, network, lesson, rows), TRIALS)
    return took_s * len(lesson.train) / len(rows)


def _answering_on(
    device: str, network: Tunable, lesson: Lesson, rows: NDArray[np.int64]
) -> Callable[[], object]:
    """One batch of the pictures at `rows` through `network` as it would be on `device`."""
    there = copy.deepcopy(network).eval().to(device)
    views = torch.from_numpy(lesson.pixels.take(rows)).to(device)

    def answer() -> Tensor:
        with torch.no_grad(), autocast(fast_precision(device), device):
            given: Tensor = there(views)
        return given.cpu()  # which waits for the device

    return answer


def whole_first(
    left_s: float,
    one_pass_s: float,
    pictures: int,
    *,
    judging_s: float,
    frozen: int | None = None,
) -> bool:
    """Whether the upper stages are better left out, for the whole network has use for all of the
    `left_s` seconds: there are so many `pictures` to learn from that it takes many steps in them,
    and yet fewer than its usual passes where the upper stages have their share.

    `judging_s`: as `allowance_s` takes it. `frozen`: how many of its stages stay as they are.
    """
    surely_s = SURELY * left_s
    allowed_s = allowance_s(
        "whole", surely_s, one_pass_s, pictures, judging_s=judging_s, last=True, frozen=frozen
    )
    passes = left_s / (cost_of("whole", frozen) * one_pass_s)
    many_steps = pictures >= MANY_PICTURES or passes * pictures >= MANY_STEPS * BATCH
    return allowed_s > 0 and many_steps and (1 - SHARE_OF_UPPER) * passes < EPOCHS["whole"]


def allowance_s(
    learns: StageName,
    left_s: float,
    one_pass_s: float,
    pictures: int,
    *,
    judging_s: float,
    last: bool,
    frozen: int | None = None,
) -> float:
    """Seconds for a stage, of `left_s` in all; 0 where these are not worth learning in.

    `one_pass_s`: what answering all of the training `pictures` takes. `judging_s`: what answering
    the validation pictures takes once more, when the stage is over. A stage that is not the `last`
    leaves most of the time to the next, if that can use it. `frozen`: as in `whole_first`.
    """
    least_s = least_passes(pictures) * one_pass_s
    usable_s = (1 - RESERVE) * left_s - judging_s
    share = SHARE_OF_UPPER * usable_s
    next_can = usable_s - share >= least_s * cost_of("whole", frozen)
    allowed_s = share if not last and next_can else usable_s
    return allowed_s if allowed_s >= least_s * cost_of(learns, frozen) else 0.0
