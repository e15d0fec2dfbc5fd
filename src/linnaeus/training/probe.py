"""Learning on frozen features: embed every picture once through the runtime, then fit a head."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from linnaeus.bundle.record import Engine
from linnaeus.bundle.runtime import Session
from linnaeus.data.pixels import PixelRows, chunks, rows_of
from linnaeus.errors import Stopped
from linnaeus.files import write_whole
from linnaeus.images.preprocess import Preprocessing
from linnaeus.models.backbones import PooledStages
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

READ_AHEAD = 32
"""Pictures taken at a time, and made ready meanwhile where they have to be decoded."""

Features = NDArray[np.float32]
Labels = NDArray[np.int64] | NDArray[np.bool_]
Rows = NDArray[np.int64]
Pixels = NDArray[np.uint8]


class Probe:
    """A frozen backbone, exported once, on which heads are fitted.

    `network` is what `models.backbones.load_backbone` gave for `backbone`. Making a Probe takes
    seconds: the network is traced.
    """

    def __init__(
        self, backbone: Backbone, network: nn.Module, preprocessing: Preprocessing
    ) -> None:
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
        pixels: Pixels | PixelRows,
        labels: Labels,
        train: Rows,
        validation: Rows,
        *,
        classes: int,
        recipe: Recipe,
        engine: Engine,
        progress: Progress,
        stop: Callable[[], bool],
    ) -> Learned:
        """Fit a head to the rows `train` of `pixels` (n, h, w, 3) uint8 and `labels` (n,).

        Where a picture may have several labels, `labels` are (n, classes) bool.
        `validation` are the rows that the head's strength is chosen on. Within a budget as many
        pictures of both are embedded as it allows, in an order drawn from the seed. Features are
        computed in float32, so that the head is the same on processors with and without bfloat16.

        Raises Stopped if `stop` says so before every class was seen.
        """
        began = time.perf_counter()
        budget = recipe.budget_s if recipe.head_pictures is None else None
        order = _embedding_order(labels, train, validation, recipe.seed)[: recipe.head_pictures]
        classes_seen = len(_one_of_each(labels[train]))
        session = Session(self.graph, engine, "float32")
        features = _embed(
            session,
            rows_of(pixels),
            order,
            at_least=classes_seen,
            stop=stop,
            late=_past(budget and began + SHARE_FOR_EMBEDDING * budget),
            progress=progress,
        )
        order = order[: len(features)]
        judging = np.isin(order, validation)
        used = order[~judging]
        late = _past(budget and began + budget)
        head = fit_head(
            features[~judging],
            labels[used],
            (features[judging], labels[order[judging]]),
            classes=classes,
            parts=self.parts,
            strengths=recipe.head_strengths,
            progress=progress,
            stop=lambda: stop() or late(),
        )
        ended = _ended(stop, len(used) < len(train))
        return Learned(
            graph=append_head(self.graph, head.weight, head.bias),
            save_weights=lambda path: self._save(path, head),
            architecture=self.backbone.architecture,
            parameters=self._parameters() + head.weight.size + head.bias.size,
            seconds=time.perf_counter() - began,
            ended=ended,
            recipe=_resolved(recipe, head, ended, len(order)),
            remarks=_remarks(head, recipe, len(used), len(train)),
        )

    def _parameters(self) -> int:
        return sum(p.numel() for p in self.module.parameters())

    def _save(self, path: Path, head: Head) -> None:
        from safetensors.torch import save

        tensors = {f"backbone.{name}": t for name, t in self.network.state_dict().items()}
        tensors["head.weight"] = torch.from_numpy(np.ascontiguousarray(head.weight))
        tensors["head.bias"] = torch.from_numpy(head.bias)
        write_whole(path, save({name: t.contiguous() for name, t in tensors.items()}))


def _embed(
    session: Session,
    pixels: PixelRows,
    rows: Rows,
    *,
    at_least: int,
    stop: Callable[[], bool],
    late: Callable[[], bool],
    progress: Progress,
) -> Features:
    """(k, d) features of the first k `rows`: of all where there is time for it.

    `at_least` so many are computed whatever the clock says. Raises Stopped where `stop` says so
    before that.
    """
    done: list[NDArray[np.float32]] = []
    with progress.stage("Computing features", len(rows)) as stage:
        for picture in itertools.chain.from_iterable(chunks(pixels, rows, READ_AHEAD)):
            asked, enough = stop(), len(done) >= at_least
            if asked and not enough:
                raise Stopped(
                    "stopped before there was a model to keep", mend="Nothing was written."
                )
            if enough and (asked or late()):
                break
            done.append(session.run_one(picture)[1])
            stage.advance()
    return np.stack(done)


def _past(deadline: float | None) -> Callable[[], bool]:
    """Whether `deadline`, in seconds of `time.perf_counter`, is over; never, where it is None."""
    return lambda: deadline is not None and time.perf_counter() > deadline


def _embedding_order(labels: Labels, train: Rows, validation: Rows, seed: int) -> Rows:
    """All rows in a seeded order whose every beginning is a fair sample of what there is.

    One training picture of every class comes first, then training and validation in proportion.
    """
    shuffled = generator(seed, "embedding order").permutation(train)
    first = _one_of_each(labels[shuffled])
    beginning, rest = shuffled[first], np.delete(shuffled, first)
    judging = generator(seed, "judging order").permutation(validation)
    place = np.concatenate([_spread(len(rest)), _spread(len(judging))])
    mixed = np.concatenate([rest, judging])[np.argsort(place, kind="stable")]
    return np.concatenate([beginning, mixed])


def _one_of_each(labels: Labels) -> NDArray[np.int64]:
    """The first row of each class that `labels` (n,), or (n, classes) bool, has; in order."""
    if labels.ndim == 1:
        return np.sort(np.unique(labels, return_index=True)[1])
    return np.unique(labels[:, labels.any(axis=0)].argmax(axis=0)).astype(np.int64)


def _spread(count: int) -> NDArray[np.float64]:
    """(count,) places spread evenly over 0 to 1."""
    return (np.arange(count) + 0.5) / max(count, 1)


def _resolved(recipe: Recipe, head: Head, ended: Ended, embedded: int) -> Recipe:
    """The recipe that comes to the same head again, whatever the clock and Ctrl-C cut short."""
    cut: dict[str, object] = {}
    if ended != "finished" or recipe.budget_s is not None:
        cut["head_pictures"] = embedded
    if cut and head.tried:
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
