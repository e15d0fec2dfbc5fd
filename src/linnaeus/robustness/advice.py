"""What follows from where a classifier breaks, in sentences."""

from __future__ import annotations

__all__ = ["FALL", "advice_for"]

FALL = 0.1
"""A fall of accuracy that is told: ten points."""

WAYS: dict[str, tuple[tuple[str, ...], str]] = {
    "noise": (
        ("gaussian-noise", "shot-noise", "impulse-noise"),
        "train with noise (--set network.augment.noise=0.05, or --augment heavy)",
    ),
    "blur": (
        ("defocus-blur", "glass-blur", "motion-blur", "zoom-blur", "resolution"),
        "train with blur (--set network.augment.blur=0.03, or --augment heavy), clean the lens",
    ),
    "light": (
        ("brightness", "contrast", "fog", "illumination"),
        (
            "train with other light (--set network.augment.brightness=0.3 --set"
            " network.augment.contrast=0.3), or light the scene evenly"
        ),
    ),
    "colour": (
        ("colour-cast",),
        (
            "train with other colours (--set network.augment.saturation=0.3 --set"
            " network.augment.hue=0.03), or fix the camera's white balance"
        ),
    ),
    "turning": (("rotation",), "train with turned pictures (--set network.augment.rotate_deg=30)"),
    "size": (
        ("scale", "shift", "perspective", "elastic-transform"),
        (
            "train with pictures at other sizes and places (--set network.augment.zoom=0.3 --set"
            " network.augment.shift=0.15)"
        ),
    ),
    "hiding": (
        ("occlusion", "snow", "frost"),
        "train with parts hidden (--set network.augment.cutout=0.3)",
    ),
    "compression": (
        ("jpeg-compression", "jpeg-quality", "pixelate"),
        "send pictures as they were trained on: no harder compression and no fewer pixels",
    ),
    "another program": (
        ("resize-filter",),
        "resize pictures by Linnaeus alone, not before it: another filter changes the answers",
    ),
}


def advice_for(first_falls: dict[str, int | None]) -> list[str]:
    """Sentences for the kinds whose accuracy falls by ten points, from their first such severity.

    The earliest first; of the kinds of one remedy, the one that falls first is named.
    """
    found: list[tuple[int, str]] = []
    for kinds, remedy in WAYS.values():
        falls = {k: first_falls[k] for k in kinds if first_falls.get(k) is not None}
        if falls:
            worst = min(falls, key=lambda kind: (falls[kind], kinds.index(kind)))
            severity = int(falls[worst] or 0)
            sentence = (
                f"{worst.replace('-', ' ').capitalize()} costs ten points from severity {severity}"
                f" of 5 on: {remedy}."
            )
            found.append((severity, sentence))
    return [sentence for _, sentence in sorted(found, key=lambda item: item[0])]
