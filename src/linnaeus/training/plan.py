"""Every choice of a training from scratch, with its default and the reason for it."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from linnaeus.training.augmentation.plan import AugmentPlan
from linnaeus.training.schedule import Pace
from linnaeus.training.usual import check_plan

__all__ = ["Adversary", "Averaging", "TrainingPlan"]

Adversary = Literal["none", "pgd", "trades", "free", "noise"]
Averaging = Literal["none", "ema", "swa"]

VIEWS_PER_PX = (
    3_000  # pictures shown in all, for each px of a side: larger ones differ in more ways
)
EPOCHS = (12.0, 60.0)  # fewest and most without a budget
LARGEST_BATCH = {"cpu": 128}
"""By device. On CIFAR-10, in a time that is enough for 0.7 passes of cnn-small, batches of 512
came to 64.5 %, of 256 to 68.6 %: where there is time for few steps, more of them matter most."""


def _by_name(weights: object) -> object:
    """`weights` by the names of classes: YAML takes that of a class called 3 for a number."""
    if not isinstance(weights, dict):
        return weights
    return {str(name) if type(name) is int else name: weight for name, weight in weights.items()}


class TrainingPlan(BaseModel):
    """How a network learns. What is left open has the usual value of what is chosen.

    Leave `epochs` and `budget_s` alone for a length chosen from the number of pictures; `budget_s`
    fits the length to the time instead. `paces`, as a finished run reports it, repeats that run's
    length step for step, whatever the clock says.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    seed: int = 0
    """Within a recipe it is the recipe's `seed`, whatever is given here."""
    epochs: Annotated[float, Gt(0)] | None = None
    """Passes over the training pictures. None: from the number and size of the pictures
    (`epochs_for`): 12 for large sets, 60 for a few hundred pictures."""
    budget_s: Annotated[float, Gt(0)] | None = None
    """Seconds on the clock, validation counted. None: no limit."""
    paces: tuple[Pace, ...] = ()
    """The resolved length of an earlier run, to be repeated. Beats `epochs` and `budget_s`."""
    teacher_paces: tuple[Pace, ...] = ()
    """The same of the first network of a defensive distillation (`distil_at`)."""
    batch_size: Annotated[int, Ge(2)] | Literal["auto"] | None = None
    """"auto" tries powers of two for a few steps each and takes the smallest that is as fast a
    picture as any, and fits into the memory; the recipe of the run names it. None: a power
    of two that gives about 20 steps an epoch, 32 to 128 on a processor and to 512 elsewhere, where
    a small batch takes as long as a large one."""
    optimiser: Literal["muon", "sgd", "adam", "adamw", "schedule-free"] = "muon"
    """What moves the weights. muon: Muon for filter banks that a normalisation follows and Nesterov
    descent, the head's, for the rest; sgd: Nesterov descent; schedule-free: the AdamW of Defazio
    and others (2024), which needs no schedule because it judges by an average of its weights."""
    learning_rate: Annotated[float, Gt(0)] | None = None
    """Its peak. None: 0.2 for muon, on filter banks of unit length, and less where a pass takes
    more than 40 steps; 0.05 for sgd, 0.001 for adam and adamw, 0.0025 for schedule-free."""
    momentum: Annotated[float, Ge(0), Lt(1)] | None = None
    """The first β of the Adams. None: 0.9, and 0.6 for muon, whose steps do not shrink, so that old
    directions hurt more."""
    weight_decay: Annotated[float, Ge(0)] | None = None
    """Of matrices alone; of muon, only the stem's and the head's, since normalised banks need none.
    None: 0.0005 for muon and sgd, 0.01 for adamw, 0 for adam and schedule-free."""
    head_learning_rate: Annotated[float, Gt(0)] | None = None
    """Of muon: the peak rate of Nesterov descent for the stem, the head, biases and normalisations.
    None: 0.03. At 0.01 the first passes over CIFAR-10 are three points of accuracy behind."""
    head_momentum: Annotated[float, Ge(0), Lt(1)] | None = None
    """Of muon: the momentum of that descent. None: 0.9."""
    schedule: Literal["trapezoid", "one-cycle", "cosine", "step", "constant"] | None = None
    """How the rate goes over a run. trapezoid: up, held up to 15 %, then straight down to nothing;
    one-cycle: up and down along a cosine (Smith 2018; momentum stays); cosine: straight up, down
    along a cosine; step: cut at `milestones`. None: trapezoid, and constant for schedule-free."""
    warm_up: Annotated[float, Ge(0), Lt(1)] | None = None
    """Share of the run in which the rate rises. None: 0.02 for trapezoid and constant, 0.3 for
    one-cycle, 0.05 for cosine, 0 for step."""
    milestones: tuple[Annotated[float, Gt(0), Lt(1)], ...] | None = None
    """Of step: the shares of the run after which the rate is cut. None: 0.5 and 0.75."""
    step_factor: Annotated[float, Gt(0), Lt(1)] | None = None
    """Of step: what a cut multiplies the rate by. None: 0.1."""
    loss: Literal["cross-entropy", "focal", "class-balanced", "logit-adjusted", "binary"] | None = (
        None
    )
    """What is made small. focal counts easy pictures less (Lin and others 2017), class-balanced
    frequent classes (Cui and others 2019); logit-adjusted asks for larger margins of rare classes
    (Menon and others 2021); binary judges each class for itself. None: cross-entropy,
    and binary where pictures have several labels."""
    focal_gamma: Annotated[float, Ge(0)] | None = None
    """Of focal: how much less. None: 2."""
    class_balance_beta: Annotated[float, Gt(0), Lt(1)] | None = None
    """Of class-balanced: nearer to 1, more pictures count as different. None: 0.999."""
    logit_adjustment: Annotated[float, Gt(0)] | None = None
    """Of logit-adjusted: what log frequencies are multiplied by. None: 1."""
    class_weights: Annotated[
        Literal["balanced"]
        | tuple[Annotated[float, Gt(0)], ...]
        | dict[str, Annotated[float, Gt(0)]]
        | None,
        BeforeValidator(_by_name),
    ] = None
    """What a picture of each class counts in the loss: "balanced" is as much as its class is rare,
    a list gives all in order, names with numbers some (the others have 1). Only their ratios count,
    except for binary, where they multiply what a missed label costs."""
    balanced_sampling: bool = False
    """Whether an epoch shows all classes equally often: pictures of rare ones again, each time in
    another view, and of frequent ones only some."""
    label_smoothing: Annotated[float, Ge(0), Lt(1)] = 0.1
    """Keeps short runs from being sure too early; calibration undoes what it does to confidence."""
    augment: AugmentPlan = AugmentPlan()
    """How views differ from their pictures: a preset's name, or its own fields. The default is
    "light"."""
    averaging: Averaging = "ema"
    """Which average of the weights is judged and kept. "ema": a running one, with `average_decay`.
    "swa": the mean from `average_from` of the run on, with batch statistics measured anew for it.
    "none": the newest weights."""
    average_decay: Annotated[float, Ge(0), Lt(1)] = 0.98
    """Of the running average of the weights: about the last 50 steps."""
    average_from: Annotated[float, Ge(0), Lt(1)] = 0.75
    """Share of the run after which "swa" begins: the last quarter, as in its paper."""
    resize_from: Annotated[float, Gt(0), Lt(1)] | None = None
    """Share of their sides that pictures have when learning begins, such as 0.5: a quarter of the
    work a step. They grow in steps of 4 px. None: they are full from the start."""
    resize_until: Annotated[float, Gt(0), Le(1)] = 0.6
    """Share of the run at which pictures are full, with `resize_from`. The last part has to be
    learnt at full size, which is the one that is judged and served."""
    clip_norm: Annotated[float, Gt(0)] | None = None
    """Longest gradient, over all weights together; longer ones are shortened to it. Muon's steps
    have a length of their own: there it only evens out the momentum. None: no limit."""
    accumulate: Annotated[int, Ge(1)] = 1
    """Parts in which a batch goes through the network, for batches whose activations do not fit
    into memory. The step is that of the whole batch, but each part is batch-normalised alone."""
    patience: Annotated[int, Ge(1)] | None = None
    """Validations in a row without a better score after which learning ends early; there are about
    ten in a run. The learning rate has then not fallen to its end. None: never."""
    adversary: Adversary = "none"
    """Whether pictures are learnt from as an attacker would change them, for a network that stands
    up better and is right less often otherwise. pgd: in the worst of some steps (Madry and others
    2018); trades: from both, so that answers change little (Zhang and others 2019); free: one step
    at a time while a batch is learnt from again and again (Shafahi and others 2019), which takes
    little more time than learning from it so often. noise: under Gaussian noise, for answers that
    `linnaeus certify` can prove (Cohen and others 2019)."""
    adversary_eps: Annotated[float, Gt(0), Le(1)] | None = None
    """How far each level may change, of their range; of noise, its standard deviation. None:
    8/255, and 0.25 for noise."""
    adversary_steps: Annotated[int, Ge(1)] | None = None
    """Steps of the attacker, or of free, how often a batch is learnt from. None: 7, and 4 for
    free."""
    trades_beta: Annotated[float, Gt(0)] | None = None
    """Of trades: what changed answers cost against wrong ones. None: 6."""
    distil_at: Annotated[float, Gt(1), Le(100)] | None = None
    """Temperature of defensive distillation, such as 20 (Papernot and others 2016): a network
    learns at it, and another one, which is kept, learns the first one's answers at it. That hides
    the way from simple attacks and does not stand up to a strong one (Carlini and Wagner 2017); the
    report measures both. None: no such thing."""
    compiled: bool = False
    """Whether the network is compiled for the device when learning begins, which takes half a
    minute or more, for steps that take less time: on a GPU a fifth less. The weights come out the
    same but for rounding."""
    precision: Literal["bfloat16", "float16", "float32"] | None = None
    """Of products, while it learns. float16 is for GPUs without bfloat16; its gradients are scaled
    so that they do not vanish, and steps in which they overflow are left out. None: bfloat16 where
    the device multiplies it natively, else float32."""

    @model_validator(mode="after")
    def _check(self) -> TrainingPlan:
        check_plan(self)
        return self

    def batch_size_for(self, images: int, device: str = "cpu") -> int:
        """The batch size for a training set of `images` on `device`, never above the set's."""
        if isinstance(self.batch_size, int):
            return min(self.batch_size, images)
        fitting = 2 ** round(math.log2(max(images, 1) / 20)) if images >= 20 else 32
        return min(max(32, min(LARGEST_BATCH.get(device, 512), fitting)), images)

    def epochs_for(self, images: int, side_px: int) -> float:
        """The passes over a training set of `images` with sides of `side_px`, without a budget."""
        if self.epochs is not None:
            return self.epochs
        fewest, most = EPOCHS
        return max(fewest, min(most, round(VIEWS_PER_PX * side_px / max(1, images))))
