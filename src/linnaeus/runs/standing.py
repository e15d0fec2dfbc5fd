"""How a run's classifier stands up: what stress, attack and certify found, kept with the run.

`RUN/robustness` holds stress.json, attack.json and certify.json, as far as each was made.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from linnaeus.evaluation.figure import Figure
from linnaeus.runs.state import BUNDLE, METRICS, is_run, read_object

__all__ = ["ROBUSTNESS", "Kind", "Stand", "read_standing", "run_of"]

ROBUSTNESS = "robustness"
Kind = Literal["stress", "attack", "certify"]


class Stand(NamedTuple):
    """How often a classifier is right on pictures of one kind, and which these are, as a clause."""

    right: Figure
    pictures: int
    of: str


def run_of(bundle: Path) -> Path | None:
    """The run whose bundle the folder `bundle` is; None where it is of none that was judged."""
    run = bundle.resolve().parent
    whole = bundle.resolve().name == BUNDLE and (run / METRICS).exists()
    return run if whole and is_run(run) else None


def read_standing(run: Path) -> dict[str, Stand]:
    """How the classifier of `run` does on pictures that are good, corrupted, moved, attacked and
    changed in any way; those that were measured. What cannot be read was not.
    """
    metrics, stress, attack, certify = (
        read_object(run, name)[0]
        for name in (
            METRICS,
            *(f"{ROBUSTNESS}/{kind}.json" for kind in ("stress", "attack", "certify")),
        )
    )
    found: dict[str, Stand] = {}
    if right := (metrics.get("test") or {}).get("accuracy"):
        found["good"] = Stand(Figure(**right), metrics["test"]["images"], "the test, as they are")
    if stress:
        of = "blur, noise, weather and digital faults, five severities each"
        found["corrupted"] = Stand(Figure(**stress["corrupted"]), stress["pictures"], of)
        moved = {end: stress["worst_moves"][end] for end in ("value", "low", "high")}
        of = "turned by up to 10 degrees and moved by up to a sixteenth, in the worst way"
        found["moved"] = Stand(Figure(**moved), stress["worst_moves"]["pictures"], of)
    if attack:
        found["attacked"] = Stand(Figure(**attack["robust"]), attack["pictures"], _far(attack))
    if certify:
        found["proven"] = _proven(certify)
    return found


def _far(attack: Mapping[str, Any]) -> str:
    eps = attack["eps"]
    if attack["norm"] == "linf":
        return f"every level changed by up to {255 * eps:.3g} of 255, in the worst way found"
    return f"changed by a length of up to {eps:g}, in the worst way found"


def _proven(certify: Mapping[str, Any]) -> Stand:
    """What is proven at a distance of the noise, or the farthest below it."""
    within = [row for row in certify["by_radius"] if row["radius"] <= certify["noise"]]
    of = (
        f"changed in any way by a length of up to {within[-1]['radius']:.3g}; the smoothed answer"
        f" at noise {certify['noise']:g}, proven"
    )
    return Stand(Figure(**within[-1]["certified"]), len(certify["pictures"]), of)
