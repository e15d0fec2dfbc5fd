"""Learning on frozen features: embed every picture once through the runtime, then fit a head."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from linnaeus.bundle.record import Engine
from linnaeus.bundle.runtime import Session
from linnaeus.errors import Stopped
from linnaeus.images.preprocess import Preprocessing
from linnaeus.models.backbones import PooledStages, load_backbone
from linnaeus.models.export import FeatureGraph, append_head, export_features
from linnaeus.models.normalise import Normalise
from linnaeus.models.weights import Backbone
from linnaeus.progress import Progress
from linnaeus.randomness import generator
from linnaeus.training.head import Head, fit_head
from linnaeus.training.learned import Ended, Learned
from linnaeus.training.recipe import Recipe

__all__ = ["Probe"]

SHARE_FOR_EMBEDDING = 0.7
"""Of a budget; the rest is for the head."""

Features = NDArray[np.float32]
Labels = NDArray[np.int64]
Pixels = NDArray[np.uint8]


class Probe:
    """A frozen backbone, exported once, on which heads are fitted.

    Example: `Probe(backbone, preprocessing).learn(pixels, labels, train, validation, …)`.
    """

    def __init__(self, backbone: Backbone, preprocessing: Preprocessing) -> None:
        network = load_backbone(backbone)
        details: Any = network.pretrained_cfg
        levels = [[255.0 * float(v) for v in details[key]] for key in ("mean", "std")]
        size = (preprocessing.height_px, preprocessing.width_px)
        stages = PooledStages(network, *size)
        self.backbone = backbone
        self.parts = stages.widths
        self.network = network
        self.module = FeatureGraph(Normalise(*levels), stages)
        self.graph = export_features(self.module, *size)

    def learn(
        self,
        pixels: Pixels,
        labels: Labels,
        train: Labels,
        validation: Labels,
        *,
        classes: int,
        recipe: Recipe,
        engine: Engine,
        progress: Progress,
        stop: Callable[[], bool],
    ) -> Learned:
        """Fit a head to the rows `train` of `pixels` (n, h, w, 3) uint8 and `labels` (n,).

        `validation` are the rows that the head's strength is chosen on. Within a budget as many
        training pictures are embedded as it allows, in an order drawn from the seed. Features are
        computed in float32, so that the head is the same on processors with and without bfloat16.

        Raises Stopped if `stop` says so before every class was seen.
        """
        began = time.perf_counter()
        deadline = None
        if recipe.budget_s is not None and recipe.head_pictures is None:
            deadline = began + SHARE_FOR_EMBEDDING * recipe.budget_s
        session = Session(self.graph, engine, "float32")
        order = _every_class_first(labels, train, recipe.seed)[: recipe.head_pictures]
        embedding = _Embedding(session, pixels, stop, deadline, np.unique(labels[train]).size)
        with progress.stage("Computing features", len(order) + len(validation)) as stage:
            judged = embedding.of(validation, stage.advance, at_least=len(validation))
            known = embedding.of(order, stage.advance, at_least=embedding.classes)
        used = order[: len(known)]
        head = fit_head(
            known,
            labels[used],
            (judged, labels[validation]),
            classes=classes,
            parts=self.parts,
            strengths=recipe.head_strengths,
            progress=progress,
            stop=stop,
        )
        ended = _ended(stop, len(used) < len(train))
        return Learned(
            graph=append_head(self.graph, head.weight, head.bias),
            save_weights=lambda path: self._save(path, head),
            architecture=self.backbone.architecture,
            parameters=self._parameters() + head.weight.size + head.bias.size,
            seconds=time.perf_counter() - began,
            ended=ended,
            recipe=_resolved(recipe, head, ended, len(used)),
            remarks=_remarks(head, recipe, len(used), len(train)),
        )

    def _parameters(self) -> int:
        return sum(p.numel() for p in self.module.parameters())

    def _save(self, path: Path, head: Head) -> None:
        from safetensors.torch import save_file

        tensors = {f"backbone.{name}": t for name, t in self.network.state_dict().items()}
        tensors["head.weight"] = torch.from_numpy(np.ascontiguousarray(head.weight))
        tensors["head.bias"] = torch.from_numpy(head.bias)
        save_file({name: t.contiguous() for name, t in tensors.items()}, str(path))


@dataclass(frozen=True)
class _Embedding:
    """Features of rows of pixels, until somebody asks to stop or the time is spent."""

    session: Session
    pixels: Pixels
    stop: Callable[[], bool]
    deadline: float | None
    classes: int

    def of(self, rows: Labels, advance: Callable[[], None], *, at_least: int) -> Features:
        """(k, d) features of the first k `rows`: all where there is time for it.

        `at_least` so many are computed whatever the clock says. Raises Stopped where `stop` says
        so before that.
        """
        done = []
        for place, row in enumerate(rows):
            if self.stop() and (place < at_least or not len(rows)):
                raise Stopped(
                    "stopped before there was a model to keep", mend="Nothing was written."
                )
            if place >= at_least and (self.stop() or self._late()):
                break
            done.append(self.session.run_one(np.ascontiguousarray(self.pixels[row]))[1])
            advance()
        return np.stack(done) if done else np.zeros((0, 0), np.float32)

    def _late(self) -> bool:
        return self.deadline is not None and time.perf_counter() > self.deadline


def _every_class_first(labels: Labels, rows: Labels, seed: int) -> Labels:
    """`rows` in a seeded order in which one picture of every class comes before the rest."""
    shuffled = generator(seed, "embedding order").permutation(rows)
    _, first = np.unique(labels[shuffled], return_index=True)
    rest = np.delete(shuffled, first)
    return np.concatenate([shuffled[np.sort(first)], rest])


def _resolved(recipe: Recipe, head: Head, ended: Ended, used: int) -> Recipe:
    """The recipe that comes to the same head again, whatever the clock and Ctrl-C cut short."""
    cut: dict[str, object] = {}
    if ended != "finished" or recipe.budget_s is not None:
        cut["head_pictures"] = used
    if ended == "stopped" and head.tried:
        cut["head_strengths"] = tuple(strength for strength, _, _ in head.tried)
    return recipe.model_copy(update=cut)


def _ended(stop: Callable[[], bool], cut_short: bool) -> Ended:
    if stop():
        return "stopped"
    return "budget" if cut_short else "finished"


def _remarks(head: Head, recipe: Recipe, used: int, train: int) -> tuple[str, ...]:
    how = f"the best of {len(head.tried)} on validation" if head.tried else "the default"
    chosen = f"The head's regularisation has strength {head.strength:g}, {how}."
    why = "as the recipe says" if recipe.head_pictures else "all that there was time for"
    fewer = f"It has learnt from {used:,} of the {train:,} training pictures, {why}."
    return (chosen, fewer) if used < train else (chosen,)
