"""That promises do not hold on the judged pictures, in plain words."""

from __future__ import annotations

from linnaeus.bundle.spelt import share_text
from linnaeus.evaluation.in_100 import between, in_100, times
from linnaeus.evaluation.promises import Kept
from linnaeus.evaluation.unknowns import UnknownTold

__all__ = ["broken_words"]

ASKED_MOST = {"coverage": 0.9, "max_error": 0.02}  # what the documentation's commands ask for


def broken_words(kept: Kept | None, unknown: UnknownTold | None) -> tuple[str, ...]:
    """What to tell where a promise is broken, with one example of each kind; otherwise nothing.

    Nor where nothing is promised, of squeezed pictures say: `called_unknown` tells of these.
    """
    if kept is not None and kept.why_none:
        return ()
    broken = [*_sets(kept), *_silence(kept), *_unknown(unknown)]
    if not broken:
        return ()
    unlike = (
        "What it promises does not hold here: these pictures are not like those it was tried on."
    )
    return (" ".join([unlike, *broken]),)


def _sets(kept: Kept | None) -> list[str]:
    found = [one for one in kept.sets if one.broken] if kept else []
    if not found:
        return []
    worst = min(found, key=lambda one: abs(one.coverage - ASKED_MOST["coverage"]))
    method = "" if worst.method == "lac" else f" by {worst.method}"
    sets = f"Label sets of {share_text(worst.coverage)}{method}"
    held = f"{times(worst.covered.value)} in 100 ({between(worst.covered)})"
    return [f"{sets} held the truth {held}."]


def _silence(kept: Kept | None) -> list[str]:
    found = [one for one in kept.silence if one.broken] if kept else []
    if not found:
        return []
    worst = min(found, key=lambda one: abs(one.max_error - ASKED_MOST["max_error"]))
    assert worst.error is not None
    promised = f"Of answers that were to be wrong at most {100 * worst.max_error:g} times in 100"
    return [f"{promised}, {in_100(worst.error.value)} in 100 were ({between(worst.error)})."]


def _unknown(unknown: UnknownTold | None) -> list[str]:
    if unknown is None or not unknown.broken:
        return []
    called = unknown.false_alarms
    shown = "Of these pictures, which show its classes"
    would = f"{in_100(called.value)} in 100 would be called “unknown” ({between(called)})"
    return [f"{shown}, {would}; at most {100 * unknown.rate:g} should."]
