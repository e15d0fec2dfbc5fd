"""The usual values: what a plan leaves open, by the optimiser, schedule and loss that it names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    from linnaeus.training.plan import TrainingPlan

__all__ = ["OPTIMISERS", "check_plan", "with_usual", "without_usual"]

OPTIMISERS: dict[str, dict[str, float]] = {
    "muon": {
        "learning_rate": 0.2,  # the angle by which a bank turns in a step
        "momentum": 0.6,  # lower than usual: its steps do not shrink, so old directions hurt more
        "weight_decay": 5e-4,
        "head_learning_rate": 0.03,  # at 0.01 the first passes over CIFAR-10 are 3 points behind
        "head_momentum": 0.9,
    },
    # On digits 0.1 is too much without normalisation (plain: 42 % right against 91 %) and 0.01 too
    # little with it (small_cnn: 98.1 % against 99.6 %).
    "sgd": {"learning_rate": 0.05, "momentum": 0.9, "weight_decay": 5e-4},
    "adam": {"learning_rate": 1e-3, "momentum": 0.9, "weight_decay": 0.0},  # Kingma, Ba 2015
    "adamw": {"learning_rate": 1e-3, "momentum": 0.9, "weight_decay": 1e-2},  # as in PyTorch
    "schedule-free": {
        "learning_rate": 2.5e-3,
        "momentum": 0.9,
        "weight_decay": 0.0,
    },  # Defazio 2024
}
FEW_STEPS = 40
"""In a pass over the pictures. Where there are more, Muon's rate is less, by the root of how many
more. On CIFAR-10 in batches of 128, 351 a pass, cnn-tiny came in 6.7 passes to 79.9 % at 0.2 and
to 81.4 % at 0.06."""
SCHEDULES: dict[str, dict[str, object]] = {
    "trapezoid": {"warm_up": 0.02},  # enough for the batch statistics and momentum to settle
    "one-cycle": {"warm_up": 0.3},  # as in PyTorch
    "cosine": {"warm_up": 0.05},
    "step": {"warm_up": 0.0, "milestones": (0.5, 0.75), "step_factor": 0.1},
    "constant": {"warm_up": 0.02},
}
LOSSES: dict[str, dict[str, float]] = {
    "cross-entropy": {},
    "focal": {"focal_gamma": 2.0},  # the best of Lin and others 2017
    "class-balanced": {"class_balance_beta": 0.999},  # of Cui and others 2019's, the middle
    "logit-adjusted": {"logit_adjustment": 1.0},  # Menon and others 2021: 1 is consistent
    "binary": {},
}

ADVERSARIES: dict[str, dict[str, object]] = {
    "none": {},
    "pgd": {"adversary_eps": 8 / 255, "adversary_steps": 7},  # Madry and others 2018, on CIFAR-10
    "trades": {"adversary_eps": 8 / 255, "adversary_steps": 7, "trades_beta": 6.0},
    "free": {"adversary_eps": 8 / 255, "adversary_steps": 4},
    "noise": {"adversary_eps": 0.25},  # the middle one of Cohen and others 2019
}


class _Owner(NamedTuple):
    """The only choice beside which a field means something."""

    field: str
    choice: str


OWNERS = {
    "head_learning_rate": _Owner("optimiser", "muon"),
    "head_momentum": _Owner("optimiser", "muon"),
    "milestones": _Owner("schedule", "step"),
    "step_factor": _Owner("schedule", "step"),
    "focal_gamma": _Owner("loss", "focal"),
    "class_balance_beta": _Owner("loss", "class-balanced"),
    "logit_adjustment": _Owner("loss", "logit-adjusted"),
}


OF_AVERAGING = {"average_decay": "ema", "average_from": "swa"}


def with_usual(plan: TrainingPlan, epoch_steps: int = 0) -> TrainingPlan:
    """`plan` with the usual value in every field that it leaves open and that its choices need.

    `epoch_steps`: in a pass over the pictures, where that is known; Muon's rate goes by it.
    """
    schedule = plan.schedule or _schedule_for(plan.optimiser)
    loss = plan.loss or "cross-entropy"
    usual: dict[str, object] = {"schedule": schedule, "loss": loss}
    usual |= OPTIMISERS[plan.optimiser] | SCHEDULES[schedule] | LOSSES[loss]
    usual |= ADVERSARIES[plan.adversary]
    if plan.optimiser == "muon" and epoch_steps > FEW_STEPS:
        usual["learning_rate"] = (
            OPTIMISERS["muon"]["learning_rate"] * (FEW_STEPS / epoch_steps) ** 0.5
        )
    return plan.model_copy(
        update={name: value for name, value in usual.items() if getattr(plan, name) is None}
    )


def without_usual(fields: dict[str, object], choice: str) -> None:
    """Leave open in a plan's `fields` all that is usual for what `choice` names, such as "loss"."""
    tables: dict[str, Mapping[str, Mapping[str, object]]] = {
        "optimiser": OPTIMISERS,
        "schedule": SCHEDULES,
        "loss": LOSSES,
        "adversary": ADVERSARIES,
    }
    fields |= {name: None for usual in tables[choice].values() for name in usual}


def check_plan(plan: TrainingPlan) -> None:
    """Refuse fields that contradict each other, or that would mean nothing beside the others."""
    named = {
        "optimiser": plan.optimiser,
        "schedule": plan.schedule or _schedule_for(plan.optimiser),
        "loss": plan.loss or "cross-entropy",
    }
    for field, owner in OWNERS.items():
        if getattr(plan, field) is not None and named[owner.field] != owner.choice:
            raise _contradiction(
                f"{field} is for {owner.choice}, and the {owner.field} is {named[owner.field]}",
                f"Leave {field} out, or choose the {owner.field} {owner.choice}.",
            )
    if plan.optimiser == "schedule-free" and named["schedule"] != "constant":
        raise _contradiction(
            f"the optimiser schedule-free goes without the schedule {plan.schedule}",
            "Leave the schedule out, or choose another optimiser.",
        )
    for field, kind in OF_AVERAGING.items():
        if (
            plan.averaging != kind
            and getattr(plan, field) != type(plan).model_fields[field].default
        ):
            raise _contradiction(
                f"{field} is for {kind}, and the averaging is {plan.averaging}",
                f"Leave {field} out, or choose the averaging {kind}.",
            )
    for field in ("adversary_eps", "adversary_steps", "trades_beta"):
        if getattr(plan, field) is not None and field not in ADVERSARIES[plan.adversary]:
            raise _contradiction(
                f"{field} means nothing beside the adversary {plan.adversary}",
                f"Leave {field} out, or choose an adversary that has it.",
            )
    if plan.distil_at is not None and (plan.loss == "binary" or plan.balanced_sampling):
        beside = "the loss binary" if plan.loss == "binary" else "balanced_sampling"
        raise _contradiction(
            f"distil_at learns from shares of one label each, and {beside} cannot",
            f"Leave distil_at or {beside} out.",
        )
    _check_evening(plan)


def _check_evening(plan: TrainingPlan) -> None:
    """Refuse two ways of making up for rare classes: they would count twice."""
    ways = {
        "balanced_sampling": plan.balanced_sampling,
        'class_weights "balanced"': plan.class_weights == "balanced",
        "the loss class-balanced": plan.loss == "class-balanced",
        "the loss logit-adjusted": plan.loss == "logit-adjusted",
    }
    chosen = [way for way, taken in ways.items() if taken]
    if len(chosen) > 1:
        raise _contradiction(
            f"{chosen[0]} and {chosen[1]} each make up for rare classes, which would count twice",
            "Choose one of them.",
        )


def _schedule_for(optimiser: str) -> str:
    return "constant" if optimiser == "schedule-free" else "trapezoid"


def _contradiction(what: str, mend: str) -> PydanticCustomError:
    return PydanticCustomError("contradiction", "{what}", {"what": what, "mend": mend})
