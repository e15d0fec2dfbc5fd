"""What may be asked of a training, looked at before any of the work."""

from __future__ import annotations

from pathlib import Path

from linnaeus.bundle.runtime import best_engine
from linnaeus.data.dataset import Dataset
from linnaeus.data.sources import check_classes
from linnaeus.data.split import check_shares
from linnaeus.errors import MissingError, UsageError
from linnaeus.models.build import check_size
from linnaeus.models.heads import neck_for
from linnaeus.training.asked_of_labels import check_of_labels
from linnaeus.training.augmentation.plan import AugmentPlan
from linnaeus.training.choice import Choice
from linnaeus.training.classical.asked import check_classical
from linnaeus.training.plan import TrainingPlan
from linnaeus.training.presets import transfer_stages
from linnaeus.training.recipe import Recipe
from linnaeus.training.serving import first_precision
from linnaeus.training.team import Team
from linnaeus.training.transfer_plan import TransferPlan
from linnaeus.training.tuning import OF_MUON
from linnaeus.unknowns.given import check_given

__all__ = ["check_asked", "only_probes"]

UNMOVED = (AugmentPlan(), AugmentPlan.model_validate("none"))  # nothing asked for, or nothing
OF_ANY = ("seed", "epochs", "budget_s", "paces", "teacher_paces", "augment")
"""What a plan says that means something, or is refused in words of its own, where no network learns
by it; all else is of a network that learns, and nothing of a head that is fitted."""


def check_asked(dataset: Dataset, recipe: Recipe, choice: Choice, team: Team) -> None:
    """Refuse before the work what cannot be meant, and a training that nothing would judge.

    Raises UsageError for what does not go together, MissingError for stages of a network whose
    weights are not at hand, and as `classical.asked.check_classical` does.
    """
    check_classes(dataset, dataset.name)
    check_shares(recipe.validation, recipe.test)
    recipe = _as_asked(recipe)
    if choice.classical is not None:
        check_classical(dataset, recipe, choice.classical, team.size)
    check_of_labels(recipe.network, dataset.classes, several=dataset.label_sets is not None)
    first_precision(recipe.precision, best_engine())
    if recipe.test == 0 and not _comes_with_test(dataset, recipe):
        raise UsageError(
            "without test pictures nobody could say how good the result is",
            where="--test",
            mend="Give a share above 0, such as 0.2.",
        )
    _check_unknown(dataset, recipe)
    if choice.classical is not None:
        return
    if choice.backbone is not None and team.size > 1:
        raise UsageError(
            f"{choice.name} is taught in stages, by one process",
            where="torchrun",
            mend="Start linnaeus without it, or learn from scratch with --model small_cnn.",
        )
    if only_probes(recipe, choice) and recipe.device not in ("auto", "cpu"):
        raise UsageError(
            f"the frozen features of {choice.name} are computed on the processor",
            where="--device",
            mend="Leave --device out, fine-tune with --preset best, or learn from scratch with"
            " --model small_cnn.",
        )
    if choice.backbone is not None and recipe.network.epochs is not None:
        raise UsageError(
            f"{choice.name} is taught in stages, each with epochs of its own",
            where="--epochs",
            mend="Give a --budget, write the stages' epochs into a recipe (transfer.stages), or"
            " learn from scratch with --model small_cnn.",
        )
    if only_probes(recipe, choice) and recipe.network.augment not in UNMOVED:
        raise UsageError(
            f"a head on the frozen features of {choice.name} is learnt from pictures as they are",
            where="--augment",
            mend="Leave --augment out, fine-tune with --preset best, or learn from scratch with"
            " --model small_cnn.",
        )
    _check_idle(recipe, choice, several=dataset.label_sets is not None)
    _check_head(recipe, choice)
    if choice.backbone is None and not choice.by_time and recipe.image_size_px is not None:
        check_size(choice.name, *recipe.image_size_px)


def only_probes(recipe: Recipe, choice: Choice) -> bool:
    """Whether all that learns by `recipe` is a linear head on frozen features."""
    return choice.backbone is not None and [s.learns for s in transfer_stages(recipe)] == ["probe"]


def _check_unknown(dataset: Dataset, recipe: Recipe) -> None:
    """Refuse unknown pictures that are not there, or that nothing will be told of."""
    if recipe.unknown is None:
        return
    if dataset.label_sets is not None:
        raise UsageError(
            "these pictures may have several labels or none, so nothing is called unknown",
            where="--unknown",
            mend="Leave it out.",
        )
    check_given(Path(recipe.unknown))


def _as_asked(recipe: Recipe) -> Recipe:
    """`recipe` before an earlier run left out, or froze, the stages that it had no time for."""
    if not recipe.transfer.done:
        return recipe
    transfer = recipe.transfer.model_copy(update={"done": (), "frozen": None})
    return recipe.model_copy(update={"transfer": transfer})


def _check_idle(recipe: Recipe, choice: Choice, *, several: bool) -> None:
    """Refuse choices of how a network learns where none does, rather than forget them.

    `several`: whether pictures may have several labels, whose heads are fitted by that loss too.
    """
    binary = several and recipe.network.loss == "binary"
    usual = TrainingPlan(loss="binary" if binary else None)
    idle = [
        name
        for name in TrainingPlan.model_fields
        if name not in OF_ANY and getattr(recipe.network, name) != getattr(usual, name)
    ]
    if idle and only_probes(recipe, choice):
        raise UsageError(
            f"a head on the frozen features of {choice.name} is fitted, without {idle[0]}",
            where=f"the recipe's network.{idle[0]}",
            mend="Leave it out, fine-tune with --preset best, or learn from scratch with"
            " --model small_cnn.",
        )
    of_stages = ("rate_decay", "freeze_batch_norm", "frozen")
    staged = [name for name in of_stages if _moved(recipe, name)]
    if staged and (choice.backbone is None or only_probes(recipe, choice)):
        raise UsageError(
            f"no pretrained network is tuned by this recipe, with {choice.name}",
            where=f"the recipe's transfer.{staged[0]}",
            mend="Leave it out, or fine-tune a pretrained network with --preset best.",
        )
    if recipe.network.distil_at is not None and choice.backbone is not None:
        raise UsageError(
            f"defensive distillation is for networks from scratch, and {choice.name} is pretrained",
            where="the recipe's network.distil_at",
            mend="Leave it out, or learn from scratch with --model small_cnn.",
        )
    rates = ("learning_rate", *OF_MUON)
    of_muon = [name for name in rates if getattr(recipe.network, name) is not None]
    tuned = choice.backbone is not None and not only_probes(recipe, choice)
    if tuned and recipe.network.optimiser == "muon" and of_muon:
        raise UsageError(
            f"{choice.name} is tuned by AdamW, and this is of muon",
            where=f"the recipe's network.{of_muon[0]}",
            mend="Set network.optimiser to adamw beside it, or leave it out.",
        )


def _moved(recipe: Recipe, name: str) -> bool:
    """Whether the recipe says something unusual of `name` in its `transfer`."""
    return bool(getattr(recipe.transfer, name) != getattr(TransferPlan(), name))


def _check_head(recipe: Recipe, choice: Choice) -> None:
    """Refuse a head that cannot be read, and one where frozen features get a linear one."""
    if recipe.head is not None:
        neck_for(recipe.head, (1,), dropout=recipe.dropout)  # its layers fit any number of features
    given = [
        name for name in ("head", "dropout", "batch_norm") if getattr(recipe, name) is not None
    ]
    if choice.backbone is not None and given and transfer_stages(recipe)[0].learns == "probe":
        raise UsageError(
            f"a probe of {choice.name} gets a linear head",
            where=f"the recipe's {given[0]}",
            mend='Leave it out, name a head with the stages "head" and "whole" in transfer.stages,'
            " or learn from scratch with --model small_cnn.",
        )
    if choice.backbone is None and recipe.transfer.stages is not None:
        raise MissingError(
            f"the recipe asks for stages of a pretrained network, and {choice.name} learns from"
            " scratch here",
            where="the recipe's transfer.stages",
            mend="Give its weights with --weights DIR or --download, or leave the stages out.",
        )


def _comes_with_test(dataset: Dataset, recipe: Recipe) -> bool:
    """Whether it is said which pictures are the test, whatever share they are."""
    if recipe.split_file is not None or recipe.domain_column is not None:
        return True
    anew = recipe.resplit or recipe.time_column is not None
    return bool((dataset.splits == "test").any()) and not anew
