"""Explaining the answers of a bundle: maps, pictures, figures and a page, in one new folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.dataset import Dataset
from linnaeus.errors import UsageError
from linnaeus.evaluation.evenly import evenly
from linnaeus.explanation.alike import alike_beside
from linnaeus.explanation.drawn import drawn
from linnaeus.explanation.explained import Explained, Explanation, Needed
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
from linnaeus.explanation.places import places_of
from linnaeus.explanation.read import ReadPictures, boxes_at, read_pictures
from linnaeus.explanation.trust import Trust, margins_by_chance, pointing, trust_in
from linnaeus.explanation.written import write_explained
from linnaeus.files import check_unused
from linnaeus.progress import Progress, Quiet
from linnaeus.searching.similarity import Neighbour

if TYPE_CHECKING:
    from linnaeus.bundle.answer import Answer
    from linnaeus.predicting.picture import Source

__all__ = ["Asked", "explain_pictures"]

Pixels = NDArray[np.uint8]
Maps = NDArray[np.float32]
Targets = NDArray[np.int64]

Asked = Literal["auto", "all"] | Method
TRUSTED, TRUSTED_OF_ALL = 24, 8
"""Pictures that a method is measured on, alone and beside all others: each takes two more
explanations and about two hundred answers."""

AT_ONCE = 64
SHOWN = 12  # names of classes in a message


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
    picture the one that was named, which one of several labels is not. `known`: labelled pictures,
    among which the most alike are shown. `boxes`: by the picture's path, where its object is, for
    the pointing game.

    Raises UsageError for a class, layer or method that there is not and where no class is named of
    a bundle that gives several labels, BundleError or MissingError
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
    several = explainer.classifier.record.task == "multi"
    read = read_pictures(explainer, drawn(sources, limit, seed, told))
    pixels = read.pixels
    named = np.array([one.likeliest for one in read.answers])
    targets = named if column is None else np.full(len(named), column)
    if several:  # each label is an answer for itself
        named = targets
    few = evenly(len(pixels), TRUSTED if len(chosen) == 1 else TRUSTED_OF_ALL)
    given = None if boxes is None else boxes_at(explainer, boxes, read)
    if any(one in OF_CAMS for one in chosen):
        tried = evenly(len(pixels), TRUSTED_OF_ALL)
        with told.stage("Choosing the layer"):
            explainer.choose_layer(pixels[tried], targets[tried])
    maps = {one: _maps(explainer, one, pixels, targets, told) for one in chosen}
    shown = {one: np.stack([readable(each, one) for each in maps[one]]) for one in chosen}
    trust = _trust(explainer, shown, pixels, targets, few, given, told)
    first = shown[chosen[0]]
    order = _speaking_for(explainer, chosen[0], pixels, named, targets, first)
    if several:  # what speaks against a label keeps a picture from having it
        order = np.where(_given_in(explainer, read.answers, targets)[:, None, None], order, -order)
    needed = _needed(explainer, pixels, order, column if several else None, told)
    alike = alike_beside(explainer, read.answers, known, told)
    explanations = _explanations(explainer, read, targets, maps, shown, needed, alike)
    explained = Explained(
        methods=chosen,
        layer=_layer_told(explainer, chosen),
        explanations=explanations,
        places=tuple(places_of(first, [one.explained for one in explanations])),
        trust=trust,
        skipped=read.skipped,
        folder=out,
    )
    if out is not None:
        write_explained(explained, out, known)
    return explained


def _explanations(
    explainer: Explainer,
    read: ReadPictures,
    targets: Targets,
    maps: dict[Method, Maps],
    shown: dict[Method, Maps],
    needed: list[Needed | None],
    alike: list[tuple[Neighbour, ...]],
) -> tuple[Explanation, ...]:
    """All that was found out, picture by picture: of each argument the item of the same place."""
    classes = explainer.classifier.classes
    unknown = explainer.classifier.gather(read.ids, read.answers).unknown
    return tuple(
        Explanation(
            id=name,
            label=said[0],
            confidence=said[1],
            explained=classes[targets[row]],
            pixels=read.pixels[row],
            maps={one: every[row] for one, every in maps.items()},
            shown={one: every[row] for one, every in shown.items()},
            needed=needed[row],
            neighbours=alike[row],
            unknown=bool(unknown[row]),
        )
        for row, (name, said) in enumerate(
            zip(read.ids, map(partial(_said, explainer), read.answers, targets), strict=True)
        )
    )


def _said(explainer: Explainer, answer: Answer, target: int) -> tuple[str, float]:
    """The label that the bundle gives, and how sure it is; where there may be several labels,
    whether it gives that of `target`.
    """
    classes, cuts = explainer.classifier.classes, explainer.classifier.record.cuts()
    if cuts is None:
        return classes[answer.likeliest], float(answer.probabilities[answer.likeliest])
    probability = float(answer.probabilities[target])
    if answer.probabilities[target] >= cuts[target]:
        return classes[target], probability
    return f"not {classes[target]}", 1 - probability


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
    explainer: Explainer, pixels: Pixels, order: Maps, label: int | None, told: Progress
) -> list[Needed | None]:
    """What of each picture has to be hidden, in falling `order`, until another class is named, or
    until it is said otherwise whether the picture has the `label`, one of several.
    """
    names, answer = explainer.classifier.classes, explainer.answer
    if label is not None:
        names, answer = (f"not {names[label]}", names[label]), partial(_given, explainer, label)
    needed: list[Needed | None] = []
    with told.stage("Hiding as little as changes the answer", len(pixels)) as stage:
        for picture, importance in zip(pixels, order, strict=True):
            cover = explainer.cover_of(picture)
            region = smallest_region(answer, picture, cover, importance)
            if region is None:
                needed.append(None)
            else:
                hidden, then = region
                without = masked(picture, cover, hidden[None])[0]
                needed.append(Needed(float(hidden.mean()), names[then], hidden, without))
            stage.advance()
    return needed


def _given_in(
    explainer: Explainer, answers: Sequence[Answer], targets: Targets
) -> NDArray[np.bool_]:
    """(n,) whether each of the `answers` gives the label that is its target (n,)."""
    cuts = explainer.classifier.record.cuts()
    assert cuts is not None
    rows = zip(answers, targets, strict=True)
    return np.array([bool(one.probabilities[at] >= cuts[at]) for one, at in rows])


def _given(explainer: Explainer, label: int, pixels: Iterable[Pixels]) -> NDArray[np.float32]:
    """(n, 2): whether the bundle does not give pictures the `label`, and whether it does."""
    cuts = explainer.classifier.record.cuts()
    assert cuts is not None
    given = explainer.answer(pixels)[:, label] >= cuts[label]
    return np.stack([~given, given], axis=1).astype(np.float32)


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
    if target is None and explainer.classifier.record.task == "multi":
        raise UsageError(
            "this bundle gives a picture several labels, and one at a time is explained",
            where="--class",
            mend=f"Give one of {_some(classes)}.",
        )
    if target is None:
        return None
    if target not in classes:
        raise UsageError(
            f"there is no class {target!r}",
            where="--class",
            mend=f"Give one of {_some(classes)}.",
        )
    return classes.index(target)


def _some(classes: Sequence[str]) -> str:
    return f"{', '.join(classes[:SHOWN])}{', …' if len(classes) > SHOWN else ''}"


def _layer_told(explainer: Explainer, methods: tuple[Method, ...]) -> str:
    return explainer.layer_name() if any(one in OF_CAMS for one in methods) else ""
