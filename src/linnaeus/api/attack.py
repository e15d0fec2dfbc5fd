"""`attack`: how often a bundle is still right where somebody wants it wrong."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from linnaeus.api.dataset_of import dataset_of
from linnaeus.api.require import require_training
from linnaeus.data.dataset import Dataset
from linnaeus.data.limit import check_limit
from linnaeus.progress import Progress, Quiet

if TYPE_CHECKING:
    from linnaeus.robustness.attacked import Attacked

__all__ = ["attack"]


def attack(
    bundle: str | Path,
    data: str | Path | Dataset,
    *,
    eps: str | float | None = None,
    norm: Literal["linf", "l2"] = "linf",
    attacks: Sequence[str] | None = None,
    defence: Literal["squeeze"] | None = None,
    limit: int = 500,
    seed: int = 0,
    out: str | Path | None = None,
    image_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    group_column: str | None = None,
    split_column: str | None = None,
    table: str | Path | None = None,
    progress: Progress | None = None,
) -> Attacked:
    """Attack the network of `bundle` on pictures of `data`, and tell how often it is still right.

    `eps`: how far, as a number or text such as "8/255"; by default that, and with the norm l2 0.5,
    the length of the whole change. `attacks`: of fgsm, pgd, apgd-ce, apgd-t, square, patch and
    strong; by default fgsm, pgd and strong. `defence`: "squeeze" measures feature squeezing against
    them, and against attackers who know of it. Needs the `train` extra. Raises as
    `robustness.attacking.attack_bundle`, `robustness.attacking.eps_within` and `load_dataset` do.
    """
    require_training()
    from linnaeus.robustness.attacking import attack_bundle, eps_within

    far = eps_within(norm, eps)
    check_limit(limit)
    dataset = dataset_of(data, image_column, label_column, group_column, split_column, None, table)
    return attack_bundle(
        Path(bundle),
        dataset,
        eps=far,
        norm=norm,
        attacks=attacks,
        defence=defence,
        limit=limit,
        seed=seed,
        out=None if out is None else Path(out),
        progress=progress or Quiet(),
    )
