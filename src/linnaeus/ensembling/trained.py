"""Training that makes its own members: folds of the pictures, or snapshots of one network.

RUN/members/ holds split.csv, in-common.json and a whole run for each member (fold-0, fold-1, … or
snapshot-0, …), so that an interrupted training goes on with the member that was under way.
"""

from __future__ import annotations

from pathlib import Path

from linnaeus.bundle.record import WEIGHTS_FILE
from linnaeus.data.folds import Folds
from linnaeus.data.part import part_beside_test
from linnaeus.data.split_file import split_table
from linnaeus.ensembling.ensemble import ensemble
from linnaeus.errors import DataError, UsageError
from linnaeus.files import write_json, write_whole
from linnaeus.randomness import number
from linnaeus.runs.state import BUNDLE, RECIPE
from linnaeus.training.choice import Choice
from linnaeus.training.ensemble_plan import EnsemblePlan, ensemble_plan
from linnaeus.training.finished_members import check_finished
from linnaeus.training.material import Material, check_judged
from linnaeus.training.members import MemberTraining
from linnaeus.training.recipe import Recipe, read_recipe
from linnaeus.training.run import Run
from linnaeus.training.run_folder import MEMBERS
from linnaeus.training.suited import as_long_as_its_preset, passes_of
from linnaeus.training.team import Team
from linnaeus.training.written import SPLIT_TABLE

__all__ = ["share_of_time", "train_ensemble"]

SEEDS = 2**32


def train_ensemble(training: MemberTraining, choice: Choice, *, out: Path, team: Team) -> Run:
    """Train the members that the recipe of `training` asks for, and make one bundle in `out`.

    A budget, also that of a preset, is shared out among the members, and of snapshots the passes
    too. What an earlier process has finished or saved in `out` is gone on with.

    Raises UsageError where snapshots of `choice` make no sense or several processes are at work,
    DataError where there are too few pictures, and as `fit` and `ensemble` do.
    """
    dataset, recipe = training.dataset, training.begun.recipe
    assert recipe.ensemble is not None
    plan = ensemble_plan(recipe.ensemble)
    training.check_alone(team, "the members of an ensemble")
    _check(plan, choice)
    if dataset.label_sets is not None:
        raise DataError(
            "pictures of it may have several labels, and the answers of an ensemble are one each",
            where=dataset.name,
            mend="Train one network, without --ensemble.",
        )
    check_finished(out / MEMBERS, dataset)
    material = training.look(recipe, choice)
    check_judged(material)
    split_file = out / MEMBERS / SPLIT_TABLE
    digests = material.scan.content_digests
    if not split_file.exists():
        write_whole(split_file, split_table(dataset, digests, _parted(plan, material, recipe)))
    members = _members(plan, training, choice, material, split_file)
    write_json(out / RECIPE, recipe.model_dump(mode="json"))
    write_whole(out / SPLIT_TABLE, split_table(dataset, digests, material.split))
    write_json(out / "audit.json", material.audit.to_json())
    made = ensemble(
        members,
        dataset,
        method="average",
        out=out,
        progress=training.progress,
        workers=training.workers,
        cache=training.cache,
        test=material.test,
    )
    return Run(out, read_recipe(out / RECIPE), material.audit, made.metrics, made.gain)


def share_of_time(recipe: Recipe, plan: EnsemblePlan, shape: tuple[int, int, int, int]) -> Recipe:
    """`recipe` with one member's share of the time, which its preset may say.

    `shape` (n, h, w, 3) is of the pictures that a network from scratch learns from.
    """
    if plan.kind == "snapshots" and recipe.network.paces:
        earlier = passes_of(recipe.network, shape[0], recipe.device)
        return _with_passes(recipe, earlier / plan.members)
    recipe = as_long_as_its_preset(recipe, shape)
    if recipe.budget_s is not None:
        return recipe.model_copy(update={"budget_s": recipe.budget_s / plan.members})
    if plan.kind == "folds":  # each makes all passes over its own pictures
        return recipe
    usual = recipe.network.epochs_for(shape[0], min(shape[1:3]))
    return _with_passes(recipe, usual / plan.members)


def _with_passes(recipe: Recipe, passes: float) -> Recipe:
    network = recipe.network.model_copy(
        update={"epochs": passes, "budget_s": None, "paces": (), "teacher_paces": ()}
    )
    return recipe.model_copy(update={"network": network, "budget_s": None})


def _check(plan: EnsemblePlan, choice: Choice) -> None:
    if plan.kind == "snapshots" and (choice.backbone or choice.classical):
        raise UsageError(
            f"snapshots are of a network that learns from scratch, and {choice.name} does not",
            where="--ensemble",
            mend="Ask for folds:N, or learn from scratch with --model small_cnn.",
        )


def _parted(plan: EnsemblePlan, material: Material, recipe: Recipe) -> Folds:
    """What each member learns from and holds out; snapshots share one split."""
    if plan.kind == "folds":
        together = material.near.pairs if recipe.near_duplicates == "keep-together" else None
        return part_beside_test(
            material.dataset,
            material.scan,
            material.split,
            plan.members,
            seed=recipe.seed,
            near=together,
        )
    if not len(material.validation):
        raise DataError(
            "without validation pictures nothing could weigh the snapshots",
            where=material.dataset.name,
            mend="Give a share above 0 with --val.",
        )
    return Folds(((material.split,),))


def _members(
    plan: EnsemblePlan,
    training: MemberTraining,
    choice: Choice,
    material: Material,
    split_file: Path,
) -> list[Path]:
    """Train all members, one after the other; their folders."""
    recipe = _of_a_member(training.begun.recipe, split_file)
    if choice.backbone is None and choice.classical is None:
        height_px, width_px = material.preprocessing.height_px, material.preprocessing.width_px
        recipe = share_of_time(recipe, plan, (len(material.train), height_px, width_px, 3))
    elif recipe.budget_s is not None:
        recipe = recipe.model_copy(update={"budget_s": recipe.budget_s / plan.members})
    if plan.kind == "snapshots":
        return _snapshots(plan.members, training, choice, recipe, split_file.parent)
    folders = [split_file.with_name(f"fold-{fold}") for fold in range(plan.members)]
    return training.on_folds(folders, recipe, choice)


def _snapshots(
    count: int, training: MemberTraining, choice: Choice, recipe: Recipe, folder: Path
) -> list[Path]:
    """Each cycle goes on from the weights that ended the one before (Huang and others 2017)."""
    made: list[Path] = []
    for cycle in range(count):
        seed = number(recipe.seed, "snapshot", cycle) % SEEDS if cycle else recipe.seed
        start = made[-1] / BUNDLE / WEIGHTS_FILE if made else None
        told = recipe.model_copy(update={"seed": seed, "fold": 0})
        made.append(training.member(folder / f"snapshot-{cycle}", told, choice, start))
    return made


def _of_a_member(recipe: Recipe, split_file: Path) -> Recipe:
    """The recipe that all members share, on the parts that are saved in `split_file`."""
    update: dict[str, object] = {
        "ensemble": None,
        "split_file": str(split_file),
        "time_column": None,
        "domain_column": None,
        "test_domain": None,
        "repeat": None,
        "inner": None,
    }
    return recipe.model_copy(update=update)
