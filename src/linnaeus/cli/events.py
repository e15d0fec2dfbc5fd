"""The events of a training as lines of text."""

from __future__ import annotations

from linnaeus.progress import Event

__all__ = ["in_words"]


def in_words(event: Event) -> str:
    """What a pass or a strength gave, as one line; "" for events that are told otherwise."""
    if event.kind == "pass":
        speed = f"{event.machine['pictures_a_second']:,.0f} pictures a second"
        return "; ".join([f"Pass {event.figures['pass']:.1f}", *_measured(event), speed])
    if event.kind == "strength":
        return "; ".join([f"Strength {event.figures['strength']:g}", *_measured(event)])
    return ""


def _measured(event: Event) -> list[str]:
    """The figures of training and of validation, as far as there are any."""
    told = []
    for side, where in (("train", "in training"), ("validation", "on validation")):
        loss, share = (event.figures[f"{side}_{figure}"] for figure in ("loss", "accuracy"))
        parts = [] if loss is None else [f"loss {loss:.3f}"]
        parts += [] if share is None else [f"{100 * float(str(share)):.1f} %"]
        if parts:
            told.append(f"{', '.join(parts)} {where}")
    return told
