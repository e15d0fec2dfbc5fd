"""One training from a data set to a finished run: look, split, learn, calibrate, judge, report."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from torch import nn

from linnaeus.bundle.record import BundleRecord
from linnaeus.bundle.runtime import best_engine
from linnaeus.bundle.table import write_csv
from linnaeus.data.cache import Cache
from linnaeus.data.dataset import Dataset
from linnaeus.data.pixels import ChosenRows
from linnaeus.data.split import check_shares
from linnaeus.data.split_file import split_table
from linnaeus.errors import MissingError, UsageError
from linnaeus.evaluation.calibrated import Calibrated
from linnaeus.evaluation.compared import Compared
from linnaeus.evaluation.evaluate import picture_from
from linnaeus.evaluation.explained import Explain
from linnaeus.evaluation.judging import Measured
from linnaeus.evaluation.report import write_report
from linnaeus.evaluation.under_attack import Attack
from linnaeus.files import add_to_folder, write_json, write_whole
from linnaeus.images.preprocess import Preprocessing
from linnaeus.models.backbones import load_backbone
from linnaeus.models.heads import neck_for
from linnaeus.progress import Progress
from linnaeus.training.augmentation.in_words import in_words
from linnaeus.training.augmentation.names import mirror_allowed
from linnaeus.training.augmentation.plan import AugmentPlan
from linnaeus.training.augmentation.settled import settled
from linnaeus.training.card import model_card
from linnaeus.training.choice import Choice
from linnaeus.training.classical.asked import check_classical
from linnaeus.training.classical.learn import Pretrained, learn_classical
from linnaeus.training.device import chosen_device
from linnaeus.training.facts import run_facts
from linnaeus.training.finishing import bundle_finished
from linnaeus.training.kept_work import KeptWork, kept_beside
from linnaeus.training.learned import Learned
from linnaeus.training.material import Material, look
from linnaeus.training.plan import TrainingPlan
from linnaeus.training.presets import transfer_stages
from linnaeus.training.recipe import Recipe, read_recipe
from linnaeus.training.resuming import go_on_as_begun, keep_decided, take_decided
from linnaeus.training.run import BUNDLE, Run
from linnaeus.training.saving import Saver
from linnaeus.training.scratch import as_targets, learn_from_scratch
from linnaeus.training.serving import Served, first_precision, serve
from linnaeus.training.stopping import Stop, stop_on_interrupt
from linnaeus.training.suited import suited
from linnaeus.training.team import ALONE, Team
from linnaeus.training.telling_unknown import held_out_places
from linnaeus.training.transfer import learn_by_transfer
from linnaeus.training.transfer_plan import TransferPlan
from linnaeus.training.tuning import EPOCHS, OF_MUON, Lesson
from linnaeus.training.views_choice import served_with_views
from linnaeus.training.watch import begun_event, finished_event, gpu_uuids
from linnaeus.unknowns.given import check_given
from linnaeus.version import __version__
from linnaeus.watching.spent import Spent
from linnaeus.watching.watched import Watched

__all__ = ["fit"]

RECIPE = "recipe.json"
UNMOVED = (AugmentPlan(), AugmentPlan.model_validate("none"))  # nothing asked for, or nothing
OF_ANY = ("seed", "epochs", "budget_s", "paces", "augment")
"""What a plan says that means something, or is refused in words of its own, where no network learns
by it; all else is of a network that learns, and nothing of a head that is fitted."""
SPLIT_TABLE = "split.csv"
SMALL_PX = 96**2  # what our own networks are made for


def fit(
    dataset: Dataset,
    recipe: Recipe,
    choice: Choice,
    *,
    out: Path,
    progress: Progress,
    workers: int | None = None,
    cache: Cache | None = None,
    team: Team = ALONE,
    saver: Saver | None = None,
    watched: Watched | None = None,
    start: Path | None = None,
    explain: Explain | None = None,
    attack: Attack | None = None,
    teach_unknown: bool = True,
) -> Run:
    """Train on `dataset` by `recipe` with the network of `choice`, and write the run to `out`,
    a folder that is claimed already.

    `workers` threads read the pictures; their number changes nothing but the time, and neither
    does the `cache`, which keeps decoded pictures for the next run. The first
    Ctrl-C during learning ends it with the best model so far. Of a `team` every process calls this
    alike; process 0 writes the run, and all return it. `saver` is given where the run stands, now
    and then, and what it holds of an earlier process is gone on with. `watched`, which then is the
    `progress` too, knows what the machine spends. `start`: the weights of a bundle, from which the
    same network from scratch goes on. `explain`: makes the report's sheet of explained answers;
    None: there is none. `attack`: measures for the report what a defensive distillation is worth.
    `teach_unknown`: False where nobody will ask the bundle what it does not know.

    Raises WriteError where `out` holds a bundle, DataError where the data cannot be learnt from or
    are not those that an earlier process learnt from, Stopped where it was ended before there was
    anything to keep, and Terminated as `saver` says.
    """
    saver = saver or Saver()
    go_on_as_begun(saver, progress)
    _check_asked(dataset, recipe, choice, team)
    fitted = choice.classical is not None or _only_probes(recipe, choice)
    device = "cpu" if fitted else chosen_device(recipe.device)
    recipe = recipe.model_copy(update={"model": choice.name, "device": device})
    progress.say(f"{dataset}")
    progress.say(f"Network: {choice.name}. {choice.why}")
    network = load_backbone(choice.backbone) if choice.backbone else None
    with team.leader_first():  # the others then find the pictures in the cache
        material = look(dataset, recipe, choice.backbone, progress, workers, cache)
    learning = ChosenRows(material.pixels, material.train)
    classes = len(material.dataset.classes)
    decided = take_decided(saver, material, choice)
    if decided is None:
        decided = suited(choice, recipe, learning, classes, progress=progress, team=team)
        keep_decided(saver, material, *decided)
    choice, recipe = decided
    saver.pictures = [dataset.paths[row] for row in material.train]
    if watched is not None:
        watched.begin(begun_event(material, recipe, choice), gpu_uuids(device, team))
    kept = kept_beside(cache, progress)
    with stop_on_interrupt(progress) as stop:
        learned = _learn(
            material, recipe, choice, network, progress, stop, team, kept, saver, workers, start
        )
        return team.led(
            lambda: _write(
                material,
                learned,
                recipe,
                choice,
                out,
                progress,
                watched,
                explain,
                attack,
                teach_unknown,
            )
        )


def _write(
    material: Material,
    learned: Learned,
    recipe: Recipe,
    choice: Choice,
    out: Path,
    progress: Progress,
    watched: Watched | None,
    explain: Explain | None,
    attack: Attack | None,
    teach_unknown: bool,
) -> Run:
    """Write what was learnt as a run to `out`, whole or not at all."""
    served = _serve(material, learned, recipe, progress)
    with add_to_folder(out, last=BUNDLE) as aside:
        metrics = _finish(
            material,
            learned,
            served,
            choice,
            aside,
            progress,
            watched,
            explain,
            attack,
            teach_unknown,
        )
        progress.log(finished_event(metrics, learned.seconds))
    run = Run(out, read_recipe(out / RECIPE), material.audit, metrics)
    run.classifier()  # what was promised opens: whole, unchanged, and answering as it did
    return run


def _check_asked(dataset: Dataset, recipe: Recipe, choice: Choice, team: Team) -> None:
    """Refuse before the work what cannot be meant, and a training that nothing would judge."""
    check_shares(recipe.validation, recipe.test)
    recipe = _as_asked(recipe)
    if choice.classical is not None:
        check_classical(dataset, recipe, choice.classical, team.size)
    first_precision(recipe.precision, best_engine())
    if recipe.test == 0 and not _comes_with_test(dataset, recipe):
        raise UsageError(
            "without test pictures nobody could say how good the result is",
            where="--test",
            mend="Give a share above 0, such as 0.2.",
        )
    if choice.classical is not None:
        return
    if choice.backbone is not None and team.size > 1:
        raise UsageError(
            f"{choice.name} is taught in stages, by one process",
            where="torchrun",
            mend="Start linnaeus without it, or learn from scratch with --model small_cnn.",
        )
    if _only_probes(recipe, choice) and recipe.device not in ("auto", "cpu"):
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
    if _only_probes(recipe, choice) and recipe.network.augment not in UNMOVED:
        raise UsageError(
            f"a head on the frozen features of {choice.name} is learnt from pictures as they are",
            where="--augment",
            mend="Leave --augment out, fine-tune with --preset best, or learn from scratch with"
            " --model small_cnn.",
        )
    _check_unknown(dataset, recipe)
    _check_idle(recipe, choice)
    _check_head(recipe, choice)


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
    """`recipe` before an earlier run left out the stages that it had no time for."""
    transfer = recipe.transfer.model_copy(update={"done": ()})
    return recipe.model_copy(update={"transfer": transfer})


def _only_probes(recipe: Recipe, choice: Choice) -> bool:
    """Whether all that learns is a linear head on frozen features."""
    return choice.backbone is not None and [s.learns for s in transfer_stages(recipe)] == ["probe"]


def _check_idle(recipe: Recipe, choice: Choice) -> None:
    """Refuse choices of how a network learns where none does, rather than forget them."""
    usual = TrainingPlan(loss="binary" if recipe.network.loss == "binary" else None)
    idle = [
        name
        for name in TrainingPlan.model_fields
        if name not in OF_ANY and getattr(recipe.network, name) != getattr(usual, name)
    ]
    if idle and _only_probes(recipe, choice):
        raise UsageError(
            f"a head on the frozen features of {choice.name} is fitted, without {idle[0]}",
            where=f"the recipe's network.{idle[0]}",
            mend="Leave it out, fine-tune with --preset best, or learn from scratch with"
            " --model small_cnn.",
        )
    staged = [name for name in ("rate_decay", "freeze_batch_norm") if _moved(recipe, name)]
    if staged and (choice.backbone is None or _only_probes(recipe, choice)):
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
    tuned = choice.backbone is not None and not _only_probes(recipe, choice)
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


def _learn(
    material: Material,
    recipe: Recipe,
    choice: Choice,
    network: nn.Module | None,
    progress: Progress,
    stop: Stop,
    team: Team,
    kept: KeptWork | None,
    saver: Saver,
    workers: int | None,
    start: Path | None,
) -> Learned:
    """Learn, from scratch or from a pretrained `network`, or a classical model."""
    dataset = material.dataset
    if choice.classical is not None:
        backbone = choice.backbone
        return learn_classical(
            _plain_lesson(material, UNMOVED[1]),
            choice.classical,
            Pretrained(backbone, network) if backbone and network else None,
            material.preprocessing,
            recipe,
            progress=progress,
            stop=stop,
            kept=kept,
            workers=workers,
        )
    if choice.backbone is None or network is None:
        return learn_from_scratch(
            material.pixels,
            dataset.truth,
            material.train,
            material.validation,
            classes=dataset.classes,
            grey=material.grey,
            recipe=recipe,
            progress=progress,
            stop=stop,
            team=team,
            passes=choice.passes,
            saver=saver,
            start=start,
        )
    return learn_by_transfer(
        _lesson(material, recipe, progress),
        choice.backbone,
        network,
        material.preprocessing,
        recipe,
        engine=best_engine(),
        progress=progress,
        stop=stop,
        kept=kept,
        saver=saver,
    )


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
    small pictures and networks from scratch, whose answer takes no longer than reading the file.
    """
    small = not learned.stages and height_px * width_px <= SMALL_PX
    wanted = recipe.preset == "best" or (recipe.preset == "balanced" and small)
    return wanted and bool(learned.recipe.network.augment.mirror)


def _lesson(material: Material, recipe: Recipe, progress: Progress) -> Lesson:
    dataset = material.dataset
    stages = transfer_stages(recipe)
    tuned = [
        EPOCHS[s.learns] if s.epochs is None else s.epochs for s in stages if s.learns in EPOCHS
    ]
    augment, why = settled(
        recipe.network.augment,
        ChosenRows(material.pixels, material.train),
        as_targets(dataset.truth[material.train]),
        classes=dataset.classes,
        grey=material.grey,
        passes=sum(tuned),
        seed=recipe.seed,
    )
    if why and tuned:
        progress.say(why)
    return replace(_plain_lesson(material, augment), augmentation=in_words(augment, why))


def _plain_lesson(material: Material, augment: AugmentPlan) -> Lesson:
    dataset, how = material.dataset, material.preprocessing.model_dump_json()
    return Lesson(
        pixels=material.pixels,
        labels=dataset.truth,
        train=material.train,
        validation=material.validation,
        classes=dataset.classes,
        augment=augment,
        digests=[f"{how} {digest}" for digest in material.scan.content_digests],
    )


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
    progress: Progress,
    watched: Watched | None,
    explain: Explain | None,
    attack: Attack | None,
    teach_unknown: bool,
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
        unknown=learned.recipe.unknown,
        features=learned.features,
        teach_unknown=teach_unknown,
        progress=progress,
    ) as finished:
        judged, record = finished.judged, finished.record
        recipe = _resolved(learned.recipe, material.preprocessing, choice, served)
        spent = Spent() if watched is None else watched.spent()
        facts = run_facts(material, learned, judged, record, recipe, finished.folder, spent)
        finished.write_card(model_card(facts, judged.test))
    write_json(out / RECIPE, recipe.model_dump(mode="json"))
    digests = material.scan.content_digests
    write_whole(out / SPLIT_TABLE, split_table(material.dataset, digests, material.split))
    write_json(out / "audit.json", material.audit.to_json())
    write_csv(out / "predictions.csv", judged.predictions.at_rate(0))  # as the figures count them
    explained = None
    if explain is not None:
        explained = explain(out / BUNDLE, material.dataset, judged.predictions, progress)
    attacked = None
    if attack is not None and recipe.network.distil_at is not None:
        defence = f"defensive distillation at the temperature {recipe.network.distil_at:g}"
        attacked = attack(defence, out / BUNDLE, material.dataset, judged.predictions, progress)
        progress.say(attacked.sentence)
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
