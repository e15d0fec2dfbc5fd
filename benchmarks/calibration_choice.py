"""What choosing a calibration gains and harms, on made-up logits whose truth is known.

    python benchmarks/calibration_choice.py [--draws 10]

Labels are drawn evenly among 2, 4, 6 or 30 classes and logits from normal densities about them, so
that log-odds are known exactly; then they are left so, made too sure (1.3 and 2 times) or too
unsure (0.7), or classes are off by offsets or factors of their own. From 60 to 3,000 pictures a
calibration is chosen, and judged on 4,000 fresh ones against none. Prints a row for each way to be
wrong and number of pictures: how often it is worse than none by over 0.001 nats, the mean and the
worst of that, and the share kept of what the best method, known only behind the fact, gains.
Ends with 1 where, of logits that are exact, more than 1 in 50 is made worse.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from _measuring import machine
from linnaeus.bundle.calibration import Calibration
from linnaeus.evaluation.choose_calibration import choose_calibration, fit_calibration

Floats = NDArray[np.float64]

FRESH = 4000
WORSE = 1e-3
MOST_MADE_WORSE = 0.02
PICTURES = (60, 100, 300, 1000, 3000)
CLASSES = (2, 4, 6, 30)
SKILLS = (1.0, 2.0, 3.5)
WRONG = {
    "exact": ("exact",),
    "temperature": ("1.3", "2", "0.7"),
    "classes": ("offsets", "small offsets", "factors", "2 and offsets"),
}


def main() -> int:
    """Print the table; 1 where too many exact logits are made worse."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--draws", type=int, default=10, help="of each kind")
    draws = parser.parse_args().draws
    print(machine())
    print("| wrong by | pictures | draws | made worse | mean | worst | gain kept |")
    print("|---|---|---|---|---|---|---|", flush=True)
    missed = 0
    for wrong, pictures in itertools.product(WRONG, PICTURES):
        found = np.array(list(_tried(WRONG[wrong], pictures, draws)))
        worse, gains = np.maximum(-found[:, 0], 0), found.sum(axis=0)
        kept = f"{gains[0] / gains[1]:.1%}" if wrong != "exact" else "–"
        share = float((worse > WORSE).mean())
        print(
            f"| {wrong} | {pictures:,} | {len(found)} | {share:.1%} | {worse.mean():.5f}"
            f" | {worse.max():.3f} | {kept} |",
            flush=True,
        )
        missed |= int(wrong == "exact" and share > MOST_MADE_WORSE)
    return missed


def _tried(kinds: tuple[str, ...], pictures: int, draws: int) -> Iterator[tuple[float, float]]:
    """Nats that the chosen one saves, and that the best would."""
    for kind, classes, skill, seed in itertools.product(kinds, CLASSES, SKILLS, range(draws)):
        random = np.random.default_rng([seed, classes, pictures, round(10 * skill)])
        labels = random.integers(0, classes, pictures + FRESH)
        z = random.normal(size=(pictures + FRESH, classes))
        z[np.arange(len(z)), labels] += skill
        z = _spoilt(kind, skill * z, random)
        truth = labels[:pictures, None] == np.arange(classes)
        chosen = choose_calibration(z[:pictures], truth, several=False).calibration
        fits = [
            fit_calibration(name, z[:pictures], truth, several=False) for name in chosen.log_losses
        ]
        none = _loss(Calibration(), z[pictures:], labels[pictures:])
        losses = [_loss(fit, z[pictures:], labels[pictures:]) for fit in fits]
        yield none - _loss(chosen, z[pictures:], labels[pictures:]), none - min(losses)


def _spoilt(kind: str, z: Floats, random: np.random.Generator) -> Floats:
    classes = z.shape[1]
    if kind == "exact":
        return z
    if kind == "factors":
        return z * np.exp(0.4 * random.normal(size=classes))
    if kind.endswith("offsets"):
        times, size = 2.0 if kind.startswith("2") else 1.0, 0.5 if "small" in kind else 1.0
        return times * z + size * random.normal(size=classes)
    return float(kind) * z


def _loss(calibration: Calibration, z: Floats, labels: NDArray[np.int64]) -> float:
    p = calibration.probabilities(z)[np.arange(len(z)), labels].astype(np.float64)
    return float(-np.log(np.maximum(p, np.finfo(np.float32).tiny)).mean())


if __name__ == "__main__":
    sys.exit(main())
