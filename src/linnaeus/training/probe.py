"""Learning on frozen features: embed every picture once through the runtime, then fit a head."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from linnaeus.bundle.record import Engine
from linnaeus.bundle.runtime import Session, engine_version
from linnaeus.data.pixels import PixelRows, rows_of
from linnaeus.errors import MissingError, UsageError
from linnaeus.files import sha256_of
from linnaeus.images.preprocess import Preprocessing
from linnaeus.models.backbones import PooledStages, load_backbone, pooled_stages
from linnaeus.models.export import FeatureGraph, export_features
from linnaeus.models.normalise import Normalise
from linnaeus.models.weights import NETWORK_FILES, Backbone
from linnaeus.progress import Progress
from linnaeus.training.embedded import Embedded
from linnaeus.training.embedding import View, embed, embedding_order, one_of_each, past
from linnaeus.training.fixed_views import fixed_views
from linnaeus.training.head import Head, fit_head
from linnaeus.training.kept_work import KeptWork
from linnaeus.training.known_features import KnownFeatures, known_or_new
from linnaeus.training.recipe import Recipe
from linnaeus.training.saving import Saver
from linnaeus.training.transfer_plan import cost_of, least_passes

__all__ = ["Probe", "Probed", "pretrained_normalisation"]

SHARE_FOR_EMBEDDING = 0.7
"""Of a budget; the rest is for the head."""

SHARE_BEFORE_OTHERS = 0.5
"""Of a budget, after which a head is no longer improved where stages follow that go on from it: on
a machine that others use too, its last strengths would now and then leave them nothing."""

QUICKLY_EMBEDDED = 0.2
"""Of a budget: where embedding takes longer, there is no time for a stage to follow, since a pass
of learning takes about three times as long."""

ENOUGH_TO_BEGIN = 10_000
"""Pictures: a head on so many is enough for the whole network to begin with, where that has time
to learn."""

SHARE_TO_SEE = 0.1
"""Of a budget, in which as many of these are embedded as there is time for."""

FEW_TO_BEGIN, FEW_TO_JUDGE = 2_000, 500
"""No fewer are embedded for such a head, beside one of each class, than so many, and so many
validation pictures among them."""

SURELY = 0.9
"""Of a budget, in which there has to be time for that and the least that the network learns, unless
it has been measured that there is, as where stages are frozen."""

SHARE_TO_BEGIN = 0.05
"""Of a budget, that such a head is fitted in."""

SHARE_FOR_VIEWS = 0.15
"""Of a budget: what further views of the training pictures may take, all together."""

MEASURED = 8
"""Pictures whose embedding is timed before further views are begun."""

MADE_BY = ("linnaeus", "torch", "timm", "onnx", "onnxscript")
"""Packages that decide what a graph looks like."""

Features = NDArray[np.float32]
Labels = NDArray[np.int64] | NDArray[np.bool_]
Rows = NDArray[np.int64]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Probed:
    """A head on frozen features, and what it was made from.

    `used` and `judged` are the rows of training and validation whose features there was time for,
    `logits` (len(judged), classes) the head's answers to the latter. `views`: how many of each
    training picture. `finished`: whether neither the clock nor a stop left anything out.
    `features`: by row, of those training pictures that were to be kept.
    """

    head: Head
    used: Rows
    judged: Rows
    logits: NDArray[np.float32]
    views: int
    finished: bool
    embedding_s: float
    features: Mapping[int, Features] = field(default_factory=dict)

    @property
    def pictures(self) -> int:
        """How many were embedded, of training and validation together."""
        return len(self.used) + len(self.judged)

    @property
    def embedding_s_a_picture(self) -> float:
        """What one pass of one picture through the runtime took."""
        return self.embedding_s / max(1, self.pictures)


class Probe:
    """A frozen backbone, exported once, on which heads are fitted.

    `network` is what `models.backbones.load_backbone` gave for `backbone`. Making a Probe takes
    seconds: the network is traced, unless `kept` has what came of that in an earlier run.
    """

    def __init__(
        self,
        backbone: Backbone,
        network: nn.Module,
        preprocessing: Preprocessing,
        kept: KeptWork | None = None,
    ) -> None:
        size = (preprocessing.height_px, preprocessing.width_px)
        self.backbone = backbone
        self.stages = _pooled(backbone, network, size)
        self.network: nn.Module = self.stages.backbone
        self.parts = self.stages.widths
        self.module = FeatureGraph(pretrained_normalisation(self.network), self.stages)
        self._kept = kept
        self.graph = self._graph(*size)

    def fit(
        self,
        pixels: Pixels | PixelRows,
        labels: Labels,
        train: Rows,
        validation: Rows,
        *,
        classes: int,
        mirror: bool,
        views: int | None,
        recipe: Recipe,
        engine: Engine,
        progress: Progress,
        stop: Callable[[], bool],
        digests: Sequence[str] | None = None,
        others_follow: bool = False,
        whole_follows: bool = False,
        embedded: Embedded | None = None,
        keep: Rows | None = None,
    ) -> Probed:
        """Fit a head to the rows `train` of `pixels` (n, h, w, 3) uint8 and `labels` (n,).

        Where a picture may have several labels, `labels` are (n, classes) bool.
        `validation` are the rows that the head's strength is chosen on. Within the recipe's budget
        as many pictures of both are embedded as it allows, in an order drawn from the seed, and
        then as many `views` of the training pictures (None: as many as it allows); `mirror` is
        whether a mirrored one is among them. Features are computed in float32, so that the head is
        the same on processors with and without bfloat16; those of pictures that an earlier run
        saw are taken from what was kept, by `digests` (n,) of their files. Where `others_follow`,
        stages that go on from this head, half of the budget is left to them if they can use it;
        where the whole network does, a head on some of many pictures is enough.
        What is in `embedded` is not computed again, and it is given the features as they come.
        `keep`: training rows whose features are kept in what comes of it, where they were computed.

        Raises Stopped if `stop` says so before every class was seen.
        """
        embedded = embedded or Embedded(Saver())
        began = embedded.began_s
        budget_s = recipe.budget_s if recipe.head_pictures is None else None
        embedding = _Embedding(
            Session(self.graph, engine, "float32"),
            rows_of(pixels),
            stop=stop,
            late=past(budget_s and began + SHARE_FOR_EMBEDDING * budget_s),
            progress=progress,
            known=lambda view: self._known(digests, engine, view),
            embedded=embedded,
        )
        order = embedding_order(labels, train, validation, recipe.seed)[: recipe.head_pictures]
        in_all = len(order)
        if budget_s and whole_follows and in_all > ENOUGH_TO_BEGIN:
            one_s = embedding.seconds_for(train) / len(train)
            seen_in_time = min(ENOUGH_TO_BEGIN, int(SHARE_TO_SEE * budget_s / one_s))
            enough = max(seen_in_time, _few(order, validation, labels[train]))
            learnt_from = least_passes(len(train)) * len(train)
            cost = cost_of("whole", recipe.transfer.frozen) if recipe.device == "cpu" else 0.0
            needed_s = (enough + cost * learnt_from) * one_s  # a GPU learns in next to no time
            if recipe.transfer.frozen or needed_s < SURELY * budget_s:
                order = order[:enough]
        features = embedding.of(order, at_least=len(one_of_each(labels[train])))
        embedding_s = time.perf_counter() - began
        few = len(order) < in_all
        whole, order = len(features) == len(order), order[: len(features)]
        judging = np.isin(order, validation)
        used, judged = order[~judging], order[judging]
        room = _views_within(budget_s, embedding.seconds_for(used)) if whole and budget_s else 1
        wanted = views or (1 if few else room)
        learning = [features[~judging], *embedding.again(used, mirror, wanted - 1)]
        share = SHARE_BEFORE_OTHERS if others_follow else 1.0
        if budget_s and embedding_s > QUICKLY_EMBEDDED * budget_s:
            share = 1.0
        ends_s = began + share * (budget_s or 0.0)
        if few:
            ends_s = time.perf_counter() + SHARE_TO_BEGIN * (budget_s or 0.0)
        late = past(budget_s and ends_s)
        head = fit_head(
            np.concatenate(learning),
            np.concatenate([labels[used]] * len(learning)),
            (features[judging], labels[judged]),
            classes=classes,
            parts=self.parts,
            strengths=recipe.head_strengths,
            progress=progress,
            stop=lambda: stop() or late(),
        )
        return Probed(
            head=head,
            used=used,
            judged=judged,
            logits=head.logits(features[judging]),
            views=len(learning),
            finished=len(used) == len(train) and not stop(),
            embedding_s=embedding_s,
            features=_kept(used, learning[0], keep),
        )

    def embed(
        self,
        pixels: PixelRows,
        rows: Rows,
        *,
        at_least: int,
        engine: Engine,
        progress: Progress,
        stop: Callable[[], bool],
        late: Callable[[], bool],
        digests: Sequence[str] | None = None,
    ) -> Features:
        """(k, d) features, in float32, of the first k `rows`: of all where there is time for it.

        `at_least` so many are computed whatever the clock says. What an earlier run saw is known by
        `digests`, as in `fit`. Raises Stopped as `embedding.embed` does.
        """
        embedding = _Embedding(
            Session(self.graph, engine, "float32"),
            pixels,
            stop=stop,
            late=late,
            progress=progress,
            known=lambda view: self._known(digests, engine, view),
            embedded=Embedded(Saver()),
        )
        return embedding.of(rows, at_least=at_least)

    def _graph(self, height_px: int, width_px: int) -> bytes:
        if self._kept is None:
            return export_features(self.module, height_px, width_px)
        made_of = [version(name) for name in MADE_BY]
        files = [sha256_of(self.backbone.folder / name) for name in NETWORK_FILES]
        key = ("graph", *made_of, *files, height_px, width_px)
        if (graph := self._kept.get(*key)) is None:
            graph = export_features(self.module, height_px, width_px)
            self._kept.keep(graph, *key)
        return graph

    def _known(
        self, digests: Sequence[str] | None, engine: Engine, view: str
    ) -> KnownFeatures | None:
        if self._kept is None or digests is None:
            return None
        graph = hashlib.sha256(self.graph).hexdigest()
        return KnownFeatures(self._kept, digests, graph, engine, engine_version(engine), view)


def _pooled(backbone: Backbone, network: nn.Module, size: tuple[int, int]) -> PooledStages:
    """The stages of `network` for pictures of `size` (height, width).

    One that knows places is brought to that size, as timm resamples it. Raises UsageError where it
    takes no such pictures.
    """

    def made(asked: tuple[int, int] | None) -> nn.Module:
        return network if asked is None else load_backbone(backbone, side_px=asked)

    try:
        return pooled_stages(made, *size)
    except (AssertionError, RuntimeError, TypeError, ValueError, MissingError) as error:
        height_px, width_px = size
        said = error.__context__ if isinstance(error, MissingError) else error  # by timm itself
        reason = (str(said).strip() or type(said).__name__).splitlines()[0].rstrip(".")
        side = backbone.side_px
        raise UsageError(
            f"it cannot take pictures of {height_px} × {width_px} px ({reason})",
            where=backbone.name,
            mend=f"Choose another size, such as --image-size {side} that it is used to, or another"
            " network.",
        ) from None


@dataclass(frozen=True)
class _Embedding:
    """Embeds rows of pictures until it is told to stop or it is late.

    `known` gives what an earlier run knew of a view, by the view's name.
    """

    session: Session
    pixels: PixelRows
    stop: Callable[[], bool]
    late: Callable[[], bool]
    progress: Progress
    known: Callable[[str], KnownFeatures | None]
    embedded: Embedded

    def of(
        self, rows: Rows, *, at_least: int = 0, view: View | None = None, name: str = "plain"
    ) -> Features:
        """As `embed`, but what is known is not computed again."""

        def compute(unknown: Rows, least: int) -> Features:
            return embed(
                self.session,
                self.pixels,
                unknown,
                at_least=least,
                stop=self.stop,
                late=self.late,
                progress=self.progress,
                view=view,
                done=self.embedded.into(name, unknown),
                after_each=self.embedded.save_if_due,
            )

        def tell(count: int) -> None:
            self.progress.say(f"The features of {count:,} pictures are known ({name} view).")

        return known_or_new(
            self.known(name),
            rows,
            compute,
            at_least=at_least,
            tell=tell,
            so_far=self.embedded.of(name),
        )

    def seconds_for(self, rows: Rows) -> float:
        """About how long it takes to compute the features of all `rows`, by a few of them."""
        few = self.pixels.take(rows[:MEASURED])
        start_s = time.perf_counter()
        for picture in few:
            self.session.run_one(picture)
        return (time.perf_counter() - start_s) * len(rows) / len(few)

    def again(self, rows: Rows, mirror: bool, count: int) -> Iterator[Features]:
        """The features of all `rows` in `count` further views, as far as there is time for it."""
        for name, view in list(fixed_views(mirror).items())[:count]:
            features = self.of(rows, view=view, name=name)
            if len(features) < len(rows):
                return
            yield features


def _few(order: Rows, validation: Rows, taught: Labels) -> int:
    """How many of the pictures in `order` are the fewest for a head to begin with."""
    judged = np.cumsum(np.isin(order, validation))
    wanted = min(FEW_TO_JUDGE, len(validation))
    return max(FEW_TO_BEGIN + len(one_of_each(taught)), int(np.searchsorted(judged, wanted)) + 1)


def pretrained_normalisation(network: nn.Module) -> Normalise:
    """The normalisation that timm's pretrained `network` was taught under."""
    details: Any = network.pretrained_cfg
    levels = [[255.0 * float(v) for v in details[key]] for key in ("mean", "std")]
    return Normalise(*levels)


def _kept(rows: Rows, features: Features, keep: Rows | None) -> dict[int, Features]:
    """By row, copies of the `features` (n, d) of those of `rows` (n,) that are to be kept."""
    wanted = np.isin(rows, [] if keep is None else keep)
    return {row: features[place].copy() for place, row in enumerate(rows.tolist()) if wanted[place]}


def _views_within(budget_s: float, embedding_s: float) -> int:
    """How many views of each picture there is time for, where one takes `embedding_s`."""
    return 1 + math.floor(SHARE_FOR_VIEWS * budget_s / max(embedding_s, 1e-3))
