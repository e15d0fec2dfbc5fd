"""A run on the disk: from what was learnt to the bundle, its figures, its report and its files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from linnaeus.bundle.record import BundleRecord
from linnaeus.bundle.runtime import best_engine
from linnaeus.bundle.table import write_csv
from linnaeus.data.pixels import ChosenRows
from linnaeus.data.split_file import split_table
from linnaeus.evaluation.broken_words import broken_words
from linnaeus.evaluation.calibrated import Calibrated
from linnaeus.evaluation.compared import Compared
from linnaeus.evaluation.evaluate import picture_from
from linnaeus.evaluation.explained import Explain
from linnaeus.evaluation.judging import Measured
from linnaeus.evaluation.report import write_figures, write_report
from linnaeus.evaluation.told_columns import told_at
from linnaeus.evaluation.under_attack import Attack
from linnaeus.files import add_to_folder, write_json, write_whole
from linnaeus.images.preprocess import Preprocessing
from linnaeus.progress import Progress
from linnaeus.training.augmentation.names import mirror_allowed
from linnaeus.training.card import model_card
from linnaeus.training.choice import Choice
from linnaeus.training.facts import run_facts
from linnaeus.training.finishing import bundle_finished
from linnaeus.training.learned import Learned
from linnaeus.training.material import Material
from linnaeus.training.recipe import Recipe, read_recipe
from linnaeus.training.run import BUNDLE, Run
from linnaeus.training.serving import Served, serve
from linnaeus.training.telling_unknown import held_out_places
from linnaeus.training.views_choice import served_with_views
from linnaeus.training.watch import finished_event
from linnaeus.version import __version__
from linnaeus.watching.spent import Spent
from linnaeus.watching.watched import Watched

__all__ = ["SPLIT_TABLE", "Beside", "write_run"]

RECIPE = "recipe.json"
SPLIT_TABLE = "split.csv"
SMALL_PX = 96**2  # what our own networks are made for


@dataclass(frozen=True)
class Beside:
    """What a run tells beside its bundle's figures.

    `watched` knows what the machine spent. `explain`: makes the report's sheet of explained
    answers; None: there is none. `attack`: measures for the report what a defensive distillation is
    worth. `strangers`: the user's unknown pictures, to choose and judge what tells them.
    `figures_only`: no more than figures, for a bundle that is thrown away: metrics.json without a
    page, see `finishing.bundle_finished`.
    """

    watched: Watched | None = None
    explain: Explain | None = None
    attack: Attack | None = None
    strangers: tuple[Path, ...] = ()
    figures_only: bool = False


def write_run(
    material: Material,
    learned: Learned,
    recipe: Recipe,
    choice: Choice,
    out: Path,
    beside: Beside,
    progress: Progress,
) -> Run:
    """Write what was learnt by `recipe` as a run to `out`, whole or not at all."""
    served = _serve(material, learned, recipe, progress)
    with add_to_folder(out, last=BUNDLE) as aside:
        metrics = _finish(material, learned, served, choice, aside, beside, progress)
        progress.log(finished_event(metrics, learned.seconds))
    run = Run(out, read_recipe(out / RECIPE), material.audit, metrics)
    run.classifier()  # what was promised opens: whole, unchanged, and answering as it did
    return run


def _serve(material: Material, learned: Learned, recipe: Recipe, progress: Progress) -> Served:
    """Choose how the result is served, and tell of it."""
    held = material.validation
    truth = material.dataset.truth[held]
    for remark in learned.remarks:
        progress.say(remark)
    served = served_with_views(
        lambda views: serve(
            learned.graph,
            ChosenRows(material.pixels, held),
            truth,
            engine=learned.engine or best_engine(),
            asked=recipe.precision,
            views=views,
            description=learned.description,
            keep=held_out_places(len(held), recipe.seed).tolist(),
        ),
        truth,
        asked=recipe.test_time_augmentation,
        mirrored=_mirrors_may_pay(
            learned, recipe, material.preprocessing.height_px, material.preprocessing.width_px
        ),
        progress=progress,
    )
    progress.say(f"The bundle answers in {served.serving.precision}: {served.serving.why}.")
    _warn_of_mirrors(material, recipe, progress)
    return served


def _mirrors_may_pay(learned: Learned, recipe: Recipe, height_px: int, width_px: int) -> bool:
    """Whether to try answers for mirror images too, where the recipe leaves it open.

    Only a network that has learnt from them. `best` tries them for any; otherwise they are for
    small pictures, whose answer takes no longer than reading the file, and not for a frozen
    network under its head.
    """
    tuned = any(stage.kept for stage in learned.stages[1:])
    learnt = tuned or not learned.stages
    small = learnt and height_px * width_px <= SMALL_PX
    wanted = recipe.preset == "best" or (recipe.preset == "balanced" and small)
    return wanted and bool(learned.recipe.network.augment.mirror)


def _warn_of_mirrors(material: Material, recipe: Recipe, progress: Progress) -> None:
    allowed, why = mirror_allowed(material.dataset.classes, material.grey)
    if recipe.test_time_augmentation == "mirror" and not (recipe.network.augment.mirror or allowed):
        progress.warn(f"Mirror images are answered for too, though while learning {why}.")


def _finish(
    material: Material,
    learned: Learned,
    served: Served,
    choice: Choice,
    out: Path,
    beside: Beside,
    progress: Progress,
) -> Measured:
    """Make the bundle, judge it on the test pictures through itself, and write the rest."""
    with bundle_finished(
        out / BUNDLE,
        material,
        served,
        learned.graph,
        learned.save_weights,
        lambda calibrated: _record(material, learned, served, choice, calibrated),
        seed=learned.recipe.seed,
        strangers=beside.strangers,
        features=learned.features,
        figures_only=beside.figures_only,
        progress=progress,
    ) as finished:
        judged, record = finished.judged, finished.record
        recipe = _resolved(learned.recipe, material.preprocessing, choice, served)
        spent = Spent() if beside.watched is None else beside.watched.spent()
        facts = run_facts(material, learned, judged, record, recipe, finished.folder, spent)
        finished.write_card(model_card(facts, judged.test))
    write_json(out / RECIPE, recipe.model_dump(mode="json"))
    digests = material.scan.content_digests
    write_whole(out / SPLIT_TABLE, split_table(material.dataset, digests, material.split))
    write_json(out / "audit.json", material.audit.to_json())
    counted = judged.predictions.at_rate(0)  # as the figures count them
    told = told_at(
        material.dataset,
        material.test,
        material.groups_at(material.test),
        elsewhere=material.any_together,
    )
    write_csv(out / "predictions.csv", counted, beside=told)
    if beside.figures_only:
        write_figures(out / "report", facts, judged.test, judged.validation)
        return judged.test
    explained = None
    if beside.explain is not None:
        explained = beside.explain(out / BUNDLE, material.dataset, judged.predictions, progress)
    attacked = None
    if beside.attack is not None and recipe.network.distil_at is not None:
        defence = f"defensive distillation at the temperature {recipe.network.distil_at:g}"
        attacked = beside.attack(
            defence, out / BUNDLE, material.dataset, judged.predictions, progress
        )
        progress.say(attacked.sentence)
    for sentence in broken_words(judged.promises, judged.unknown):
        progress.warn(sentence)
    write_report(
        out / "report",
        facts,
        judged.predictions,
        judged.test,
        validation=judged.validation,
        promises=judged.promises,
        compared=Compared(slices=judged.slices),
        unknown=judged.unknown,
        explained=explained,
        attacked=attacked,
        picture_of=lambda name: picture_from(material.dataset, name),
    )
    return judged.test


def _record(
    material: Material, learned: Learned, served: Served, choice: Choice, calibrated: Calibrated
) -> BundleRecord:
    dataset, several = material.dataset, material.dataset.label_sets is not None
    usual = material.usual
    counts = dict(zip(dataset.classes, usual["train_counts"], strict=True))
    return BundleRecord(
        linnaeus_version=__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        classes=dataset.classes,
        preprocessing=material.preprocessing,
        description=learned.description,
        serving=served.serving,
        calibration=calibrated.calibration,
        task="multi" if several else "single",
        thresholds=calibrated.thresholds,
        model={
            "name": choice.name,
            "architecture": learned.architecture,
            **({"structure": learned.structure.model_dump()} if learned.structure else {}),
            "why": choice.why,
            "parameters": learned.parameters,
            "licence_of_weights": choice.backbone.licence if choice.backbone else "",
        },
        data={
            "name": dataset.name,
            "fingerprint": dataset.fingerprint,
            "train_counts": counts,
            **({"most_common_set": usual["usual_set"]} if several else {}),
        },
    )


def _resolved(
    recipe: Recipe, preprocessing: Preprocessing, choice: Choice, served: Served
) -> Recipe:
    """The recipe with nothing left to choose; a saved split is the one that the run saves."""
    size = (preprocessing.height_px, preprocessing.width_px)
    update: dict[str, object] = {
        "model": choice.name,
        "image_size_px": size,
        "fit": preprocessing.fit,
        "test_time_augmentation": served.serving.test_time_augmentation,
    }
    if recipe.split_file is not None:
        update |= {"split_file": SPLIT_TABLE, "fold": None, "repeat": None, "inner": None}
    return recipe.model_copy(update=update)
