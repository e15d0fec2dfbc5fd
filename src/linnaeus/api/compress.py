"""`compress`: a smaller or faster bundle of a bundle."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from linnaeus.api.dataset_of import dataset_of
from linnaeus.api.require import require_training
from linnaeus.api.results_folder import results_folder
from linnaeus.api.several import each_once
from linnaeus.data.cache import the_cache
from linnaeus.data.dataset import Dataset
from linnaeus.progress import Progress, Quiet

if TYPE_CHECKING:
    from linnaeus.compression.compressed import Compressed

__all__ = ["compress"]


def compress(
    bundle: str | Path,
    data: str | Path | Dataset,
    *,
    out: str | Path | None = None,
    method: str | Sequence[str] = (),
    target: str | None = None,
    max_drop: float = 1.0,
    student: str | None = None,
    epochs: float | None = None,
    prune_share: float = 0.5,
    seed: int = 0,
    image_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    group_column: str | None = None,
    split_column: str | None = None,
    label_separator: str | None = None,
    table: str | Path | None = None,
    workers: int | None = None,
    cache: bool = True,
    progress: Progress | None = None,
) -> Compressed:
    """Make a smaller or faster bundle of `bundle`, and judge both on pictures that neither learnt.

    `data`: what the bundle was trained on, with its test pictures. `method`: one of
    `compression.method.STEPS`, several joined by "+", or a list to choose the best of; by default
    "int8", or with a `target` ("5MB", "10ms") all of them from mild to strong. `max_drop`: points
    of accuracy on test that may be lost. `student`: the network to distil into; `epochs`: passes of
    a step that learns; `prune_share`: of the channels or weights to take away. `out`: a folder for
    bundle/, report/, compression.html and .json, by default a new one under runs/.

    Raises MissingError where the packages for it are missing, Shortfall where too much is lost or
    the target is missed, and as `compression.compress.compress_bundle` and `load_dataset` do.
    """
    require_training()
    from linnaeus.compression.compress import compress_bundle

    dataset = dataset_of(
        data, image_column, label_column, group_column, split_column, label_separator, table
    )
    with results_folder(out, f"{dataset.name}-compressed") as folder:
        return compress_bundle(
            Path(bundle),
            dataset,
            methods=each_once(method) if method else (),
            target=target,
            max_drop=max_drop,
            student=student,
            epochs=epochs,
            prune_share=prune_share,
            seed=seed,
            out=folder,
            workers=workers,
            cache=the_cache() if cache else None,
            progress=progress or Quiet(),
        )
