"""Learning from a pretrained network in stages, each kept only where it is better on validation."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from linnaeus.bundle.record import Engine
from linnaeus.errors import Stopped
from linnaeus.evaluation.facts import EpochFacts, StageFacts, StrengthFacts
from linnaeus.images.preprocess import Preprocessing
from linnaeus.models.reopened import Structure
from linnaeus.models.weights import Backbone
from linnaeus.progress import Event, Progress
from linnaeus.training.better import compare, figure_of, quality
from linnaeus.training.embedded import FEATURES, Embedded
from linnaeus.training.exported import epoch_facts, speed_of
from linnaeus.training.kept_work import KeptWork
from linnaeus.training.learned import Ended, Learned
from linnaeus.training.loop import LOOP
from linnaeus.training.presets import transfer_stages
from linnaeus.training.probe import Probe, Probed
from linnaeus.training.probed_state import probed_from, probed_state
from linnaeus.training.product import Product, probe_product, probe_remarks, tuned_product
from linnaeus.training.recipe import Recipe
from linnaeus.training.saving import Saver
from linnaeus.training.state import State
from linnaeus.training.telling_unknown import learnt_from
from linnaeus.training.transfer_plan import (
    LEAST_PASSES,
    LEAST_PICTURES,
    TransferStage,
    least_passes,
)
from linnaeus.training.tunable import Tunable
from linnaeus.training.tuning import Lesson, answers, tunable_from_head, tunable_from_probe, tune
from linnaeus.training.tuning_time import (
    SHARE_OF_FIRST_HEAD,
    allowance_s,
    pass_s,
    whole_first,
)

__all__ = ["learn_by_transfer"]

PART = "transfer"  # of what is saved of a run


def learn_by_transfer(
    lesson: Lesson,
    backbone: Backbone,
    network: nn.Module,
    preprocessing: Preprocessing,
    recipe: Recipe,
    *,
    engine: Engine,
    progress: Progress,
    stop: Callable[[], bool],
    kept: KeptWork | None = None,
    saver: Saver | None = None,
) -> Learned:
    """Teach `backbone` the `lesson` in the stages that `recipe` comes to.

    `network` is what `models.backbones.load_backbone` gave for it. The first stage makes a head.
    Each further one starts from the best network so far, and takes its place where it is better by
    its answers to the same validation pictures. Within a budget, a stage that has no time for half
    a pass over the pictures, or for 16,000 of them, is left out, which is told. `kept`: what
    earlier runs computed. `saver` is given what each stage came to, and where it stands; what it
    holds of an earlier process is gone on with.

    Raises Stopped if `stop` says so before there was a model, and as `training.loop.fit_network`.
    """
    transfer = _Transfer(
        lesson, backbone, network, preprocessing, recipe, engine, progress, stop, kept
    )
    transfer.saver = saver or transfer.saver
    first, *further = transfer_stages(recipe)
    found = transfer.saver.take(PART)
    if found is not None:
        transfer.restore(found)
    else:
        transfer.begin(first)
        transfer.save()
    over = len(transfer.facts) - 1
    for place, stage in enumerate(further[over:], over):
        transfer.go_on(stage, further[place + 1 :])
        transfer.save()
    return transfer.learned()


@dataclass
class _Transfer:
    """The state of one transfer: the best network so far, and what each stage brought and cost."""

    lesson: Lesson
    backbone: Backbone
    network: nn.Module
    preprocessing: Preprocessing
    recipe: Recipe
    engine: Engine
    progress: Progress
    stop: Callable[[], bool]
    kept: KeptWork | None
    probe: Probe | None = None
    probed: Probed | None = None
    tunable: Tunable | None = None
    judged: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    logits: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    facts: list[StageFacts] = field(default_factory=list)
    done: list[TransferStage] = field(default_factory=list)
    history: list[EpochFacts] = field(default_factory=list)
    speeds: dict[str, float] = field(default_factory=dict)
    began_s: float = 0.0
    saver: Saver = field(default_factory=Saver)

    def begin(self, stage: TransferStage) -> None:
        """Make a head, by itself or by the loop."""
        if stage.learns == "probe":
            self._probe(stage)
        else:
            self._first_head(stage)
        self._note(stage.learns, time.perf_counter() - self.began_s, kept=True, why="the first one")

    def go_on(self, stage: TransferStage, then: Sequence[TransferStage]) -> None:
        """Go on from the best so far, and take what comes of it where that is better; `then` others
        follow."""
        if self.stop():
            self._leave_out(stage, "it was ended by hand before")
        elif len(self.judged) == 0:
            there = len(self.lesson.validation) > 0
            why = "there was no time for any" if there else "there are no"
            self._leave_out(stage, f"{why} validation pictures to judge it on")
        elif self.saver.look(LOOP) is not None:  # begun by an earlier process, which knew how long
            self._try(stage, None)
        elif self._leaves_its_time(stage, then):
            self._leave_out(stage, "the whole network has use for all of the time")
        elif (allowed_s := self._allowed_s(stage, last=not then)) == 0:
            self._leave_out(stage, f"there was no time for {self._least} the pictures")
        else:
            self._try(stage, allowed_s)

    def learned(self) -> Learned:
        """The best network, ready to become a bundle."""
        seconds = time.perf_counter() - self.began_s
        ended = self._ended()
        recipe = self._resolved(ended)
        product = self._product()
        return Learned(
            graph=product.graph,
            save_weights=product.save_weights,
            architecture=self.backbone.architecture,
            structure=self._structure(),
            parameters=product.parameters,
            seconds=seconds,
            ended=ended,
            recipe=recipe,
            history=tuple(self.history),
            stages=tuple(self.facts),
            strengths=self._strengths,
            speeds=self.speeds,
            remarks=self._remarks(),
            augmentation=self.lesson.augmentation if self._is_tuned else "",
            features={} if self.probed is None or self._is_tuned else self.probed.features,
        )

    def save(self) -> None:
        """Save what has come of the stages so far."""
        state = State(
            {
                "seconds": time.perf_counter() - self.began_s,
                "stages": [asdict(one) for one in self.facts],
                "done": [one.model_dump(mode="json") for one in self.done],
                "history": [asdict(one) for one in self.history],
                "speeds": self.speeds,
                "batch_size": self.recipe.network.batch_size,
            },
            {"judged": torch.from_numpy(self.judged), "logits": torch.from_numpy(self.logits)},
        )
        if self.probed is not None:
            state.add("probed", probed_state(self.probed))
        if self._is_tuned:
            assert self.tunable is not None
            state.add("tuned", State(tensors=self.tunable.state_dict()))
        self.saver.keep(PART, state)
        self.saver.drop(LOOP, FEATURES)
        self.saver.save()

    def restore(self, state: State) -> None:
        """Go on where an earlier process stood after one of its stages."""
        facts = state.facts
        self.began_s = time.perf_counter() - facts["seconds"] - self._begun_s()
        self.facts = [StageFacts(**one) for one in facts["stages"]]
        self.done = [TransferStage.model_validate(one) for one in facts["done"]]
        self.history = [EpochFacts(**one) for one in facts["history"]]
        self.speeds = facts["speeds"]
        self._settle_batch_size(facts.get("batch_size", "auto"))
        self.judged, self.logits = (state.tensors[name].numpy() for name in ("judged", "logits"))
        if "probed" in facts:
            self._prepare()
            self.probed = probed_from(state.of("probed"))
        if "tuned" in facts:
            fresh = self._tunable() if self.probed else self._fresh_head()
            # laid out in memory as it was when it had learnt
            self.tunable = fresh.to(memory_format=torch.channels_last).eval()
            self.tunable.load_state_dict(state.of("tuned").tensors)

    def _prepare(self) -> None:
        with self.progress.stage(f"Preparing {self.backbone.name}"):
            self.probe = Probe(self.backbone, self.network, self.preprocessing, self.kept)

    def _fresh_head(self) -> Tunable:
        return tunable_from_head(self.backbone, self.lesson, self.recipe)

    def _probe(self, stage: TransferStage) -> None:
        self._prepare()
        assert self.probe is not None
        embedded = Embedded(self.saver)
        self.began_s = embedded.began_s
        with embedded.saved_at_the_end():
            self.probed = self._probed(self.probe, stage, embedded)
        self.judged, self.logits = self.probed.judged, self.probed.logits
        self.done.append(stage.model_copy(update={"views": self.probed.views}))

    def _probed(self, probe: Probe, stage: TransferStage, embedded: Embedded) -> Probed:
        return probe.fit(
            self.lesson.pixels,
            self.lesson.labels,
            self.lesson.train,
            self.lesson.validation,
            classes=len(self.lesson.classes),
            mirror=bool(self.lesson.augment.mirror),
            views=stage.views,
            recipe=self.recipe,
            engine=self.engine,
            progress=self.progress,
            stop=self.stop,
            digests=self.lesson.digests,
            others_follow=len(transfer_stages(self.recipe)) > 1,
            whole_follows="whole" in [s.learns for s in transfer_stages(self.recipe)],
            embedded=embedded,
            keep=learnt_from(self.lesson.train, self.recipe.seed),
        )

    def _begun_s(self) -> float:
        """Seconds that an earlier process has spent on a stage that it had not finished."""
        begun = self.saver.look(LOOP)
        return 0.0 if begun is None else float(begun.facts["seconds"])

    def _first_head(self, stage: TransferStage) -> None:
        self.began_s = time.perf_counter() - self._begun_s()
        fresh = self._fresh_head()
        self.judged = self.lesson.validation
        begun = self.saver.look(LOOP) is not None  # by an earlier process, which knew how long
        allowed_s = None if stage.paces or begun else self.recipe.budget_s
        if allowed_s is not None:
            further = len(transfer_stages(self.recipe)) > 1
            judging_s = self._judging_s(pass_s(fresh, self.lesson))
            share = SHARE_OF_FIRST_HEAD if further else 1.0
            allowed_s = max(share * allowed_s - judging_s, 0.5 * share * allowed_s)
        self.tunable, resolved = self._tuned(fresh, stage, allowed_s)
        self.logits = answers(self.tunable, self.lesson.pixels, self.judged)
        self.done.append(resolved)

    def _try(self, stage: TransferStage, allowed_s: float | None) -> None:
        began_s = time.perf_counter() - self._begun_s()
        try:
            tuned, resolved = self._tuned(self._tunable(), stage, allowed_s)
        except Stopped:
            self._leave_out(stage, "it was ended by hand before its first step")
            return
        logits = answers(tuned, self.lesson.pixels, self.judged)
        labels = self.lesson.labels[self.judged]
        better, why = compare(logits, self.logits, labels)
        self.done.append(resolved)
        self._note(stage.learns, time.perf_counter() - began_s, better, why, logits)
        if better:
            self.tunable, self.logits = tuned, logits

    def _tunable(self) -> Tunable:
        """The best network so far, as one of which more can learn."""
        if self.tunable is None:
            assert self.probe is not None
            assert self.probed is not None
            self.tunable = tunable_from_probe(self.probe, self.probed.head, self.recipe)
        return self.tunable

    def _tuned(
        self, start: Tunable, stage: TransferStage, allowed_s: float | None
    ) -> tuple[Tunable, TransferStage]:
        """What comes of `start` in `stage`, and the stage as it is repeated."""
        before = self.history[-1].epoch if self.history else 0.0
        fitted = tune(
            start,
            self.lesson,
            stage,
            self.recipe,
            budget_s=allowed_s,
            progress=self.progress,
            stop=self.stop,
            saver=self.saver,
        )
        self._settle_batch_size(fitted.plan.batch_size)
        self.speeds[stage.learns] = speed_of(fitted.history)
        self.history += [epoch_facts(row, stage.learns, after=before) for row in fitted.history]
        assert isinstance(fitted.network, Tunable)
        return fitted.network, stage.model_copy(update={"paces": fitted.plan.paces})

    def _settle_batch_size(self, found: int | str | None) -> None:
        """Let further stages, and whoever repeats the run, take batches as the first stage found
        them by trial."""
        if self.recipe.network.batch_size == "auto":
            network = self.recipe.network.model_copy(update={"batch_size": found})
            self.recipe = self.recipe.model_copy(update={"network": network})

    def _leaves_its_time(self, stage: TransferStage, then: Sequence[TransferStage]) -> bool:
        """Whether `stage` is better left out for the whole network, which follows."""
        if stage.learns != "upper" or [one.learns for one in then] != ["whole"]:
            return False
        if stage.paces or self.recipe.budget_s is None:
            return False
        left_s = self.recipe.budget_s - (time.perf_counter() - self.began_s)
        one_s, judging_s = self._pass_and_judging_s()
        frozen, train = self.recipe.transfer.frozen, len(self.lesson.train)
        return whole_first(left_s, one_s, train, judging_s=judging_s, frozen=frozen)

    def _allowed_s(self, stage: TransferStage, *, last: bool) -> float | None:
        """Seconds for `stage`; None where no clock decides, 0 where too few are left."""
        if stage.paces or self.recipe.budget_s is None:
            return None
        left_s = self.recipe.budget_s - (time.perf_counter() - self.began_s)
        if left_s <= 0:
            return 0.0
        one_s, judging_s = self._pass_and_judging_s()
        return allowance_s(
            stage.learns,
            left_s,
            one_s,
            len(self.lesson.train),
            judging_s=judging_s,
            last=last,
            frozen=self.recipe.transfer.frozen,
        )

    @property
    def _least(self) -> str:
        """What a stage has to have time for, in words."""
        share = least_passes(len(self.lesson.train))
        return "half a pass over" if share == LEAST_PASSES else f"{LEAST_PICTURES:,} of"

    def _pass_and_judging_s(self) -> tuple[float, float]:
        """Seconds of a pass where the network learns, and to answer the judged pictures, which is
        done on the processor."""
        here_s = pass_s(self._tunable(), self.lesson)
        device = self.recipe.device
        one_s = here_s if device == "cpu" else pass_s(self._tunable(), self.lesson, device)
        return one_s, self._judging_s(here_s)

    def _judging_s(self, one_pass_s: float) -> float:
        """Seconds to answer the judged pictures in, by those for a pass of the training ones."""
        return one_pass_s * len(self.judged) / len(self.lesson.train)

    def _note(
        self,
        name: str,
        seconds: float,
        kept: bool,
        why: str,
        logits: NDArray[np.float32] | None = None,
    ) -> None:
        """Keep what a stage brought and cost, and tell it."""
        given = self.logits if logits is None else logits
        labels = self.lesson.labels[self.judged]
        reached = quality(given, labels)
        known = not math.isnan(reached.accuracy)
        accuracy, loss = reached if known else (None, None)
        self._tell(StageFacts(name, seconds, accuracy, loss, kept, why))
        figures = "not judged"
        if known:
            figures = f"{100 * reached.accuracy:.1f} % {figure_of(labels)} on validation"
        verdict = "kept" if kept else "not kept"
        self.progress.say(f"Stage {name}: {figures} after {seconds:.0f} s; {verdict} ({why}).")

    def _leave_out(self, stage: TransferStage, why: str) -> None:
        self._tell(StageFacts(stage.learns, 0.0, None, None, False, f"left out: {why}"))
        self.progress.say(f"Stage {stage.learns} is left out: {why}.")

    def _tell(self, facts: StageFacts) -> None:
        """Keep `facts` for the report, and tell those who watch."""
        self.facts.append(facts)
        figures = {
            "validation_loss": facts.validation_loss,
            "validation_accuracy": facts.validation_accuracy,
            "kept": facts.kept,
            "why": facts.why,
        }
        self.progress.log(Event("stage", facts.name, figures, {"seconds": facts.seconds}))

    @property
    def _strengths(self) -> tuple[StrengthFacts, ...]:
        """What each strength gave that was tried for the head of a probe."""
        tried = () if self.probed is None else self.probed.head.tried
        return tuple(StrengthFacts(one.strength, **one.figures()) for one in tried)

    def _ended(self) -> Ended:
        if self.stop():
            return "stopped"
        probed = None if self._is_tuned else self.probed
        cut_short = probed is not None and len(probed.used) < len(self.lesson.train)
        return "budget" if cut_short else "finished"

    def _resolved(self, ended: Ended) -> Recipe:
        """The recipe that comes to the same network again, whatever the clock and Ctrl-C did."""
        plan = self.recipe.transfer.model_copy(update={"done": tuple(self.done)})
        if all(stage.learns != "whole" for stage in self.done):
            plan = plan.model_copy(update={"frozen": None})
        update: dict[str, object] = {"transfer": plan}
        if any(stage.learns != "probe" for stage in transfer_stages(self.recipe)):
            # "auto" goes by how often pictures are seen, and stages may have been left out
            augment = {"augment": self.lesson.augment}
            update["network"] = self.recipe.network.model_copy(update=augment)
        if self.probed and (ended != "finished" or self.recipe.budget_s is not None):
            update["head_pictures"] = self.probed.pictures
            if self.probed.head.tried:
                update["head_strengths"] = tuple(one.strength for one in self.probed.head.tried)
        return self.recipe.model_copy(update=update)

    def _product(self) -> Product:
        if self.probe and self.probed and not self._is_tuned:
            return probe_product(self.probe, self.probed.head)
        assert self.tunable is not None
        with self.progress.stage("Preparing the tuned network"):
            return tuned_product(self.tunable, self.preprocessing)

    def _structure(self) -> Structure:
        arguments = self.backbone.arguments
        if self.probe is None:
            return Structure(head=self.recipe.head, arguments=arguments)
        return Structure(pooled_stages=True, standardised=self._is_tuned, arguments=arguments)

    @property
    def _is_tuned(self) -> bool:
        """Whether the best network is one that the loop has taught."""
        return self.probed is None or any(fact.kept for fact in self.facts[1:])

    def _remarks(self) -> tuple[str, ...]:
        if self.probed is None:
            return ()
        as_asked = self.recipe.head_pictures is not None
        return probe_remarks(
            self.probed, len(self.lesson.train), as_asked=as_asked, tuned=self._is_tuned
        )
