"""Explaining the answers of a bundle: maps, pictures, figures and a page, in one new folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.dataset import Dataset
from linnaeus.data.store import printable
from linnaeus.errors import DataError, LinnaeusError, UnreadableImage, UsageError
from linnaeus.evaluation.evenly import evenly
from linnaeus.explanation.boxes import boxes_of
from linnaeus.explanation.drawn import drawn
from linnaeus.explanation.faithfulness import Box
from linnaeus.explanation.hiding import masked, smallest_region
from linnaeus.explanation.methods import (
    METHODS,
    OF_CAMS,
    Explainer,
    Method,
    check_method,
    readable,
)
from linnaeus.explanation.places import Places, places_of
from linnaeus.explanation.trust import Trust, margins_by_chance, pointing, trust_in
from linnaeus.explanation.written import write_explained
from linnaeus.files import check_unused
from linnaeus.progress import Progress, Quiet
from linnaeus.searching.embedding import answers_of, label_of
from linnaeus.searching.similarity import Neighbour, nearest

if TYPE_CHECKING:
    from linnaeus.bundle.answer import Answer
    from linnaeus.predicting.picture import Picture, Source

__all__ = ["Asked", "Explained", "Explanation", "explain_pictures"]

Pixels = NDArray[np.uint8]
Maps = NDArray[np.float32]
Targets = NDArray[np.int64]

Asked = Literal["auto", "all"] | Method
TRUSTED, TRUSTED_OF_ALL = 24, 8
"""Pictures that a method is measured on, alone and beside all others: each takes two more
explanations and about two hundred answers."""

AT_ONCE = 64
ALIKE = 5  # pictures shown beside each, of those that are most like it


class Needed(NamedTuple):
    """The least that has to be hidden to change an answer: its `share` of the picture, the class
    that is named `then`, where it is `hidden` (h, w) bool, and the picture `without` it (h, w, 3).
    """

    share: float
    then: str
    hidden: NDArray[np.bool_]
    without: NDArray[np.uint8]


@dataclass(frozen=True)
class Explanation:
    """Why one picture was answered as it was.

    `label` is the bundle's answer with its `confidence`, `explained` the class that the `maps`
    (by method, each (h, w) float32) speak for, `shown` as they are shown and measured. `needed`:
    what has to be hidden until another class is named; None where the answer stays though all is.
    `unknown`: whether the bundle calls the picture unknown; `label` is what it would be, were it
    known.
    """

    id: str
    label: str
    confidence: float
    explained: str
    pixels: Pixels
    maps: dict[Method, NDArray[np.float32]]
    shown: dict[Method, NDArray[np.float32]]
    needed: Needed | None
    neighbours: tuple[Neighbour, ...] = ()
    unknown: bool = False


@dataclass(frozen=True)
class Explained:
    """The explanations of some pictures, where the answers for each class come from, and how far
    each method can be believed. `skipped` names pictures that could not be read, and why.
    """

    methods: tuple[Method, ...]
    layer: str
    explanations: tuple[Explanation, ...]
    places: tuple[Places, ...]
    trust: tuple[Trust, ...]
    skipped: dict[str, str]
    folder: Path | None = None

    @property
    def in_plain_words(self) -> tuple[str, ...]:
        """What was seen, in a few sentences: first what needs a look."""
        warned = [place.sentence for place in self.places if place.suspicious]
        best = max(self.trust, key=lambda one: (not one.faults, one.over_random))
        poor = [one.method for one in self.trust if one.faults and one is not best]
        more = [f"Do not rely on the maps by {', '.join(poor)}: see below why."] if poor else []
        return (*warned, best.sentence, *more)


def explain_pictures(
    bundle: str | Path,
    sources: Sequence[Source],
    *,
    limit: int | None = None,
    method: Asked = "auto",
    target: str | None = None,
    layer: str | None = None,
    cover: str = "blur",
    parts: Literal["superpixels", "grid"] | None = None,
    known: Dataset | None = None,
    boxes: dict[str, list[Box]] | None = None,
    seed: int = 0,
    out: Path | None = None,
    progress: Progress | None = None,
) -> Explained:
    """Explain what `bundle` says of the pictures of `sources`, and write it to the new folder
    `out`, if any. With `limit`, at most so many of them, drawn by the seed.

    `method`: one of `methods.METHODS`, "auto" (grad-cam where there is a map, otherwise occlusion),
    or "all" that the bundle can be explained by. `target`: the class to explain; None: of each
    picture the one that was named. `known`: labelled pictures, among which the most alike are
    shown. `boxes`: by the picture's path, where its object is, for the pointing game.

    Raises UsageError for a class, layer or method that there is not, BundleError or MissingError
    where the network cannot be opened, UnreadableImage where not one picture can be read,
    DataError where none is named.
    """
    told = progress or Quiet()
    if out is not None:
        check_unused(out)
    if method not in ("auto", "all"):
        check_method(method, "auto", "all")
    explainer = Explainer(bundle, layer=layer, cover=cover, parts=parts, seed=seed)
    chosen = _chosen(explainer, method, told)
    if layer is not None:
        _check_layer(explainer, layer, chosen)
    column = _column(explainer, target)
    read = _read(explainer, drawn(sources, limit, seed, told))
    pixels, answers, ids = read.pixels, read.answers, read.ids
    named = np.array([one.likeliest for one in answers])
    targets = named if column is None else np.full(len(named), column)
    few = evenly(len(ids), TRUSTED if len(chosen) == 1 else TRUSTED_OF_ALL)
    given = None if boxes is None else _boxes_at(explainer, boxes, read)
    if any(one in OF_CAMS for one in chosen):
        tried = evenly(len(ids), TRUSTED_OF_ALL)
        with told.stage("Choosing the layer"):
            explainer.choose_layer(pixels[tried], targets[tried])
    maps = {one: _maps(explainer, one, pixels, targets, told) for one in chosen}
    shown = {one: np.stack([readable(each, one) for each in maps[one]]) for one in chosen}
    trust = _trust(explainer, shown, pixels, targets, few, given, told)
    first = shown[chosen[0]]
    order = _speaking_for(explainer, chosen[0], pixels, named, targets, first)
    needed = _needed(explainer, pixels, order, told)
    alike = _neighbours(explainer, answers, known, told)
    classes = explainer.classifier.classes
    unknown = explainer.classifier.gather(ids, answers).unknown
    explanations = tuple(
        Explanation(
            id=name,
            label=classes[named[row]],
            confidence=float(answers[row].probabilities[named[row]]),
            explained=classes[targets[row]],
            pixels=pixels[row],
            maps={one: maps[one][row] for one in chosen},
            shown={one: shown[one][row] for one in chosen},
            needed=needed[row],
            neighbours=alike[row],
            unknown=bool(unknown[row]),
        )
        for row, name in enumerate(ids)
    )
    explained = Explained(
        methods=chosen,
        layer=_layer_told(explainer, chosen),
        explanations=explanations,
        places=tuple(places_of(first, [classes[at] for at in targets])),
        trust=trust,
        skipped=read.skipped,
        folder=out,
    )
    if out is not None:
        write_explained(explained, out, known)
    return explained


def _maps(
    explainer: Explainer, method: Method, pixels: Pixels, targets: Targets, told: Progress
) -> Maps:
    """(n, h, w) the maps of `pixels`, some at a time, so that it can be told how far it is."""
    found = []
    with told.stage(f"Explaining by {method}", len(pixels)) as stage:
        for start in range(0, len(pixels), AT_ONCE):
            some = slice(start, start + AT_ONCE)
            found.append(explainer.explain(pixels[some], targets[some], method))
            stage.advance(len(pixels[some]))
    return np.concatenate(found)


def _trust(
    explainer: Explainer,
    shown: dict[Method, Maps],
    pixels: Pixels,
    targets: Targets,
    few: NDArray[np.int64],
    boxes: list[list[Box]] | None,
    told: Progress,
) -> tuple[Trust, ...]:
    """How far each method of `shown` can be believed, by its maps (n, h, w) of `pixels`: of the
    `few` of them, but for where they point, which costs nothing.
    """
    measured = []
    with told.stage("Measuring whether that can be believed", 1 + len(shown)) as stage:
        by_chance = margins_by_chance(explainer, pixels[few], targets[few], explainer.seed)
        stage.advance()
        for method, maps in shown.items():
            found = trust_in(
                explainer,
                method,
                pixels[few],
                targets[few],
                maps[few],
                by_chance=by_chance,
                seed=explainer.seed,
            )
            measured.append(replace(found, pointing=pointing(maps, boxes)))
            stage.advance(1, method)
    return tuple(measured)


def _speaking_for(
    explainer: Explainer,
    method: Method,
    pixels: Pixels,
    named: Targets,
    targets: Targets,
    shown: Maps,
) -> Maps:
    """(n, h, w) what speaks for the class that was `named`: as `shown`, where that was the target,
    and explained anew where it was not.
    """
    others = np.flatnonzero(named != targets)
    if not len(others):
        return shown
    maps = shown.copy()
    found = explainer.explain(pixels[others], named[others], method)
    maps[others] = [readable(one, method) for one in found]
    return maps


def _needed(
    explainer: Explainer, pixels: Pixels, order: Maps, told: Progress
) -> list[Needed | None]:
    """What of each picture has to be hidden, in falling `order`, until another class is named."""
    needed: list[Needed | None] = []
    with told.stage("Hiding as little as changes the answer", len(pixels)) as stage:
        for picture, importance in zip(pixels, order, strict=True):
            cover = explainer.cover_of(picture)
            region = smallest_region(explainer.answer, picture, cover, importance)
            if region is None:
                needed.append(None)
            else:
                hidden, then = region
                name = explainer.classifier.classes[then]
                without = masked(picture, cover, hidden[None])[0]
                needed.append(Needed(float(hidden.mean()), name, hidden, without))
            stage.advance()
    return needed


def _chosen(explainer: Explainer, method: Asked, told: Progress) -> tuple[Method, ...]:
    if method != "all":
        return (explainer.default if method == "auto" else method,)
    usable = explainer.usable
    if left_out := [one for one in METHODS if one not in usable]:
        told.say(f"This bundle has nothing for {', '.join(left_out)}: left out.")
    return usable


def _check_layer(explainer: Explainer, layer: str, methods: tuple[Method, ...]) -> None:
    """Refuse before the work a layer that there is not, and one that nothing is asked of."""
    if not any(one in OF_CAMS for one in methods):
        raise UsageError(
            f"{', '.join(methods)} asks nothing of a layer",
            where=f"--layer {layer}",
            mend=f"Leave it out, or give --method {OF_CAMS[0]} or another class activation map.",
        )
    explainer.layer_name()


def _column(explainer: Explainer, target: str | None) -> int | None:
    classes = explainer.classifier.classes
    if target is None:
        return None
    if target not in classes:
        raise UsageError(
            f"there is no class {target!r}",
            where="--class",
            mend=f"Give one of {', '.join(classes[:12])}{', …' if len(classes) > 12 else ''}.",
        )
    return classes.index(target)


class _Read(NamedTuple):
    """The pictures that could be read: `pixels` (n, h, w, 3) at the network's size, the `answers`
    to them, their names `ids`, the `frames` (left, top, right, bottom) that these pixels are of,
    in pixels as decoded; and what was `skipped`, with why.
    """

    pixels: Pixels
    answers: list[Answer]
    ids: list[str]
    frames: list[tuple[float, float, float, float]]
    skipped: dict[str, str]


def _read(explainer: Explainer, pictures: Iterable[Picture]) -> _Read:
    """Read each of `pictures` once, as it comes, and answer them."""
    pixels, ids, frames, skipped = [], [], [], {}
    refused: LinnaeusError = DataError(
        "no picture is named", where="PICTURES", mend="Name files, folders or archives of them."
    )
    for picture in pictures:
        name, given = printable(picture.name), picture.source
        try:
            source = given() if callable(given) else given
            fitted, decoded = explainer.classifier.record.preprocessing.read(source, name=name)
        except UnreadableImage as error:
            refused = error
            skipped[name] = error.what
            continue
        pixels.append(fitted)
        ids.append(name)
        frames.append(decoded.box)
    if not pixels:
        raise refused
    answers = explainer.classifier.predict_pixels(pixels)
    return _Read(np.stack(pixels), answers, ids, frames, skipped)


def _boxes_at(explainer: Explainer, boxes: dict[str, list[Box]], read: _Read) -> list[list[Box]]:
    """The boxes of the pictures `read` at the network's size."""
    how = explainer.classifier.record.preprocessing
    if how.fit != "stretch":
        raise UsageError(
            f"this bundle does not stretch pictures ({how.fit}), so boxes cannot be placed",
            where="--boxes",
            mend="Leave it out.",
        )
    placed = []
    for frame, found in zip(read.frames, boxes_of(boxes, read.ids), strict=True):
        left, top, right, bottom = frame
        across, down = how.width_px / (right - left), how.height_px / (bottom - top)
        placed.append(
            [
                (round(a * across), round(b * down), round(c * across), round(d * down))
                for a, b, c, d in found
            ]
        )
    return placed


def _neighbours(
    explainer: Explainer, answers: list[Answer], known: Dataset | None, told: Progress
) -> list[tuple[Neighbour, ...]]:
    if known is None:
        return [()] * len(answers)
    read, features = [], []
    with told.stage("Looking for pictures that are alike", len(known)) as stage:
        for row, answer in answers_of(explainer.classifier, known, range(len(known))):
            stage.advance()
            if answer.error:
                told.warn(f"Not looked at: {known.paths[row]}: {answer.error}.")
            else:
                read.append(row)
                features.append(answer.features)
    asked = np.stack([answer.features for answer in answers])
    found = nearest(asked, np.stack(features), ALIKE)
    return [
        tuple(
            Neighbour(known.paths[read[at]], label_of(known, read[at]), similarity)
            for at, similarity in zip(places, similarities, strict=True)
        )
        for places, similarities in zip(
            found.places.tolist(), found.similarities.tolist(), strict=True
        )
    ]


def _layer_told(explainer: Explainer, methods: tuple[Method, ...]) -> str:
    return explainer.layer_name() if any(one in OF_CAMS for one in methods) else ""
