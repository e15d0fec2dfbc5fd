"""Explaining the answers of a bundle: maps, pictures, figures and a page, in one new folder."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.dataset import Dataset
from linnaeus.errors import UnreadableImage, UsageError
from linnaeus.explanation.faithfulness import Box
from linnaeus.explanation.hiding import cover_for, smallest_region
from linnaeus.explanation.methods import METHODS, Explainer, Method, readable
from linnaeus.explanation.neighbours import Neighbour, nearest
from linnaeus.explanation.overlay import beside
from linnaeus.explanation.places import Places, places_of
from linnaeus.explanation.trust import Trust, trust_in
from linnaeus.files import check_unused, whole_folder, write_whole
from linnaeus.progress import Progress, Quiet

if TYPE_CHECKING:
    from linnaeus.bundle.classifier import Answer

__all__ = ["Asked", "Explained", "Explanation", "explain_pictures"]

Pixels = NDArray[np.uint8]
Maps = NDArray[np.float32]

Asked = Literal["auto", "all"] | Method
TRUSTED, TRUSTED_OF_ALL = 24, 8
"""Pictures that a method is measured on, alone and beside all others: each takes two more
explanations and about two hundred answers."""

AT_ONCE = 64


@dataclass(frozen=True)
class Explanation:
    """Why one picture was answered as it was.

    `label` is the bundle's answer with its `confidence`, `explained` the class that the `maps`
    (by method, each (h, w) float32) speak for. `needed`: the share of the picture that has to be
    hidden until another class is named, and that class; None where the answer stays even then.
    """

    id: str
    label: str
    confidence: float
    explained: str
    pixels: Pixels
    maps: dict[Method, NDArray[np.float32]]
    needed: tuple[float, str] | None
    neighbours: tuple[Neighbour, ...] = ()


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
    pictures: Sequence[Path],
    *,
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
    """Explain what `bundle` says of `pictures`, and write it to the new folder `out`, if any.

    `method`: one of `methods.METHODS`, "auto" (grad-cam where there is a map, otherwise occlusion),
    or "all" that the bundle can be explained by. `target`: the class to explain; None: of each
    picture the one that was named. `known`: labelled pictures, among which the most alike are
    shown. `boxes`: by the picture's path, where its object is, for the pointing game.

    Raises UsageError for a class, layer or method that there is not, BundleError or MissingError
    where the network cannot be opened, UnreadableImage where not one picture can be read.
    """
    told = progress or Quiet()
    if out is not None:
        check_unused(out)
    if method not in get_args(Method) and method not in ("auto", "all"):
        raise UsageError(
            f"there is no method {method!r}",
            where="--method",
            mend=f"Give auto, all or one of {', '.join(METHODS)}.",
        )
    explainer = Explainer(bundle, layer=layer, cover=cover, parts=parts, seed=seed)
    chosen = _chosen(explainer, method)
    column = _column(explainer, target)
    pixels, answers, ids, skipped = _read(explainer, pictures)
    classes = explainer.classifier.classes
    named = np.array([int(one.probabilities.argmax()) for one in answers])
    targets = named if column is None else np.full(len(named), column)
    few = slice(0, TRUSTED if len(chosen) == 1 else TRUSTED_OF_ALL)
    if any("cam" in one for one in chosen):
        with told.stage("Choosing the layer"):
            explainer.choose_layer(pixels[:TRUSTED_OF_ALL], targets[:TRUSTED_OF_ALL])
    maps: dict[Method, Maps] = {}
    for one in chosen:
        with told.stage(f"Explaining by {one}", len(pixels)) as stage:
            found = []
            for start in range(0, len(pixels), AT_ONCE):
                some = slice(start, start + AT_ONCE)
                found.append(explainer.explain(pixels[some], targets[some], one))
                stage.advance(len(pixels[some]))
            maps[one] = np.concatenate(found)
    trust = []
    given = None if boxes is None else _boxes_at(explainer, boxes, ids[few])
    for one in chosen:
        with told.stage(f"Measuring whether {one} can be believed"):
            measured = trust_in(
                explainer,
                one,
                pixels[few],
                targets[few],
                np.stack([readable(found, one) for found in maps[one][few]]),
                cover=cover,
                boxes=given,
                seed=seed,
            )
            trust.append(measured)
    alike = _neighbours(explainer, answers, known, told)
    first = maps[chosen[0]]
    explanations = []
    with told.stage("Hiding as little as changes the answer", len(ids)) as stage:
        for row, name in enumerate(ids):
            by = cover_for(pixels[row], cover)
            order = readable(first[row], chosen[0])
            region = smallest_region(explainer.answer, pixels[row], by, order)
            needed = None
            if region is not None:
                needed = (float(region[0].mean()), classes[region[1]])
            explanations.append(
                Explanation(
                    id=name,
                    label=classes[named[row]],
                    confidence=float(answers[row].probabilities[named[row]]),
                    explained=classes[int(targets[row])],
                    pixels=pixels[row],
                    maps={one: maps[one][row] for one in chosen},
                    needed=needed,
                    neighbours=alike[row],
                )
            )
            stage.advance()
    explained = Explained(
        methods=chosen,
        layer=_layer_told(explainer, chosen),
        explanations=tuple(explanations),
        places=tuple(
            places_of(
                np.stack([readable(one, chosen[0]) for one in first]),
                [classes[int(at)] for at in targets],
            )
        ),
        trust=tuple(trust),
        skipped=skipped,
        folder=out,
    )
    if out is not None:
        _write(explained, out, known)
    return explained


def _chosen(explainer: Explainer, method: Asked) -> tuple[Method, ...]:
    if method == "all":
        return explainer.usable
    return (explainer.default if method == "auto" else method,)


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


def _read(
    explainer: Explainer, pictures: Sequence[Path]
) -> tuple[Pixels, list[Answer], list[str], dict[str, str]]:
    """The pictures at the network's size, the answers, their names, and what was skipped."""
    pixels, ids, skipped = [], [], {}
    refused: UnreadableImage | None = None
    for file in pictures:
        try:
            pixels.append(explainer.classifier.record.preprocessing.read(file)[0])
            ids.append(str(file))
        except UnreadableImage as error:
            refused = error
            skipped[str(file)] = error.what
    if not pixels:
        assert refused is not None
        raise refused
    return np.stack(pixels), explainer.classifier.predict_pixels(pixels), ids, skipped


def _boxes_at(explainer: Explainer, boxes: dict[str, list[Box]], ids: list[str]) -> list[list[Box]]:
    """The boxes of the pictures `ids` at the network's size. By path, or by the file's name."""
    how = explainer.classifier.record.preprocessing
    if how.fit != "stretch":
        raise UsageError(
            f"this bundle does not stretch pictures ({how.fit}), so boxes cannot be placed",
            where="--boxes",
            mend="Leave it out.",
        )
    placed = []
    for name in ids:
        found = boxes.get(name, boxes.get(Path(name).name))
        if found is None:
            raise UsageError("the table has no box for it", where=name, mend="Add one.")
        left, top, right, bottom = how.decode(Path(name)).box
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
    ids, labels, features = [], [], []
    source = known.source
    pairs = ((row, lambda row=row: source.read(known.paths[row])) for row in range(len(known)))
    with told.stage("Looking for pictures that are alike", len(known)) as stage:
        for row, answer in explainer.classifier.stream(pairs):
            stage.advance()
            if not answer.error:
                ids.append(known.paths[row])
                label = int(known.labels[row])
                labels.append(known.classes[label] if label >= 0 else "")
                features.append(answer.features)
    asked = np.stack([answer.features for answer in answers])
    return [tuple(row) for row in nearest(asked, np.stack(features), ids, labels)]


def _layer_told(explainer: Explainer, methods: tuple[Method, ...]) -> str:
    return explainer.layer_name() if any("cam" in one for one in methods) else ""


def _write(explained: Explained, out: Path, known: Dataset | None) -> None:
    from linnaeus.explanation.page import explanations_page

    with whole_folder(out) as aside:
        for place, one in enumerate(explained.explanations):
            for method, values in one.maps.items():
                stem = f"{place:04d}-{Path(one.id).stem}-{method}"
                write_whole(aside / "maps" / f"{stem}.npy", _as_npy(values))
                content = io.BytesIO()
                beside(one.pixels, readable(values, method)).save(content, "PNG")
                write_whole(aside / "pictures" / f"{stem}.png", content.getvalue())
        document = json.dumps(_as_json(explained), indent=1, ensure_ascii=False)
        write_whole(aside / "explanations.json", document + "\n")
        write_whole(aside / "index.html", explanations_page(explained, known))


def _as_npy(values: NDArray[np.float32]) -> bytes:
    content = io.BytesIO()
    np.save(content, values, allow_pickle=False)
    return content.getvalue()


def _as_json(explained: Explained) -> dict[str, object]:
    return {
        "methods": explained.methods,
        "layer": explained.layer,
        "in_plain_words": explained.in_plain_words,
        "trust": [{**asdict(one), "faults": one.faults} for one in explained.trust],
        "places": [
            {
                "class": one.name,
                "pictures": one.pictures,
                "at_border": one.at_border,
                "commonest_place": one.cell_name,
                "share": one.in_cell,
                "interval": one.interval,
                "suspicious": one.suspicious,
            }
            for one in explained.places
        ],
        "pictures": [
            {
                "id": one.id,
                "label": one.label,
                "confidence": one.confidence,
                "explained": one.explained,
                "hidden_until_another": None
                if one.needed is None
                else {"share": one.needed[0], "then": one.needed[1]},
                "neighbours": [n._asdict() for n in one.neighbours],
            }
            for one in explained.explanations
        ],
        "skipped": explained.skipped,
    }
