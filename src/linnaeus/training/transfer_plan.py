"""Every choice of a training that starts from pretrained weights, with its default and why."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le
from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from linnaeus.errors import UsageError
from linnaeus.training.schedule import Pace

__all__ = [
    "COST",
    "LEAST_PASSES",
    "LEAST_PICTURES",
    "StageName",
    "TransferPlan",
    "TransferStage",
    "cost_of",
    "least_passes",
]

StageName = Literal["probe", "head", "upper", "whole"]

COST: dict[StageName, float] = {"head": 1.0, "upper": 1.5, "whole": 4.0}
"""Times that a pass of learning takes, against one of answering: only the part that learns is gone
through backwards, and that costs two to three times as much as forwards."""

COST_WITH_FROZEN = 3.0
"""The same of the whole with its lowest stages frozen, whose maps are the largest: a step of
MobileNetV2 then takes three quarters of its time."""

LEAST_PASSES, LEAST_PICTURES = 0.5, 16_000
"""That a stage has to have time to learn from, whichever is less: 500 steps of 32 pictures."""

FIRST = ("probe", "head")
"""What a network can begin with: until its head answers, there is nothing to make better."""


class TransferStage(BaseModel):
    """One stage: which part learns, for how long, and at which rate.

    Written as its name alone, a stage has the defaults.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    learns: StageName
    """probe: a linear head by itself, on features that are computed once; head: the head of choice,
    under which the network is frozen; upper: the upper third of the network's stages too; whole:
    all of it but what is `frozen`."""
    epochs: Annotated[float, Gt(0)] | None = None
    """Passes over the training pictures, where no budget decides. None: 20 for a head, 4 for upper,
    8 for whole."""
    learning_rate: Annotated[float, Gt(0)] | None = None
    """Peak rate of the head. None: that of `network`; where it says none either, or muon's, the
    usual one of the optimiser for a head that is new (of AdamW 0.001), and for what is good already
    0.3 of it, or half where there are 10,000 training pictures or more."""
    views: Annotated[int, Ge(1), Le(6)] | None = None
    """Of a probe: views of each training picture that it learns from: as it is, mirrored where that
    is allowed, then closer towards its corners. None: what a budget has room for, or one."""
    paces: tuple[Pace, ...] = ()
    """The resolved length of an earlier run, to be repeated. Beats `epochs` and any budget."""

    @model_validator(mode="after")
    def _check(self) -> TransferStage:
        of_steps = ("epochs", "learning_rate", "paces")
        idle = of_steps if self.learns == "probe" else ("views",)
        for name in idle:
            if getattr(self, name) not in (None, ()):
                raise PydanticCustomError(
                    "contradiction",
                    "{what}",
                    {
                        "what": f"a stage that learns {self.learns} has no {name}",
                        "mend": "Leave it out.",
                    },
                )
        return self


def cost_of(learns: StageName, frozen: int | None) -> float:
    """`COST` of a stage where so many of the lowest stages of the network stay as they are."""
    return COST_WITH_FROZEN if learns == "whole" and frozen else COST[learns]


def least_passes(pictures: int) -> float:
    """How many passes over so many training pictures a stage has to have time for."""
    return min(LEAST_PASSES, LEAST_PICTURES / pictures)


def _named(stage: object) -> object:
    return {"learns": stage} if isinstance(stage, str) else stage


class TransferPlan(BaseModel):
    """How a pretrained network is taught new classes, stage by stage.

    A stage after the first is kept only where it is better on validation. What is not said here, of
    batches, views, optimiser, loss and averaging, is said by `network`; but where that says muon,
    AdamW tunes: muon forgets how long a filter was, which pretrained ones must not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    stages: tuple[Annotated[TransferStage, BeforeValidator(_named)], ...] | None = None
    """What learns, in order; the first is probe or head. None: as the preset and the budget say; of
    a network with a `head` of choice, head and then whole."""
    rate_decay: Annotated[float, Gt(0), Le(1)] | None = None
    """What each of the network's stages has of the rate of the one above it: the lower, the more
    general, and the less there is to learn anew. None: 0.7, or 0.8 where there are 10,000 training
    pictures or more."""
    freeze_batch_norm: bool = True
    """Whether batch statistics stay those of the pretraining."""
    frozen: Annotated[int, Ge(0)] | None = None
    """Of how many of the network's stages, from the lowest, the weights stay as they are when the
    whole learns. None: 0; but on a processor, of 10,000 training pictures or more that there is no
    time to see 8 times, as many as hold a hundredth of all weights together, if that is faster."""
    done: tuple[TransferStage, ...] = ()
    """The stages that an earlier run came to, with their lengths, to be repeated. Beats `stages`
    and any budget."""

    @model_validator(mode="after")
    def _check(self) -> TransferPlan:
        _check_order("stages", self.stages)
        _check_order("done", self.done or None)
        return self


def _check_order(field: str, stages: tuple[TransferStage, ...] | None) -> None:
    """Refuse stages of which the first makes no head, or of which another makes one anew."""
    names = [stage.learns for stage in stages or ()]
    if stages is None or (names and names[0] in FIRST and not set(FIRST) & set(names[1:])):
        return
    raise UsageError(
        f"its stages are {', '.join(names) or 'none'}, but the first has to be probe or head, and"
        " no other may",
        where=f"the recipe's transfer.{field}",
        mend="Write them as probe, upper, whole, or leave some of them out from the end.",
    )
