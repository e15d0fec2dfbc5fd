"""Choosing the precision that a bundle answers in, by what it does to the answers on validation."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.record import Engine, Precision, Serving
from linnaeus.bundle.runtime import Session, bfloat16_pays, engine_version
from linnaeus.bundle.sigmoid import sigmoid
from linnaeus.bundle.softmax import softmax
from linnaeus.bundle.views import Views
from linnaeus.data.pixels import PixelRows, one_by_one, rows_of
from linnaeus.errors import UsageError
from linnaeus.features.description import Description

__all__ = ["LEAST_AGREEMENT", "MOST_LOSS", "Served", "first_precision", "serve", "served_in"]

LEAST_AGREEMENT = 0.995
"""Share of validation pictures whose likeliest class, or labels, must stay the same in bfloat16."""

LEAST_PICTURES = 200
"""One disagreement among fewer is already more than the share allowed: no trial could pass."""

MOST_LOSS = 0.002
"""By how much the log loss on validation may grow in bfloat16."""

Asked = Literal["auto", "float32", "bfloat16"]
Truth = NDArray[np.int64] | NDArray[np.bool_]


@dataclass(frozen=True)
class Served:
    """How a graph will be served, and its logits (n, classes) on validation served like that.

    `features`: by place, those of the pictures that they were to be kept of.
    """

    serving: Serving
    logits: NDArray[np.float32]
    features: Mapping[int, NDArray[np.float32]] = field(default_factory=dict)

    def because(self, why: str) -> Served:
        """The same, with the reason for its precision."""
        return replace(self, serving=self.serving.model_copy(update={"why": why}))


def first_precision(asked: Asked, engine: Engine) -> Precision:
    """The precision to try first: bfloat16 where it was asked for or pays.

    Raises UsageError where bfloat16 was asked for and this machine does not compute in it.
    """
    if asked == "float32":
        return "float32"
    pays = bfloat16_pays(engine)
    if asked == "bfloat16" and not pays:
        raise UsageError(
            "this machine does not compute in bfloat16",
            where="--precision",
            mend="Use --precision auto or float32.",
        )
    return "bfloat16" if pays else "float32"


def serve(
    graph: bytes,
    pixels: NDArray[np.uint8] | PixelRows,
    labels: Truth,
    *,
    engine: Engine,
    asked: Asked,
    views: Views = "none",
    description: Description | None = None,
    keep: Collection[int] = (),
) -> Served:
    """Choose how `graph` is served, by its answers to validation `pixels` (n, h, w, 3) uint8.

    An answer is the mean over the `views` of a picture, each described as `description` says.
    `keep`: places of pictures whose features are kept.
    """
    rows, count = rows_of(pixels), len(labels)
    served = partial(served_in, graph, rows, engine, views, description, frozenset(keep))
    precision = first_precision(asked, engine)
    if precision == "float32":
        why = "asked for"
        if asked != "float32":
            why = f"{engine} has no bfloat16 on this machine"
        return served("float32", why)
    if asked == "bfloat16":
        return served("bfloat16", "asked for")
    if count < LEAST_PICTURES:
        why = f"{count} validation pictures are too few to try bfloat16 on"
        return served("float32", why)
    exact, quick = served("float32", ""), served("bfloat16", "")
    agreement = _same_answers(exact.logits, quick.logits, labels)
    loss = _log_loss(quick.logits, labels) - _log_loss(exact.logits, labels)
    same = "labels" if labels.ndim == 2 else "class"
    measured = f"same {same} for {100 * agreement:.1f} % of validation, log loss {loss:+.4f}"
    if agreement >= LEAST_AGREEMENT and loss <= MOST_LOSS:
        why = f"bfloat16 changes next to nothing ({measured})"
        return quick.because(why)
    return exact.because(f"bfloat16 changes too much ({measured})")


def served_in(
    graph: bytes,
    pixels: PixelRows,
    engine: Engine,
    views: Views,
    description: Description | None,
    keep: frozenset[int],
    precision: Precision,
    why: str,
) -> Served:
    """How `graph` answers validation `pixels` with `engine` in `precision`, whose reason is `why`.

    `views`, `description` and `keep` are as in `serve`.
    """
    session = Session(graph, engine, precision, views, description)
    every = one_by_one(pixels, np.arange(pixels.shape[0]))
    logits, features = [], {}
    for place, picture in enumerate(every):
        answered, seen = session.run_one(picture)
        logits.append(answered)
        if place in keep:
            features[place] = seen
    serving = Serving(
        engine=engine,
        engine_version=engine_version(engine),
        precision=precision,
        why=why,
        test_time_augmentation=views,
    )
    stacked = np.stack(logits) if logits else np.zeros((0, 0), np.float32)
    return Served(serving, stacked, features)


def _same_answers(exact: NDArray[np.float32], quick: NDArray[np.float32], labels: Truth) -> float:
    """The share of pictures with the same likeliest class, or with the same labels from 0.5 on."""
    if labels.ndim == 2:
        return float(((exact >= 0) == (quick >= 0)).all(axis=1).mean())
    return float((exact.argmax(1) == quick.argmax(1)).mean())


def _log_loss(logits: NDArray[np.float32], labels: Truth) -> float:
    if labels.ndim == 2:
        true = sigmoid(np.where(labels, logits, -logits))
    else:
        true = softmax(logits)[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(true, np.finfo(np.float32).tiny)).mean())
