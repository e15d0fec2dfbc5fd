"""A head on frozen features as a `State`, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from linnaeus.training.head import Head, Tried
from linnaeus.training.probe import Probed
from linnaeus.training.state import State

__all__ = ["probed_from", "probed_state"]

OF_THE_HEAD = ("weight", "bias", "shift", "scale")
OF_THE_PROBE = ("used", "judged", "logits")


def probed_state(probed: Probed) -> State:
    """All of `probed` but the features that it kept."""
    arrays: dict[str, NDArray[Any]] = {name: getattr(probed.head, name) for name in OF_THE_HEAD}
    arrays |= {name: getattr(probed, name) for name in OF_THE_PROBE}
    facts = {
        "strength": probed.head.strength,
        "views": probed.views,
        "finished": probed.finished,
        "embedding_s": probed.embedding_s,
        "by_columns": not probed.head.weight.flags.c_contiguous,
    }
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    tensors["tried"] = torch.tensor(probed.head.tried, dtype=torch.float64)  # some may be NaN
    return State(facts, tensors)


def probed_from(state: State) -> Probed:
    """What `state` is of."""
    facts, arrays = state.facts, {name: t.numpy() for name, t in state.tensors.items()}
    if facts["by_columns"]:  # as it lay in memory: sums over it are in that order
        arrays["weight"] = np.asfortranarray(arrays["weight"])
    head = Head(
        strength=facts["strength"],
        tried=tuple(Tried(*row) for row in arrays["tried"].tolist()),
        **{name: arrays[name] for name in OF_THE_HEAD},
    )
    return Probed(
        head=head,
        views=facts["views"],
        finished=facts["finished"],
        embedding_s=facts["embedding_s"],
        features={},  # not saved: they come out the same when they are computed again
        **{name: arrays[name] for name in OF_THE_PROBE},
    )
