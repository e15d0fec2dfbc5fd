"""From a data set to a classical model: features once, then a classifier on them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save
from torch import nn

from linnaeus.bundle.record import Engine
from linnaeus.bundle.runtime import best_engine
from linnaeus.evaluation.facts import StrengthFacts
from linnaeus.files import write_whole
from linnaeus.images.preprocess import Preprocessing
from linnaeus.models.classical.names import ClassicalName
from linnaeus.models.weights import Backbone
from linnaeus.progress import Progress
from linnaeus.training.classical.bayes import fit_bayes
from linnaeus.training.classical.components import principal_components
from linnaeus.training.classical.descriptions import description_for
from linnaeus.training.classical.kernel import fit_kernel
from linnaeus.training.classical.linear import fit_linear
from linnaeus.training.classical.neighbours import fit_neighbours
from linnaeus.training.classical.sources import Described, Frozen, Looking, Source
from linnaeus.training.classical.task import Fitted, Samples, Task
from linnaeus.training.classical.trees import fit_boosting, fit_forest, fit_tree
from linnaeus.training.embedding import embedding_order, one_of_each, past
from linnaeus.training.kept_work import KeptWork
from linnaeus.training.learned import Ended, Learned
from linnaeus.training.losses import class_weights
from linnaeus.training.probe import Probe
from linnaeus.training.recipe import Recipe
from linnaeus.training.telling_unknown import learnt_from
from linnaeus.training.tuning import Lesson

__all__ = ["Pretrained", "learn_classical"]

SHARE_FOR_FEATURES = 0.7
"""Of a budget; the rest is for the classifier."""

CLASSIFIERS: dict[str, Callable[[Task], Fitted]] = {
    "svm": partial(fit_linear, loss="hinge"),
    "rbf-svm": fit_kernel,
    "logistic-regression": partial(fit_linear, loss="logistic"),
    "random-forest": fit_forest,
    "decision-tree": fit_tree,
    "gradient-boosting": fit_boosting,
    "knn": fit_neighbours,
    "naive-bayes": fit_bayes,
}
ONNX_RUNTIME_ONLY = ("random-forest", "decision-tree", "gradient-boosting")

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Pretrained:
    """A `network` of `backbone`, loaded, whose frozen features are to be taken."""

    backbone: Backbone
    network: nn.Module


def learn_classical(
    lesson: Lesson,
    name: ClassicalName,
    pretrained: Pretrained | None,
    preprocessing: Preprocessing,
    recipe: Recipe,
    *,
    progress: Progress,
    stop: Callable[[], bool],
    kept: KeptWork | None = None,
    workers: int | None = None,
) -> Learned:
    """Learn what `name` says from the `lesson`: `pretrained` gives the features, or nothing does.

    Choices are made on its validation pictures, within the recipe's budget. `kept`: what earlier
    runs computed. `workers` threads describe pictures; their number changes nothing.

    Raises Stopped if `stop` says so before every class was seen, UsageError for pictures that are
    too small for their features, MissingError where a package for them is not installed.
    """
    began = time.perf_counter()
    budget_s = recipe.budget_s if recipe.head_pictures is None else None
    looking = Looking(
        pixels=lesson.pixels,
        digests=lesson.digests or (),
        kept=kept if lesson.digests else None,
        stop=stop,
        late=past(budget_s and began + SHARE_FOR_FEATURES * budget_s),
        progress=progress,
        workers=workers,
    )
    engine = _engine(name)
    source = _source(name, pretrained, preprocessing, recipe, lesson, looking, engine)
    seen = _look(source, looking, lesson, recipe)
    over = past(budget_s and began + budget_s)
    fitted, told = _fit(name, source, seen, recipe, lesson, progress, lambda: stop() or over())
    cut_short = len(seen.train) < len(lesson.train)
    ended: Ended = "stopped" if stop() else "budget" if cut_short else "finished"
    return Learned(
        graph=fitted.graph,
        save_weights=lambda path: write_whole(path, save({})),
        architecture=str(name),
        structure=None,
        parameters=fitted.parameters,
        seconds=time.perf_counter() - began,
        ended=ended,
        recipe=_resolved(recipe, fitted, seen, timed=budget_s is not None or ended == "stopped"),
        strengths=tuple(StrengthFacts(one.strength, **one.figures()) for one in fitted.tried),
        remarks=(*told, *_fewer(seen, lesson, recipe)),
        description=source.description,
        engine=engine,
        features=seen.of_training(learnt_from(lesson.train, recipe.seed)),
    )


@dataclass(frozen=True)
class _Seen:
    """The features that there was time for, of training and of validation pictures.

    `rows`: of the data set, of the former.
    """

    train: Samples
    validation: Samples
    rows: Rows

    @property
    def pictures(self) -> int:
        return len(self.train) + len(self.validation)

    def of_training(self, asked: Rows) -> dict[int, NDArray[np.float32]]:
        """By row, the features of those of the training pictures `asked` that were seen."""
        places = np.flatnonzero(np.isin(self.rows, asked))
        return {int(self.rows[at]): self.train.features[at] for at in places}


def _engine(name: ClassicalName) -> Engine:
    """What the model answers in. OpenVINO, where it is here, pays for networks alone."""
    if name.of_network and name.classifier not in ONNX_RUNTIME_ONLY:
        return best_engine()
    return "onnxruntime"


def _source(
    name: ClassicalName,
    pretrained: Pretrained | None,
    preprocessing: Preprocessing,
    recipe: Recipe,
    lesson: Lesson,
    looking: Looking,
    engine: Engine,
) -> Source:
    """What gives the features, made ready."""
    if pretrained is not None:
        backbone, network = pretrained.backbone, pretrained.network
        with looking.progress.stage(f"Preparing {backbone.name}"):
            return Frozen(Probe(backbone, network, preprocessing, looking.kept), engine)
    side_px = preprocessing.height_px, preprocessing.width_px
    description = description_for(name.features, recipe.classical, side_px)
    words = recipe.classical.sift_words
    return Described(description, looking, lesson.train, words, recipe.seed)


def _look(source: Source, looking: Looking, lesson: Lesson, recipe: Recipe) -> _Seen:
    order = embedding_order(lesson.labels, lesson.train, lesson.validation, recipe.seed)
    order = order[: recipe.head_pictures]
    least = len(one_of_each(lesson.labels[lesson.train]))
    features = source.features(order, looking, least)
    order = order[: len(features)]
    judging = np.isin(order, lesson.validation)
    labels = lesson.labels[order].astype(np.int64)
    return _Seen(
        Samples(features[~judging], labels[~judging]),
        Samples(features[judging], labels[judging]),
        rows=order[~judging],
    )


def _fit(
    name: ClassicalName,
    source: Source,
    seen: _Seen,
    recipe: Recipe,
    lesson: Lesson,
    progress: Progress,
    late: Callable[[], bool],
) -> tuple[Fitted, tuple[str, ...]]:
    """The classifier on the features, or on their principal components, and what was chosen."""
    weights = class_weights(recipe.network, seen.train.labels, lesson.classes)
    task = Task(
        graph=source.graph,
        train=seen.train,
        validation=seen.validation,
        classes=len(lesson.classes),
        parts=source.parts,
        class_weights=weights,
        strengths=recipe.head_strengths,
        plan=recipe.classical,
        seed=recipe.seed,
        late=late,
        progress=progress,
    )
    told: tuple[str, ...] = ()
    if name.pca:
        task, sentence = _on_components(task)
        told = (sentence,)
    fitted = CLASSIFIERS[name.classifier](task)
    return fitted, (*told, fitted.remark)


def _on_components(task: Task) -> tuple[Task, str]:
    found = principal_components(task.train.features, task.parts, task.plan.pca)
    before, count = found.matrix.shape
    sentence = (
        f"{count:,} principal components of {before:,} features keep {100 * found.kept:.1f} % of"
    )
    task = replace(
        task,
        graph=found.on(task.graph),
        train=Samples(found(task.train.features), task.train.labels),
        validation=Samples(found(task.validation.features), task.validation.labels),
        parts=None,
    )
    return task, f"{sentence} their variance."


def _fewer(seen: _Seen, lesson: Lesson, recipe: Recipe) -> tuple[str, ...]:
    used, train = len(seen.train), len(lesson.train)
    if used == train:
        return ()
    why = "as the recipe says" if recipe.head_pictures else "all that there was time for"
    return (f"It has learnt from {used:,} of the {train:,} training pictures, {why}.",)


def _resolved(recipe: Recipe, fitted: Fitted, seen: _Seen, *, timed: bool) -> Recipe:
    """The recipe that comes to the same model again, whatever the clock and Ctrl-C did."""
    update: dict[str, object] = {
        "classical": recipe.classical.model_copy(update=dict(fitted.settled))
    }
    if timed:
        update["head_pictures"] = seen.pictures
        if fitted.tried:
            update["head_strengths"] = tuple(one.strength for one in fitted.tried)
    return recipe.model_copy(update=update)
