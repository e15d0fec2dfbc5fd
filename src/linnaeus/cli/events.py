"""The events of a training as lines of text."""

from __future__ import annotations

from linnaeus.progress import Event

__all__ = ["figure_of", "in_words"]


def figure_of(begun: Event) -> str:
    """What the shares are of a training that has `begun`, to stand behind a percentage."""
    return "mean average precision" if begun.figures["task"] == "multi" else "right"


def in_words(event: Event, figure: str = "right") -> str:
    """What a pass or a strength gave, as one line; "" for events that are told otherwise.

    `figure`: as `figure_of` the training gives it.
    """
    if event.kind == "pass":
        speed = f"{event.machine['pictures_a_second']:,.0f} pictures a second"
        return "; ".join([f"Pass {event.figures['pass']:.1f}", *_measured(event, figure), speed])
    if event.kind == "strength":
        return "; ".join([f"Strength {event.figures['strength']:g}", *_measured(event, figure)])
    return ""


def _measured(event: Event, figure: str) -> list[str]:
    """The figures of training and of validation, as far as there are any."""
    told = []
    for side, where in (("train", "in training"), ("validation", "on validation")):
        loss, share = (event.figures[f"{side}_{figure}"] for figure in ("loss", "accuracy"))
        parts = [] if loss is None else [f"loss {loss:.3f}"]
        parts += [] if share is None else [f"{100 * float(str(share)):.1f} % {figure}"]
        if parts:
            told.append(f"{', '.join(parts)} {where}")
    return told
