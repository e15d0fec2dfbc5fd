"""Defensive distillation: a first network learns at a temperature, and gives a second its answers.

After Papernot and others (2016). The second one's logits come out so large that its softmax is flat
nearly everywhere, which hides the way from attacks that follow its gradient, and from no others
(Carlini and Wagner 2017).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from linnaeus.data.pixels import PixelRows, chunks
from linnaeus.progress import Progress
from linnaeus.training.loop import LOOP, Fitted
from linnaeus.training.plan import TrainingPlan
from linnaeus.training.saving import Saver
from linnaeus.training.state import State

__all__ = ["Lesson", "distilled_lesson"]

PART = "distilled"
AT_ONCE = 256


class Lesson(NamedTuple):
    """What the second network learns: `targets` (n, classes) float32, by a `plan` that makes the
    steps that the first one made, or those of an earlier run.
    """

    targets: NDArray[np.float32]
    plan: TrainingPlan


def distilled_lesson(
    teach: Callable[[TrainingPlan, Callable[[], bool]], Fitted],
    pixels: PixelRows,
    plan: TrainingPlan,
    stop: Callable[[], bool],
    saver: Saver,
    progress: Progress,
) -> Lesson:
    """Let `teach` fit the first network by `plan`, and make its answers to `pixels` the lesson.

    A budget is for both: the first has half of it, and the second makes as many steps. What an
    earlier process had saved by `saver` is gone on with. There is no best model so far before the
    second learns, so KeyboardInterrupt is raised where `stop` says so, and what was saved stands.
    """
    assert plan.distil_at is not None

    def too_early() -> bool:
        if stop():
            progress.warn("The network that is to be kept has not begun to learn: it ends at once.")
            raise KeyboardInterrupt
        return False

    found = saver.take(PART)
    if found is None:
        half = None if plan.budget_s is None else plan.budget_s / 2
        progress.say(f"A first network learns at the temperature {plan.distil_at:g}.")
        paces = plan.teacher_paces or plan.paces
        first = teach(plan.model_copy(update={"budget_s": half, "paces": paces}), too_early)
        progress.say("A second one, which is kept, learns its answers.")
        answers = _answers(first.network, pixels, plan.distil_at)
        found = State({"plan": first.plan.model_dump(mode="json")}, {"targets": answers})
        saver.keep(PART, found)
        saver.drop(LOOP)
        saver.save()
        too_early()
    made = TrainingPlan.model_validate(found.facts["plan"])
    resolved = made.model_copy(
        update={
            "budget_s": plan.budget_s,
            "paces": plan.paces or made.paces,
            "teacher_paces": made.paces,
        }
    )
    return Lesson(found.tensors["targets"].numpy(), resolved)


@torch.no_grad()
def _answers(network: nn.Module, pixels: PixelRows, temperature: float) -> Tensor:
    """(n, classes) float32 the probabilities of `network`, on the processor, at the temperature."""
    rows = np.arange(pixels.shape[0])
    batches = chunks(pixels, rows, AT_ONCE)
    return torch.cat([(network(torch.from_numpy(one)) / temperature).softmax(1) for one in batches])
