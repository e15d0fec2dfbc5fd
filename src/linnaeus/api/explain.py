"""`explain`: why a bundle answers as it does, and whether that can be believed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from linnaeus.api.dataset_of import dataset_of
from linnaeus.api.several import several
from linnaeus.data.dataset import Dataset
from linnaeus.data.limit import check_limit
from linnaeus.progress import Progress

if TYPE_CHECKING:
    from linnaeus.explanation.explained import Explained

__all__ = ["explain"]


def explain(
    bundle: str | Path,
    pictures: str | Path | Sequence[str | Path] = (),
    *,
    files_from: str | Path | None = None,
    image_column: str | None = None,
    allow_url: bool = False,
    limit: int | None = None,
    method: str = "auto",
    class_name: str | None = None,
    layer: str | None = None,
    cover: str = "blur",
    parts: Literal["superpixels", "grid"] | None = None,
    alike: str | Path | Dataset | None = None,
    boxes: str | Path | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    progress: Progress | None = None,
) -> Explained:
    """Explain what `bundle` says of `pictures`, and measure whether that can be believed.

    `pictures`, `files_from`, `image_column` and `allow_url`: as in `predict`, but for what is
    live. `limit`: explain at most so many of them, drawn by the seed; by default all.
    `method`: a name of `explanation.methods.METHODS`, "auto" or "all". `class_name`: the class to
    explain, by default of each picture the one named. `alike`: labelled pictures among which those
    most alike are found. `boxes`: a table of where objects are. `out`: a new folder for the page,
    pictures, maps and figures, by default none. Methods that look inside the network need the
    `train` extra. Raises as `explanation.explaining.explain_pictures`, `load_dataset`,
    `predicting.sources.sources_of` and `explanation.boxes.read_boxes` do.
    """
    from linnaeus.explanation.boxes import read_boxes
    from linnaeus.explanation.explaining import explain_pictures
    from linnaeus.predicting.sources import sources_of

    check_limit(limit)
    with ExitStack() as opened:
        return explain_pictures(
            bundle,
            sources_of(
                several(pictures),
                opened,
                files_from=files_from,
                image_column=image_column,
                allow_url=allow_url,
            ),
            limit=limit,
            method=cast("Any", method),
            target=class_name,
            layer=layer,
            cover=cover,
            parts=parts,
            known=None if alike is None else dataset_of(alike),
            boxes=None if boxes is None else read_boxes(Path(boxes)),
            seed=seed,
            out=None if out is None else Path(out),
            progress=progress,
        )
