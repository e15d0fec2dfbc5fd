"""How often a planted weak slice is named first, and how often chance alone is called a weak slice.

1,000 answers of a classifier of five classes, a good one and a fair one, come with columns: a site
of six values, a camera, a ward, an age, a date, a patient, and six measures as a report has them.
One site holds 8 % of the pictures; the labels of half of these are shuffled. Beside it, the same
without the shuffling: 5 in 100 may then name a slice, of all pictures or of a class, by the level
of the tests. Then both again where the sites are 25 whole numbers.

Then the same without columns: pictures of that site look otherwise, in eight of 64 made-up features
that follow the answer besides, and have to be found as a cluster.

    python benchmarks/weak_slices.py [--seeds 100]
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.predictions import Predictions
from linnaeus.data.dataset import Column
from linnaeus.evaluation.slices import Slices, slices_of
from linnaeus.evaluation.traits import told_traits

IMAGES, CLASSES = 1000, 5
SKILLS = (2.7, 2.0)
SHARES = [0.3, 0.25, 0.2, 0.1, 0.07, 0.08]
WEAK = "F"
SITES, WEAK_CODE = 25, 12


def main() -> None:
    """Print the counts over the seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    seeds = parser.parse_args().seeds
    for skill in SKILLS:
        _measure(skill, seeds)
        _measure(skill, seeds, codes=True)
        _measure_clusters(skill, seeds)


def _measure(skill: float, seeds: int, *, codes: bool = False) -> None:
    planted = [_looked_at(seed, skill, planted=True, codes=codes) for seed in range(seeds)]
    clean = [_looked_at(seed, skill, planted=False, codes=codes) for seed in range(seeds)]
    elsewhere = np.mean([found.of_all[0].gap.rest.value for found in planted])
    first = sum(_is_planted(found) for found in planted)
    called = sum(found.of_all[0].weaker for found in planted)
    others = sum(len(found.weaker) > 1 for found in planted)
    by_chance = sum(_names_any(found) for found in clean)
    print(f"a classifier that is right {elsewhere:.1%} of the time outside the weak slice")
    print(f"  sites are {'whole numbers' if codes else 'texts'}")
    print(f"  slices compared: {len(planted[0].of_all)}; {planted[0].tested_in_classes} in classes")
    print(f"  planted slice named first: {first} of {seeds}; the first called weaker: {called}")
    print(f"  another slice called weaker beside it: {others} of {seeds}")
    print(f"  a slice called weaker where none is: {by_chance} of {seeds}")


def _measure_clusters(skill: float, seeds: int) -> None:
    planted = [_clustered(seed, skill, planted=True) for seed in range(seeds)]
    clean = [_clustered(seed, skill, planted=False) for seed in range(seeds)]
    first = sum(share > 0.5 for _, share in planted)
    called = sum(found.of_all[0].weaker for found, _ in planted)
    by_chance = sum(_names_any(found) for found, _ in clean)
    print(f"  clusters compared: {len(planted[0][0].of_all)}")
    print(f"  one of the planted site named first: {first} of {seeds}; called weaker: {called}")
    print(f"  a cluster called weaker where none is: {by_chance} of {seeds}")


def _clustered(seed: int, skill: float, *, planted: bool) -> tuple[Slices, float]:
    """The clusters, and which share of the examples of the first is of the weak site."""
    random = np.random.default_rng(seed)
    site = random.choice(list("ABCDEF"), IMAGES, p=SHARES)
    labels = random.integers(0, CLASSES, IMAGES)
    answers = _answers(random, labels, skill)
    if planted:
        labels = _shuffled(random, labels, site)
    features = random.normal(size=(IMAGES, 64))
    features[:, :CLASSES] += 4 * answers.probabilities
    features[site == WEAK, -8:] += 3
    found = slices_of(replace(answers, labels=labels), (), features=features)
    return found, float(np.mean([site[int(name)] == WEAK for name in found.of_all[0].examples]))


def _shuffled(
    random: np.random.Generator, labels: NDArray[np.int64], site: NDArray[np.str_]
) -> NDArray[np.int64]:
    """The labels with those of half of the weak site's pictures drawn anew from among them."""
    weak, changed = np.flatnonzero(site == WEAK)[::2], labels.copy()
    changed[weak] = random.permutation(changed[weak])
    return changed


def _is_planted(found: Slices) -> bool:
    return (found.of_all[0].trait, found.of_all[0].value) in (
        ("site", WEAK),
        ("site", f"{WEAK_CODE}"),
    )


def _names_any(found: Slices) -> bool:
    return bool(found.weaker or found.weaker_in_classes)


def _as_codes(seed: int, site: NDArray[np.str_]) -> NDArray[np.float64]:
    """The weak site as one whole number, the pictures of the others spread over 24 others."""
    others = [code for code in range(1, SITES + 1) if code != WEAK_CODE]
    spread = np.random.default_rng([seed, SITES]).choice(others, len(site))
    return np.where(site == WEAK, WEAK_CODE, spread).astype(np.float64)


def _looked_at(seed: int, skill: float, *, planted: bool, codes: bool) -> Slices:
    random = np.random.default_rng(seed)
    site = random.choice(list("ABCDEF"), IMAGES, p=SHARES)
    labels = random.integers(0, CLASSES, IMAGES)
    answers = _answers(random, labels, skill)
    if planted:
        labels = _shuffled(random, labels, site)
    columns: dict[str, Column] = {
        "site": _as_codes(seed, site) if codes else site,
        "camera": random.choice(["old", "new", "phone"], IMAGES),
        "ward": random.choice([f"ward {i}" for i in range(12)], IMAGES),
        "age": random.integers(18, 90, IMAGES).astype(np.float64),
        "taken": np.array([f"2024-{m:02d}-11" for m in random.integers(1, 13, IMAGES)]),
        "patient": np.array([f"p{i}" for i in range(IMAGES)]),
        **{f"measure {i}": random.normal(size=IMAGES) for i in range(6)},
    }
    return slices_of(replace(answers, labels=labels), told_traits(columns))


def _answers(random: np.random.Generator, labels: NDArray[np.int64], skill: float) -> Predictions:
    evidence = random.normal(size=(IMAGES, CLASSES))
    evidence[np.arange(IMAGES), labels] += skill
    powers = np.exp(skill * (evidence - evidence.max(axis=1, keepdims=True)))
    probabilities = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    names = tuple(f"class {i}" for i in range(CLASSES))
    return Predictions(tuple(map(str, range(IMAGES))), names, probabilities, labels)


if __name__ == "__main__":
    main()
