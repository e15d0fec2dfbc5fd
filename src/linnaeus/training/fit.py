"""One training from a data set to a finished run: look, split, learn, calibrate, judge, report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from torch import nn

from linnaeus.bundle.runtime import best_engine
from linnaeus.data.cache import Cache
from linnaeus.data.dataset import Dataset
from linnaeus.data.pixels import ChosenRows
from linnaeus.evaluation.explained import Explain
from linnaeus.evaluation.under_attack import Attack
from linnaeus.models.backbones import load_backbone
from linnaeus.progress import Progress
from linnaeus.training.asked import check_asked, only_probes
from linnaeus.training.augmentation.in_words import in_words
from linnaeus.training.augmentation.plan import AugmentPlan
from linnaeus.training.augmentation.settled import settled
from linnaeus.training.choice import Choice
from linnaeus.training.classical.learn import Pretrained, learn_classical
from linnaeus.training.device import chosen_device
from linnaeus.training.enlarging import in_its_time
from linnaeus.training.in_common import InCommon
from linnaeus.training.kept_work import KeptWork, kept_beside
from linnaeus.training.learned import Learned
from linnaeus.training.material import Material, check_judged, look
from linnaeus.training.precision import check_precision
from linnaeus.training.presets import transfer_stages
from linnaeus.training.recipe import Recipe
from linnaeus.training.resuming import go_on_as_begun, keep_decided, take_decided
from linnaeus.training.run import Run
from linnaeus.training.saving import Saver
from linnaeus.training.scratch import as_targets, learn_from_scratch
from linnaeus.training.stopping import Stop, stop_on_interrupt
from linnaeus.training.suited import suited
from linnaeus.training.team import ALONE, Team
from linnaeus.training.telling_unknown import strangers_of
from linnaeus.training.transfer import learn_by_transfer
from linnaeus.training.tuning import EPOCHS, Lesson
from linnaeus.training.watch import begun_event, gpu_uuids
from linnaeus.training.written import Beside, write_run
from linnaeus.watching.watched import Watched

__all__ = ["fit"]


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
    in_common: Path | None = None,
    explain: Explain | None = None,
    attack: Attack | None = None,
    figures_only: bool = False,
) -> Run:
    """Train on `dataset` by `recipe` with the network of `choice`, and write the run to `out`,
    a folder that is claimed already.

    `workers` threads read the pictures; their number changes nothing but the time, and neither
    does the `cache`, which keeps decoded pictures for the next run. The first
    Ctrl-C during learning ends it with the best model so far. Of a `team` every process calls this
    alike; process 0 writes the run, and all return it. `saver` is given where the run stands, now
    and then, and what it holds of an earlier process is gone on with. `watched`, which then is the
    `progress` too, knows what the machine spends. `start`: the weights of a bundle, from which the
    same network from scratch goes on. `in_common`: a file beside the members of a run, with what
    the first of them, who writes it, has chosen by its time. `explain`: makes the report's sheet of
    explained answers; None: there is none. `attack`: measures for the report what a defensive
    distillation is worth.
    `figures_only`: measures no more than figures, for a bundle that is thrown away.

    Raises WriteError where `out` holds a bundle, DataError where the data cannot be learnt from or
    are not those that an earlier process learnt from, Stopped where it was ended before there was
    anything to keep, and Terminated as `saver` says.
    """
    saver = saver or Saver()
    go_on_as_begun(saver, progress)
    check_asked(dataset, recipe, choice, team)
    fitted = choice.classical is not None or only_probes(recipe, choice)
    device = "cpu" if fitted else chosen_device(recipe.device)
    if recipe.network.precision is not None:
        check_precision(recipe.network.precision, device)
    recipe = recipe.model_copy(update={"device": device})
    progress.say(f"{dataset}")
    said = choice.by_time and choice.backbone is None
    progress.say(choice.why if said else f"Network: {choice.name}. {choice.why}")
    network = load_backbone(choice.backbone) if choice.backbone else None
    shared = None if in_common is None else InCommon.found(in_common)
    if choice.classical is None:
        asked = choice
        if shared is not None:
            choice, recipe = shared.taken_over(choice, recipe)
        else:
            choice, recipe = in_its_time(
                dataset, recipe, choice, network, progress=progress, saver=saver
            )
        if choice.name != asked.name:
            network = None
            progress.say(choice.why)
    recipe = recipe.model_copy(update={"model": choice.name})
    with team.leader_first():  # the others then find the pictures in the cache
        material = look(dataset, recipe, choice.backbone, progress, workers, cache)
    check_judged(material)
    strangers = strangers_of(material, recipe.unknown)
    material = _with_remarks(material, strangers.remarks, progress)
    learning = ChosenRows(material.pixels, material.train)
    classes = len(material.dataset.classes)
    decided = take_decided(saver, material, choice)
    if decided is None:
        decided = suited(choice, recipe, learning, classes, progress=progress, team=team)
        keep_decided(saver, material, *decided)
    choice, recipe = decided
    chosen_device(recipe.device)  # of an earlier process, which may have been on another machine
    if in_common is not None and shared is None:
        InCommon.of(choice, recipe).write(in_common)
    saver.pictures = [dataset.paths[row] for row in material.train]
    if watched is not None:
        watched.begin(begun_event(material, recipe, choice), gpu_uuids(device, team))
    kept = kept_beside(cache, progress)
    with stop_on_interrupt(progress) as stop:
        learned = _learn(
            material, recipe, choice, network, progress, stop, team, kept, saver, workers, start
        )
        beside = Beside(watched, explain, attack, strangers.files, figures_only)
        return team.led(lambda: write_run(material, learned, recipe, choice, out, beside, progress))


def _with_remarks(material: Material, remarks: Sequence[str], progress: Progress) -> Material:
    """`material` that tells `remarks` too, of pictures given as unknown, say; so does this."""
    for remark in remarks:
        progress.warn(remark)
    split = replace(material.split, remarks=(*material.split.remarks, *remarks))
    return replace(material, split=split)


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
            _plain_lesson(material, AugmentPlan.model_validate("none")),
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
        _lesson(material, recipe, choice.passes, progress),
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


def _lesson(material: Material, recipe: Recipe, passes: float | None, progress: Progress) -> Lesson:
    """What is learnt in stages; `passes`: about how many there is time for, where measured."""
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
        passes=sum(tuned) if passes is None else passes,
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
