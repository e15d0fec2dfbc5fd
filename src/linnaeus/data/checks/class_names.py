"""Class names that differ only in how they are written, as the same class named twice does."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np

from linnaeus.data.checks.seen import Seen
from linnaeus.data.findings import Finding
from linnaeus.data.layout import listed

__all__ = ["similar_class_names"]

LEAST_MISSPELT = 7
"""Letters. Of ImageNet's 1,000 class names no two of so many letters are one letter apart; of six
letters two pairs are ('hammer' and 'hamper'), and of five 'shirt' and 'skirt' in clothing160."""

SINGULARS = (("ies", "y"), ("es", ""), ("s", ""))
"""Endings of plurals, and what stands there in the singular."""

LEAST_SINGULAR = 3
"""Letters: 'as' is not many a."""


def similar_class_names(seen: Seen) -> Iterable[Finding]:
    counts = seen.class_counts
    names = [name for name, count in zip(seen.dataset.classes, counts, strict=True) if count]
    alike = _written_otherwise(names)
    misspelt = [pair for pair in _misspelt(names) if not any(set(pair) <= set(s) for s in alike)]
    sets = [*alike, *misspelt]
    if sets:
        files = [_of_the_rarer(seen, names) for names in sets]
        told = [" and ".join(f"'{name}'" for name in names) for names in sets]
        yield Finding(
            "similar-class-names",
            "warning" if alike else "note",
            len(sets),
            f"{len(sets):,} {'set' if len(sets) == 1 else 'sets'} of classes"
            f" {'differs' if len(sets) == 1 else 'differ'} by little more than spelling"
            f" ({listed(told)}).",
            "Give the pictures one name where they are one class; a model cannot tell them apart.",
            files,
            {
                path: f"in one of the classes {classes}, which are spelt alike"
                for paths, classes in zip(files, told, strict=True)
                for path in paths
            },
        )


def _written_otherwise(names: list[str]) -> list[tuple[str, ...]]:
    """Sets of names that are one in other letters, spaces, accents or number."""
    spelt: dict[str, list[str]] = defaultdict(list)
    for name in names:
        spelt[_letters(name)].append(name)
    for letters in list(spelt):
        singular = next((one for one in _singulars(letters) if one in spelt), None)
        if singular:
            spelt[singular] += spelt.pop(letters)
    return [tuple(same) for same in spelt.values() if len(same) > 1]


def _letters(name: str) -> str:
    """What is left of a name when case, accents and everything between its letters are gone."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    kept = "".join(letter for letter in plain if letter.isalnum())
    return kept or unicodedata.normalize("NFKC", name)


def _singulars(letters: str) -> Iterator[str]:
    """What `letters` may be the plural of."""
    for ending, instead in SINGULARS:
        if letters.endswith(ending) and len(letters) - len(ending) >= LEAST_SINGULAR:
            yield letters.removesuffix(ending) + instead


def _misspelt(names: list[str]) -> list[tuple[str, str]]:
    """Pairs of long names one letter apart: one more, one less, another, or two exchanged.

    Names that lose one letter and are equal then are looked up, so time grows with their number.
    """
    by_rest: dict[str, list[str]] = defaultdict(list)
    for name in names:
        letters = _letters(name)
        if len(letters) >= LEAST_MISSPELT - 1 and letters.isalpha():
            for rest in {
                letters,
                *(letters[:k] + letters[k + 1 :] for k in range(1, len(letters))),
            }:
                by_rest[rest].append(name)
    pairs = {
        (one, other)
        for same in by_rest.values()
        for place, one in enumerate(same)
        for other in same[place + 1 :]
        if _one_apart(_letters(one), _letters(other))
    }
    return sorted(pairs)


def _one_apart(one: str, other: str) -> bool:
    """Whether two different names, alike but for a letter of each, are a slip apart."""
    if one == other or max(len(one), len(other)) < LEAST_MISSPELT:
        return False
    if len(one) != len(other):
        return True
    differ = [place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    if len(differ) == 1:
        return True
    first, last = differ[0], differ[-1]
    exchanged = one[first] == other[last] and one[last] == other[first]
    return len(differ) == 2 and last == first + 1 and exchanged


def _of_the_rarer(seen: Seen, names: tuple[str, ...]) -> list[str]:
    """The paths of the readable pictures in all but the largest of the classes `names`."""
    places = [seen.dataset.classes.index(name) for name in names]
    largest = max(places, key=lambda place: int(seen.class_counts[place]))
    rarer = [place for place in places if place != largest]
    if seen.dataset.label_sets is not None:
        of_them = seen.dataset.label_sets[:, rarer].any(axis=1)
    else:
        of_them = np.isin(seen.dataset.labels, rarer)
    return seen.paths(np.flatnonzero(of_them & seen.readable))
