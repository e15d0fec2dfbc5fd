"""Explanations as files: a page, pictures, maps for NumPy and every figure."""

from __future__ import annotations

import io
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.picture_uri import image_bytes
from linnaeus.explanation.methods import Method
from linnaeus.explanation.overlay import beside, in_a_row
from linnaeus.explanation.page import explanations_page
from linnaeus.files import whole_folder, write_json, write_whole

if TYPE_CHECKING:
    from linnaeus.data.dataset import Dataset
    from linnaeus.explanation.explained import Explained, Explanation
    from linnaeus.explanation.trust import Trust

__all__ = ["write_explained"]

LONGEST_STEM = 48
"""Letters of a picture's name that its files keep, at most: an address may end in thousands, and
a file's name may have 255 bytes, of which a letter takes up to four."""


def write_explained(explained: Explained, out: Path, known: Dataset | None) -> None:
    """Write `explained` to the new folder `out`, with the neighbours, which are of `known`."""
    with whole_folder(out) as aside:
        failed = {one.method for one in explained.trust if one.faults}
        for place, one in enumerate(explained.explanations):
            stem = f"{place:04d}-{Path(one.id).stem[:LONGEST_STEM]}"
            _write_one(one, stem, failed, aside)
        write_json(aside / "explanations.json", _as_json(explained))
        write_whole(aside / "index.html", explanations_page(explained, known))


def _write_one(one: Explanation, stem: str, failed: set[Method], aside: Path) -> None:
    """The maps and pictures of one picture, whose files begin with `stem`. What the methods that
    `failed` made says so on its face.
    """
    for method, values in one.maps.items():
        write_whole(aside / "maps" / f"{stem}-{method}.npy", _as_npy(values))
        said = f"{method}: not to be relied on" if method in failed else method
        picture = image_bytes(beside(one.pixels, one.shown[method], said), "PNG")
        write_whole(aside / "pictures" / f"{stem}-{method}.png", picture)
    if one.needed is not None:
        write_whole(aside / "maps" / f"{stem}-hidden.npy", _as_npy(one.needed.hidden))
        picture = image_bytes(in_a_row(one.pixels, one.needed.without), "PNG")
        write_whole(aside / "pictures" / f"{stem}-hidden.png", picture)


def _as_npy(values: NDArray[np.float32] | NDArray[np.bool_]) -> bytes:
    content = io.BytesIO()
    np.save(content, values, allow_pickle=False)
    return content.getvalue()


def _trust_as_json(trust: Trust) -> dict[str, object]:
    pointing = None if trust.pointing is None else trust.pointing.to_json()
    return {**asdict(trust), "pointing": pointing, "faults": trust.faults}


def _as_json(explained: Explained) -> dict[str, object]:
    return {
        "methods": explained.methods,
        "layer": explained.layer,
        "in_plain_words": explained.in_plain_words,
        "trust": [_trust_as_json(one) for one in explained.trust],
        "places": [
            {
                "class": one.name,
                "pictures": one.pictures,
                "flat": one.flat,
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
                "unknown": one.unknown,
                "explained": one.explained,
                "hidden_until_another": None
                if one.needed is None
                else {"share": one.needed.share, "then": one.needed.then},
                "neighbours": [n._asdict() for n in one.neighbours],
            }
            for one in explained.explanations
        ],
        "skipped": explained.skipped,
    }
