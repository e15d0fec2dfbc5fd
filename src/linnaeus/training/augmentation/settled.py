"""An augmentation with nothing left open: by the names of classes, and by what pictures allow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.pixels import PixelRows
from linnaeus.randomness import generator
from linnaeus.training.augmentation.measured import SAMPLE, Trial, trials
from linnaeus.training.augmentation.names import mirror_allowed
from linnaeus.training.augmentation.plan import AugmentPlan

__all__ = ["passes_in", "settled"]

Labels = NDArray[np.int64] | NDArray[np.float32]

PX_PER_S = 1.5e6
"""What airbench-small learns from in a second on two processor cores without bfloat16: 1,500
pictures of 32 px. Only so many that few passes are told from many; it does not depend on the
machine, or choices would."""
SOME, MANY = 5, 30
"""Passes from which on views may be harder, and much harder, to learn from. In 6 passes over
CIFAR-10 cnn-small came with the views of some to 83.5 % on good pictures, without to 80.9 %."""
CONTRAST, BLUR, NOISE = 0.5, 0.015, 0.06
"""What AugMix leaves out of the ways in which pictures are damaged. cnn-small, five minutes on
CIFAR-10, gained 4.4 points under corruptions with 0.2, 0 and 0.03, 5.8 to 7.8 with 0.5, 0.01 and
0.05, and 11.8 with 0.6, 0.02 and 0.08, and lost 0.3, 1.1 to 1.8 and 3.6 on good pictures: these
are in between."""


def settled(
    plan: AugmentPlan,
    pixels: PixelRows,
    labels: Labels,
    *,
    classes: Sequence[str],
    grey: bool,
    passes: float,
    seed: int,
) -> tuple[AugmentPlan, str]:
    """`plan` with mirroring decided and "auto" carried out, and why, in a few sentences.

    Only the training pictures `pixels` are looked at, with their `labels` (n,); up to 1,600 of
    them. `grey`: whether not one has colours. `passes`: about how often each will be seen.
    """
    if plan.auto:
        return _chosen(pixels, labels, classes, grey, passes, seed)
    if plan.mirror is not None:
        return plan, ""
    allowed, why = mirror_allowed(classes, grey)
    return plan.model_copy(update={"mirror": allowed}), f"{why[0].upper()}{why[1:]}."


def passes_in(budget_s: float, pictures: int, height_px: int, width_px: int) -> float:
    """About how many passes a network from scratch makes in a budget."""
    return budget_s * PX_PER_S / max(1, pictures * height_px * width_px)


def _chosen(
    pixels: PixelRows,
    labels: Labels,
    classes: Sequence[str],
    grey: bool,
    passes: float,
    seed: int,
) -> tuple[AugmentPlan, str]:
    rows = generator(seed, "pictures to ask").permutation(len(labels))[:SAMPLE]
    found = trials(pixels.take(rows), labels[rows].astype(np.int64)) if labels.ndim == 1 else {}
    by_name, why = mirror_allowed(classes, grey)
    mirror = by_name and not (found and found["mirrored"].harmful)
    no_up = by_name and mirror and _all_harmless(found)
    colours_matter = not (found and found["grey"].harmless)
    plan = AugmentPlan.model_validate({"mirror": mirror, "flip": no_up, **_strength(passes)})
    if plan.rotate_deg and no_up:
        plan = plan.model_copy(update={"rotate_deg": 180.0})
    if plan.saturation:
        plan = plan.model_copy(update=_colours(grey, colours_matter))
    told = [_of_sides(mirror, by_name, why, found), _of_up(no_up, by_name, found)]
    if plan.brightness:
        told.append(_of_colours(grey, colours_matter, found))
    sentences = [_of_length(passes), *(f"{line[0].upper()}{line[1:]}." for line in told)]
    return plan, " ".join(sentences)


def _all_harmless(found: dict[str, Trial]) -> bool:
    return bool(found) and all(found[name].harmless for name in ("mirrored", "flipped", "turned"))


def _strength(passes: float) -> dict[str, float]:
    """Fields for about so many passes. AugMix is for networks that will meet damaged pictures, as
    its paper measured, and so are noise, blur and pale tones, which it leaves out; boxes that hide
    a part are for pictures that are known too well."""
    if passes < SOME:
        return {}
    some = {"zoom": 0.1, "rotate_deg": 10.0, "augmix": 3.0, "blur": BLUR, "noise": NOISE}
    some |= {"brightness": 0.2, "contrast": CONTRAST, "saturation": 0.2}
    many = {"shift": 0.1, "zoom": 0.2, "rotate_deg": 15.0, "cutout": 0.25}
    return some | (many if passes >= MANY else {})


def _colours(grey: bool, matter: bool) -> dict[str, float]:
    if grey:
        return {"saturation": 0.0}
    return {"saturation": 0.1} if matter else {"saturation": 0.3, "hue": 0.03}


def _of_length(passes: float) -> str:
    strength = "light" if passes < SOME else "medium" if passes < MANY else "strong"
    return f"Augmentation is {strength}, as {_about(passes)} over the pictures can use it."


def _about(passes: float) -> str:
    return "about one pass" if passes < 1.5 else f"about {passes:.0f} passes"


def _of_sides(mirror: bool, by_name: bool, why: str, found: dict[str, Trial]) -> str:
    if not by_name:
        return why
    measured = _shares(found, "mirrored", "mirror images")
    return f"pictures are {'' if mirror else 'not '}mirrored ({measured})"


def _of_up(no_up: bool, by_name: bool, found: dict[str, Trial]) -> str:
    if not by_name:
        return "they are kept upright"
    measured = _shares(found, "flipped", "pictures upside down")
    return f"they are {'turned and flipped at will' if no_up else 'kept upright'} ({measured})"


def _of_colours(grey: bool, matter: bool, found: dict[str, Trial]) -> str:
    if grey:
        return "there are no colours to change"
    measured = _shares(found, "grey", "pictures without colours")
    how = "hardly changed, for classes may be told by them" if matter else "changed"
    return f"colours are {how} ({measured})"


def _shares(found: dict[str, Trial], name: str, changed: str) -> str:
    """What a trial found, in words."""
    if not found or not found[name].telling:
        return "a trial could not tell"
    trial = found[name]
    return (
        f"a trial classifier named {100 * trial.changed:.0f} % of {changed} rightly and"
        f" {100 * trial.unchanged:.0f} % of the pictures as they are"
    )
