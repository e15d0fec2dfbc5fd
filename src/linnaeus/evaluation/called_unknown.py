"""How many pictures of its own classes a classifier calls unknown once they are squeezed."""

from __future__ import annotations

from linnaeus.bundle.predictions import Predictions
from linnaeus.bundle.squeezers import SqueezerName
from linnaeus.evaluation.in_100 import between, in_100
from linnaeus.evaluation.intervals import share_figure

__all__ = ["called_unknown"]


def called_unknown(predictions: Predictions, squeezer: SqueezerName | None) -> tuple[str, ...]:
    """A sentence where surely more of `predictions`, all of known classes, are called unknown than
    was asked for: what looks strange was learnt from pictures that nothing had made poorer."""
    read = predictions.read
    if squeezer is None or predictions.familiar is None or not read.any():
        return ()
    rate = predictions.familiar.unknown_rate
    called = share_figure(int(predictions.unknown[read].sum()), int(read.sum()))
    if called.low <= rate:
        return ()
    told = (
        f"Behind --squeeze {squeezer}, {in_100(called.value)} in 100 of these pictures"
        f" ({between(called)}) are called unknown, though they show classes that it knows; about"
        f" {in_100(rate)} would be without. --unknown-rate 0 calls nothing so."
    )
    return (told,)
