"""`export`: a bundle in another program's form."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from linnaeus.api.dataset_of import dataset_of
from linnaeus.data.dataset import Dataset
from linnaeus.progress import Progress, Quiet

if TYPE_CHECKING:
    from linnaeus.exporting.export import ExportedBundle, Target

__all__ = ["export"]


def export(
    bundle: str | Path,
    to: Target,
    *,
    out: str | Path,
    data: str | Path | Dataset | None = None,
    preprocessing: bool = True,
    name: str | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> ExportedBundle:
    """Write `bundle` in another program's form to the new folder `out`, once it answers alike.

    `to`: one of `exporting.export.TARGETS`. `data`: pictures to compare on, beside the bundle's
    own. `preprocessing`: whether an ONNX graph takes pixels, or numbers that are normalised
    already. `name`: of a wheel's package.

    Raises Shortfall where it answers otherwise than the bundle, MissingError where a package is
    missing, and as `exporting.export.export_bundle` and `load_dataset` do.
    """
    from linnaeus.exporting.export import export_bundle

    return export_bundle(
        Path(bundle),
        to,
        out=Path(out),
        dataset=None if data is None else dataset_of(data),
        preprocessing=preprocessing,
        name=name,
        seed=seed,
        progress=progress or Quiet(),
    )
