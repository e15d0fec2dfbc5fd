"""Which network learns: what was asked for, or the best that this machine has weights for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from linnaeus.errors import MissingError
from linnaeus.models.catalogue import (
    SMALL_CNN,
    architecture_of,
    is_known,
    is_ours,
    known_networks,
    unknown_network,
)
from linnaeus.models.classical.names import FEATURES, ClassicalName, classical_name
from linnaeus.models.weights import DEFAULT_BACKBONE, Backbone, fetch, find_weights, named_among

__all__ = ["Choice", "choose_model"]

Ask = Callable[[str], bool]


@dataclass(frozen=True)
class Choice:
    """The network to use and why: a pretrained `backbone`, or `network` from scratch without.

    `classical`: features and a classifier instead, the features those of `backbone` where there is
    one; `network` is then the whole name.

    `by_time`: nobody asked for a network by name, so that a budget may choose a larger or smaller
    one from scratch.
    `passes`: about how many over the pictures it then makes in the budget; None where nobody has
    measured that.
    """

    backbone: Backbone | None
    why: str
    network: str = SMALL_CNN
    by_time: bool = False
    passes: float | None = None
    classical: ClassicalName | None = None

    @property
    def name(self) -> str:
        """The name to ask for it again."""
        plain = self.backbone is not None and self.classical is None
        return self.backbone.name if self.backbone and plain else self.network


def choose_model(
    model: str,
    *,
    weights: Sequence[str | Path] = (),
    download: bool = False,
    ask: Ask = lambda question: False,
) -> Choice:
    """Choose the network called `model`, or the best at hand for "auto".

    `weights` are folders to look into first. What is not at hand is downloaded where `download`
    says so or `ask`, given a question, answers yes. Else a network named without a tag learns from
    scratch; a tag names weights, and nothing stands in for them.

    Raises MissingError where no network has this name, or the weights that it names cannot be had.
    """
    found = find_weights(weights)  # also where none is needed: a wrong --weights must not pass
    if model == "auto":
        return _best_at_hand(found, download, ask)
    if (classical := classical_name(model)) is not None:
        return _classical(classical, found, download, ask)
    if is_ours(model):
        return Choice(None, "It was asked for by name, and learns from scratch.", model)
    try:
        return Choice(named_among(model, found), "It was asked for by name.")
    except MissingError as not_at_hand:
        return _not_at_hand(model, not_at_hand, download, ask)


def _classical(name: ClassicalName, found: dict[str, Backbone], download: bool, ask: Ask) -> Choice:
    """Features and a classifier. Raises MissingError where a network's weights cannot be had."""
    asked = "It was asked for by name."
    if not name.of_network:
        return Choice(None, asked, str(name), classical=name)
    try:
        backbone = named_among(name.features, found)
    except MissingError as not_at_hand:
        if not is_known(name.features) and not download:
            raise _no_features(name.features) from None
        fetched = _fetched(name.features, download, ask)
        if fetched is None:
            raise not_at_hand from None
        backbone = fetched
    name = replace(name, features=backbone.name)
    return Choice(backbone, asked, str(name), classical=name)


def _fetched(network: str, download: bool, ask: Ask) -> Backbone | None:
    """The weights of `network`, where they are on the hub and may be downloaded."""
    known = is_known(network) and network == architecture_of(network)
    on_hub = next(iter(known_networks()[network].weights), "") if known else network
    question = f"The weights of {on_hub} are not on this machine. Download them?"
    return fetch(on_hub) if on_hub and (download or ask(question)) else None


def _no_features(name: str) -> MissingError:
    return MissingError(
        f'there are no features called "{name}", and no network of that name with weights here',
        mend=f"There are {', '.join(FEATURES)}, and every pretrained network at hand.",
    )


def _not_at_hand(model: str, reason: MissingError, download: bool, ask: Ask) -> Choice:
    """Choose a network of timm by name whose weights are not here. Raises `reason` or its like."""
    if not is_known(model):
        if not download:
            raise unknown_network(model) from None
        return Choice(fetch(model), "It was asked for by name, and downloaded.")
    tagged = model != architecture_of(model)
    on_hub = model if tagged else next(iter(known_networks()[model].weights), "")
    question = f"The weights of {on_hub} are not on this machine. Download them?"
    if on_hub and (download or ask(question)):
        return Choice(fetch(on_hub), "It was asked for by name, and downloaded.")
    if tagged:
        raise reason
    offer = f"--download would fetch {on_hub}" if on_hub else "the hub has none for it"
    why = "It was asked for by name. No weights for it are at hand, so it learns from scratch;"
    return Choice(None, f"{why} {offer}.", model)


def _best_at_hand(found: dict[str, Backbone], download: bool, ask: Ask) -> Choice:
    if found:
        best = next(iter(found.values()))
        among = f", the first choice of {len(found)}" if len(found) > 1 else ""
        return Choice(best, f"Its pretrained weights are at hand{among}.", by_time=True)
    question = f"No pretrained weights are on this machine. Download {DEFAULT_BACKBONE}?"
    if download or ask(question):
        return Choice(fetch(DEFAULT_BACKBONE), "It was downloaded, as asked for.", by_time=True)
    return Choice(
        None,
        "No pretrained weights are at hand, so a small network learns from scratch; --weights DIR"
        " or --download would give it a head start.",
        by_time=True,
    )
