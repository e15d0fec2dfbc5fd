"""Which network learns: what was asked for, or the best that this machine has weights for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from linnaeus.errors import MissingError
from linnaeus.models.weights import DEFAULT_BACKBONE, Backbone, fetch, find_weights, named_among
from linnaeus.training.recipe import SMALL_CNN

__all__ = ["Choice", "choose_model"]


@dataclass(frozen=True)
class Choice:
    """The network to use and why: a pretrained `backbone`, or small_cnn where that is None."""

    backbone: Backbone | None
    why: str

    @property
    def name(self) -> str:
        """The name to ask for it again."""
        return self.backbone.name if self.backbone else SMALL_CNN


def choose_model(
    model: str,
    *,
    weights: Sequence[str | Path] = (),
    download: bool = False,
    ask: Callable[[str], bool] = lambda question: False,
) -> Choice:
    """Choose the network called `model`, or the best at hand for "auto".

    `weights` are folders to look into first. What is not at hand is downloaded where `download`
    says so or `ask`, given a question, answers yes.

    Raises MissingError where the weights of a network asked for by name cannot be had.
    """
    found = find_weights(weights)  # also where none is needed: a wrong --weights must not pass
    if model == SMALL_CNN:
        return Choice(None, "It was asked for: a small network learnt from scratch.")
    if model == "auto":
        return _best_at_hand(found, download, ask)
    try:
        return Choice(named_among(model, found), "It was asked for by name.")
    except MissingError:
        if not (download or ask(f"The weights of {model} are not on this machine. Download them?")):
            raise
    return Choice(fetch(model), "It was asked for by name, and downloaded.")


def _best_at_hand(found: dict[str, Backbone], download: bool, ask: Callable[[str], bool]) -> Choice:
    if found:
        best = next(iter(found.values()))
        among = f", the first choice of {len(found)}" if len(found) > 1 else ""
        return Choice(best, f"Its pretrained weights are at hand{among}.")
    question = f"No pretrained weights are on this machine. Download {DEFAULT_BACKBONE}?"
    if download or ask(question):
        return Choice(fetch(DEFAULT_BACKBONE), "It was downloaded, as asked for.")
    return Choice(
        None,
        "No pretrained weights are at hand, so a small network learns from scratch; --weights DIR"
        " or --download would give it a head start.",
    )
