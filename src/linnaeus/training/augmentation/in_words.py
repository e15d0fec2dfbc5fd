"""An augmentation as a sentence that a person understands."""

from __future__ import annotations

from linnaeus.training.augmentation.plan import AugmentPlan

__all__ = ["in_words"]


def in_words(plan: AugmentPlan, why: str = "") -> str:
    """What `plan` does to pictures, after `why` it does; empty where it does nothing.

    >>> from linnaeus.training.augmentation.plan import AugmentPlan
    >>> in_words(AugmentPlan(mirror=True, shift=0.1, rotate_deg=10))
    'Views are mirrored, shifted by up to 10 % of a side, turned by up to 10°.'
    """
    done = [words for name, words in DONE.items() if getattr(plan, name)]
    if not done:
        return ""
    amounts = {
        name: _Amount(value) if isinstance(value, float) else value
        for name, value in plan.model_dump().items()
    }
    said = ", ".join(words.format(**amounts) for words in done)
    return f"{why} Views are {said}.".lstrip()


class _Amount(float):
    """A number whose format "%" is a percentage of three digits at most, without idle zeros."""

    def __format__(self, spec: str) -> str:
        return f"{100 * self:.3g} %" if spec == "%" else super().__format__(spec)


DONE = {
    "mirror": "mirrored",
    "flip": "turned upside down",
    "shift": "shifted by up to {shift:%} of a side",
    "zoom": "zoomed by up to {zoom:%}",
    "rotate_deg": "turned by up to {rotate_deg:g}°",
    "shear_deg": "slanted by up to {shear_deg:g}°",
    "brightness": "made lighter or darker by up to {brightness:%}",
    "contrast": "of up to {contrast:%} more or less contrast",
    "saturation": "of up to {saturation:%} more or less saturation",
    "hue": "of a hue turned by up to {hue:%} of the circle",
    "blur": "blurred by up to {blur:%} of a side",
    "noise": "noisy by up to {noise:%} of white",
    "cutout": "hidden in a box of {cutout:%} of each side",
    "randaugment": "changed by RandAugment (operations, strength: {randaugment})",
    "trivialaugment": "changed by TrivialAugment",
    "augmix": "mixed from chains of operations (AugMix, severity {augmix:g})",
    "mixup": "blended with others (MixUp, alpha {mixup:g})",
    "cutmix": "pasted together with others (CutMix, alpha {cutmix:g})",
}
