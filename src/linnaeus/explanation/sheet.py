"""A sheet of right and wrong answers with their maps, quick enough to belong to every report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from linnaeus.bundle.load import bundle_folder
from linnaeus.bundle.predictions import Predictions
from linnaeus.bundle.record import read_record
from linnaeus.bundle.squeezers import SqueezerName
from linnaeus.data.dataset import Dataset
from linnaeus.evaluation.explained import ExplainedAnswer, ExplainedAnswers, answers_to_explain
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.picture_uri import is_tiny, picture_uri
from linnaeus.explanation.methods import OF_CAMS, Explainer, Method
from linnaeus.explanation.overlay import overlaid
from linnaeus.explanation.trust import Trust, margins_by_chance, trust_in
from linnaeus.progress import Progress

__all__ = ["explain_answers"]

Pixels = NDArray[np.uint8]
Maps = NDArray[np.float32]
Rows = NDArray[np.int64]

SMALL_PX = 96**2  # of a picture: an answer takes about a millisecond or less
STEPS, RANDOM_MAPS = 10, 2
FEW_JUDGED = {"grad-cam": 400, "occlusion": 1000}
"""Measuring a dozen maps in these steps takes about 700 answers, and 1,900 by occlusion, which has
to explain the pictures again: of so many pictures, up to twice as long as judging them took."""

LAYER_PICTURES = 4
WINDOWS = {True: 1 / 4, False: 1 / 3}
"""Hidden at a time where answers are quick, and where not: 49 or 25 windows a picture."""


def explain_answers(
    bundle: Path,
    dataset: Dataset,
    predictions: Predictions,
    progress: Progress,
    *,
    inside: bool = True,
    squeeze: SqueezerName | None = None,
) -> ExplainedAnswers | None:
    """Explain a dozen of the `predictions` of `bundle` for pictures of `dataset`, right and wrong.

    By Grad-CAM where it may look `inside` the network, which then is opened with torch and has a
    map; otherwise by hiding windows, as answered behind `squeeze`. What is done depends on the size
    and number of the pictures, never on the clock. None where pictures may have several labels, or
    none could be judged.
    """
    if predictions.thresholds is not None:
        return None
    wrong, right = answers_to_explain(predictions)
    rows = np.concatenate([wrong, right])
    if not len(rows):
        return None
    how = read_record(bundle_folder(bundle)).preprocessing
    few = FEW_JUDGED["grad-cam" if inside else "occlusion"]
    quick = how.height_px * how.width_px <= SMALL_PX or len(predictions) >= few
    explainer = Explainer(bundle, window=WINDOWS[quick], squeeze=squeeze)
    ids = [predictions.ids[row] for row in rows]
    with progress.stage("Explaining some answers", 3) as stage:
        pixels = np.stack([how.read(dataset.source.read(name), name=name)[0] for name in ids])
        targets = predictions.decisions[rows]
        stage.advance(1)
        method, maps = _maps(explainer, pixels, targets, inside, quick, progress)
        stage.advance(1, method)
        trust = _measured(explainer, method, pixels, targets, maps) if quick else None
        stage.advance(1)
    shown = [_shown(predictions, *each) for each in zip(rows.tolist(), pixels, maps, strict=True)]
    return ExplainedAnswers(
        method=method,
        layer=explainer.layer_name() if method in OF_CAMS else "",
        wrong=tuple(shown[: len(wrong)]),
        right=tuple(shown[len(wrong) :]),
        over_random=Figure(trust.over_random, *trust.interval) if trust else None,
        trusted=not trust.faults if trust else None,
        verdict=trust.sentence if trust else "",
    )


def _maps(
    explainer: Explainer,
    pixels: Pixels,
    targets: Rows,
    inside: bool,
    quick: bool,
    progress: Progress,
) -> tuple[Method, Maps]:
    """The method that this bundle can be explained by, and its maps (n, h, w)."""
    if not inside:
        return "occlusion", explainer.explain(pixels, targets, "occlusion")
    try:
        method = explainer.default
        if method in OF_CAMS and quick:
            few = slice(LAYER_PICTURES)
            explainer.choose_layer(pixels[few], targets[few], steps=STEPS)
        return method, explainer.explain(pixels, targets, method)
    except RuntimeError as error:  # of torch: a finished run is not given up for a sheet
        progress.warn(f"Its network cannot be looked into ({error}), so parts are hidden instead.")
        return "occlusion", explainer.explain(pixels, targets, "occlusion")


def _measured(
    explainer: Explainer, method: Method, pixels: Pixels, targets: Rows, maps: Maps
) -> Trust:
    by_chance = margins_by_chance(explainer, pixels, targets, each=RANDOM_MAPS, steps=STEPS)
    return trust_in(explainer, method, pixels, targets, maps, by_chance=by_chance, steps=STEPS)


def _shown(
    predictions: Predictions, row: int, pixels: Pixels, importance: NDArray[np.float32]
) -> ExplainedAnswer:
    picture = Image.fromarray(pixels)
    said = int(predictions.decisions[row])
    return ExplainedAnswer(
        id=predictions.ids[row],
        true=predictions.classes[int(predictions.labels[row])],
        said=predictions.classes[said],
        confidence=float(predictions.probabilities[row, said]),
        picture=picture_uri(picture),
        map=picture_uri(overlaid(pixels, importance)),
        tiny=is_tiny(picture),
    )
